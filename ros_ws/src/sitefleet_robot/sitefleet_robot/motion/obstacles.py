"""How far the way is free, from one lidar scan. Pure numpy; a scan is turned into points once and only when needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sitefleet_robot.motion.values import Footprint, Pose2

Array = NDArray[np.float64]

NARROW = 0.15
"""m beyond the outline on each side up to which a place is narrow."""
PASSAGE_SKEW = 0.3
"""m that the two sides of a narrow place may be apart along the line."""


@dataclass(frozen=True, slots=True)
class LidarMount:
    """Where the lidar sits on base_link: m and rad in the plane."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0


class ScanGeometry:
    """Turns ranges into points of base_link; the directions of the rays are computed once per kind of scan."""

    def __init__(self, mount: LidarMount, footprint: Footprint) -> None:
        self._mount = mount
        self._half_length = 0.5 * footprint.length
        self._half_width = 0.5 * footprint.width
        self._key: tuple[float, float, int] | None = None
        self._cos: Array = np.empty(0)
        self._sin: Array = np.empty(0)

    def points(self, ranges: Array, angle_min: float, angle_step: float, range_min: float, range_max: float) -> Array:
        """Points of the valid rays outside the robot's own outline, shape (n, 2), m in base_link."""
        key = (angle_min, angle_step, len(ranges))
        if key != self._key:
            angles = angle_min + self._mount.yaw + angle_step * np.arange(len(ranges))
            self._cos, self._sin, self._key = np.cos(angles), np.sin(angles), key
        valid = (ranges >= range_min) & (ranges <= range_max)  # False for NaN and infinite ones
        r = np.where(valid, ranges, 0.0)
        x = self._mount.x + r * self._cos
        y = self._mount.y + r * self._sin
        valid &= (np.abs(x) > self._half_length) | (np.abs(y) > self._half_width)
        return np.column_stack((x[valid], y[valid]))


def free_length(points: Array, pose: Pose2, start: tuple[float, float], end: tuple[float, float], half: float) -> float:
    """Coordinate along the line from `start` to `end` of the nearest point ahead in a corridor `half` m to each side.

    `points` are in base_link of a robot at `pose`. The result counts from `start`, m; infinite if nothing is there.
    Only what lies ahead of the robot's centre counts.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < 1e-6 or len(points) == 0:
        return math.inf
    s0, s, d = along_line(points, pose, start, (dx / length, dy / length))
    ahead = s[(np.abs(d) <= half) & (s > 0.0)]
    return s0 + float(ahead.min()) if len(ahead) else math.inf


def along_line(
    points: Array, pose: Pose2, start: tuple[float, float], unit: tuple[float, float]
) -> tuple[float, Array, Array]:
    """Place of the robot along a line, m from its start, and of points: m ahead of the robot, m left of the line."""
    ux, uy = unit
    cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
    # direction of the line seen from the robot, and the robot's own place along and beside the line
    along_x, along_y = cos * ux + sin * uy, cos * uy - sin * ux
    s0 = (pose.x - start[0]) * ux + (pose.y - start[1]) * uy
    d0 = (pose.y - start[1]) * ux - (pose.x - start[0]) * uy
    s = points[:, 0] * along_x + points[:, 1] * along_y
    d = d0 + points[:, 1] * along_x - points[:, 0] * along_y
    return s0, s, d


def passage(
    points: Array, pose: Pose2, start: tuple[float, float], end: tuple[float, float], footprint: Footprint
) -> float:
    """Coordinate along the line at which the next narrow place ahead begins, such as a doorway; infinite without one.

    Narrow: something within `NARROW` m beyond the outline on both sides. A place that the robot is in already, or has
    its nose in, does not count.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < 1e-6 or len(points) == 0:
        return math.inf
    s0, s, d = along_line(points, pose, start, (dx / length, dy / length))
    band = (np.abs(d) <= 0.5 * footprint.width + NARROW) & (s > -0.5 * footprint.length)
    left, right = s[band & (d > 0.0)], s[band & (d <= 0.0)]
    if len(left) == 0 or len(right) == 0:
        return math.inf
    first, other = sorted((float(left.min()), float(right.min())))
    if other - first > PASSAGE_SKEW or first < 0.5 * footprint.length:
        return math.inf
    return s0 + first


def beside(points: Array, footprint: Footprint) -> float:
    """Gap between the long sides of the outline and what is beside them, m; infinite without anything."""
    gaps = (np.abs(points[:, 1]) - 0.5 * footprint.width)[np.abs(points[:, 0]) <= 0.5 * footprint.length + 0.05]
    gaps = gaps[gaps > -0.02]
    return max(0.0, float(gaps.min())) if len(gaps) else math.inf


def nearest(points: Array) -> float:
    """Distance of the nearest point to the robot's centre, m; infinite without points."""
    return float(np.sqrt((points * points).sum(axis=1).min())) if len(points) else math.inf
