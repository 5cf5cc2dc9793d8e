"""To and fro along the lane, always ahead: what stands for autonomy's or an operator's wish to drive. Pure."""

from __future__ import annotations

import math

from faults.measures import Truth

ARRIVED = 0.15
"""m from an end of the lane at which the robot turns round."""
ALIGNED = 0.25
"""rad off the way ahead above which it turns on the spot."""
_BRAKING = 0.4
"""m/s^2 with which it comes to the lane's end."""


class ToAndFro:
    """Twists that drive between the ends of the lane."""

    def __init__(self, ends: tuple[float, float], lane: float) -> None:
        self._ends = ends
        self._lane = lane
        self.target = ends[1]
        self.speed = 0.0
        """m/s wanted; 0: stand."""

    def room(self, robot: Truth) -> float:
        """m to the end that it drives to."""
        return abs(self.target - robot.x)

    def aligned(self, robot: Truth) -> bool:
        """It drives, rather than turn."""
        return abs(self._off(robot)) < ALIGNED

    def turn_round(self) -> None:
        """Make for the other end."""
        self.target = self._ends[0] if self.target == self._ends[1] else self._ends[1]

    def heading_for(self, robot: Truth) -> int:
        """1: x grows, -1: x falls."""
        return 1 if self.target > robot.x else -1

    def wish(self, robot: Truth) -> tuple[float, float]:
        """m/s, rad/s."""
        if self.speed == 0.0:
            return 0.0, 0.0
        left = self.room(robot)
        if left < ARRIVED:
            self.turn_round()
            left = self.room(robot)
        off = self._off(robot)
        turn = max(-1.0, min(1.0, 1.8 * off))
        if abs(off) >= ALIGNED:
            return 0.0, turn
        return min(self.speed, math.sqrt(2.0 * _BRAKING * max(left - 0.5 * ARRIVED, 0.0)) + 0.05), turn

    def _off(self, robot: Truth) -> float:
        ahead = math.copysign(1.2, self.target - robot.x)
        return math.remainder(math.atan2(self._lane - robot.y, ahead) - robot.yaw, math.tau)
