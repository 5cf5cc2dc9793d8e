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

import numpy as np

WALKING = 1.6
"""m/s of a person whose speed is not known (ISO 13855)."""
SIGMAS = 3.0
"""Standard deviations that an uncertainty stands for."""


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

    `velocity` None: not tracked long enough to know it.
    """

    track_id: str
    x: float
    y: float
    velocity: tuple[float, float] | None
    sigma: float


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
    """The highest vr whose Sp is at most `distance`, m/s; 0 when there is none."""
    # vr^2 / (2 a) + vr * (vh / a + Tr) - room = 0
    room = distance - (vh * s.reaction_time + s.intrusion + zd + zr)
    if room <= 0.0:
        return 0.0
    half = vh / s.deceleration + s.reaction_time
    return s.deceleration * (math.sqrt(half * half + 2.0 * room / s.deceleration) - half)


def nearest(people: Sequence[Person], x: float, y: float, sigma: float, settings: SeparationSettings) -> Nearest | None:
    """The lowest speed that any person allows a robot at (x, y) m, known to `sigma` m; None without people.

    All of them are looked at, each time.
    """
    if not people:
        return None
    places = np.array([(p.x, p.y) for p in people]) - (x, y)
    ways = np.hypot(places[:, 0], places[:, 1])
    found = []
    for person, place, way in zip(people, places, ways, strict=True):
        distance = max(0.0, float(way) - settings.radius)
        speed = allowed_speed(
            distance, _approach(person, place, float(way)), SIGMAS * person.sigma, SIGMAS * sigma, settings
        )
        found.append(Nearest(person.track_id, distance, speed))
    return min(found, key=lambda n: (n.speed, n.distance))


def _approach(person: Person, place: np.ndarray[tuple[int, ...], np.dtype[np.float64]], way: float) -> float:
    """Speed towards the robot that has to be reckoned with, m/s: never less than walking while it is not known.

    Somebody who stands may start to walk, and somebody who walks away may turn: half of walking speed at least.
    """
    if person.velocity is None or way < 1e-6:
        return WALKING
    towards = -(person.velocity[0] * place[0] + person.velocity[1] * place[1]) / way
    return float(max(0.5 * WALKING, min(towards, 3.0)))
