"""Readings into ROS messages. Each writer keeps one message and fills it again: publishing stays cheap."""

from __future__ import annotations

import array
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from geometry_msgs.msg import Quaternion, Vector3
from nav_msgs.msg import Odometry
from sensor_msgs.msg import BatteryState, CameraInfo, Image, Imu, JointState, LaserScan
from std_msgs.msg import Bool

from sim.embedded.readings import BatteryReading, ImuReading, JointReading, OdometryReading
from sim.sdf.types import CameraSpec, LidarSpec

Stamp = tuple[int, int]
"""Seconds and nanoseconds."""


def stamp_of(time: float) -> Stamp:
    """ROS stamp of a simulated time in s."""
    nanoseconds = round(time * 1e9)
    return nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000


def seconds_of(stamp: Any) -> float:
    """s of a message's stamp."""
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def moves(twist: Any) -> bool:
    """Whether a planar twist is other than zero."""
    return bool(twist.linear.x or twist.linear.y or twist.angular.z)


def set_stamp(header: Any, stamp: Stamp) -> None:
    """Write a stamp into a header."""
    header.stamp.sec, header.stamp.nanosec = stamp


def _set_quaternion(target: Quaternion, value: tuple[float, float, float, float]) -> None:
    target.w, target.x, target.y, target.z = value


def _set_vector(target: Vector3, value: tuple[float, float, float]) -> None:
    target.x, target.y, target.z = value


class OdometryWriter:
    """nav_msgs/Odometry."""

    def __init__(self, read: Callable[[], OdometryReading]) -> None:
        """`read` is called for each message."""
        self._read = read
        self._message = Odometry()

    def __call__(self, stamp: Stamp) -> Odometry:
        """The message for now."""
        message, reading = self._message, self._read()
        set_stamp(message.header, stamp)
        message.header.frame_id, message.child_frame_id = reading.frame_id, reading.child_frame_id
        position = message.pose.pose.position
        position.x, position.y, position.z = reading.position
        _set_quaternion(message.pose.pose.orientation, reading.orientation)
        _set_vector(message.twist.twist.linear, reading.linear)
        _set_vector(message.twist.twist.angular, reading.angular)
        pose, twist = message.pose.covariance, message.twist.covariance
        pose[0] = pose[7] = reading.pose_variance[0]
        pose[35] = reading.pose_variance[1]
        twist[0] = twist[7] = reading.twist_variance[0]
        twist[35] = reading.twist_variance[1]
        return message


class ScanWriter:
    """sensor_msgs/LaserScan; the ranges are written into the message's own buffer."""

    def __init__(self, spec: LidarSpec, frame_id: str, period: float, read: Callable[[], Any]) -> None:
        """`period` in s between scans."""
        self._read = read
        message = LaserScan()
        message.header.frame_id = frame_id
        message.angle_min, message.angle_max = spec.min_angle, spec.max_angle
        message.angle_increment = (spec.max_angle - spec.min_angle) / max(1, spec.samples - 1)
        message.scan_time = period
        message.range_min, message.range_max = spec.min_range, spec.max_range
        message.ranges = array.array("f", bytes(4 * spec.samples))
        self._ranges = np.frombuffer(message.ranges, dtype=np.float32)
        self._message = message

    def __call__(self, stamp: Stamp) -> LaserScan:
        """The message for now."""
        self._ranges[:] = self._read()
        set_stamp(self._message.header, stamp)
        return self._message


class ImuWriter:
    """sensor_msgs/Imu."""

    def __init__(self, read: Callable[[], ImuReading]) -> None:
        """`read` is called for each message."""
        self._read = read
        self._message = Imu()

    def __call__(self, stamp: Stamp) -> Imu:
        """The message for now."""
        message, reading = self._message, self._read()
        set_stamp(message.header, stamp)
        message.header.frame_id = reading.frame_id
        _set_quaternion(message.orientation, reading.orientation)
        _set_vector(message.angular_velocity, reading.angular_velocity)
        _set_vector(message.linear_acceleration, reading.linear_acceleration)
        for index in range(3):
            message.angular_velocity_covariance[4 * index] = reading.gyro_variance[index]
            message.linear_acceleration_covariance[4 * index] = reading.accel_variance[index]
        return message


class BatteryWriter:
    """sensor_msgs/BatteryState."""

    def __init__(self, read: Callable[[], BatteryReading]) -> None:
        """`read` is called for each message."""
        self._read = read
        self._message = BatteryState(
            present=True,
            temperature=math.nan,
            power_supply_health=BatteryState.POWER_SUPPLY_HEALTH_GOOD,
            power_supply_technology=BatteryState.POWER_SUPPLY_TECHNOLOGY_LIFE,
        )

    def __call__(self, stamp: Stamp) -> BatteryState:
        """The message for now."""
        message, reading = self._message, self._read()
        set_stamp(message.header, stamp)
        message.voltage, message.current, message.charge = reading.voltage, reading.current, reading.charge
        message.capacity = message.design_capacity = reading.capacity
        message.percentage = reading.percentage
        if reading.charging:
            message.power_supply_status = BatteryState.POWER_SUPPLY_STATUS_CHARGING
        elif reading.current < 0.0:
            message.power_supply_status = BatteryState.POWER_SUPPLY_STATUS_DISCHARGING
        else:
            message.power_supply_status = BatteryState.POWER_SUPPLY_STATUS_FULL
        return message


class JointWriter:
    """sensor_msgs/JointState."""

    def __init__(self, read: Callable[[], JointReading]) -> None:
        """`read` is called for each message."""
        self._read = read
        self._message = JointState()

    def __call__(self, stamp: Stamp) -> JointState:
        """The message for now."""
        message, reading = self._message, self._read()
        set_stamp(message.header, stamp)
        message.name = list(reading.names)
        message.position, message.velocity = list(reading.position), list(reading.velocity)
        message.effort = list(reading.effort)
        return message


class BumperWriter:
    """std_msgs/Bool."""

    def __init__(self, read: Callable[[], bool]) -> None:
        """`read` is called for each message."""
        self._read = read
        self._message = Bool()

    def __call__(self, _stamp: Stamp) -> Bool:
        """The message for now."""
        self._message.data = self._read()
        return self._message


class ImageWriter:
    """sensor_msgs/Image, colour (`rgb8`) or depth in m (`32FC1`)."""

    def __init__(self, spec: CameraSpec, frame_id: str, encoding: str, read: Callable[[], Any]) -> None:
        """`read` returns the picture or None when there is none."""
        self._read = read
        pixel = 3 if encoding == "rgb8" else 4
        message = Image(height=spec.height, width=spec.width, encoding=encoding, step=spec.width * pixel)
        message.header.frame_id = frame_id
        message.data = array.array("B", bytes(spec.width * spec.height * pixel))
        self._pixels = np.frombuffer(message.data, dtype=np.uint8)
        self._message = message

    def __call__(self, stamp: Stamp) -> Image | None:
        """The message for now."""
        picture = self._read()
        if picture is None:
            return None
        self._pixels[:] = np.ascontiguousarray(picture).view(np.uint8).reshape(-1)
        set_stamp(self._message.header, stamp)
        return self._message


class CameraInfoWriter:
    """sensor_msgs/CameraInfo of a pinhole without distortion."""

    def __init__(self, spec: CameraSpec, frame_id: str) -> None:
        """Fixed but for its stamp."""
        focal = spec.width / 2 / math.tan(spec.horizontal_fov / 2)
        cx, cy = spec.width / 2, spec.height / 2
        message = CameraInfo(height=spec.height, width=spec.width, distortion_model="plumb_bob", d=[0.0] * 5)
        message.header.frame_id = frame_id
        message.k = [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0]
        message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        message.p = [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
        self._message = message

    def __call__(self, stamp: Stamp) -> CameraInfo:
        """The message for now."""
        set_stamp(self._message.header, stamp)
        return self._message
