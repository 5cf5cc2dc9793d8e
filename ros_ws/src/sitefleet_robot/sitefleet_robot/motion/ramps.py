"""How fast a velocity may change. Pure."""

from __future__ import annotations

import math

from sitefleet_robot.motion.values import DriveLimits, clamp


def ramp(last: float, wanted: float, step: float) -> float:
    """`wanted`, or as far towards it as one step allows."""
    return clamp(wanted, last - step, last + step)


def turn_rate(turn: float, last: float, limits: DriveLimits, dt: float) -> float:
    """Rate that turns by `turn` rad and ends at rest, within the drive's rate limits, rad/s."""
    wanted = math.copysign(min(limits.max_turn, max(0.06, math.sqrt(2.0 * 0.6 * limits.turn_accel * abs(turn)))), turn)
    return ramp(last, wanted, 1.5 * limits.turn_accel * dt if abs(wanted) < abs(last) else limits.turn_accel * dt)


def stopping_speed(way: float, decel: float) -> float:
    """Speed from which a robot comes to rest within `way` m, m/s."""
    return math.sqrt(2.0 * decel * max(0.0, way))
