"""The drive's firmware: command limits, the watchdog, and odometry from the wheels. Pure: no clock, no engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.embedded.readings import OdometryReading
from sim.sdf import Plugin, SdfError


@dataclass(frozen=True, slots=True)
class DriveLimits:
    """m, m/s, m/s2, rad/s, rad/s2; `command_timeout` in s of wall time."""

    wheel_separation: float
    wheel_radius: float
    max_linear: float
    min_linear: float
    max_angular: float
    acceleration: float
    deceleration: float
    angular_acceleration: float
    scale_stddev: float
    slip_stddev: float
    command_timeout: float

    @staticmethod
    def from_plugin(plugin: Plugin) -> DriveLimits:
        """Limits written in a DiffDrive plugin. Raises SdfError."""

        def number(key: str, default: float | None = None) -> float:
            if key not in plugin.parameters:
                if default is None:
                    raise SdfError(plugin.source, plugin.element, plugin.line, f"DiffDrive needs <{key}>")
                return default
            try:
                return float(plugin.parameters[key][0])
            except ValueError as error:
                raise SdfError(plugin.source, f"{plugin.element}/{key}", plugin.line, "not a number") from error

        return DriveLimits(
            wheel_separation=number("wheel_separation"),
            wheel_radius=number("wheel_radius"),
            max_linear=number("max_linear_velocity", math.inf),
            min_linear=number("min_linear_velocity", -math.inf),
            max_angular=number("max_angular_velocity", math.inf),
            acceleration=number("max_linear_acceleration", math.inf),
            deceleration=-number("min_linear_acceleration", -math.inf),
            angular_acceleration=number("max_angular_acceleration", math.inf),
            scale_stddev=number("wheel_scale_stddev", 0.0),
            slip_stddev=number("wheel_slip_stddev", 0.0),
            command_timeout=number("command_timeout", math.inf),
        )


def approach(current: float, target: float, rise: float, fall: float) -> float:
    """Move a speed towards its target: at most `rise` away from zero, at most `fall` towards zero."""
    if current * target < 0.0:
        target = 0.0
    limit = rise if abs(target) > abs(current) else fall
    return min(max(target, current - limit), current + limit)


class DriveFirmware:
    """Turns the last command into wheel speeds, and stops by itself when commands stay away."""

    def __init__(self, limits: DriveLimits) -> None:
        """At rest, without a command."""
        self.limits = limits
        self.enabled = True
        self.linear = 0.0
        self.angular = 0.0
        self._target = (0.0, 0.0)
        self._heard = -math.inf

    def command(self, linear: float, angular: float, now: float) -> None:
        """Take a command (m/s, rad/s) at `now` of a monotonic clock. What is not finite counts as a stop."""
        if not (math.isfinite(linear) and math.isfinite(angular)):
            linear = angular = 0.0
        limits = self.limits
        self._target = (
            min(max(linear, limits.min_linear), limits.max_linear),
            min(max(angular, -limits.max_angular), limits.max_angular),
        )
        self._heard = now

    def update(self, dt: float, now: float) -> tuple[float, float]:
        """Advance by `dt` of simulated time; wheel speeds left and right in rad/s."""
        limits = self.limits
        alive = self.enabled and now - self._heard <= limits.command_timeout
        linear, angular = self._target if alive else (0.0, 0.0)
        self.linear = approach(self.linear, linear, limits.acceleration * dt, limits.deceleration * dt)
        turn = limits.angular_acceleration * dt
        self.angular = approach(self.angular, angular, turn, turn)
        half = self.angular * limits.wheel_separation / 2
        return (self.linear - half) / limits.wheel_radius, (self.linear + half) / limits.wheel_radius


class WheelServo:
    """Speed loop of one wheel motor: torque (N m) from the speed error, with an integral that ends rolling losses."""

    _GAIN = 8.0
    """N m s/rad."""
    _RESET_TIME = 0.15
    """s."""

    def __init__(self, effort: float) -> None:
        """`effort` is the motor's largest torque."""
        self._effort = effort
        self._integral = 0.0

    def update(self, wanted: float, speed: float, dt: float) -> float:
        """Torque for the next `dt` s; speeds in rad/s."""
        error = wanted - speed
        torque = self._GAIN * error + self._integral
        if abs(torque) < self._effort:
            self._integral += self._GAIN * error * dt / self._RESET_TIME
        return min(max(torque, -self._effort), self._effort)


class WheelOdometry:
    """Dead reckoning from wheel angles, with a fixed scale error and slip that grows with the way driven."""

    def __init__(self, limits: DriveLimits, frame_id: str, child_frame_id: str, rng: np.random.Generator) -> None:
        """The scale errors are drawn once, the slip at every step that moves."""
        self._limits = limits
        self._frames = (frame_id, child_frame_id)
        self._rng = rng
        self._scale = 1.0 + rng.normal(0.0, limits.scale_stddev, 2)
        self._last: tuple[float, float] | None = None
        self.x = self.y = self.yaw = 0.0
        self._twist = (0.0, 0.0)
        self._driven = 0.0

    def update(self, left: float, right: float, dt: float) -> None:
        """Take the wheels' angles (rad) after `dt` s since the last call."""
        limits = self._limits
        if self._last is None:
            self._last = (left, right)
            return
        ways = [
            (angle - last) * limits.wheel_radius * float(scale)
            for angle, last, scale in zip((left, right), self._last, self._scale, strict=True)
        ]
        self._last = (left, right)
        if limits.slip_stddev > 0.0 and max(abs(ways[0]), abs(ways[1])) > 1e-6:
            noise = self._rng.normal(0.0, limits.slip_stddev, 2)
            ways = [way + float(n) * math.sqrt(abs(way)) for way, n in zip(ways, noise, strict=True)]
        along = (ways[0] + ways[1]) / 2
        turn = (ways[1] - ways[0]) / limits.wheel_separation
        middle = self.yaw + turn / 2
        chord = along * (math.sin(turn / 2) / (turn / 2) if abs(turn) > 1e-9 else 1.0)
        self.x += chord * math.cos(middle)
        self.y += chord * math.sin(middle)
        self.yaw = math.remainder(self.yaw + turn, math.tau)
        self._driven += abs(along) + abs(turn) * limits.wheel_separation / 2
        self._twist = (along / dt, turn / dt)

    def read(self) -> OdometryReading:
        """The odometry as the drive reports it."""
        variance = 1e-6 + (self._limits.slip_stddev**2) * self._driven
        yaw_variance = 1e-6 + 2 * variance / self._limits.wheel_separation**2
        return OdometryReading(
            *self._frames,
            position=(self.x, self.y, 0.0),
            orientation=(math.cos(self.yaw / 2), 0.0, 0.0, math.sin(self.yaw / 2)),
            linear=(self._twist[0], 0.0, 0.0),
            angular=(0.0, 0.0, self._twist[1]),
            pose_variance=(variance, yaw_variance),
            twist_variance=(4e-4, 4e-4),
        )
