"""Stands a differential drive exactly where the work is: turns on the spot and straight creeps, then a settled check.

Nothing but turning and creeping on a line is used, so the manoeuvre needs no more room than the roadmap grants at a
stance. Each cycle aims, creeps, waits until the pose has settled and measures what is left.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.ramps import turn_rate
from sitefleet_robot.motion.values import STAND, Drive, DriveLimits, Pose2, clamp


class PositioningStatus(str, Enum):
    """How far a positioning is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Phase(str, Enum):
    """Part of one positioning cycle."""

    SETTLE = "settle"
    AIM = "aim"
    CREEP = "creep"
    FACE = "face"


@dataclass(frozen=True, slots=True)
class Stance:
    """Where a point of the robot is to be: m, map frame; `tool` is that point on base_link, m."""

    x: float
    y: float
    yaw: float
    heading_free: bool = False
    tolerance: float = 0.005
    heading_tolerance: float = 0.02
    tool: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class PositioningTuning:
    """m, m/s, rad, s. The result must be within `margin` times the tolerance when measured at rest."""

    creep_speed: float = 0.12
    creep_min: float = 0.012
    creep_decel: float = 0.10
    creep_accel: float = 0.4
    margin: float = 0.8
    settle_time: float = 0.35
    settle_samples: int = 6
    settle_limit: float = 3.0
    sigma_share: float = 0.6
    """Share of the tolerance that the standard deviation of the pose may reach."""
    far: float = 0.6
    """m beyond which this is driving, not positioning."""
    time_limit: float = 30.0
    cycle_limit: int = 12


class Positioner:
    """One positioning. `step` takes each pose and returns the velocity; `status` and `reason` say how it went."""

    def __init__(self, stance: Stance, limits: DriveLimits, tuning: PositioningTuning | None = None) -> None:
        self.stance = stance
        self.tuning = tuning or PositioningTuning()
        self.status = PositioningStatus.RUNNING
        self.reason = ""
        self.error = math.inf
        self.elapsed = 0.0
        self.cycles = 0
        self._limits = DriveLimits(
            limits.max_speed, min(0.9, limits.max_turn), limits.accel, limits.decel, min(1.8, limits.turn_accel)
        )
        self._phase = Phase.SETTLE
        self._in_phase = 0.0
        self._last = STAND
        self._rested: deque[Pose2] = deque(maxlen=self.tuning.settle_samples)
        self._sign = 1.0
        self._heading = 0.0

    def step(self, pose: Pose2, sigma: float, dt: float, delay: float = 0.0) -> Drive:
        """Velocity at `pose`, which is `delay` s old and has the standard deviation `sigma` (m)."""
        if self.status is not PositioningStatus.RUNNING:
            return STAND
        self.elapsed += dt
        self._in_phase += dt
        if self.elapsed > self.tuning.time_limit:
            return self._fail(f"not in place after {self.elapsed:.0f} s, {self.error * 1000:.0f} mm off")
        if self._phase is Phase.SETTLE:
            self._last = self._settle(pose, sigma)
        else:
            ahead = pose.moved(self._last.v * delay, self._last.w * delay)
            self._last = self._move(ahead, dt)
        return self._last

    def hold(self) -> None:
        """Something stopped the robot: measure anew before going on; the time does not count."""
        self._enter(Phase.SETTLE)
        self._last = STAND

    def _move(self, pose: Pose2, dt: float) -> Drive:
        if self._phase is Phase.AIM:
            return self._aim(pose, dt)
        if self._phase is Phase.CREEP:
            return self._creep(pose, dt)
        return self._face(pose, dt)

    def _settle(self, pose: Pose2, sigma: float) -> Drive:
        """At rest until the pose is steady and certain enough, then decide what to do."""
        tuning = self.tuning
        self._rested.append(pose)
        if self._in_phase < tuning.settle_time or len(self._rested) < tuning.settle_samples:
            return STAND
        limit = tuning.sigma_share * self.stance.tolerance
        if sigma > limit:
            if self._in_phase > tuning.settle_limit:
                return self._fail(f"position is only known to {sigma * 1000:.1f} mm, {limit * 1000:.1f} mm are needed")
            return STAND
        return self._judge(_mean(self._rested))

    def _judge(self, pose: Pose2) -> Drive:
        """Settled: in place, or what to do next."""
        tuning = self.tuning
        gap_x, gap_y = self._gap(pose)
        self.error = math.hypot(gap_x, gap_y)
        turn = 0.0 if self.stance.heading_free else wrap_angle(self.stance.yaw - pose.yaw)
        in_place = self.error <= tuning.margin * self.stance.tolerance
        if in_place and abs(turn) <= tuning.margin * self.stance.heading_tolerance:
            self.status = PositioningStatus.SUCCEEDED
            return STAND
        self.cycles += 1
        if self.error > tuning.far:
            return self._fail(f"stance is {self.error:.2f} m away")
        if self.cycles > tuning.cycle_limit:
            return self._fail(f"not in place after {tuning.cycle_limit} tries, {self.error * 1000:.0f} mm off")
        if in_place:
            self._enter(Phase.FACE)
            return STAND
        bearing = wrap_angle(math.atan2(gap_y, gap_x) - pose.yaw)
        self._sign = 1.0 if abs(bearing) <= 0.5 * math.pi else -1.0
        self._heading = wrap_angle(pose.yaw + (bearing if self._sign > 0 else bearing + math.pi))
        self._enter(Phase.AIM)
        return STAND

    def _aim(self, pose: Pose2, dt: float) -> Drive:
        """Turn until the line along the robot's x axis passes the stance close enough."""
        gap_x, gap_y = self._gap(pose)
        distance = math.hypot(gap_x, gap_y)
        if distance > 0.01 or self.stance.tool != (0.0, 0.0):  # nearer than that the bearing is mostly noise
            self._heading = math.atan2(self._sign * gap_y, self._sign * gap_x)
        turn = wrap_angle(self._heading - pose.yaw)
        allowed = clamp(0.25 * self.stance.tolerance / max(1e-4, distance), 0.012, 0.15)
        if abs(turn) <= allowed:
            self._enter(Phase.CREEP)
            return STAND
        return Drive(0.0, turn_rate(turn, self._last.w, self._limits, dt))

    def _creep(self, pose: Pose2, dt: float) -> Drive:
        """Straight along x, forward or backward, until the stance is abeam."""
        tuning = self.tuning
        gap_x, gap_y = self._gap(pose)
        cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
        along = self._sign * (gap_x * cos + gap_y * sin)
        if along <= 0.0008 or self._in_phase > 12.0:
            self._enter(Phase.SETTLE)
            return STAND
        wanted = clamp(math.sqrt(2.0 * tuning.creep_decel * along), tuning.creep_min, tuning.creep_speed)
        speed = min(wanted, abs(self._last.v) + tuning.creep_accel * dt)
        steer = 0.0
        if along > 0.03:  # on the last stretch a correction would only turn the robot
            across = gap_y * cos - gap_x * sin
            steer = clamp(1.5 * self._sign * across / along * speed / 0.1, -0.2, 0.2)
        return Drive(self._sign * speed, steer)

    def _face(self, pose: Pose2, dt: float) -> Drive:
        """Turn to the heading that the work asks for."""
        turn = wrap_angle(self.stance.yaw - pose.yaw)
        if abs(turn) <= 0.4 * self.stance.heading_tolerance:
            self._enter(Phase.SETTLE)
            return STAND
        return Drive(0.0, turn_rate(turn, self._last.w, self._limits, dt))

    def _gap(self, pose: Pose2) -> tuple[float, float]:
        """From where the tool is (in the heading it will work in) to where it is to be, m, map frame."""
        yaw = pose.yaw if self.stance.heading_free else self.stance.yaw
        cos, sin = math.cos(yaw), math.sin(yaw)
        tool_x, tool_y = self.stance.tool
        x = pose.x + cos * tool_x - sin * tool_y
        y = pose.y + sin * tool_x + cos * tool_y
        return self.stance.x - x, self.stance.y - y

    def _enter(self, phase: Phase) -> None:
        self._phase, self._in_phase = phase, 0.0
        self._rested.clear()

    def _fail(self, reason: str) -> Drive:
        self.status, self.reason = PositioningStatus.FAILED, reason
        return STAND


def _mean(poses: deque[Pose2]) -> Pose2:
    """Mean of poses that are close together."""
    first = poses[0]
    n = len(poses)
    yaw = first.yaw + sum(wrap_angle(p.yaw - first.yaw) for p in poses) / n
    return Pose2(sum(p.x for p in poses) / n, sum(p.y for p in poses) / n, wrap_angle(yaw))
