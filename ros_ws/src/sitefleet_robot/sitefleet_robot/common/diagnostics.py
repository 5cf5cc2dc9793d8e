"""What a node tells about its health, once a second on `diagnostics`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from sitefleet_robot.common import qos
from sitefleet_robot.common.timers import every

PERIOD = 1.0
"""s of wall time between two messages: health is of interest also while simulated time stands still."""


class Level(IntEnum):
    """Levels of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True)
class Health:
    """State of a node in one sentence, with the figures behind it."""

    level: Level
    message: str
    values: Mapping[str, object] = field(default_factory=dict)


class DiagnosticsPublisher:
    """Publishes what `health()` returns as one DiagnosticStatus named after the node."""

    def __init__(self, node: Node, health: Callable[[], Health]) -> None:
        self._node = node
        self._health = health
        self._name = node.get_fully_qualified_name().lstrip("/")
        self._publisher = node.create_publisher(DiagnosticArray, "diagnostics", qos.DIAGNOSTICS)
        self._timer = every(node, PERIOD, self.publish)

    def publish(self) -> None:
        """Publish now, without waiting for the next second."""
        health = self._health()
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        status = DiagnosticStatus(
            # The field is a ROS byte, which Python sees as bytes.
            level=bytes([health.level]),
            name=self._name,
            message=health.message,
            hardware_id=self._node.get_namespace().strip("/"),
            values=[KeyValue(key=key, value=_text(value)) for key, value in health.values.items()],
        )
        message.status = [status]
        self._publisher.publish(message)


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
