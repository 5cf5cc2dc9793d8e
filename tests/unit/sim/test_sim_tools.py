"""Tool axes: reach, speed, force, and a mast that an obstacle stops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.embedded.scene import Obstruction
from sim.embedded.tool_axis import Loop, ToolAxis


def _joint(simulation, name, robot="r"):
    reading = simulation.robots[robot].read_joints()
    index = reading.names.index(name)
    return reading.position[index], reading.velocity[index], reading.effort[index]


def test_every_tool_axis_reaches_both_ends_within_a_millimetre_or_milliradian(make_simulation, robot_model):
    simulation = make_simulation({"r": (robot_model, 0.0, 0.0, 0.0)})
    robot = simulation.robots["r"]
    for name, axis in robot.body.axes.items():
        for target in (axis.joint.upper, axis.joint.lower):
            robot.axes[name].command(target)
            simulation.run((axis.joint.upper - axis.joint.lower) / axis.joint.velocity + 1.0)
            assert _joint(simulation, name)[0] == pytest.approx(target, abs=1e-3), name


def test_the_mast_rises_at_its_speed_and_no_faster(make_simulation):
    simulation = make_simulation({"r": ("driller", 0.0, 0.0, 0.0)})
    simulation.robots["r"].axes["mast"].command(2.0)
    speeds = []
    for _ in range(round(3.0 / simulation.dt)):
        simulation.step()
        speeds.append(_joint(simulation, "mast")[1])
    assert max(speeds) == pytest.approx(0.5, rel=0.04)


def test_a_duct_stops_the_mast_and_the_effort_shows_it(make_simulation):
    simulation = make_simulation({"r": ("driller", 3.0, 1.6, 0.3)}, world="room.sdf")
    simulation.run(0.2)
    simulation.robots["r"].axes["mast"].command(2.8 - 0.95)
    simulation.run(8.0)
    position, velocity, effort = _joint(simulation, "mast")
    assert position == pytest.approx(2.2 - 0.95, abs=0.003)
    assert abs(velocity) < 1e-3
    assert effort == pytest.approx(500.0, rel=0.05)
    x, y, _ = simulation.robots["r"].pose
    assert math.hypot(x - 3.0, y - 1.6) < 0.01


def test_beside_the_duct_the_mast_reaches_the_ceiling(make_simulation):
    simulation = make_simulation({"r": ("driller", 4.5, 3.5, 0.0)}, world="room.sdf")
    simulation.robots["r"].axes["mast"].command(2.4)
    simulation.run(8.0)
    assert _joint(simulation, "mast")[0] == pytest.approx(2.8 - 0.95, abs=0.003)


def test_an_obstruction_given_by_option_blocks_the_mast(make_simulation):
    box = Obstruction("duct_9", (0.0, 0.0, 2.0), (1.0, 1.0, 0.4))
    simulation = make_simulation({"r": ("driller", 0.0, 0.0, 0.0)}, obstructions=(box,))
    simulation.robots["r"].axes["mast"].command(2.0)
    simulation.run(5.0)
    assert _joint(simulation, "mast")[0] == pytest.approx(1.8 - 0.95, abs=0.003)
    assert ("r", "tool", "duct_9") in simulation.contacts.records


def test_a_mast_that_was_stalled_comes_down_again_at_once(make_simulation):
    simulation = make_simulation({"r": ("driller", 3.0, 1.6, 0.0)}, world="room.sdf")
    simulation.robots["r"].axes["mast"].command(1.85)
    simulation.run(20.0)
    simulation.robots["r"].axes["mast"].command(0.0)
    simulation.run(1.0)
    assert _joint(simulation, "mast")[0] < 2.2 - 0.95 - 0.25


def test_the_bit_enters_the_ceiling_that_stops_the_crown(make_simulation):
    simulation = make_simulation({"r": ("driller", 4.5, 3.5, 0.0)}, world="room.sdf")
    robot = simulation.robots["r"]
    robot.axes["mast"].command(2.8 - 0.95 - 0.005)
    simulation.run(6.0)
    robot.axes["feed"].command(0.065)
    simulation.run(3.0)
    tip = simulation.scene.data.body("r/drill_tip")
    simulation.scan("r")  # refreshes positions
    assert tip.xpos[2] == pytest.approx(2.8 + 0.06, abs=0.002)


def test_braking_hard_with_the_mast_up_does_not_tip_the_driller(make_simulation, clock):
    simulation = make_simulation({"r": ("driller", 0.0, 0.0, 0.0)})
    robot = simulation.robots["r"]
    robot.axes["mast"].command(2.4)
    simulation.run(6.0)
    lowest = 1.0
    for linear, angular, seconds in ((0.8, 0.0, 3.0), (0.0, 0.0, 1.5), (0.6, 1.5, 2.0), (0.0, 0.0, 1.5)):
        for _ in range(round(seconds / simulation.dt)):
            robot.drive.command(linear, angular, clock.now)
            simulation.step()
            _, x, y, _ = robot.read_truth().orientation
            lowest = min(lowest, 1.0 - 2.0 * (x * x + y * y))
    assert math.degrees(math.acos(lowest)) < 1.0


def test_a_set_point_never_runs_far_ahead_of_a_blocked_joint():
    axis = ToolAxis(0.0, 2.0, 0.5, 500.0, Loop(1e5, 1e3, 16.0))
    axis.command(2.0)
    for _ in range(1000):
        axis.update(0.005, 0.3, 0.0, 100.0)
    assert axis.set_point <= 0.3 + 1.05 * 500.0 / 1e5


def test_commands_beyond_the_limits_end_at_the_limits():
    axis = ToolAxis(0.0, 2.0, 0.5, 500.0, Loop(1e5, 1e3, 16.0))
    axis.command(7.0)
    assert axis.target == 2.0
    axis.command(math.nan)
    assert axis.target == 2.0
    axis.command(-1.0)
    assert axis.target == 0.0


def test_a_hauler_lifts_with_its_deck_level(make_simulation):
    simulation = make_simulation({"r": ("hauler", 0.0, 0.0, 0.0)})
    simulation.robots["r"].axes["lift"].command(0.15)
    simulation.run(3.0)
    simulation.scan("r")
    deck = simulation.scene.data.body("r/lift_platform")
    assert deck.xpos[2] == pytest.approx(0.42 + 0.15, abs=1e-3)
    assert np.allclose(deck.xmat.reshape(3, 3), np.eye(3), atol=1e-3)
