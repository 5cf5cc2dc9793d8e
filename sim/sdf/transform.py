"""Rigid transforms for the SDF frame graph. Metres and radians; rotation matrices are 3x3."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def rotation_from_rpy(roll: float, pitch: float, yaw: float) -> Array:
    """Fixed-axis roll, pitch, yaw as SDF defines them: R = Rz(yaw) Ry(pitch) Rx(roll)."""
    cr, sr, cp, sp, cy, sy = (f(a) for a in (roll, pitch, yaw) for f in (math.cos, math.sin))
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def rotation_from_quaternion(w: float, x: float, y: float, z: float) -> Array:
    """Rotation matrix of a unit quaternion."""
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def rotation_about_axis(axis: Array, angle: float) -> Array:
    """Rotation by `angle` about a unit axis (Rodrigues)."""
    x, y, z = axis
    k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    result: Array = np.eye(3) + math.sin(angle) * k + (1.0 - math.cos(angle)) * (k @ k)
    return result


def quaternion_from_rotation(r: Array) -> tuple[float, float, float, float]:
    """Quaternion (w, x, y, z) of a rotation matrix, w >= 0 where the choice is free."""
    diagonal = (1.0 + r[0, 0] + r[1, 1] + r[2, 2], 1.0 + r[0, 0] - r[1, 1] - r[2, 2])
    if diagonal[0] > 1e-6:
        s = math.sqrt(diagonal[0]) * 2.0
        return s / 4.0, (r[2, 1] - r[1, 2]) / s, (r[0, 2] - r[2, 0]) / s, (r[1, 0] - r[0, 1]) / s
    if r[0, 0] >= max(r[1, 1], r[2, 2]):
        s = math.sqrt(diagonal[1]) * 2.0
        return (r[2, 1] - r[1, 2]) / s, s / 4.0, (r[0, 1] + r[1, 0]) / s, (r[0, 2] + r[2, 0]) / s
    if r[1, 1] >= r[2, 2]:
        s = math.sqrt(1.0 + r[1, 1] - r[0, 0] - r[2, 2]) * 2.0
        return (r[0, 2] - r[2, 0]) / s, (r[0, 1] + r[1, 0]) / s, s / 4.0, (r[1, 2] + r[2, 1]) / s
    s = math.sqrt(1.0 + r[2, 2] - r[0, 0] - r[1, 1]) * 2.0
    return (r[1, 0] - r[0, 1]) / s, (r[0, 2] + r[2, 0]) / s, (r[1, 2] + r[2, 1]) / s, s / 4.0


def yaw_of(w: float, x: float, y: float, z: float) -> float:
    """Heading (rad) of a quaternion."""
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


@dataclass(frozen=True, slots=True)
class Transform:
    """Pose of one frame in another: `p_outer = rotation @ p_inner + translation`."""

    rotation: Array = field(default_factory=lambda: np.eye(3))
    translation: Array = field(default_factory=lambda: np.zeros(3))

    @staticmethod
    def from_pose(x: float, y: float, z: float, roll: float, pitch: float, yaw: float) -> Transform:
        """Transform of an SDF `<pose>`."""
        return Transform(rotation_from_rpy(roll, pitch, yaw), np.array([x, y, z], dtype=np.float64))

    def __matmul__(self, other: Transform) -> Transform:
        """Chain: frame of `other` seen from the outer frame of `self`."""
        return Transform(self.rotation @ other.rotation, self.rotation @ other.translation + self.translation)

    def inverse(self) -> Transform:
        """The outer frame seen from the inner one."""
        return Transform(self.rotation.T, -self.rotation.T @ self.translation)

    def apply(self, point: Array) -> Array:
        """A point of the inner frame, in the outer frame."""
        result: Array = self.rotation @ point + self.translation
        return result

    @property
    def quaternion(self) -> tuple[float, float, float, float]:
        """Rotation as (w, x, y, z)."""
        return quaternion_from_rotation(self.rotation)
