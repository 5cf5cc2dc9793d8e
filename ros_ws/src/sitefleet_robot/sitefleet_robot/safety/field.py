"""The protective field: how fast a proposed motion may be, given what the lidar sees around the robot.

The footprint is swept along the arc of the proposed twist. Scaling a twist keeps its arc, so the time until the swept
footprint meets a point, at the proposed speed, tells how much room there is; the twist is scaled until the robot, with
its reaction time and guaranteed deceleration, stops within that room. Frame: base_link (x ahead, y left), SI units.

Two layers. The wide one keeps `ahead_margin` ahead and `side_margin` beside, and slows down to `crawl_speed`; the
narrow one keeps `crawl_margin` ahead and `contact_margin` beside, and stops. So a doorway with a hand's breadth on
each side is passed slowly, and nothing is touched. Turning on the spot sweeps the sectors of the corners only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GRAVITY = 9.81
_STRAIGHT = 1e-6
"""rad/s: a slower rate of turn is straight on."""
_PARALLEL = 0.01
"""m/s: a point already at the margin that nears the footprint slower than this does not block."""
SELF_MARGIN = 0.05
"""m: points deeper than this inside the footprint are the robot itself."""


@dataclass(frozen=True)
class FieldSettings:
    """Footprint, drive and margins; m, m/s, m/s^2, rad/s^2, s, rad."""

    length: float
    width: float
    deceleration: float
    turn_deceleration: float
    reaction_time: float = 0.3
    floor_slope: float = 0.02
    ahead_margin: float = 0.10
    side_margin: float = 0.03
    crawl_margin: float = 0.05
    contact_margin: float = 0.005
    crawl_speed: float = 0.15
    min_points: int = 3

    def __post_init__(self) -> None:
        if self.braking <= 0.0:
            raise ValueError(
                f"deceleration {self.deceleration} m/s^2 does not hold the robot on a slope of {self.floor_slope} rad"
            )
        if self.crawl_margin > self.ahead_margin or self.contact_margin > self.side_margin:
            raise ValueError("the narrow margins (crawl, contact) must not exceed the wide ones (ahead, side)")

    @property
    def braking(self) -> float:
        """Deceleration that is left downhill on the steepest floor, full load, m/s^2."""
        return self.deceleration - GRAVITY * math.sin(self.floor_slope)

    @property
    def corner_radius(self) -> float:
        """Distance of the footprint's corners from its centre, m."""
        return 0.5 * math.hypot(self.length, self.width)

    def stopping_distance(self, speed: float) -> float:
        """m from noticing to standing still at `speed` m/s, at full load downhill."""
        return speed * self.reaction_time + speed * speed / (2.0 * self.braking)

    def field_length(self, speed: float) -> float:
        """m ahead of the footprint that must be free to go on at `speed` m/s."""
        return self.stopping_distance(speed) + self.ahead_margin


@dataclass(frozen=True)
class FieldResult:
    """Allowed share of the proposed twist in [0, 1]; `distance` is m of travel until the footprint meets something.

    `distance` is measured on the fastest point of the footprint and infinite if nothing is in the way.
    """

    scale: float
    distance: float

    @property
    def blocked(self) -> bool:
        """The motion is forbidden altogether."""
        return self.scale <= 0.0


FREE = FieldResult(1.0, math.inf)
_MIN_SPEED = 0.005
"""m/s: a slower rest of a scaled motion is no motion."""


def evaluate(
    settings: FieldSettings, linear: float, angular: float, points: Array, extra_margin: float = 0.0
) -> FieldResult:
    """Allowed share of twist (linear m/s, angular rad/s) among `points` (N x 2, base_link).

    `extra_margin` m is added ahead, for leaving a protective stop with some hysteresis.
    """
    s = settings
    fastest = abs(linear) + s.corner_radius * abs(angular)
    if fastest < _MIN_SPEED or len(points) == 0:
        return FREE
    braking_time = max(abs(linear) / (2.0 * s.braking), abs(angular) / (2.0 * s.turn_deceleration))
    ahead = s.ahead_margin + extra_margin
    # Nothing farther away than this can limit the motion.
    horizon = fastest * (s.reaction_time + braking_time) + ahead
    reach = horizon + s.corner_radius + s.side_margin
    near = points[np.einsum("ij,ij->i", points, points) < reach * reach]
    if len(near) < s.min_points:
        return FREE
    # Beside matters for translation; a robot that turns on the spot has no side that slides past things.
    side = s.contact_margin + (s.side_margin - s.contact_margin) * abs(linear) / fastest
    wide = _time_to_meet(s, linear, angular, near, s.contact_margin, side)
    narrow = _time_to_meet(s, linear, angular, near, s.contact_margin, s.contact_margin)
    crawl = min(1.0, s.crawl_speed / fastest)
    slowed = max(crawl, _scale(wide - ahead / fastest, s.reaction_time, braking_time))
    stop_margin = s.crawl_margin + extra_margin
    scale = min(slowed, _scale(narrow - stop_margin / fastest, s.reaction_time, braking_time))
    return FieldResult(scale if scale * fastest >= _MIN_SPEED else 0.0, narrow * fastest)


def _scale(room: float, reaction_time: float, braking_time: float) -> float:
    """Largest share k <= 1 with k * reaction_time + k^2 * braking_time <= room (all s at the proposed speed)."""
    if room <= 0.0:
        return 0.0
    if math.isinf(room):
        return 1.0
    root = math.sqrt(reaction_time * reaction_time + 4.0 * braking_time * room)
    return min(1.0, 2.0 * room / (reaction_time + root))


def _time_to_meet(s: FieldSettings, linear: float, angular: float, points: Array, ahead: float, side: float) -> float:
    """s at the proposed twist until `min_points` points are inside the footprint widened by the margins."""
    a, b = 0.5 * s.length + ahead, 0.5 * s.width + side
    x, y = points[:, 0], points[:, 1]
    inside = (np.abs(x) <= a) & (np.abs(y) <= b)
    outside = points[~inside]
    straight = abs(angular) < _STRAIGHT
    times = _straight(linear, outside, a, b) if straight else _arc(linear, angular, outside, a, b)
    touching = int(np.count_nonzero(_nearing(s, linear, angular, points[inside]))) if inside.any() else 0
    if touching >= s.min_points:
        return 0.0
    rank = s.min_points - touching - 1
    return float(np.partition(times, rank)[rank]) if len(times) > rank else math.inf


def _straight(linear: float, points: Array, a: float, b: float) -> Array:
    ahead = points[:, 0] * math.copysign(1.0, linear)
    hit = (np.abs(points[:, 1]) <= b) & (ahead > 0.0)
    return (ahead[hit] - a) / abs(linear)


def _arc(linear: float, angular: float, points: Array, a: float, b: float) -> Array:
    """Seen from the robot each point runs on a circle about the turning centre: first crossing of the rectangle."""
    centre = linear / angular
    dx, dy = points[:, 0], points[:, 1] - centre
    radius = np.hypot(dx, dy)
    # A point on the turning centre itself never moves.
    moving = radius > 1e-9
    dx, dy, radius = dx[moving], dy[moving], radius[moving]
    start = np.arctan2(dy, dx)
    first = np.full(len(radius), np.inf)
    turn = -math.copysign(1.0, angular)
    with np.errstate(invalid="ignore"):
        for edge in (-a, a):
            phi = np.arccos(edge / radius)
            for candidate in (phi, -phi):
                valid = np.abs(centre + radius * np.sin(candidate)) <= b
                _keep_first(first, turn * (candidate - start), valid)
        for edge in (-b, b):
            phi = np.arcsin((edge - centre) / radius)
            for candidate in (phi, math.pi - phi):
                valid = np.abs(radius * np.cos(candidate)) <= a
                _keep_first(first, turn * (candidate - start), valid)
    return first / abs(angular)


def _keep_first(first: Array, angle: Array, valid: NDArray[np.bool_]) -> None:
    travel = np.where(valid, np.mod(angle, 2.0 * math.pi), np.inf)
    # fmin drops the NaN of an edge that the circle does not reach.
    np.fmin(first, travel, out=first)


def _nearing(s: FieldSettings, linear: float, angular: float, points: Array) -> NDArray[np.bool_]:
    """Which points at or within the margin come nearer to the footprint under the twist; the robot itself does not."""
    x, y = points[:, 0], points[:, 1]
    past_x, past_y = np.abs(x) - 0.5 * s.length, np.abs(y) - 0.5 * s.width
    itself = (past_x < -SELF_MARGIN) & (past_y < -SELF_MARGIN)
    # Outward normal of the nearest edge, or away from the corner.
    corner = (past_x > 0.0) & (past_y > 0.0)
    nx = np.where(corner, past_x, np.where(past_x >= past_y, 1.0, 0.0)) * np.sign(x)
    ny = np.where(corner, past_y, np.where(past_x >= past_y, 0.0, 1.0)) * np.sign(y)
    norm = np.maximum(np.hypot(nx, ny), 1e-12)
    velocity = (nx * (-linear + angular * y) + ny * (-angular * x)) / norm
    result: NDArray[np.bool_] = (velocity < -_PARALLEL) & ~itself
    return result
