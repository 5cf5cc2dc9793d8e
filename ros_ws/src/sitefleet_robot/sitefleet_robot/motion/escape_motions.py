"""Which crawling motion leads away best: how far it is free, what room it gains, and how it ends for the line. Pure."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass

import numpy as np

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.escape_values import EscapeTuning, Situation
from sitefleet_robot.motion.obstacles import Array
from sitefleet_robot.motion.sweep import gaps, poses_along, separation, swept_gaps
from sitefleet_robot.motion.values import Drive, Footprint

CANDIDATES = (
    Drive(-0.10, 0.0),
    Drive(0.10, 0.0),
    Drive(0.0, 0.25),
    Drive(0.0, -0.25),
    Drive(-0.08, 0.10),
    Drive(-0.08, -0.10),
    Drive(0.08, 0.10),
    Drive(0.08, -0.10),
)
"""What is tried: m/s, rad/s."""


@dataclass(frozen=True, slots=True)
class EscapeMotions:
    """Judges motions for one footprint."""

    footprint: Footprint
    tuning: EscapeTuning

    def choose(self, now: Situation, refused: Container[Drive], only_gain: bool = False) -> Drive | None:
        """The candidate that gains most room and ends best for the line. `only_gain`: it must gain some."""
        tuning = self.tuning
        distance = separation(now.points, self.footprint)
        best, chosen = -math.inf, None
        for drive in CANDIDATES:
            if drive in refused:
                continue
            free, reached = self.free(now, drive)
            if free < tuning.least:
                continue
            gained = min(reached, tuning.near) - distance
            if gained <= tuning.gain and (only_gain or drive.w != 0.0):
                continue  # gliding along something gains nothing at first; any other motion would only dither
            score = gained + self._for_line(now, drive, free)
            if score > best:
                best, chosen = score, drive
        return chosen

    def free(self, now: Situation, drive: Drive) -> tuple[float, float]:
        """Travel along a motion until a point comes too near, and the best separation on it, m."""
        tuning = self.tuning
        points = self._near(now)
        travel = np.arange(0.01, tuning.travel + 1e-6, 0.01)
        if len(points) == 0:
            return tuning.travel, math.inf
        present = gaps(points, self.footprint)
        few = min(3, len(points)) - 1
        # What glides past, such as the next piece of the same wall, may come as near as the nearest thing is now.
        as_near = min(tuning.keep, float(np.partition(present, few)[few]))
        floor = np.minimum(present, as_near) - np.where(present < 0.01, 0.25, 1.0) * tuning.tolerance
        swept = swept_gaps(points, self.footprint, drive, travel / self._fastest(drive))
        bad = (swept < floor).any(axis=1)
        count = int(np.argmax(bad)) if bad.any() else len(travel)
        if count == 0:
            return 0.0, -math.inf
        return float(travel[count - 1]), float(np.partition(swept[:count], few, axis=1)[:, few].max())

    def _near(self, now: Situation) -> Array:
        """Points that can matter within the travel of an escape."""
        reach = self.footprint.turning_radius + self.tuning.travel + self.tuning.near
        near: Array = now.points[np.einsum("ij,ij->i", now.points, now.points) < reach * reach]
        return near

    def _for_line(self, now: Situation, drive: Drive, free: float) -> float:
        """What ending nearer to the line and its heading is worth, m."""
        if now.line is None:
            return 0.0
        x, y, turn = poses_along(drive, np.array([free / self._fastest(drive)]))[0]
        pose, line = now.pose, now.line
        cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
        end_x, end_y = pose.x + cos * x - sin * y, pose.y + sin * x + cos * y
        nearer = abs(line.beside(pose.x, pose.y)) - abs(line.beside(end_x, end_y))
        off = abs(wrap_angle(line.yaw - pose.yaw))
        straighter = off - abs(wrap_angle(line.yaw - pose.yaw - turn))
        along = (end_x - pose.x) * math.cos(line.yaw) + (end_y - pose.y) * math.sin(line.yaw)
        return float(0.2 * nearer + 0.05 * straighter + (0.01 * along if off < 0.1 else -0.01 * along))

    def _fastest(self, drive: Drive) -> float:
        """Speed of the fastest point of the outline, m/s."""
        return abs(drive.v) + self.footprint.turning_radius * abs(drive.w)
