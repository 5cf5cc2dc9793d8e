"""Extended Kalman filter of a planar robot: pure steps of mean and covariance.

State: x, y (m, map), yaw (rad), scale error of the odometry's distance (1), turn that the odometry misses per metre
driven (rad/m). The last two are what differing wheel radii do; they are worth knowing when fixes stay away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sitefleet_robot.common.geometry import wrap_angle

Array = NDArray[np.float64]

SIZE = 5
X, Y, YAW, SCALE, CURVE = range(SIZE)


@dataclass(frozen=True)
class MotionNoise:
    """Growth of the odometry's standard deviation; roots because errors of short ways add like a random walk."""

    distance: float = 0.006
    """m a root of m driven."""
    sideways: float = 0.003
    """m a root of m driven."""
    turn_by_distance: float = 0.025
    """rad a root of m driven."""
    turn_by_turn: float = 0.012
    """rad a root of rad turned."""
    distance_by_turn: float = 0.002
    """m a root of rad turned."""
    standing: float = 0.0002
    """m a root of s, also at rest: what a robot that stands may still move."""
    standing_turn: float = 0.0003
    """rad a root of s."""
    scale_sigma: float = 0.005
    """Standard deviation of the scale error at the start, 1."""
    curve_sigma: float = 0.02
    """Standard deviation of the missed turn at the start, rad/m."""


@dataclass(frozen=True)
class Step:
    """Motion between two odometry readings in the frame of the first: m, m, rad, and its duration in s."""

    dx: float
    dy: float
    turn: float
    duration: float


@dataclass(frozen=True)
class Fix:
    """Absolute pose of base_link in the map at `stamp` s, covariance 3 x 3 of x, y, yaw (m, m, rad).

    `has_yaw` false: only the position was measured.
    """

    stamp: float
    x: float
    y: float
    yaw: float
    covariance: Array
    has_yaw: bool = True


@dataclass(frozen=True)
class Belief:
    """Mean (5) and covariance (5 x 5) of the state."""

    mean: Array
    covariance: Array

    @property
    def pose(self) -> tuple[float, float, float]:
        """x, y (m), yaw (rad)."""
        return float(self.mean[X]), float(self.mean[Y]), float(self.mean[YAW])

    @property
    def sigma(self) -> float:
        """Largest standard deviation of the position in any direction, m."""
        return math.sqrt(max(float(np.linalg.eigvalsh(self.covariance[:2, :2])[-1]), 0.0))

    @property
    def yaw_sigma(self) -> float:
        """Standard deviation of the heading, rad."""
        return math.sqrt(max(float(self.covariance[YAW, YAW]), 0.0))


def initial(fix: Fix, noise: MotionNoise) -> Belief:
    """The belief from a first fix, which must have a yaw."""
    covariance = np.zeros((SIZE, SIZE))
    covariance[:3, :3] = fix.covariance
    covariance[SCALE, SCALE] = noise.scale_sigma**2
    covariance[CURVE, CURVE] = noise.curve_sigma**2
    return Belief(np.array([fix.x, fix.y, wrap_angle(fix.yaw), 0.0, 0.0]), covariance)


def predict(belief: Belief, step: Step, noise: MotionNoise) -> Belief:
    """Move the belief by an odometry step."""
    x, y, yaw, scale, curve = (float(v) for v in belief.mean)
    along = (1.0 + scale) * step.dx
    missed = curve * step.dx
    turn = step.turn + missed
    # The step is a vector of the first reading's frame, so only the missed turn bends it further.
    heading = yaw + 0.5 * missed
    c, s = math.cos(heading), math.sin(heading)
    east, north = c * along - s * step.dy, s * along + c * step.dy
    mean = np.array([x + east, y + north, wrap_angle(yaw + turn), scale, curve])
    jacobian = np.eye(SIZE)
    jacobian[X, YAW], jacobian[Y, YAW] = -north, east
    jacobian[X, SCALE], jacobian[Y, SCALE] = c * step.dx, s * step.dx
    jacobian[X, CURVE], jacobian[Y, CURVE] = -0.5 * north * step.dx, 0.5 * east * step.dx
    jacobian[YAW, CURVE] = step.dx
    way, angle = math.hypot(step.dx, step.dy), abs(step.turn)
    rest = noise.standing**2 * step.duration
    ahead = noise.distance**2 * way + noise.distance_by_turn**2 * angle + rest
    side = noise.sideways**2 * way + noise.distance_by_turn**2 * angle + rest
    covariance = jacobian @ belief.covariance @ jacobian.T
    covariance[X, X] += c * c * ahead + s * s * side
    covariance[Y, Y] += s * s * ahead + c * c * side
    covariance[X, Y] += c * s * (ahead - side)
    covariance[Y, X] += c * s * (ahead - side)
    covariance[YAW, YAW] += (
        noise.turn_by_distance**2 * way + noise.turn_by_turn**2 * angle + noise.standing_turn**2 * step.duration
    )
    return Belief(mean, covariance)


def innovation(belief: Belief, fix: Fix) -> tuple[Array, Array]:
    """Difference of a fix to the belief and its covariance: 3 rows, or 2 where the fix has no yaw."""
    rows = 3 if fix.has_yaw else 2
    difference = np.array([fix.x, fix.y, fix.yaw])[:rows] - belief.mean[:rows]
    if fix.has_yaw:
        difference[YAW] = wrap_angle(difference[YAW])
    return difference, belief.covariance[:rows, :rows] + fix.covariance[:rows, :rows]


def mahalanobis(belief: Belief, fix: Fix) -> float:
    """Squared Mahalanobis distance of a fix from the belief."""
    difference, covariance = innovation(belief, fix)
    return float(difference @ np.linalg.solve(covariance, difference))


def update(belief: Belief, fix: Fix) -> Belief:
    """Correct the belief by a fix. Joseph form, so that the covariance stays symmetric and positive."""
    difference, spread = innovation(belief, fix)
    rows = len(difference)
    gain = np.linalg.solve(spread, belief.covariance[:rows, :]).T
    mean = belief.mean + gain @ difference
    mean[YAW] = wrap_angle(float(mean[YAW]))
    rest = np.eye(SIZE)
    rest[:, :rows] -= gain
    covariance = rest @ belief.covariance @ rest.T + gain @ fix.covariance[:rows, :rows] @ gain.T
    return Belief(mean, 0.5 * (covariance + covariance.T))
