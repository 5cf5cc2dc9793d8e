"""Heartbeats over ROS: challenges go out, right answers of executor and manager come in."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sitefleet_interfaces.msg import Heartbeat

from sitefleet_robot.common import qos
from sitefleet_robot.common.pairing import KEY_FILE, PairingError, read_key, response
from sitefleet_robot.safety.heartbeat import PERIOD, Challenger
from sitefleet_robot.safety.parameters import SupervisorSettings
from sitefleet_robot.safety.values import Alive

_SOURCES = frozenset({"executor", "manager"})


class Partners:
    """Without the robot's pairing key nobody can prove anything: heartbeats are not watched then, as `note` says."""

    def __init__(self, node: Node, state: Path, settings: SupervisorSettings, act: Callable[[Any], Any]) -> None:
        self.settings = settings
        self._node = node
        self._act = act
        try:
            key = read_key(state / KEY_FILE)
        except PairingError as fault:
            self.note = f"not watched: {fault}"
            self.settings = replace(settings, executor_timeout=0.0, manager_timeout=0.0)
            return
        self.note = "watched"
        self._challenger = Challenger(lambda: secrets.randbits(64), lambda challenge: response(key, challenge))
        self._publisher = node.create_publisher(Heartbeat, "heartbeat_challenge", qos.STREAM)
        node.create_subscription(Heartbeat, "heartbeat_response", self._on_response, qos.STREAM)
        node.create_timer(PERIOD, self._challenge, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _challenge(self) -> None:
        message = Heartbeat(source="safety_supervisor", challenge=self._challenger.next())
        message.sequence = self._challenger.sequence
        message.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)

    def _on_response(self, message: Any) -> None:
        if message.source in _SOURCES and self._challenger.accepts(message.source, message.challenge, message.response):
            core = self._node.core  # type: ignore[attr-defined]
            self._act(lambda now: core.handle(Alive(message.source), now))
