"""Plain values that the motion code works on. Map frame, m, rad, s."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sitefleet_robot.common.geometry import wrap_angle


def clamp(value: float, low: float, high: float) -> float:
    """The value nearest to `value` in [low, high]."""
    return low if value < low else high if value > high else value


@dataclass(frozen=True, slots=True)
class Pose2:
    """Pose in the plane: x, y in m (map frame), yaw in rad."""

    x: float
    y: float
    yaw: float = 0.0

    def distance_to(self, x: float, y: float) -> float:
        """Distance of a point in the plane, m."""
        return math.hypot(self.x - x, self.y - y)

    def moved(self, forward: float, turn: float) -> Pose2:
        """The pose after a short arc: `forward` m along the mean heading of a turn by `turn` rad."""
        middle = self.yaw + 0.5 * turn
        return Pose2(
            self.x + forward * math.cos(middle), self.y + forward * math.sin(middle), wrap_angle(self.yaw + turn)
        )


@dataclass(frozen=True, slots=True)
class Drive:
    """A velocity to propose: m/s along x of base_link, rad/s around its z."""

    v: float = 0.0
    w: float = 0.0

    @property
    def at_rest(self) -> bool:
        """Nothing is to move."""
        return self.v == 0.0 and self.w == 0.0


STAND = Drive()


@dataclass(frozen=True, slots=True)
class DriveLimits:
    """What the drive may do: m/s, rad/s and their rates per second."""

    max_speed: float = 0.6
    max_turn: float = 1.2
    accel: float = 0.6
    decel: float = 0.45
    turn_accel: float = 2.5


@dataclass(frozen=True, slots=True)
class Footprint:
    """Rectangle centred on base_link, m."""

    length: float
    width: float

    @property
    def turning_radius(self) -> float:
        """Radius of the circle that the corners describe when the robot turns on the spot, m."""
        return 0.5 * math.hypot(self.length, self.width)
