"""Values of an escape: its tuning, the line to get back to, and what is known at one pose."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sitefleet_robot.motion.obstacles import Array
from sitefleet_robot.motion.values import Pose2


@dataclass(frozen=True, slots=True)
class EscapeTuning:
    """Lengths in m, times in s of ROS time. Travel is that of the fastest point of the outline."""

    near: float = 0.12
    """Separation below which the robot may need an escape, and at which one has succeeded."""
    static_time: float = 1.0
    static_change: float = 0.01
    blocked_time: float = 1.5
    tolerance: float = 0.002
    """What a point may come nearer; points closer than a centimetre hardly at all."""
    keep: float = 0.05
    """Separation that is enough: what is farther may come as near as this, or as the nearest thing is now."""
    least: float = 0.14
    """Travel that must be free: what the supervisor wants before it clears a protective stop, and a little."""
    least_under_way: float = 0.05
    travel: float = 0.30
    time: float = 6.0
    clear_wait: float = 5.0
    """Time to let a protective stop clear; a motion that does not clear it is not tried again."""
    gain: float = 0.004
    tries: int = 3
    tries_time: float = 60.0
    tries_place: float = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """The line to get back to: a point of it (m) and its direction (rad), map frame."""

    x: float
    y: float
    yaw: float

    def beside(self, x: float, y: float) -> float:
        """m to the left of the line."""
        return (y - self.y) * math.cos(self.yaw) - (x - self.x) * math.sin(self.yaw)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at one pose. `points` are in base_link at `pose`; `protective`: in a protective stop of AUTO."""

    stamp: float
    scan_stamp: float
    pose: Pose2
    points: Array
    line: Line | None
    protective: bool
