"""Driving of every model against the closed form of its commands."""

from __future__ import annotations

import math

import pytest

from sim.embedded.drive import DriveFirmware, DriveLimits, WheelOdometry, approach
from sim.embedded.robot import seeded


def _drive(simulation, clock, linear, angular, seconds):
    robot = simulation.robots["r"]
    for _ in range(round(seconds / simulation.dt)):
        robot.drive.command(linear, angular, clock.now)
        simulation.step()


@pytest.fixture
def robot_alone(make_simulation, robot_model):
    simulation = make_simulation({"r": (robot_model, 0.0, 0.0, 0.0)})
    simulation.run(0.5)
    return simulation


def test_every_model_drives_two_metres_straight(robot_alone, clock):
    limits = robot_alone.robots["r"].drive.limits
    speed = 0.4
    ramp = speed / limits.acceleration
    seconds = 2.0 / speed + ramp / 2
    _drive(robot_alone, clock, speed, 0.0, seconds)
    x, y, yaw = robot_alone.robots["r"].pose
    assert x == pytest.approx(2.0, rel=0.02)
    assert abs(y) < 0.005
    assert abs(yaw) < 0.005


def test_every_model_turns_on_the_spot(robot_alone, clock):
    limits = robot_alone.robots["r"].drive.limits
    rate = 0.8
    ramp = rate / limits.angular_acceleration
    _drive(robot_alone, clock, 0.0, rate, math.pi / 2 / rate + ramp / 2)
    x, y, yaw = robot_alone.robots["r"].pose
    assert yaw == pytest.approx(math.pi / 2, rel=0.02)
    assert math.hypot(x, y) < 0.005


def test_every_model_follows_an_arc(robot_alone, clock):
    """After the ramps the way is a circle of radius v/w: compare turn and chord of four seconds of it."""
    robot = robot_alone.robots["r"]
    _drive(robot_alone, clock, 0.3, 0.4, 3.0)
    x0, y0, yaw0 = robot.pose
    _drive(robot_alone, clock, 0.3, 0.4, 4.0)
    x1, y1, yaw1 = robot.pose
    turned = math.remainder(yaw1 - yaw0, math.tau)
    assert turned == pytest.approx(1.6, rel=0.02)
    radius = 0.3 / 0.4
    expected_x = x0 + radius * (math.sin(yaw0 + 1.6) - math.sin(yaw0))
    expected_y = y0 - radius * (math.cos(yaw0 + 1.6) - math.cos(yaw0))
    chord = 2 * radius * math.sin(0.8)
    assert math.hypot(x1 - expected_x, y1 - expected_y) < 0.02 * chord


def test_speed_is_held_within_two_percent_of_the_command(robot_alone, clock):
    _drive(robot_alone, clock, 0.5, 0.3, 3.0)
    truth = robot_alone.robots["r"].read_truth()
    assert truth.linear[0] == pytest.approx(0.5, rel=0.02)
    assert truth.angular[2] == pytest.approx(0.3, rel=0.02)


def test_a_robot_stands_level_and_still_without_commands(robot_alone):
    robot_alone.run(5.0)
    robot = robot_alone.robots["r"]
    truth = robot.read_truth()
    assert math.hypot(*robot.pose[:2]) < 1e-3
    assert abs(truth.position[2]) < 1e-3
    assert truth.orientation[0] == pytest.approx(1.0, abs=1e-6)


def test_the_watchdog_stops_the_drive_when_commands_stay_away(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0)})
    _drive(simulation, clock, 0.5, 0.0, 2.0)
    clock.now += 0.29
    simulation.run(0.5)
    assert simulation.robots["r"].read_truth().linear[0] == pytest.approx(0.5, rel=0.02)
    clock.now += 0.02
    stopping = 0.5 / simulation.robots["r"].drive.limits.deceleration
    simulation.run(stopping + 0.1)
    assert abs(simulation.robots["r"].read_truth().linear[0]) < 0.02


def test_the_watchdog_is_silent_again_after_a_new_command(clock):
    firmware = DriveFirmware(_limits())
    firmware.command(0.5, 0.0, 0.0)
    firmware.update(10.0, 1.0)
    assert firmware.linear == 0.0
    firmware.command(0.5, 0.0, 1.0)
    firmware.update(10.0, 1.0)
    assert firmware.linear == 0.5


def _limits(**changes):
    values = {
        "wheel_separation": 0.3, "wheel_radius": 0.1, "max_linear": 1.0, "min_linear": -0.5, "max_angular": 1.0,
        "acceleration": 0.5, "deceleration": 1.0, "angular_acceleration": 2.0, "scale_stddev": 0.0,
        "slip_stddev": 0.0, "command_timeout": 0.3,
    }  # fmt: skip
    return DriveLimits(**{**values, **changes})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_command_that_is_not_finite_is_a_stop(value):
    firmware = DriveFirmware(_limits())
    firmware.command(0.5, 0.5, 0.0)
    firmware.update(5.0, 0.0)
    firmware.command(value, 0.5, 0.0)
    firmware.update(5.0, 0.0)
    assert (firmware.linear, firmware.angular) == (0.0, 0.0)


def test_commands_are_held_to_the_drives_limits():
    firmware = DriveFirmware(_limits())
    firmware.command(9.0, -9.0, 0.0)
    left, right = firmware.update(100.0, 0.0)
    assert (firmware.linear, firmware.angular) == (1.0, -1.0)
    assert (left, right) == (pytest.approx(11.5), pytest.approx(8.5))


def test_speeds_change_no_faster_than_the_accelerations():
    firmware = DriveFirmware(_limits())
    firmware.command(1.0, 1.0, 0.0)
    firmware.update(0.1, 0.0)
    assert (firmware.linear, firmware.angular) == (pytest.approx(0.05), pytest.approx(0.2))


def test_reversing_brakes_to_zero_first():
    assert approach(0.3, -0.5, 0.1, 0.2) == pytest.approx(0.1)
    assert approach(0.1, -0.5, 0.1, 0.2) == 0.0
    assert approach(0.0, -0.5, 0.1, 0.2) == pytest.approx(-0.1)


def test_odometry_without_noise_follows_the_wheels_exactly():
    odometry = WheelOdometry(_limits(), "o", "b", seeded(0, "x"))
    odometry.update(0.0, 0.0, 0.1)
    odometry.update(0.0, 3.0 * math.pi, 0.1)  # right wheel drives pi * 0.3 m: half a turn about the left wheel
    reading = odometry.read()
    assert reading.position[:2] == pytest.approx((0.0, 0.3))
    assert abs(odometry.yaw) == pytest.approx(math.pi)
    assert reading.angular[2] == pytest.approx(math.pi / 0.1)


def test_odometry_drifts_but_not_wildly(make_simulation, clock):
    simulation = make_simulation({"r": ("hauler", 0.0, 0.0, 0.0)}, seed=3)
    _drive(simulation, clock, 0.5, 0.0, 10.0)
    robot = simulation.robots["r"]
    error = math.dist(robot.pose[:2], robot.read_odometry().position[:2])
    assert 1e-4 < error < 0.4


def test_odometry_reports_a_variance_that_grows_with_the_way(make_simulation, clock):
    simulation = make_simulation({"r": ("hauler", 0.0, 0.0, 0.0)})
    before = simulation.robots["r"].read_odometry().pose_variance
    _drive(simulation, clock, 0.5, 0.0, 3.0)
    after = simulation.robots["r"].read_odometry().pose_variance
    assert after[0] > before[0]
    assert after[1] > before[1]
