"""A lidar scan as points of base_link, converted once; what in it cannot be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MAX_INVALID_SHARE = 0.2
"""Share of beams without a usable reading above which a scan counts as none."""


@dataclass(frozen=True)
class Mount:
    """Lidar in base_link: x, y in m, yaw in rad."""

    x: float
    y: float
    yaw: float


@dataclass(frozen=True)
class ScanPoints:
    """Points (N x 2, base_link) of one scan. `fault` says why the scan is not usable, or is empty."""

    points: Array
    fault: str = ""


class ScanConverter:
    """Turns ranges into points; keeps the beams' directions, which do not change from scan to scan."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount
        self._key: tuple[int, float, float] | None = None
        self._directions: Array = np.zeros((0, 2))

    def convert(
        self, ranges: Array, angle_min: float, angle_increment: float, range_min: float, range_max: float
    ) -> ScanPoints:
        """Points of the beams that hit something.

        By REP 117 +inf is a free beam, -inf a thing too near to measure (taken at `range_min`), NaN a fault. A reading
        below `range_min` is a fault, one at or beyond `range_max` a free beam. What one beam alone sees is noise.
        """
        count = len(ranges)
        if count == 0 or not all(math.isfinite(v) for v in (angle_min, angle_increment, range_min, range_max)):
            return ScanPoints(np.zeros((0, 2)), "scan is empty or its geometry is not finite")
        too_near = np.isneginf(ranges)
        # A comparison with NaN is false, so NaN counts as invalid; so does -inf: a covered lidar sees nothing else.
        usable = ranges >= range_min
        invalid = count - int(np.count_nonzero(usable))
        if invalid > MAX_INVALID_SHARE * count:
            return ScanPoints(np.zeros((0, 2)), f"{invalid} of {count} beams have no usable reading")
        distance = np.where(too_near, range_min, np.where(usable, ranges, np.inf))
        full_circle = abs(count * angle_increment) > 2.0 * math.pi - 1.5 * abs(angle_increment)
        distance = _smoothed(distance, full_circle)
        hit = distance < range_max
        m = self._mount
        points = self._rays(count, angle_min, angle_increment)[hit] * distance[hit, None]
        points += (m.x, m.y)
        return ScanPoints(points)

    def _rays(self, count: int, angle_min: float, angle_increment: float) -> Array:
        key = (count, angle_min, angle_increment)
        if key != self._key:
            angles = angle_min + self._mount.yaw + angle_increment * np.arange(count)
            self._directions = np.column_stack((np.cos(angles), np.sin(angles)))
            self._key = key
        return self._directions


def _smoothed(ranges: Array, full_circle: bool) -> Array:
    """Median of each beam and its two neighbours: less noise, and no reading that a single beam alone has."""
    before, after = np.roll(ranges, 1), np.roll(ranges, -1)
    if not full_circle:
        before[0], after[-1] = ranges[0], ranges[-1]
    low, high = np.minimum(before, after), np.maximum(before, after)
    median: Array = np.maximum(low, np.minimum(high, ranges))
    return median
