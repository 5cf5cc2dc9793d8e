"""How long and how far a robot went on after a stop, by its own odometry. Pure; times are monotonic, s."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from sitefleet_robot.safety.values import Odometry, Twist2

STANDS_LINEAR = 0.01
"""m/s below which the robot stands."""
STANDS_ANGULAR = 0.02
"""rad/s below which it does not turn."""
PATIENCE = 5.0
"""s after which the measurement is given up; that the drive runs away is another guard's matter."""
_HISTORY = 3.0
"""s of the way that is remembered, for causes that lie before the stop."""
_JUMP = 1.0
"""m between two readings that are no way driven."""


def stands(motion: Twist2) -> bool:
    """Whether this is standing."""
    return abs(motion.linear) < STANDS_LINEAR and abs(motion.angular) < STANDS_ANGULAR


@dataclass(frozen=True)
class Stand:
    """The robot stands: s and m since the cause of the stop; `about` is the stop's number."""

    about: int
    duration: float
    distance: float


class StandstillMeasure:
    """Adds up the way of the odometry's positions and measures from the cause of a stop to standing."""

    def __init__(self) -> None:
        self._at: tuple[float, float] | None = None
        self._way = 0.0
        self._history: deque[tuple[float, float]] = deque()
        self._since: tuple[int, float, float] | None = None

    def begin(self, about: int, since: float, now: float) -> None:
        """A stop was commanded; its cause arose at `since`. One that is being measured already goes on."""
        if self._since is None or now - self._since[1] > PATIENCE:
            since = max(since, now - _HISTORY)
            self._since = (about, since, self._way_at(since))

    def moved(self, value: Odometry, now: float) -> Stand | None:
        """Take a reading; the result, once, when the robot stands."""
        at = (value.x, value.y)
        if self._at is not None:
            step = math.dist(at, self._at)
            self._way += step if step < _JUMP else 0.0
        self._at = at if all(map(math.isfinite, at)) else None
        self._history.append((now, self._way))
        while now - self._history[0][0] > _HISTORY:
            self._history.popleft()
        if self._since is None:
            return None
        about, since, way = self._since
        if stands(value.twist):
            self._since = None
            return Stand(about, now - since, self._way - way)
        if now - since > PATIENCE:
            self._since = None
        return None

    def _way_at(self, moment: float) -> float:
        """The way at that moment; of the oldest reading known if it lies before that."""
        known = [way for time, way in self._history if time <= moment]
        return known[-1] if known else self._history[0][1] if self._history else self._way
