"""One simulated robot: its drive, tools, battery and sensors around its body in the scene."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np

from sim.embedded.battery import Battery, BatterySpec
from sim.embedded.drive import DriveFirmware, DriveLimits, WheelOdometry, WheelServo
from sim.embedded.imu import Imu
from sim.embedded.lidar import Lidar
from sim.embedded.readings import BatteryReading, ImuReading, JointReading, OdometryReading
from sim.embedded.robot_body import RobotBody
from sim.embedded.tool_axis import Loop, ToolAxis
from sim.sdf.transform import rotation_from_quaternion
from sim.sdf.types import Plugin, Sensor
from sim.topics import BATTERY, DIFF_DRIVE, JOINT_STATES, ODOMETRY

_STANDING = 0.02
"""m/s and rad/s below which a robot stands."""


def seeded(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for each part, the same for the same seed and name."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


class SimRobot:
    """A robot in the scene. `step` before and `after_step` after each physics step; readings at any time between."""

    def __init__(self, body: RobotBody, model: Any, data: Any, seed: int, charge: float, battery_scale: float) -> None:
        """`charge` 0..1 at the start; `battery_scale` speeds draining and charging up."""
        self.body = body
        self.name = body.model.name
        self._data = data
        self.drive: DriveFirmware | None = None
        self.odometry: WheelOdometry | None = None
        self._wheels = body.wheels
        self._servos = [WheelServo(wheel.joint.effort) for wheel in body.wheels or ()]
        drive = self._plugin(DIFF_DRIVE)
        if drive is not None:
            limits = DriveLimits.from_plugin(drive)
            self.drive = DriveFirmware(limits)
            frames = [drive.parameters.get(key, ("",))[0] for key in ("frame_id", "child_frame_id")]
            self.odometry = WheelOdometry(limits, frames[0], frames[1], seeded(seed, f"{self.name}/odometry"))
        self.axes = {
            name: ToolAxis(
                a.joint.lower, a.joint.upper, a.joint.velocity, a.joint.effort, Loop(a.stiffness, a.damping, a.inertia)
            )
            for name, a in body.axes.items()
        }
        battery = self._plugin(BATTERY)
        self.battery = Battery(BatterySpec.from_plugin(battery), charge, battery_scale) if battery is not None else None
        self.lidars: dict[str, Lidar] = {}
        self._imus: dict[str, tuple[Imu, Sensor]] = {}
        for link in body.model.links:
            link_body = int(model.body(f"{self.name}/{link.name}").id)
            for sensor in link.sensors:
                stream = seeded(seed, f"{self.name}/{sensor.name}")
                if sensor.lidar is not None:
                    lidar = Lidar(model, link_body, sensor.pose, sensor.lidar, body.geoms, stream)
                    self.lidars[sensor.name] = lidar
                elif sensor.imu is not None:
                    gyro = int(model.sensor(f"{self.name}/{sensor.name}/gyro").adr[0])
                    accel = int(model.sensor(f"{self.name}/{sensor.name}/accel").adr[0])
                    imu = Imu(self.frame_of(sensor), gyro, accel, link_body, sensor.imu, stream)
                    self._imus[sensor.name] = (imu, sensor)
        states = self._plugin(JOINT_STATES)
        self._reported = states.parameters.get("joint_name", ()) if states is not None else ()
        truth = self._plugin(ODOMETRY)
        self._truth_frame = truth.parameters.get("odom_frame", ("world",))[0] if truth is not None else "world"

    def _plugin(self, name: str) -> Plugin | None:
        found = self.body.model.plugins_named(name)
        return found[0] if found else None

    def frame_of(self, sensor: Sensor) -> str:
        """Frame name that Gazebo gives a sensor: model/link/sensor."""
        return f"{self.name}/{sensor.link}/{sensor.name}"

    def before_step(self, dt: float, now: float) -> None:
        """Write the motors' commands for the next step; `now` is the watchdog's clock."""
        data = self._data
        if self.drive is not None and self._wheels is not None:
            speeds = self.drive.update(dt, now)
            for wheel, servo, speed in zip(self._wheels, self._servos, speeds, strict=True):
                data.ctrl[wheel.motor] = servo.update(speed, float(data.qvel[wheel.dof]), dt)
        for name, axis in self.axes.items():
            joint = self.body.axes[name]
            position, velocity = float(data.qpos[joint.qpos]), float(data.qvel[joint.dof])
            data.ctrl[joint.motor] = axis.update(dt, position, velocity, float(data.qfrc_bias[joint.dof]))

    def after_step(self, dt: float) -> None:
        """Account for the step just made."""
        data = self._data
        if self.odometry is not None and self._wheels is not None:
            left, right = self._wheels
            self.odometry.update(float(data.qpos[left.qpos]), float(data.qpos[right.qpos]), dt)

    def update_battery(self, dt: float) -> None:
        """Drain or charge for the last `dt` s; called less often than the steps."""
        if self.battery is None:
            return
        data = self._data
        axes = (*self.body.axes.values(), *(self._wheels or ()))
        power = sum(max(0.0, float(data.actuator_force[a.motor] * data.qvel[a.dof])) for a in axes)
        self.battery.update(dt, power, self.docked)
        if self.drive is not None:
            self.drive.enabled = not self.battery.empty

    @property
    def docked(self) -> bool:
        """Stands within the dock's radius of where it started."""
        body, data = self.body, self._data
        if self.battery is None:
            return False
        way = data.qpos[body.qpos : body.qpos + 2] - body.home.translation[:2]
        speed = data.qvel[body.dof : body.dof + 6]
        standing = math.hypot(speed[0], speed[1]) < _STANDING and abs(speed[5]) < _STANDING
        return standing and math.hypot(*way) <= self.battery.spec.dock_radius

    @property
    def pose(self) -> tuple[float, float, float]:
        """True x, y (m) and heading (rad) of base_link in the world."""
        x, y, _, w, i, j, k = (float(v) for v in self._data.qpos[self.body.qpos : self.body.qpos + 7])
        return x, y, math.atan2(2.0 * (w * k + i * j), 1.0 - 2.0 * (j * j + k * k))

    def read_truth(self) -> OdometryReading:
        """True pose of base_link in the world and its twist in its own frame."""
        body, data = self.body, self._data
        x, y, z, w, i, j, k = (float(value) for value in data.qpos[body.qpos : body.qpos + 7])
        # A free joint's linear velocity is in the world, its angular velocity in the body.
        linear = rotation_from_quaternion(w, i, j, k).T @ data.qvel[body.dof : body.dof + 3]
        angular = data.qvel[body.dof + 3 : body.dof + 6]
        return OdometryReading(
            frame_id=self._truth_frame,
            child_frame_id=f"{self.name}/{self.body.model.root_link.name}",
            position=(x, y, z),
            orientation=(w, i, j, k),
            linear=(float(linear[0]), float(linear[1]), float(linear[2])),
            angular=(float(angular[0]), float(angular[1]), float(angular[2])),
            pose_variance=(0.0, 0.0),
            twist_variance=(0.0, 0.0),
        )

    def read_odometry(self) -> OdometryReading:
        """Dead reckoning of the drive. Only for models with a DiffDrive."""
        assert self.odometry is not None
        return self.odometry.read()

    def read_imu(self, name: str, now: float) -> ImuReading:
        """One IMU at `now` (s of simulated time)."""
        imu, sensor = self._imus[name]
        return imu.read(self._data, sensor.pose, now)

    def read_battery(self) -> BatteryReading:
        """The battery. Only for models with one."""
        assert self.battery is not None
        return self.battery.read()

    def read_joints(self) -> JointReading:
        """The joints that the model's JointStatePublisher lists."""
        data, axes = self._data, [self.body.axes[name] for name in self._reported]
        return JointReading(
            names=tuple(self._reported),
            position=tuple(float(data.qpos[axis.qpos]) for axis in axes),
            velocity=tuple(float(data.qvel[axis.dof]) for axis in axes),
            effort=tuple(float(data.actuator_force[axis.motor]) for axis in axes),
        )
