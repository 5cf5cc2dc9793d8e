"""Speed and separation monitoring: how fast a robot may be, given how far people are (ISO/TS 15066, 5.5.4). Pure.

    Sp = vh * (Tr + Ts) + vr * Tr + vr * Ts / 2 + C + Zd + Zr,    Ts = vr / deceleration

vh: speed of the person towards the robot, vr: of the robot, Tr: reaction time, Ts: stopping time, C: intrusion
distance, Zd and Zr: uncertainty of the person's and the robot's place. Solved for vr it is a limit that falls with the
distance, so that the robot slows down long before it stops. SI units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

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


def allowed_speeds(distance: Array, vh: Array, zd: Array, zr: float, s: SeparationSettings) -> Array:
    """For each person the highest vr whose Sp is at most `distance`, m/s; 0 when there is none."""
    # vr^2 / (2 a) + vr * (vh / a + Tr) - room = 0
    room = np.maximum(distance - (vh * s.reaction_time + s.intrusion + zd + zr), 0.0)
    half = vh / s.deceleration + s.reaction_time
    # The root in the form that does not lose digits when there is little room.
    return 2.0 * room / (half + np.sqrt(half * half + 2.0 * room / s.deceleration))


class Crowd:
    """All people seen at a moment, as arrays, so that each of them can be reckoned with at each tick."""

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = tuple(people)
        self.places = np.array([(p.x, p.y) for p in people], dtype=np.float64).reshape(-1, 2)
        self.velocities = np.array([p.velocity or (np.nan, np.nan) for p in people], dtype=np.float64).reshape(-1, 2)
        self.zd = SIGMAS * np.array([p.sigma for p in people], dtype=np.float64)


def nearest(
    crowd: Crowd, x: float, y: float, sigma: float, settings: SeparationSettings, ages: Array | float = 0.0
) -> Nearest | None:
    """The lowest speed that any person allows a robot at (x, y) m, known to `sigma` m; None without people.

    All of them are looked at, each time. They were seen `ages` s ago and may have come nearer since.
    """
    if not crowd.people:
        return None
    away = crowd.places - (x, y)
    ways = np.hypot(away[:, 0], away[:, 1])
    vh = _approach(crowd.velocities, away, ways)
    distances = np.maximum(ways - settings.radius, 0.0)
    speeds = allowed_speeds(distances - vh * ages, vh, crowd.zd, SIGMAS * sigma, settings)
    # A place that is no number is a person who may be anywhere.
    speeds = np.where(np.isfinite(speeds), speeds, 0.0)
    k = int(np.lexsort((distances, speeds))[0])
    return Nearest(crowd.people[k].track_id, float(distances[k]), float(speeds[k]))


def _approach(velocities: Array, away: Array, ways: Array) -> Array:
    """Speed towards the robot that has to be reckoned with, m/s: walking while it is not known.

    Somebody who stands may start to walk, and somebody who walks away may turn: half of walking speed at least.
    """
    towards = -np.einsum("ij,ij->i", velocities, away) / np.maximum(ways, 1e-6)
    return np.where(np.isnan(towards), WALKING, np.clip(towards, 0.5 * WALKING, FASTEST))
