"""Speed and separation monitoring: how fast a robot may be, given how far people are (ISO/TS 15066, 5.5.4). Pure.

    Sp = vh * (Tr + Ts) + vr * Tr + vr * Ts / 2 + C + Zd + Zr,    Ts = vr / deceleration

vh: speed of the person towards the robot, vr: of the robot, Tr: reaction time, Ts: stopping time, C: intrusion
distance, Zd and Zr: uncertainty of the person's and the robot's place. Solved for vr it is a limit that falls with the
distance, so that the robot slows down long before it stops. SI units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WALKING = 1.6
"""m/s of a person whose speed is not known (ISO 13855)."""
SIGMAS = 3.0
"""Standard deviations that an uncertainty stands for."""
FASTEST = 3.0
"""m/s that a tracked person is believed to come near with; more is an error of the track."""


@dataclass(frozen=True)
class SeparationSettings:
    """Of one robot: s, m/s^2, m. `radius` is the circle about base_link that holds the robot."""

    reaction_time: float
    deceleration: float
    intrusion: float
    radius: float


@dataclass(frozen=True)
class Person:
    """A tracked person: place and velocity in the map, m and m/s; largest standard deviation of the place, m.

    `velocity` None: not tracked long enough to know it. `age`: s since the track was last confirmed by a picture.
    """

    track_id: str
    x: float
    y: float
    velocity: tuple[float, float] | None
    sigma: float
    age: float = 0.0


@dataclass(frozen=True)
class Nearest:
    """The person who counts most: distance from the robot's circle (m), and the speed (m/s) that it allows."""

    track_id: str
    distance: float
    speed: float


def protective_distance(vh: float, vr: float, tr: float, ts: float, c: float, zd: float, zr: float) -> float:
    """Sp, m."""
    return vh * (tr + ts) + vr * tr + 0.5 * vr * ts + c + zd + zr


def allowed_speed(distance: float, vh: float, zd: float, zr: float, s: SeparationSettings) -> float:
    """The highest vr whose Sp is at most `distance`, m/s; 0 when there is none, or when anything is no number."""
    # vr^2 / (2 a) + vr * (vh / a + Tr) - room = 0
    room = distance - (vh * s.reaction_time + s.intrusion + zd + zr)
    if not 0.0 < room < math.inf:
        return 0.0
    half = vh / s.deceleration + s.reaction_time
    # The root in the form that does not lose digits when there is little room.
    return 2.0 * room / (half + math.sqrt(half * half + 2.0 * room / s.deceleration))


def nearest(
    people: Sequence[Person],
    x: float,
    y: float,
    sigma: float,
    settings: SeparationSettings,
    ages: Sequence[float] | None = None,
) -> Nearest | None:
    """The lowest speed that any person allows a robot at (x, y) m, known to `sigma` m; None without people.

    All of them are looked at, each time. They were seen `ages` s ago and may have come nearer since.
    """
    # Plain numbers on purpose: for the few people near a robot, arrays cost several times as much.
    zr = SIGMAS * sigma
    found: Nearest | None = None
    for person, age in zip(people, ages if ages is not None else [0.0] * len(people), strict=True):
        dx, dy = person.x - x, person.y - y
        way = math.hypot(dx, dy)
        vh = approach(person, dx, dy, way)
        distance = max(way - settings.radius, 0.0)
        speed = allowed_speed(distance - vh * age, vh, SIGMAS * person.sigma, zr, settings)
        if found is None or (speed, distance) < (found.speed, found.distance):
            found = Nearest(person.track_id, distance, speed)
    return found


def approach(person: Person, dx: float, dy: float, way: float) -> float:
    """Speed of somebody `way` m off, along (dx, dy), towards the robot that has to be reckoned with, m/s.

    Walking while it is not known. Somebody who stands may start to walk, and somebody who walks away may turn: half of
    walking speed at least.
    """
    if person.velocity is None:
        return WALKING
    towards = -(person.velocity[0] * dx + person.velocity[1] * dy) / max(way, 1e-6)
    return min(max(towards, 0.5 * WALKING), FASTEST) if math.isfinite(towards) else WALKING
