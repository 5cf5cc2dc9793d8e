"""A tool axis' set point: it moves at the joint's speed and never runs far ahead of a joint that is blocked. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

_RAMP = 0.15
"""s from rest to full speed."""


@dataclass(frozen=True, slots=True)
class Loop:
    """The position loop: stiffness (N/m), damping (N s/m), moved mass (kg); N m and kg m2 for hinges."""

    stiffness: float
    damping: float
    inertia: float


class ToolAxis:
    """Position set point of one joint. m or rad, seconds, N or N m."""

    def __init__(self, lower: float, upper: float, speed: float, effort: float, loop: Loop) -> None:
        """At zero, or at the nearest limit."""
        self._lower, self._upper = lower, upper
        self._speed = speed
        self._effort = effort
        self._loop = loop
        # The force limit includes the load; beyond this lead the motor cannot push harder.
        self._lead = 1.05 * effort / loop.stiffness
        self.target = min(max(0.0, lower), upper)
        self.set_point = self.target
        self._rate = 0.0

    def command(self, position: float) -> None:
        """New target, held within the joint's limits; what is not finite is ignored."""
        if math.isfinite(position):
            self.target = min(max(position, self._lower), self._upper)

    def update(self, dt: float, position: float, velocity: float, load: float) -> float:
        """Force of the motor for the next `dt` with the joint at `position` and `velocity`; `load` is gravity's."""
        before = self._rate
        gap = self.target - self.set_point
        acceleration = self._speed / _RAMP
        # Fastest speed from which the set point can still stop at its target.
        wanted = math.copysign(min(self._speed, math.sqrt(2.0 * acceleration * abs(gap))), gap)
        change = acceleration * dt
        self._rate = min(max(wanted, self._rate - change), self._rate + change)
        step = self._rate * dt
        self.set_point = self.target if abs(step) >= abs(gap) and step * gap >= 0.0 else self.set_point + step
        if self.set_point == self.target:
            self._rate = 0.0
        self.set_point = min(max(self.set_point, position - self._lead), position + self._lead)
        loop = self._loop
        force = (
            load
            + loop.stiffness * (self.set_point - position)
            + loop.damping * (self._rate - velocity)
            + loop.inertia * (self._rate - before) / dt
        )
        return min(max(force, -self._effort), self._effort)
