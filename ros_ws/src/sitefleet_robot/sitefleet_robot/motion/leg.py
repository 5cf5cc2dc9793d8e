"""The leg that a robot is on: the straight line to the next node of its route, and the corner at its end. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.route import FollowedRoute, RoutePoint
from sitefleet_robot.motion.values import Pose2

SHARP = math.radians(50.0)
"""Corner above which the robot halts and turns on the spot, rad."""
GENTLE = math.radians(28.0)
"""Corner up to which it drives on in any place; above, only where it may deviate by `CUT`, rad."""
CUT = 0.05
"""m by which a corner of `SHARP` may be cut; it is 0.04 at most."""
STRAIGHT = 0.1
"""Corner that needs no special care, rad."""
REACHED = 0.012
"""m before a halt node at which it counts as reached."""
SOFT_LOOKAHEAD = 0.2
WIDE_LOOKAHEAD = 0.3
"""m, look-ahead across a corner that is not halted at: the shorter, the less it is cut."""


@dataclass(frozen=True, slots=True)
class Leg:
    """From (x, y) along the unit vector (ux, uy), `length` m, to `end`. Map frame."""

    x: float
    y: float
    ux: float
    uy: float
    length: float
    end: RoutePoint
    following: RoutePoint | None
    approach: bool
    """It leads to the node last passed, or to the first one."""

    @classmethod
    def of(cls, route: FollowedRoute) -> Leg:
        """The leg to the next node of a route that has one."""
        end = route.next_point
        assert end is not None
        x, y = route.segment_start
        dx, dy = end.x - x, end.y - y
        length = math.hypot(dx, dy)
        ux, uy = (dx / length, dy / length) if length > 1e-6 else (1.0, 0.0)
        return cls(x, y, ux, uy, length, end, route.following_point, route.approaching)

    @property
    def halt(self) -> bool:
        """The robot comes to rest at the end: it is the end of the base, or a corner too sharp to cut there."""
        return self.following is None or abs(self.corner) > (SHARP if self.wide else GENTLE)

    @property
    def wide(self) -> bool:
        """There is room at the end to cut its corner. A line to the route's beginning is nobody's: none there."""
        room = 0.0 if self.following is None or self.approach else self.following.allowed_deviation
        return min(self.end.allowed_deviation, room) >= CUT

    @property
    def corner_lookahead(self) -> float:
        """m, look-ahead across the corner."""
        return WIDE_LOOKAHEAD if self.wide else SOFT_LOOKAHEAD

    @property
    def corner(self) -> float:
        """Angle by which the way turns at the end, rad."""
        if self.following is None:
            return 0.0
        return wrap_angle(math.atan2(self.following.y - self.end.y, self.following.x - self.end.x) - self.yaw)

    @property
    def yaw(self) -> float:
        """Direction, rad."""
        return math.atan2(self.uy, self.ux)

    def remaining(self, pose: Pose2) -> float:
        """m to go along the leg; negative beyond its end."""
        return (self.end.x - pose.x) * self.ux + (self.end.y - pose.y) * self.uy

    def beside(self, pose: Pose2) -> float:
        """m to the left of the leg."""
        return (pose.y - self.y) * self.ux - (pose.x - self.x) * self.uy

    def astray(self, pose: Pose2) -> float:
        """m from the line, or behind its beginning."""
        return max(abs(self.beside(pose)), self.remaining(pose) - self.length)

    def reached(self, pose: Pose2) -> bool:
        """The robot has passed the end, or is near enough to a halt."""
        remaining = self.remaining(pose)
        if self.length < 1e-3:
            return True
        if self.halt:
            return remaining <= REACHED
        return remaining <= 0.0 or (remaining < self.corner_lookahead and self._beyond_bisector(pose))

    def at(self, before_end: float) -> tuple[float, float]:
        """The point so many m before the end; negative: beyond it on the same line."""
        return self.end.x - before_end * self.ux, self.end.y - before_end * self.uy

    def across(self, remaining: float, lookahead: float) -> tuple[float, float]:
        """The point `lookahead` m further on along this leg and the next one."""
        if lookahead <= remaining:
            return self.at(remaining - lookahead)
        dx, dy = self._next_direction()
        further = lookahead - max(0.0, remaining)
        return self.end.x + further * dx, self.end.y + further * dy

    def _beyond_bisector(self, pose: Pose2) -> bool:
        """Whether the robot is nearer to the next leg than to this one."""
        dx, dy = self._next_direction()
        return (pose.x - self.end.x) * (self.ux + dx) + (pose.y - self.end.y) * (self.uy + dy) > 0.0

    def _next_direction(self) -> tuple[float, float]:
        """Unit vector of the next leg; this one's own where there is none."""
        if self.following is None:
            return self.ux, self.uy
        dx, dy = self.following.x - self.end.x, self.following.y - self.end.y
        length = math.hypot(dx, dy)
        return (dx / length, dy / length) if length > 1e-6 else (self.ux, self.uy)
