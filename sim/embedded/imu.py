"""An IMU: MuJoCo's gyroscope and accelerometer with noise, a gyro bias, and an orientation that drifts in heading."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.embedded.readings import ImuReading
from sim.sdf.transform import Transform, quaternion_from_rotation, rotation_from_rpy
from sim.sdf.types import ImuSpec

_BIAS_SHARE = 0.1
"""Bias of the gyroscope, drawn once, as a share of its noise."""


class Imu:
    """Readings of one IMU. Heading is the integral of its own gyroscope, as in a device without a compass."""

    def __init__(
        self, frame_id: str, gyro: int, accel: int, body: int, spec: ImuSpec, rng: np.random.Generator
    ) -> None:
        """`gyro` and `accel` are addresses in MuJoCo's sensor data."""
        self._frame_id = frame_id
        self._gyro, self._accel, self._body = gyro, accel, body
        self._gyro_stddev = np.array(spec.gyro_stddev)
        self._accel_stddev = np.array(spec.accel_stddev)
        self._bias = rng.normal(0.0, 1.0, 3) * self._gyro_stddev * _BIAS_SHARE
        self._rng = rng
        self._yaw = 0.0
        self._last: float | None = None

    def read(self, data: Any, mount: Transform, now: float) -> ImuReading:
        """One reading at `now` (s); `mount` is the sensor's pose in its body."""
        rate = data.sensordata[self._gyro : self._gyro + 3] + self._bias
        rate = rate + self._rng.normal(0.0, 1.0, 3) * self._gyro_stddev
        force = data.sensordata[self._accel : self._accel + 3] + self._rng.normal(0.0, 1.0, 3) * self._accel_stddev
        if self._last is not None:
            self._yaw += float(rate[2]) * (now - self._last)
        self._last = now
        r = data.xmat[self._body].reshape(3, 3) @ mount.rotation
        roll, pitch = math.atan2(r[2, 1], r[2, 2]), math.asin(max(-1.0, min(1.0, -float(r[2, 0]))))
        return ImuReading(
            frame_id=self._frame_id,
            orientation=quaternion_from_rotation(rotation_from_rpy(roll, pitch, self._yaw)),
            angular_velocity=(float(rate[0]), float(rate[1]), float(rate[2])),
            linear_acceleration=(float(force[0]), float(force[1]), float(force[2])),
            gyro_variance=_squares(self._gyro_stddev),
            accel_variance=_squares(self._accel_stddev),
        )


def _squares(values: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    x, y, z = (float(value) ** 2 for value in values)
    return x, y, z
