"""Regulated pursuit along one leg: the curvature that leads back to the line, and the speed that fits it.

Pursuit after Coulter (1992), with speed regulated by curvature, the distance to the next halt and free space ahead as
in Macenski et al. (2023), "Regulated pure pursuit for robot path tracking".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.courtesy import Courtesy
from sitefleet_robot.motion.freespace import FreeSpace
from sitefleet_robot.motion.leg import REACHED, STRAIGHT, Leg
from sitefleet_robot.motion.narrow import PASSAGE_GAP, NarrowPlaces, aligned
from sitefleet_robot.motion.phases import FollowerTuning, FollowStatus, Step
from sitefleet_robot.motion.ramps import ramp, stopping_speed
from sitefleet_robot.motion.values import Drive, DriveLimits, Footprint, Pose2, clamp

GENTLE_BELOW = 0.06
"""m beside the robot below which it steers so gently that its rear corner does not swing into what is there."""
GENTLE_GAP = 0.012
"""m beside the robot that steering leaves."""


@dataclass(frozen=True, slots=True)
class Pursuit:
    """Velocity on a leg. No state: everything it looks at is given."""

    limits: DriveLimits
    footprint: Footprint
    tuning: FollowerTuning
    narrow: NarrowPlaces
    courtesy: Courtesy

    def step(self, leg: Leg, pose: Pose2, space: FreeSpace, last: Drive, dt: float) -> Step:
        """Forwards."""
        limits = self.limits
        curvature, speed = self._course(leg, pose, last)
        speed = min(speed, limits.max_turn / max(1e-6, abs(curvature)), self._entry_speed(leg, pose, space))
        curvature = self._gentle(curvature, space)
        allowed, obstacle = min(self._free_speed(leg, pose, space), self.courtesy.speed(leg, pose, space))
        if allowed <= 0.0:
            return Step(self.brake(last, dt), FollowStatus.BLOCKED, obstacle)
        v = ramp(last.v, min(speed, allowed), (limits.accel if speed > last.v else 2.0 * limits.decel) * dt)
        w = clamp(v * curvature, -limits.max_turn, limits.max_turn)
        return Step(Drive(v, ramp(last.w, w, 2.0 * limits.turn_accel * dt)), FollowStatus.DRIVING)

    def step_back(self, leg: Leg, pose: Pose2, space: FreeSpace, last: Drive, dt: float) -> Step:
        """Backwards: the same pursuit seen from the robot's back."""
        behind = Pose2(pose.x, pose.y, wrap_angle(pose.yaw + math.pi))
        step = self.step(leg, behind, space, Drive(-last.v, last.w), dt)
        return Step(Drive(-min(step.drive.v, self.tuning.back_speed), step.drive.w), step.status, step.obstacle)

    def brake(self, last: Drive, dt: float) -> Drive:
        """As hard as the drive may, straight on."""
        return Drive(ramp(last.v, 0.0, 2.0 * self.limits.decel * dt), 0.0)

    def _course(self, leg: Leg, pose: Pose2, last: Drive) -> tuple[float, float]:
        """Curvature (1/m) towards the point looked at, and the speed (m/s) that leg and next halt allow."""
        limits, tuning = self.limits, self.tuning
        remaining = leg.remaining(pose)
        speed = min(limits.max_speed, leg.end.max_speed)
        lookahead = clamp(tuning.lookahead_time * abs(last.v), tuning.lookahead_min, tuning.lookahead_max)
        target = leg.at(remaining - lookahead)
        if leg.halt:
            speed = min(speed, max(tuning.creep, stopping_speed(remaining - 0.5 * REACHED, limits.decel)))
        elif abs(leg.corner) > STRAIGHT:
            # Slow down ahead of the corner and look only a little across it.
            before = max(0.0, remaining - leg.corner_lookahead)
            through = tuning.wide_speed if leg.wide else tuning.soft_speed
            speed = min(speed, math.sqrt(through**2 + 2.0 * limits.decel * before))
            target = leg.across(remaining, clamp(remaining, leg.corner_lookahead, lookahead))
        return _curvature(pose, target), speed

    def _entry_speed(self, leg: Leg, pose: Pose2, space: FreeSpace) -> float:
        """Speed that stops before a narrow place which the robot is not aligned with; infinite without one, m/s."""
        gap = self.narrow.gap(leg, pose, space)
        if math.isinf(gap) or aligned(leg, pose):
            return math.inf
        way = gap - PASSAGE_GAP
        return stopping_speed(way, self.limits.decel) if way > 0.005 else 0.0

    def _gentle(self, curvature: float, space: FreeSpace) -> float:
        """Steering away from what is beside, the rear corner swings towards it by half_length^2 / 2 per 1/m."""
        if space.beside >= GENTLE_BELOW:
            return curvature
        most = max(0.0, space.beside - GENTLE_GAP) / (0.5 * (0.5 * self.footprint.length) ** 2)
        return clamp(curvature, -most, most)

    def _free_speed(self, leg: Leg, pose: Pose2, space: FreeSpace) -> tuple[float, float]:
        """Speed (m/s) that stops `stop_gap` before an obstacle on the way to the end of the leg, and how far that is
        (m); both infinite without one.
        """
        front = 0.5 * self.footprint.length
        if space.ahead > leg.length + front + 0.01:
            return math.inf, math.inf  # beyond the place where the robot turns or halts
        obstacle = max(0.0, space.ahead - (leg.length - leg.remaining(pose)) - front)
        way = obstacle - self.tuning.stop_gap
        return (stopping_speed(way, self.limits.decel) if way > 0.01 else 0.0), obstacle


def _curvature(pose: Pose2, target: tuple[float, float]) -> float:
    """Curvature of the arc from the robot, tangent to its heading, through the target, 1/m."""
    dx, dy = target[0] - pose.x, target[1] - pose.y
    distance2 = dx * dx + dy * dy
    if distance2 < 1e-9:
        return 0.0
    return 2.0 * (dy * math.cos(pose.yaw) - dx * math.sin(pose.yaw)) / distance2
