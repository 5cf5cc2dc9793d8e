"""What the phases of following have in common: their tuning, and what one step of a phase answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

from sitefleet_robot.motion.courtesy import CourtesyTuning
from sitefleet_robot.motion.values import Drive


class FollowStatus(str, Enum):
    """What the follower is doing."""

    IDLE = "idle"
    DRIVING = "driving"
    TURNING = "turning"
    BLOCKED = "blocked"
    OFF_ROUTE = "off_route"


@dataclass(frozen=True, slots=True)
class FollowerTuning:
    """Numbers of the follower. Lengths in m, times in s."""

    lookahead_min: float = 0.30
    lookahead_max: float = 0.55
    lookahead_time: float = 0.7
    creep: float = 0.03
    stop_gap: float = 0.20
    """m kept to an obstacle ahead of the outline."""
    soft_speed: float = 0.35
    wide_speed: float = 0.45
    """m/s through a corner that is not halted at: where walls are near, and where there is room."""
    back_speed: float = 0.2
    off_route: float = 0.40
    """m beside the line at which the route counts as lost."""
    courtesy: CourtesyTuning = field(default_factory=CourtesyTuning)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a phase: the velocity, what it means, and how far the obstacle is that blocks the way (m)."""

    drive: Drive
    status: FollowStatus
    obstacle: float = math.inf
