"""Turning on the spot at corners: when to begin and end it, and how fast where the corners have no room."""

from __future__ import annotations

import math

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.freespace import FreeSpace
from sitefleet_robot.motion.leg import Leg
from sitefleet_robot.motion.narrow import ALIGNED_HEADING, NarrowPlaces
from sitefleet_robot.motion.phases import FollowStatus, Step
from sitefleet_robot.motion.ramps import ramp, turn_rate
from sitefleet_robot.motion.values import STAND, Drive, DriveLimits, Footprint, Pose2

TURN_FROM = math.radians(56.0)
"""Heading error above which a driving robot halts to turn, rad."""
TURN_AT_REST = 0.10
"""Heading error above which a robot that stands turns before it drives, rad."""
TURNED = 0.025
"""Heading error at which turning is done, rad."""
BACK_FROM = math.radians(120.0)
"""Heading error above which a robot that must return to its last node drives backwards, rad."""
AT_REST = 0.02
"""m/s below which a robot counts as standing."""
TURN_SPARE = 0.02
"""m beyond the circle of the corners within which things make the robot look how far it can turn, and turn slowly."""
LEAST_TURN = 0.15
"""rad that must be free for a turn to begin where the whole circle is not."""
NARROW_TURN = 0.3
"""rad/s of such a turn."""


class Turning:
    """Remembers whether the robot turns, and whether it drives backwards instead."""

    def __init__(self, limits: DriveLimits, footprint: Footprint, narrow: NarrowPlaces) -> None:
        self._limits = limits
        self._footprint = footprint
        self._narrow = narrow
        self.active = False
        self.backwards = False

    def reset(self) -> None:
        """Start anew."""
        self.active = self.backwards = False

    def goes_back(self, leg: Leg, pose: Pose2, last: Drive) -> bool:
        """Back to the node last passed, which lies behind: drive backwards, there may be no room to turn."""
        if abs(last.v) < AT_REST and abs(wrap_angle(leg.yaw - pose.yaw)) > BACK_FROM:
            self.backwards, self.active = True, False
        return self.backwards

    def wanted(self, leg: Leg, pose: Pose2, space: FreeSpace, last: Drive) -> bool:
        """The robot turns, goes on turning, or has to begin."""
        turn = abs(wrap_angle(leg.yaw - pose.yaw))
        at_rest = abs(last.v) < AT_REST
        if at_rest and turn > ALIGNED_HEADING and self._narrow.near(leg, pose, space):
            self.active = True
        if turn > TURN_FROM or (at_rest and turn > TURN_AT_REST):
            self.active = True
        elif self.active and turn <= TURNED:
            self.active = False
        return self.active

    def step(self, turn: float, space: FreeSpace, last: Drive, dt: float) -> Step:
        """By `turn` rad on the spot, after the speed has run out."""
        limits = self._limits
        v = ramp(last.v, 0.0, limits.decel * dt)
        if abs(v) > AT_REST:
            return Step(Drive(v, ramp(last.w, 0.0, limits.turn_accel * dt)), FollowStatus.DRIVING)
        if space.nearest >= self._footprint.turning_radius + TURN_SPARE:
            return Step(Drive(0.0, turn_rate(turn, last.w, limits, dt)), FollowStatus.TURNING)
        if (space.turn_left if turn > 0.0 else space.turn_right) < min(abs(turn), LEAST_TURN):
            return Step(STAND, FollowStatus.BLOCKED, space.nearest)
        slow = ramp(last.w, math.copysign(NARROW_TURN, turn), limits.turn_accel * dt)
        return Step(Drive(0.0, slow), FollowStatus.TURNING)
