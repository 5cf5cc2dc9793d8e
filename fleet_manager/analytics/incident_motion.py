"""Arithmetic of an incident: distances, when the machine stood, what separation the formula asks for. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from fleet_manager.analytics.incident_values import Answer, Motion, Pose, Samples

STILL = 0.01
"""m/s below which a base counts as standing; simulated odometry has noise of a few mm/s."""
BEFORE_ZERO = 0.25
"""s before the event's own stamp in which the zero that it caused may already have been commanded."""


def turned(x: float, y: float, yaw: float) -> tuple[float, float]:
    """A point turned about the origin by `yaw` (rad)."""
    cosine, sine = math.cos(yaw), math.sin(yaw)
    return cosine * x - sine * y, sine * x + cosine * y


def hull_distance(pose: Pose, hull: tuple[float, float], x: float, y: float) -> float:
    """m from a robot's rectangular hull (length, width; centred on its pose) to a point; 0 inside of it."""
    ahead, aside = turned(x - pose.x, y - pose.y, -pose.yaw)
    return math.hypot(max(abs(ahead) - hull[0] / 2, 0.0), max(abs(aside) - hull[1] / 2, 0.0))


def corners(pose: Pose, hull: tuple[float, float]) -> list[tuple[float, float]]:
    """Corners of the hull in the map frame."""
    found = []
    for ahead, aside in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
        x, y = turned(ahead * hull[0] / 2, aside * hull[1] / 2, pose.yaw)
        found.append((pose.x + x, pose.y + y))
    return found


def answer_of(motion: Motion) -> Answer:
    """When zero was commanded and when the base stood, if it moved at the event; see `Answer`."""
    speed = value_at(motion.measured, 0.0)
    zero = _first_zero(motion.commanded)
    if speed is None or speed <= STILL:
        return Answer(zero=zero, speed=speed)
    still = _standing_from(motion.measured, zero or 0.0) if zero is not None else None
    return Answer(zero, still, way_between(motion.measured, 0.0, still) if still is not None else None, speed)


def _first_zero(commanded: Samples) -> float | None:
    """The begin of the run of zeros that is in force at the event or begins after it."""
    begin: float | None = None
    for second, value in commanded:
        if value <= STILL:
            begin = second if begin is None else begin
            if second >= 0.0:
                return begin if begin >= -BEFORE_ZERO else None
        else:
            begin = None
    return None


def _standing_from(measured: Samples, since: float) -> float | None:
    for second, value in measured:
        if second >= since and value <= STILL:
            return second
    return None


def way_between(measured: Samples, begin: float, end: float) -> float:
    """m driven between two seconds, by the trapezoidal rule over the measured speeds."""
    way = 0.0
    for (t0, v0), (t1, v1) in pairwise(_clipped(measured, begin, end)):
        way += (v0 + v1) / 2 * (t1 - t0)
    return way


def _clipped(samples: Samples, begin: float, end: float) -> Iterator[tuple[float, float]]:
    first, last = value_at(samples, begin), value_at(samples, end)
    if first is not None:
        yield begin, first
    yield from ((t, v) for t, v in samples if begin < t < end)
    if last is not None:
        yield end, last


def value_at(samples: Samples, second: float) -> float | None:
    """The value at a second, between the samples around it; None outside of them."""
    for (t0, v0), (t1, v1) in pairwise(samples):
        if t0 <= second <= t1:
            return v0 + (v1 - v0) * ((second - t0) / (t1 - t0)) if t1 > t0 else v1
    return None


def protective_distance(
    vr: float,
    vh: float = 1.6,
    reaction: float = 0.3,
    stopping: float = 1.0,
    intrusion: float = 0.2,
    person_error: float = 0.1,
    robot_error: float = 0.05,
) -> float:
    """Sp of ISO/TS 15066, 5.5.4.2.3, with constant speeds: vh (Tr + Ts) + vr Tr + vr Ts / 2 + C + Zd + Zr, in m.

    Args:
        vr: speed of the robot towards the person, m/s.
        vh: speed of the person, m/s; 1.6 unless tracked (ISO 13855).
        reaction: Tr, s.
        stopping: Ts, s.
        intrusion: C, m.
        person_error: Zd, m.
        robot_error: Zr, m.
    """
    return vh * (reaction + stopping) + vr * reaction + vr * stopping / 2 + intrusion + person_error + robot_error
