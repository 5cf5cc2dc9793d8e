"""What the simulated sensors say, before it becomes ROS messages. SI units, stamps in s of simulated time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Quaternion = tuple[float, float, float, float]
"""w, x, y, z."""


@dataclass(frozen=True, slots=True)
class OdometryReading:
    """Pose in `frame_id` and twist in the body's frame."""

    frame_id: str
    child_frame_id: str
    position: tuple[float, float, float]
    orientation: Quaternion
    linear: tuple[float, float, float]
    angular: tuple[float, float, float]
    pose_variance: tuple[float, float]
    """of x and y (m2), of yaw (rad2)."""
    twist_variance: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ImuReading:
    """Orientation against the start heading, rates and specific force in the sensor's frame."""

    frame_id: str
    orientation: Quaternion
    angular_velocity: tuple[float, float, float]
    linear_acceleration: tuple[float, float, float]
    gyro_variance: tuple[float, float, float]
    accel_variance: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """V, A (negative: discharging), Ah, share of full 0..1."""

    voltage: float
    current: float
    charge: float
    capacity: float
    percentage: float
    charging: bool


@dataclass(frozen=True, slots=True)
class JointReading:
    """Tool joints: m or rad, m/s or rad/s, N or N m."""

    names: tuple[str, ...]
    position: tuple[float, ...]
    velocity: tuple[float, ...]
    effort: tuple[float, ...]
