"""The simulated total station against the physics engine's own kinematics."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.sdf.transform import Transform, rotation_from_quaternion
from sim.total_station import FIX_STDDEV, NotMeasurableError, TotalStation, TrackedRobot


def _seen(robot, stamp=1.0):
    truth = robot.read_truth()
    base = Transform(rotation_from_quaternion(*truth.orientation), np.array(truth.position))
    return TrackedRobot(base, math.hypot(*truth.linear[:2]), truth.angular[2], stamp)


@pytest.fixture
def scene(make_simulation):
    return make_simulation({"d": ("driller", 2.0, 3.5, 0.8), "i": ("inspector", 4.0, 1.0, -1.0)})


def _joints(robot):
    reading = robot.read_joints()
    return dict(zip(reading.names, reading.position, strict=True))


def test_points_agree_with_the_engine_within_the_noise(scene):
    scene.robots["d"].axes["mast"].command(1.3)
    scene.robots["d"].axes["feed"].command(0.07)
    scene.robots["i"].axes["pan"].command(1.0)
    scene.run(5.0)
    scene.scan("d")
    station = TotalStation({name: robot.body.model for name, robot in scene.robots.items()}, seed=1)
    for robot, link, point in (("d", "drill_tip", (0, 0, 0)), ("i", "pan_head", (0.2, 0.1, 0.0)), ("d", "", (1, 0, 0))):
        body = scene.scene.data.body(f"{robot}/{link or 'base_link'}")
        exact = body.xmat.reshape(3, 3) @ np.array(point) + body.xpos
        sim_robot = scene.robots[robot]
        measured = np.array(
            [station.measure(robot, link, np.array(point), _seen(sim_robot), _joints(sim_robot)) for _ in range(300)]
        )
        assert measured.mean(axis=0) == pytest.approx(exact, abs=3e-4)
        assert measured.std(axis=0) == pytest.approx([1e-3] * 3, rel=0.2)


def test_a_frame_may_carry_the_robots_name(scene):
    scene.run(0.5)
    robot = scene.robots["d"]
    station = TotalStation({"d": robot.body.model}, seed=1)
    place = station.measure("d", "d/drill_tip", np.zeros(3), _seen(robot), _joints(robot))
    assert place == pytest.approx([2.0, 3.5, 0.95], abs=0.006)


def test_fixes_come_at_five_hertz_with_two_millimetres_of_noise(scene):
    robot = scene.robots["d"]
    station = TotalStation({"d": robot.body.model}, seed=4)
    fixes = [station.fix("d", _seen(robot, stamp)) for stamp in np.arange(0.0, 200.0, 0.05)]
    given = [fix for fix in fixes if fix is not None]
    assert len(given) == pytest.approx(1000, abs=2)
    assert np.std([fix.x for fix in given]) == pytest.approx(FIX_STDDEV, rel=0.1)
    assert np.std([fix.yaw for fix in given]) == pytest.approx(0.002, rel=0.1)
    assert np.mean([fix.y for fix in given]) == pytest.approx(3.5, abs=3e-4)


def test_the_same_seed_measures_the_same(scene):
    seen = _seen(scene.robots["d"])
    models = {"d": scene.robots["d"].body.model}
    first, second = TotalStation(models, seed=9).fix("d", seen), TotalStation(models, seed=9).fix("d", seen)
    assert first == second
    assert first != TotalStation(models, seed=10).fix("d", seen)


def test_an_outage_gives_neither_fixes_nor_points(scene):
    robot = scene.robots["d"]
    station = TotalStation({"d": robot.body.model}, seed=1, outages=[(10.0, 20.0)])
    assert station.fix("d", _seen(robot, 9.0)) is not None
    assert station.fix("d", _seen(robot, 15.0)) is None
    assert station.fix("d", _seen(robot, 20.0)) is not None
    with pytest.raises(NotMeasurableError, match="line of sight"):
        station.measure("d", "base_link", np.zeros(3), _seen(robot, 15.0), {})


def test_what_cannot_be_measured_says_why(scene, clock):
    robot = scene.robots["d"]
    station = TotalStation({"d": robot.body.model}, seed=1)
    seen = _seen(robot)
    with pytest.raises(NotMeasurableError, match="no robot 'x'"):
        station.measure("x", "base_link", np.zeros(3), seen, {})
    with pytest.raises(NotMeasurableError, match="not been seen"):
        station.measure("d", "base_link", np.zeros(3), None, {})
    with pytest.raises(NotMeasurableError, match="'nose'"):
        station.measure("d", "nose", np.zeros(3), seen, {})
    with pytest.raises(NotMeasurableError, match="'mast'"):
        station.measure("d", "drill_tip", np.zeros(3), seen, {})
    with pytest.raises(NotMeasurableError, match="not finite"):
        station.measure("d", "base_link", np.array([math.nan, 0.0, 0.0]), seen, {})
    robot.drive.command(0.3, 0.0, clock.now)
    scene.run(1.0)
    with pytest.raises(NotMeasurableError, match="moves"):
        station.measure("d", "base_link", np.zeros(3), _seen(robot), {})
