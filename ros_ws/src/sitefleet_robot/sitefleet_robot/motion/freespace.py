"""What the lidar allows the follower, as numbers along its present line."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """Lengths in m. `ahead` is the free length along the present line, from its start; `nearest` counts from the
    robot's centre.
    """

    ahead: float = math.inf
    nearest: float = math.inf
    passage: float = math.inf
    """Where the next narrow place begins, counted like `ahead`."""
    beside: float = math.inf
    """Gap between the robot's long sides and what is beside them."""
    turn_left: float = 0.0
    """Angle that the robot can turn where it has not the whole circle of its corners."""
    turn_right: float = 0.0
    polite: float = math.inf
    """Where the nose has to halt before strangers on the way or too near beside it, counted like `ahead`."""
    stranger: float = math.inf
    """Gap between the outline and the nearest stranger, wherever it is."""


OPEN = FreeSpace()
