"""Speed limits in force: each limiter looks at the situation and may set a limit; the lowest one counts.

A new reason to be slow (a zone, people near, personnel detection that does not work) is one more limiter in the list
that the supervisor is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sitefleet_robot.safety.states import State
from sitefleet_robot.safety.values import Pose, Twist2


@dataclass(frozen=True)
class Situation:
    """What a limiter may look at; `now` is monotonic, s."""

    state: State
    pose: Pose | None
    motion: Twist2
    now: float


@dataclass(frozen=True)
class SpeedLimit:
    """Highest speed of any point of the robot, m/s, and why."""

    speed: float
    code: str
    reason: str


SpeedLimiter = Callable[[Situation], SpeedLimit | None]
"""Returns the limit that holds in a situation, or None where it has nothing to say. Called at each command."""


def model_limit(max_speed: float) -> SpeedLimiter:
    """The model's own highest speed, m/s."""
    limit = SpeedLimit(max_speed, "model", "highest speed of this model")
    return lambda _situation: limit


def lowest(limiters: Sequence[SpeedLimiter], situation: Situation) -> SpeedLimit:
    """The limit in force. Infinite if no limiter has anything to say."""
    limits = [limit for limit in (limiter(situation) for limiter in limiters) if limit is not None]
    return min(limits, key=lambda limit: limit.speed, default=SpeedLimit(math.inf, "none", "no limit"))
