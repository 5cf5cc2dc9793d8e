"""How a scripted person walks: along a loop of waypoints, and politely around robots. Pure.

A person keeps away from robots: it waits while one is near ahead, turns back when it has waited long enough, and
never takes a step that brings it closer to a robot than a hand's breadth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

PERSON_RADIUS = 0.25
"""m; the capsule of the person's model."""
WAIT_DISTANCE = 0.9
"""m between person and robot ahead at which the person waits."""
CLOSE_DISTANCE = 0.3
"""m to a robot anywhere before or beside, at which the person stands."""
PATIENCE = 3.0
"""s of waiting after which the person turns back."""
_AHEAD = math.radians(70.0)
_BESIDE = math.radians(110.0)
_ARRIVED = 0.15
_TURN_GAIN, _TURN_LIMIT = 4.0, 2.5


@dataclass(frozen=True, slots=True)
class Footprint:
    """A robot's rectangle on the floor: centre, heading, half lengths. m and rad."""

    x: float
    y: float
    yaw: float
    half_length: float
    half_width: float

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """The point of the rectangle nearest to a place."""
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        dx, dy = x - self.x, y - self.y
        along = min(max(dx * cos + dy * sin, -self.half_length), self.half_length)
        across = min(max(-dx * sin + dy * cos, -self.half_width), self.half_width)
        return self.x + along * cos - across * sin, self.y + along * sin + across * cos


@dataclass(frozen=True, slots=True)
class Step:
    """What the person does next: m/s ahead, rad/s."""

    forward: float
    turn: float


class Walk:
    """One person on its way. Times in s of simulated time."""

    def __init__(self, waypoints: Sequence[tuple[float, float]], speed: float) -> None:
        """Walk the closed loop of `waypoints` at `speed` m/s. Raises ValueError."""
        if len(waypoints) < 2:
            raise ValueError("a person needs at least two waypoints")
        if not 0.0 < speed <= 2.0:
            raise ValueError(f"a walking speed of {speed} m/s is not within 0..2")
        self._waypoints = tuple(waypoints)
        self._speed = speed
        self._target = 1
        self._direction = 1
        self._blocked_since: float | None = None
        self.turned_back = 0

    @property
    def target(self) -> tuple[float, float]:
        """Waypoint the person walks to."""
        return self._waypoints[self._target]

    def step(self, now: float, x: float, y: float, yaw: float, robots: Sequence[Footprint]) -> Step:
        """Decide at time `now` for a person at x, y with heading yaw (map)."""
        goal = self.target
        if math.hypot(goal[0] - x, goal[1] - y) < _ARRIVED:
            self._target = (self._target + self._direction) % len(self._waypoints)
            goal = self.target
        error = math.remainder(math.atan2(goal[1] - y, goal[0] - x) - yaw, math.tau)
        turn = min(max(_TURN_GAIN * error, -_TURN_LIMIT), _TURN_LIMIT)
        if self._blocked(x, y, yaw, robots):
            self._wait(now)
            return Step(0.0, turn)
        if abs(error) < _AHEAD / 2:
            self._blocked_since = None
        return Step(self._speed * max(0.0, math.cos(error)) ** 3, turn)

    def _blocked(self, x: float, y: float, yaw: float, robots: Sequence[Footprint]) -> bool:
        for robot in robots:
            px, py = robot.nearest(x, y)
            gap = math.hypot(px - x, py - y) - PERSON_RADIUS
            bearing = abs(math.remainder(math.atan2(py - y, px - x) - yaw, math.tau))
            if (gap < WAIT_DISTANCE and bearing < _AHEAD) or (gap < CLOSE_DISTANCE and bearing < _BESIDE):
                return True
        return False

    def _wait(self, now: float) -> None:
        if self._blocked_since is None:
            self._blocked_since = now
        elif now - self._blocked_since >= PATIENCE:
            self._direction = -self._direction
            self._target = (self._target + self._direction) % len(self._waypoints)
            self._blocked_since = now
            self.turned_back += 1
