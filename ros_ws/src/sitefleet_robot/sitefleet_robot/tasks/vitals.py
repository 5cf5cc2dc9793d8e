"""Signs of life of the executor's process: it answers the supervisor's heartbeat and tells the machine's clocks.

Both are answered in the thread that does the work, so an executor that hangs falls silent.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rclpy.node import Node
from sitefleet_interfaces.msg import Heartbeat
from sitefleet_interfaces.srv import ReadClock

from sitefleet_robot.common import qos
from sitefleet_robot.common.pairing import KEY_FILE, PairingError, read_key, response

SOURCE = "executor"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class HeartbeatAnswers:
    """Answers challenges with the robot's pairing key. Without a key it stays silent, and says so once."""

    def __init__(self, node: Node, state: Path) -> None:
        self._node = node
        self._path = state / KEY_FILE
        self._key: bytes | None = None
        self._fault = ""
        self._publisher = node.create_publisher(Heartbeat, "heartbeat_response", qos.STREAM)
        self._subscription = node.create_subscription(Heartbeat, "heartbeat_challenge", self._answer, qos.STREAM)

    def close(self) -> None:
        """Fall silent."""
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_publisher(self._publisher)

    def _answer(self, challenge: Any) -> None:
        key = self._pairing_key()
        if key is None:
            return
        answer = Heartbeat(source=SOURCE, sequence=challenge.sequence, challenge=challenge.challenge)
        answer.stamp = self._node.get_clock().now().to_msg()
        answer.response = response(key, challenge.challenge)
        self._publisher.publish(answer)

    def _pairing_key(self) -> bytes | None:
        if self._key is None:
            try:
                self._key = read_key(self._path)
            except PairingError as fault:
                if str(fault) != self._fault:
                    self._node.get_logger().error(f"heartbeats are not answered: {fault}")
                self._fault = str(fault)
        return self._key


class ClockService:
    """Serves `read_clock`, so that the manager can measure how far this machine's clock is off."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._boot_id = _BOOT_ID.read_text(encoding="ascii").strip() if _BOOT_ID.exists() else ""
        self._service = node.create_service(ReadClock, "read_clock", self._read)

    def close(self) -> None:
        """Serve no more."""
        self._node.destroy_service(self._service)

    def _read(self, _request: Any, answer: Any) -> Any:
        answer.received_utc_ns = time.time_ns()
        answer.boot_id = self._boot_id
        answer.sent_utc_ns, answer.sent_mono_ns = time.time_ns(), time.monotonic_ns()
        return answer
