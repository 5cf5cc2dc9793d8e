"""How near a moving footprint comes to the lidar's points: the outline swept along the arc of a twist. Pure numpy."""

from __future__ import annotations

import math

import numpy as np

from sitefleet_robot.motion.obstacles import Array
from sitefleet_robot.motion.values import Drive, Footprint, Pose2

TURN_GAP = 0.012
"""m that a turn on the spot in a narrow place leaves."""
MOST_TURN = 0.6
"""rad that are looked at, at a time."""
FEW = 3
"""Points that make an obstacle, as for the safety supervisor."""
NEAREST_MEAN = 5
"""Points whose mean distance is the separation: one beam's noise does not decide."""


def gaps(points: Array, footprint: Footprint) -> Array:
    """Distance of points (..., 2) in base_link to the outline, m; negative inside."""
    past = np.abs(points) - (0.5 * footprint.length, 0.5 * footprint.width)
    outside = np.maximum(past, 0.0)
    distance: Array = np.hypot(outside[..., 0], outside[..., 1]) + np.minimum(past.max(axis=-1), 0.0)
    return distance


def separation(points: Array, footprint: Footprint) -> float:
    """Mean distance of the few nearest points to the outline, m; infinite without points."""
    if len(points) == 0:
        return math.inf
    distance = gaps(points, footprint)
    count = min(NEAREST_MEAN, len(distance))
    return float(np.partition(distance, count - 1)[:count].mean())


def seen_from(points: Array, scan_pose: Pose2, pose: Pose2) -> Array:
    """Points of base_link at `scan_pose`, as base_link at `pose` sees them."""
    cos, sin = math.cos(scan_pose.yaw - pose.yaw), math.sin(scan_pose.yaw - pose.yaw)
    dx, dy = scan_pose.x - pose.x, scan_pose.y - pose.y
    c, s = math.cos(pose.yaw), math.sin(pose.yaw)
    x = cos * points[:, 0] - sin * points[:, 1] + c * dx + s * dy
    y = sin * points[:, 0] + cos * points[:, 1] - s * dx + c * dy
    return np.column_stack((x, y))


def poses_along(drive: Drive, times: Array) -> Array:
    """x, y (m) and yaw (rad) of base_link after `times` s of a constant twist, in base_link at the start; (n, 3)."""
    turn = drive.w * times
    half = 0.5 * turn
    chord = drive.v * times * np.sinc(half / math.pi)
    return np.column_stack((chord * np.cos(half), chord * np.sin(half), turn))


def swept_gaps(points: Array, footprint: Footprint, drive: Drive, times: Array) -> Array:
    """Distance of each point to the outline after each of `times` s; shape (times, points), m."""
    path = poses_along(drive, times)
    cos, sin = np.cos(path[:, 2, None]), np.sin(path[:, 2, None])
    dx, dy = points[None, :, 0] - path[:, 0, None], points[None, :, 1] - path[:, 1, None]
    return gaps(np.stack((cos * dx + sin * dy, cos * dy - sin * dx), axis=-1), footprint)


def turning_room(points: Array, footprint: Footprint, side: float) -> float:
    """Angle up to `MOST_TURN` by which the robot can turn on the spot to a side (left: 1, right: -1), rad.

    Nothing may come nearer than `TURN_GAP`, and what is nearer already may not come nearer still.
    """
    near = points[np.einsum("ij,ij->i", points, points) < (footprint.turning_radius + TURN_GAP) ** 2]
    angles = np.arange(0.03, MOST_TURN + 1e-6, 0.03)
    if len(near) == 0:
        return MOST_TURN
    floor = np.minimum(gaps(near, footprint) - 0.001, TURN_GAP)
    bad = (swept_gaps(near, footprint, Drive(0.0, side), angles) < floor).sum(axis=1) >= min(FEW, len(near))
    count = int(np.argmax(bad)) if bad.any() else len(angles)
    return float(angles[count - 1]) if count else 0.0
