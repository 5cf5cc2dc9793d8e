"""How a robot passes strangers: at a walk beside them, at half a metre, and after waiting for them to move on.

A stranger on the way or within half a metre of it is waited for. The manager hears of that as of any obstruction, and
leads the robot another way if there is one. One that has not moved on when the patience is over is passed at that
walk, if a gap is left that is wide enough for a person who stands still.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sitefleet_robot.motion.freespace import FreeSpace
from sitefleet_robot.motion.leg import Leg
from sitefleet_robot.motion.ramps import stopping_speed
from sitefleet_robot.motion.values import Pose2


@dataclass(frozen=True, slots=True)
class CourtesyTuning:
    """Lengths in m, speeds in m/s, times in s. A clearance of zero: no courtesy."""

    clearance: float = 0.5
    least: float = 0.2
    """Gap kept even to those that do not move on."""
    near: float = 1.0
    """Strangers nearer than this to the outline make the robot slow."""
    walk: float = 0.3
    """Speed near them."""
    patience: float = 12.0


class Courtesy:
    """Remembers how long the robot has waited for strangers."""

    def __init__(self, tuning: CourtesyTuning, decel: float, half_length: float) -> None:
        self.tuning = tuning
        self._decel = decel
        self._front = half_length
        self._waited = 0.0

    @property
    def in_vain(self) -> bool:
        """They have not moved on in time."""
        return self._waited > self.tuning.patience

    def speed(self, leg: Leg, pose: Pose2, space: FreeSpace) -> tuple[float, float]:
        """Highest speed (m/s), and how far strangers are ahead that make the robot wait (m, infinite: none)."""
        limit = self.tuning.walk if space.stranger < self.tuning.near else math.inf
        if math.isinf(space.polite):
            return limit, math.inf
        way = space.polite - (leg.length - leg.remaining(pose)) - self._front
        if way <= 0.01:
            return 0.0, max(0.0, way + self.tuning.clearance)
        return min(limit, stopping_speed(way, self._decel)), math.inf

    def step(self, space: FreeSpace, blocked: bool, dt: float) -> None:
        """After each step: whether the robot stands before something."""
        if math.isinf(space.polite):
            self._waited = 0.0
        elif blocked:
            self._waited += dt
