"""Strangers: what the lidar sees near the robot that neither the plan nor the fleet explains. People, mostly.

From a wall a robot keeps centimetres, from a person half a metre. What is on the site's map within the accuracy of
map and localisation, and what is where another robot says that it is, is no stranger. A thing beside the way that
the robot has waited for in vain is remembered, and not waited for again for a while.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sitefleet_robot.motion.obstacles import Array, along_line
from sitefleet_robot.motion.sweep import FEW
from sitefleet_robot.motion.values import Footprint, Pose2
from sitefleet_robot.sitemap import SiteMap

REACH = 2.5
"""m from the robot's centre beyond which nothing is looked at."""
PLAN_MARGIN = 0.20
"""m about what is on the map that belongs to it: cells, poses and as-built walls are inexact."""
SIGMA_LIMIT = 0.08
"""m; a robot that knows its place less exactly cannot tell strangers from walls."""
PEER_REACH = 0.75
"""m about the place another robot has reported within which it may be by now."""
PEER_AGE = 60.0
"""s for which a robot that is not heard of any more is taken to be where it was."""
KNOWN_FOR = 600.0
"""s for which a thing that was waited for in vain is known."""
KNOWN_REACH = 0.25
"""m about a point of such a thing."""


class Plan:
    """The map, grown by `PLAN_MARGIN`."""

    def __init__(self, site: SiteMap) -> None:
        self._site = site
        self._grown = _grown(site.occupied, round(PLAN_MARGIN / site.resolution))

    def explains(self, points: Array) -> NDArray[np.bool_]:
        """Which points (n, 2), m in the map frame, are where the plan has something, or outside of it."""
        cells = np.floor((points - (self._site.origin_x, self._site.origin_y)) / self._site.resolution).astype(np.int64)
        height, width = self._grown.shape
        inside = (cells[:, 0] >= 0) & (cells[:, 0] < width) & (cells[:, 1] >= 0) & (cells[:, 1] < height)
        result = np.ones(len(points), dtype=np.bool_)
        result[inside] = self._grown[cells[inside, 1], cells[inside, 0]]
        return result


def _grown(occupied: NDArray[np.bool_], cells: int) -> NDArray[np.bool_]:
    """Every cell whose centre is not farther than so many cells from an occupied one."""
    height, width = occupied.shape
    padded = np.pad(occupied, cells)
    result = np.zeros_like(occupied)
    for dy in range(-cells, cells + 1):
        for dx in range(-cells, cells + 1):
            if dx * dx + dy * dy <= cells * cells:
                result |= padded[cells + dy : cells + dy + height, cells + dx : cells + dx + width]
    return result


@dataclass(slots=True)
class Strangers:
    """Tells strangers from the rest; without a plan there are none. Times in s of ROS time."""

    plan: Plan | None = None
    _peers: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    _known: list[tuple[float, Array]] = field(default_factory=list)

    def heard(self, robot_id: str, x: float, y: float, stamp: float) -> None:
        """Another robot says where it is."""
        self._peers[robot_id] = (x, y, stamp)

    def among(self, points: Array, pose: Pose2, sigma: float, stamp: float) -> tuple[Array, Array]:
        """Of points in base_link at `pose`: strangers, and those of them that are not known; each (n, 2)."""
        none = points[:0]
        if self.plan is None or sigma > SIGMA_LIMIT or len(points) == 0:
            return none, none
        near = points[np.einsum("ij,ij->i", points, points) < REACH * REACH]
        cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
        there = near @ np.array(((cos, sin), (-sin, cos))) + (pose.x, pose.y)
        strange = ~self.plan.explains(there)
        for x, y, heard in self._peers.values():
            if stamp - heard < PEER_AGE:
                strange &= np.hypot(there[:, 0] - x, there[:, 1] - y) > PEER_REACH
        if int(strange.sum()) < FEW:
            return none, none
        found, there = near[strange], there[strange]
        return found, found[~self._is_known(there, stamp)]

    def know(self, points: Array, pose: Pose2, stamp: float) -> None:
        """These points, in base_link at `pose`, were waited for in vain."""
        cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
        self._known.append((stamp, points @ np.array(((cos, sin), (-sin, cos))) + (pose.x, pose.y)))

    def _is_known(self, there: Array, stamp: float) -> NDArray[np.bool_]:
        self._known = [k for k in self._known if stamp - k[0] < KNOWN_FOR]
        known = np.zeros(len(there), dtype=np.bool_)
        for _, things in self._known:
            apart = np.hypot(there[:, None, 0] - things[None, :, 0], there[:, None, 1] - things[None, :, 1])
            known |= (apart < KNOWN_REACH).any(axis=1)
        return known


def polite_way(
    points: Array, pose: Pose2, line: Sequence[tuple[float, float]], outline: Footprint, keep: float
) -> tuple[float, Array]:
    """How far along a line of one corner or none the nose may go with the outline `keep` m from all points ahead of it.

    `line`: where the robot's present leg starts and ends, and perhaps where the next one ends; m, map frame. `points`
    are in base_link at `pose`. The coordinate counts from the start, m, infinite without such points; and those points.
    """
    best, so_far = math.inf, 0.0
    met = np.zeros(len(points), dtype=np.bool_)
    for number, (start, end) in enumerate(pairwise(line)):
        length = math.dist(start, end)
        if length < 1e-6 or len(points) == 0:
            continue
        s0, s, d = along_line(points, pose, start, ((end[0] - start[0]) / length, (end[1] - start[1]) / length))
        beside = np.maximum(0.0, np.abs(d) - 0.5 * outline.width)
        # What is beside the robot already is left behind; beyond a corner, what is beside the corner is not.
        ahead = (s > 0.5 * outline.length if number == 0 else s0 + s > 0.0) & (beside < keep)
        if int(ahead.sum()) >= FEW:
            halt = so_far + s0 + float((s[ahead] - np.sqrt(keep * keep - beside[ahead] ** 2)).min())
            best, met = min(best, halt), met | ahead
        so_far += length
    return best, points[met]
