"""Poses of the map frame as plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pose2:
    """Pose in the plane: x, y in m (map frame), yaw in rad (REP 103)."""

    x: float
    y: float
    yaw: float = 0.0

    def distance_to(self, other: Pose2) -> float:
        """Distance in the plane, m."""
        return math.hypot(self.x - other.x, self.y - other.y)


@dataclass(frozen=True, slots=True)
class Pose3:
    """Pose in space: position in m (map frame), orientation as unit quaternion x, y, z, w."""

    x: float
    y: float
    z: float
    qx: float = 0.0
    qy: float = 0.0
    qz: float = 0.0
    qw: float = 1.0
