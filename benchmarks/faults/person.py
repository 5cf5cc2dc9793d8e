"""The person: walks to where it is told in a straight line, and does not walk into a robot. Pure but for the place."""

from __future__ import annotations

import math

from faults.measures import Hull, Place, Truth

KEEPS_OFF = 0.30
"""m from a robot's hull at which somebody who walks stops, rather than walk into it."""


class Walker:
    """Velocity (m/s, world) that brings a person to `goal`."""

    def __init__(self, hull: Hull, place: tuple[float, float]) -> None:
        self._hull = hull
        self.place = place
        self._goal = place
        self._speed = 1.0

    def go(self, x: float, y: float, speed: float) -> None:
        """Walk there at that speed."""
        self._goal, self._speed = (x, y), speed

    @property
    def there(self) -> bool:
        """Has arrived."""
        return math.dist(self.place, self._goal) < 0.05

    def step(self, dt: float, robot: Truth | None) -> tuple[float, float]:
        """Velocity for the next `dt` s."""
        away = self._goal[0] - self.place[0], self._goal[1] - self.place[1]
        left = math.hypot(*away)
        if left < 0.02:
            return 0.0, 0.0
        speed = min(self._speed, left / dt)
        velocity = away[0] / left * speed, away[1] / left * speed
        if robot is not None:
            now = self._hull.gap(robot, *self.place)
            # The place is known a little late; look so much farther ahead.
            then = self._hull.gap(robot, self.place[0] + 3.0 * dt * velocity[0], self.place[1] + 3.0 * dt * velocity[1])
            # Past it is allowed, nearer to it is not.
            if then < KEEPS_OFF and then < now - 0.02:
                return 0.0, 0.0
        return velocity

    def seen(self, place: Place) -> None:
        """Where the person is."""
        self.place = place.x, place.y
