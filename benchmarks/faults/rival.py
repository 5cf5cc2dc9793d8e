"""Somebody else who sends commands to the robot, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rclpy.clock import Clock
from sitefleet_interfaces.msg import ControlCommand

from faults import world
from faults.robot import Robot


def command(epoch: int, sequence: int, linear: float, angular: float = 0.0, robot: str = world.ROBOT) -> Any:
    """A command to drive, stamped now."""
    message = ControlCommand(robot_id=robot, lease_epoch=epoch, sequence=sequence, hold_to_run=True)
    message.header.stamp = Clock().now().to_msg()
    message.twist.linear.x, message.twist.angular.z = linear, angular
    return message


@contextmanager
def sending(robot: Robot, make: Callable[[int], Any], period: float = 0.04) -> Iterator[None]:
    """While this lasts, `make(n)` is sent again and again."""
    leave = threading.Event()
    publisher = robot.node.create_publisher(ControlCommand, "control", 10)

    def run() -> None:
        n = 0
        while not leave.wait(period):
            n += 1
            publisher.publish(make(n))

    thread = threading.Thread(target=run, name="rival", daemon=True)
    thread.start()
    try:
        yield
    finally:
        leave.set()
        thread.join()
        robot.node.destroy_publisher(publisher)


def fastest(robot: Robot, since: float) -> tuple[float, float, float]:
    """Least and highest speed (m/s) and highest turn rate (rad/s) that were commanded since then."""
    commands = [c for c in robot.series.commands[-3000:] if c.t >= since]
    linear = [c.linear for c in commands] or [0.0]
    return min(linear), max(linear), max((abs(c.angular) for c in commands), default=0.0)
