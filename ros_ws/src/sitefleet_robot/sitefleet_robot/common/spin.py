"""Run nodes in a process: start, spin, leave cleanly on SIGINT and SIGTERM with exit code 0."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from sitefleet_robot.common.lifecycle import LifecycleError, RobotLifecycleNode
from sitefleet_robot.common.parameters import ParameterError
from sitefleet_robot.common.robot import RobotIdentityError
from sitefleet_robot.common.timers import raise_failures, stop_timers

SPIN_TIMEOUT = 0.1
"""s. The events executor hangs when it waits without a limit; this is also how late a signal may be seen."""

EXIT_CONFIGURATION = 2
"""Exit code of a process whose parameters or namespace are wrong."""


def make_executor(context: Context | None = None) -> Executor:
    """The events executor where this rclpy has one (a third of the CPU time), else the single-threaded one."""
    try:
        from rclpy.experimental.events_executor import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor(context=context)
    return EventsExecutor(context=context)


class StopFlag:
    """Raised by SIGINT or SIGTERM; Python handlers, so that nodes can still publish while they leave."""

    def __init__(self) -> None:
        self.raised = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.raised = True


def run(make_nodes: Callable[[], Sequence[Node]], args: Sequence[str] | None = None) -> int:
    """Make nodes, spin them until a signal comes, and take them down. Returns the process's exit code.

    A node that has a method `on_exit` gets it called before it is destroyed, while it can still publish. Lifecycle
    nodes are started with `autostart()`. Wrong parameters end the process with code 2 and one line on stderr.
    """
    stop = StopFlag()
    rclpy.init(args=list(args) if args is not None else None, signal_handler_options=SignalHandlerOptions.NO)
    nodes: list[Node] = []
    executor = make_executor()
    try:
        try:
            nodes.extend(make_nodes())
            for node in nodes:
                executor.add_node(node)
                if isinstance(node, RobotLifecycleNode):
                    node.autostart()
        except (ParameterError, RobotIdentityError, LifecycleError) as fault:
            cause = f" ({fault.__cause__})" if fault.__cause__ else ""
            print(f"error: {fault}{cause}", file=sys.stderr)
            return EXIT_CONFIGURATION
        while not stop.raised and rclpy.ok():
            executor.spin_once(timeout_sec=SPIN_TIMEOUT)
            raise_failures()
    except ExternalShutdownException:
        pass
    finally:
        _take_down(executor, nodes)
    return 0


def _take_down(executor: Any, nodes: Sequence[Node]) -> None:
    stop_timers()
    if rclpy.ok():
        for node in nodes:
            leave = getattr(node, "on_exit", None)
            if leave is not None:
                leave()
    executor.shutdown()
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()
