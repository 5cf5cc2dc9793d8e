"""Spinning a process of the simulation: the executor that costs least, until a signal comes."""

from __future__ import annotations

import signal
from types import FrameType

import rclpy
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

SPIN_TIMEOUT = 0.1
"""s. The events executor hangs when it waits without a limit; this is also how late a signal may be seen."""


def make_executor() -> Executor:
    """The events executor where this rclpy has one (a third of the CPU time), else the single-threaded one."""
    try:
        from rclpy.experimental.events_executor import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor()
    return EventsExecutor()


def spin_until_signal(node: Node) -> int:
    """Spin a node in this thread until SIGINT or SIGTERM, then leave ROS cleanly."""
    stopping = False

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    executor = make_executor()
    executor.add_node(node)
    try:
        while not stopping:
            executor.spin_once(timeout_sec=SPIN_TIMEOUT)
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return 0
