"""The link's process, and the operator who sits on its far side."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import rclpy
from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sitefleet_interfaces.msg import ControlCommand

from faults import world
from faults.robot import Robot
from sitefleet_robot.common import qos

SCRIPT = Path(__file__).with_name("relay.py")


class Arrival(NamedTuple):
    """An operator's command as it comes to the robot; `age` by the clock that stamped it."""

    t: float
    age: float
    sequence: int


def accepted(arrivals: list[Arrival], max_age: float = 0.25) -> list[Arrival]:
    """Those that are in order and not later than `max_age` behind the fastest so far, which is what may drive."""
    fastest, newest, good = float("inf"), -1, []
    for arrival in arrivals:
        if arrival.sequence <= newest:
            continue
        fastest = min(fastest, arrival.age)
        if arrival.age - fastest <= max_age:
            newest = arrival.sequence
            good.append(arrival)
    return good


class RelayProcess:
    """Started once; told what the air is like."""

    def __init__(self, site_domain: int, robot_domain: int, seed: int, log: Path) -> None:
        self._site_domain = site_domain
        self.arrivals: list[Arrival] = []
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable, str(SCRIPT), "--site-domain", str(site_domain), "--robot-domain",
                    str(robot_domain), "--seed", str(seed),
                ],
                stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, text=True,
                env={**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, start_new_session=True,
            )  # fmt: skip
        self._context: Any = None

    def say(self, word: str) -> None:
        """`clear`, `concrete` or `cut`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def move_operator(self, robot: Robot) -> None:
        """The operator's commands start in the site's domain from now on; what arrives at the robot is noted."""
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=self._site_domain, signal_handler_options=SignalHandlerOptions.NO)
        self._node = Node("operator", namespace=world.ROBOT, context=self._context)
        robot.node.destroy_publisher(robot.stand_in.controls)
        robot.stand_in.controls = self._node.create_publisher(ControlCommand, "control", qos.COMMAND)
        robot.node.create_subscription(ControlCommand, "control", self._on_arrival, 50)

    def _on_arrival(self, message: Any) -> None:
        sent = message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec
        age = 1e-9 * Clock().now().nanoseconds - sent
        self.arrivals.append(Arrival(time.monotonic(), age, message.sequence))

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.kill()
        self._process.wait(5.0)
        if self._context is not None:
            self._node.destroy_node()
            self._context.try_shutdown()
