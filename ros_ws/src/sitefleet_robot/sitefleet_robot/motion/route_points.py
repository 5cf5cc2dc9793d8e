"""A route as messages carry it: numbered nodes, of which the first ones are released. Values only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sitefleet_robot.motion.values import Pose2


@dataclass(frozen=True, slots=True)
class RoutePoint:
    """A node of a route; speed (m/s) and allowed deviation (m) belong to the edge that leads to it."""

    sequence_id: int
    node_id: str
    x: float
    y: float
    max_speed: float
    allowed_deviation: float
    route_id: str = ""


@dataclass(frozen=True, slots=True)
class RouteUpdate:
    """One Route message: base up to `released_up_to`, horizon after it."""

    route_id: str
    update_id: int
    points: tuple[RoutePoint, ...]
    released_up_to: int

    def base(self) -> tuple[RoutePoint, ...]:
        """The released nodes."""
        return tuple(p for p in self.points if p.sequence_id <= self.released_up_to)


class RouteRefused(Exception):
    """A route message that cannot be followed: a stable code and a sentence. What the robot holds stays as it was."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def distance_to_segment(pose: Pose2, a: RoutePoint, b: RoutePoint) -> float:
    """Distance of the robot to the straight line between two nodes, m."""
    dx, dy = b.x - a.x, b.y - a.y
    length2 = dx * dx + dy * dy
    share = 0.0 if length2 == 0.0 else max(0.0, min(1.0, ((pose.x - a.x) * dx + (pose.y - a.y) * dy) / length2))
    return math.hypot(pose.x - a.x - share * dx, pose.y - a.y - share * dy)
