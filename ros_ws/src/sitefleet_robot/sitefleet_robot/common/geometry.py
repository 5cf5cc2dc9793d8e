"""Planar geometry of the map and base frames (REP 103): angles in rad, quaternions about z."""

from __future__ import annotations

import math
from typing import Protocol


class QuaternionLike(Protocol):
    """Anything with the fields of geometry_msgs/Quaternion."""

    x: float
    y: float
    z: float
    w: float


def wrap_angle(angle: float) -> float:
    """The same angle in [-pi, pi), rad."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


def yaw_of(quaternion: QuaternionLike) -> float:
    """Rotation about z of a quaternion, rad in [-pi, pi]; roll and pitch are dropped."""
    q = quaternion
    return math.atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z))


def quaternion_of_yaw(yaw: float) -> tuple[float, float, float, float]:
    """Unit quaternion (x, y, z, w) of a rotation by `yaw` rad about z."""
    return 0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw)


def set_yaw(quaternion: QuaternionLike, yaw: float) -> None:
    """Write a rotation by `yaw` rad about z into a quaternion message."""
    quaternion.x, quaternion.y, quaternion.z, quaternion.w = quaternion_of_yaw(yaw)


def compose(pose: tuple[float, float, float], step: tuple[float, float, float]) -> tuple[float, float, float]:
    """Pose (x, y, yaw) after a step given in the pose's own frame."""
    x, y, yaw = pose
    c, s = math.cos(yaw), math.sin(yaw)
    return x + c * step[0] - s * step[1], y + s * step[0] + c * step[1], wrap_angle(yaw + step[2])


def relative(origin: tuple[float, float, float], pose: tuple[float, float, float]) -> tuple[float, float, float]:
    """`pose` seen from `origin`, both (x, y, yaw) in one frame: the step that leads from origin to pose."""
    dx, dy = pose[0] - origin[0], pose[1] - origin[1]
    c, s = math.cos(origin[2]), math.sin(origin[2])
    return c * dx + s * dy, -s * dx + c * dy, wrap_angle(pose[2] - origin[2])
