"""Battery and IMU."""

from __future__ import annotations

import numpy as np
import pytest

from sim.embedded.battery import Battery, BatterySpec

SPEC = BatterySpec(
    capacity=10.0, full_voltage=26.0, voltage_slope=-2.0, idle_power=26.0, charging_time=0.5, efficiency=0.5,
    dock_radius=0.3,
)  # fmt: skip


def test_idle_power_drains_the_battery():
    battery = Battery(SPEC)
    battery.update(3600.0, 0.0, docked=False)
    assert battery.read().charge == pytest.approx(9.0)
    assert battery.read().current == pytest.approx(-1.0)


def test_work_of_the_joints_costs_more_than_it_does():
    battery = Battery(SPEC)
    battery.update(3600.0, 26.0, docked=False)
    assert battery.read().charge == pytest.approx(7.0)


def test_the_dock_charges_until_full():
    battery = Battery(SPEC, percentage=0.5)
    battery.update(360.0, 0.0, docked=True)
    assert battery.read().charging
    assert battery.read().percentage == pytest.approx(0.7)
    for _ in range(100):
        battery.update(60.0, 0.0, docked=True)
    assert battery.read().percentage == 1.0
    assert not battery.read().charging


def test_a_battery_never_goes_below_empty():
    battery = Battery(SPEC, percentage=0.01)
    battery.update(1e6, 0.0, docked=False)
    assert battery.empty
    assert battery.read().percentage == 0.0


def test_charge_outside_its_range_is_refused():
    with pytest.raises(ValueError, match=r"0\.\.1"):
        Battery(SPEC, percentage=1.2)


def _drive(simulation, clock, seconds, linear):
    for _ in range(round(seconds / simulation.dt)):
        simulation.robots["r"].drive.command(linear, 0.0, clock.now)
        simulation.step()


def test_a_robot_charges_at_its_home_and_nowhere_else(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 1.0, 1.0, 0.0)}, charge={"r": 0.5}, battery_scale=60.0)
    simulation.run(2.0)
    at_home = simulation.robots["r"].read_battery()
    assert at_home.charging
    assert at_home.percentage > 0.5
    _drive(simulation, clock, 4.0, 0.5)
    _drive(simulation, clock, 2.0, 0.0)
    away = simulation.robots["r"].read_battery()
    assert not away.charging
    simulation.run(2.0)
    assert simulation.robots["r"].read_battery().percentage < away.percentage


def test_driving_drains_more_than_standing(make_simulation, clock):
    def drained(linear):
        simulation = make_simulation({"r": ("driller", 0.0, 0.0, 0.0)})
        _drive(simulation, clock, 1.5, 0.5)
        _drive(simulation, clock, 1.0, 0.0)
        before = simulation.robots["r"].battery.charge
        for _ in range(4):
            _drive(simulation, clock, 1.0, linear)
            _drive(simulation, clock, 1.0, 0.0)
        return before - simulation.robots["r"].battery.charge

    assert drained(0.6) > drained(0.0) > 0.0


def test_an_empty_battery_stops_the_drive(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0)}, charge={"r": 0.0005}, battery_scale=1000.0)
    _drive(simulation, clock, 6.0, 0.5)
    assert simulation.robots["r"].battery.empty
    assert abs(simulation.robots["r"].read_truth().linear[0]) < 0.01


def test_a_resting_imu_feels_gravity_and_no_turn(make_simulation):
    simulation = make_simulation({"r": ("driller", 0.0, 0.0, 1.0)})
    simulation.run(1.0)
    readings = [simulation.robots["r"].read_imu("imu", simulation.time) for _ in range(200)]
    force = np.mean([reading.linear_acceleration for reading in readings], axis=0)
    assert force == pytest.approx([0.0, 0.0, 9.8], abs=0.02)
    assert np.mean([reading.angular_velocity for reading in readings], axis=0) == pytest.approx([0, 0, 0], abs=2e-3)
    assert np.std([reading.angular_velocity[2] for reading in readings]) == pytest.approx(0.002, rel=0.2)


def test_the_gyroscope_follows_a_turn(make_simulation, clock):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0)})
    readings = []
    for index in range(round(4.0 / simulation.dt)):
        simulation.robots["r"].drive.command(0.0, 0.8, clock.now)
        simulation.step()
        if index % 10 == 9:
            readings.append(simulation.robots["r"].read_imu("imu", simulation.time))
    assert readings[-1].angular_velocity[2] == pytest.approx(0.8, abs=0.02)
    w, _, _, z = readings[-1].orientation
    assert 2 * np.arctan2(z, w) % (2 * np.pi) == pytest.approx(simulation.robots["r"].pose[2] % (2 * np.pi), abs=0.03)
