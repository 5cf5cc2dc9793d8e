"""Heartbeats over ROS: challenges go out, right answers of executor and manager come in."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rclpy.node import Node
from sitefleet_interfaces.msg import Heartbeat

from sitefleet_robot.common import qos
from sitefleet_robot.common.pairing import KEY_FILE, PairingError, read_key, response
from sitefleet_robot.common.timers import every
from sitefleet_robot.safety.heartbeat import PERIOD, Challenger
from sitefleet_robot.safety.parameters import SupervisorSettings

_SOURCES = frozenset({"executor", "manager"})


class Partners:
    """Without the robot's pairing key nobody can prove to be alive, so autonomy is not let to drive; `note` says so."""

    def __init__(self, node: Node, state: Path, settings: SupervisorSettings, act: Callable[[str], None]) -> None:
        self._node = node
        self._act = act
        self._path = state / KEY_FILE
        self._key = b""
        self.watched = bool(settings.executor_timeout or settings.manager_timeout)
        self.note = "not watched, as the parameters say"
        if not self.watched:
            return
        self._read_key()
        self._challenger = Challenger(lambda: secrets.randbits(64), lambda challenge: response(self._key, challenge))
        self._publisher = node.create_publisher(Heartbeat, "heartbeat_challenge", qos.STREAM)
        node.create_subscription(Heartbeat, "heartbeat_response", self._on_response, qos.STREAM)
        every(node, PERIOD, self._challenge)

    @property
    def refused(self) -> int:
        """Answers that did not count."""
        return self._challenger.refused if self.watched else 0

    def _read_key(self) -> None:
        try:
            self._key = read_key(self._path)
        except PairingError as fault:
            self.note = f"nobody can prove to be alive: {fault}"
        else:
            self.note = "watched"

    def _challenge(self) -> None:
        if not self._key:
            self._read_key()
            return
        message = Heartbeat(source="safety_supervisor", challenge=self._challenger.next())
        message.sequence = self._challenger.sequence
        message.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)

    def _on_response(self, message: Any) -> None:
        if message.source in _SOURCES and self._challenger.accepts(message.source, message.challenge, message.response):
            self._act(message.source)
