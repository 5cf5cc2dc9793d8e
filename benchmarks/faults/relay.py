"""The link between the site's network and the robot's, as a process: two ROS domains, and what goes over the air.

`python benchmarks/faults/relay.py --site-domain A --robot-domain B --seed N` reads lines from its input: `clear`,
`concrete` or `cut`, and ends with its input. Messages pass as bytes; requests and answers are lost and delayed as well.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import os
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from sitefleet_interfaces.msg import (
    ControlCommand,
    Factsheet,
    Heartbeat,
    RobotState,
    SafetyEvent,
    SafetyEventAck,
    SafetyState,
    ZoneAck,
    ZoneSet,
)
from sitefleet_interfaces.srv import Mute, Reset, Resume, SetMode, Stop

from faults import world
from faults.link import CLEAR, CONCRETE, Channel
from sitefleet_robot.common import qos

PROFILES = {"clear": CLEAR, "concrete": CONCRETE}
UP = (
    (RobotState, "/fleet/robot_state", qos.STREAM),
    (Factsheet, "/fleet/factsheet", qos.FACTSHEET),
    (SafetyEvent, "/fleet/safety_event", qos.RECORD),
    (ZoneAck, "/fleet/zone_ack", qos.RECORD),
    (SafetyState, f"/{world.ROBOT}/safety_state", qos.LATCHED),
    (Heartbeat, f"/{world.ROBOT}/heartbeat_challenge", qos.STREAM),
)
"""From the robot to the site."""
DOWN = (
    (SafetyEventAck, "/fleet/safety_event_ack", qos.RECORD),
    (ZoneSet, f"/{world.ROBOT}/zones", qos.LATCHED),
    (Heartbeat, f"/{world.ROBOT}/heartbeat_response", qos.STREAM),
    (ControlCommand, f"/{world.ROBOT}/control", qos.COMMAND),
)
SERVICES = ((Stop, "stop"), (Reset, "reset"), (Resume, "resume"), (SetMode, "set_mode"), (Mute, "mute"))


class Air:
    """What is on its way, in a thread that hands it over when its time has come."""

    def __init__(self, seed: int) -> None:
        self.up, self.down = (Channel(CLEAR, random.Random(f"{seed}/{way}")) for way in ("up", "down"))
        self._cut = False
        self._number = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="air", daemon=True).start()

    def say(self, word: str) -> None:
        """Another profile. What is on its way arrives, but nothing after a cut."""
        with self._changed:
            self._cut = word == "cut"
            if self._cut:
                self._due.clear()
            else:
                self.up.profile = self.down.profile = PROFILES[word]

    def send(self, channel: Channel, deliver: Callable[[], None]) -> None:
        """Deliver later, or never."""
        now = time.monotonic()
        with self._changed:
            delay = None if self._cut else channel.delay(now)
            if delay is not None:
                heapq.heappush(self._due, (now + delay, next(self._number), deliver))
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                deliver = heapq.heappop(self._due)[2]
            try:
                deliver()
            except Exception:  # one message must not end the link; the log says what was wrong
                traceback.print_exc()


class End:
    """One side: a node in a domain of its own, spun in a thread."""

    def __init__(self, domain: int) -> None:
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node("relay", context=context)
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(self.node)

    def spin(self) -> None:
        """In a thread."""
        try:
            while True:
                self.executor.spin_once(timeout_sec=0.02)
        except ExternalShutdownException:
            return


def forward(air: Air, channel: Channel, table: Any, source: End, target: End) -> None:
    """Topics of a direction."""
    for kind, topic, profile in table:
        publisher = target.node.create_publisher(kind, topic, profile)

        def take(data: bytes, publisher: Any = publisher) -> None:
            air.send(channel, lambda: publisher.publish(data))

        source.node.create_subscription(kind, topic, take, profile, raw=True)


def serve(air: Air, site: End, robot: End) -> None:
    """Services of the robot, offered at the site."""
    for kind, name in SERVICES:
        client = robot.node.create_client(kind, f"/{world.ROBOT}/{name}")

        async def answer(request: Any, _response: Any, client: Any = client) -> Any:
            done = Future(executor=site.executor)

            def back(future: Any) -> None:
                air.send(air.up, lambda: done.set_result(future.result()))

            air.send(air.down, lambda: client.call_async(request).add_done_callback(back))
            return await done

        site.node.create_service(kind, f"/{world.ROBOT}/{name}", answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site-domain", type=int, required=True)
    parser.add_argument("--robot-domain", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    air = Air(given.seed)
    site, robot = End(given.site_domain), End(given.robot_domain)
    forward(air, air.up, UP, robot, site)
    forward(air, air.down, DOWN, site, robot)
    serve(air, site, robot)
    for end in (site, robot):
        threading.Thread(target=end.spin, daemon=True).start()
    for line in sys.stdin:
        air.say(line.strip())
    # Threads and contexts of two domains: nothing of them is worth an orderly end.
    os._exit(0)


if __name__ == "__main__":
    main()
