"""The lidar against exact geometry."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

ROOM = "room.sdf"


def _boxes():
    """Rectangles (x0, y0, x1, y1) of the room world that stand in the lidar's plane."""
    return [
        (-0.2, -0.2, 10.2, 0.0), (-0.2, 0.0, 0.0, 6.6), (10.0, 0.0, 10.2, 6.6), (0.0, 6.6, 10.0, 6.8),
        (6.0, 0.0, 6.2, 5.0), (0.0, 5.0, 4.0, 5.2), (5.0, 5.0, 6.2, 5.2), (1.4, 3.3, 1.8, 3.7),
    ]  # fmt: skip


def _ray_box(x, y, angle, box):
    """Distance from x, y along angle to a rectangle (slab method), inf without a hit."""
    near, far = -math.inf, math.inf
    for start, step, low, high in ((x, math.cos(angle), box[0], box[2]), (y, math.sin(angle), box[1], box[3])):
        if abs(step) < 1e-12:
            if not low <= start <= high:
                return math.inf
            continue
        a, b = sorted(((low - start) / step, (high - start) / step))
        near, far = max(near, a), min(far, b)
    return near if 0.0 < near <= far else math.inf


def _ray_circle(x, y, angle, cx, cy, radius):
    along = (cx - x) * math.cos(angle) + (cy - y) * math.sin(angle)
    across = -(cx - x) * math.sin(angle) + (cy - y) * math.cos(angle)
    if along <= 0.0 or abs(across) > radius:
        return math.inf
    return along - math.sqrt(radius * radius - across * across)


def _quiet(simulation, robot="r"):
    lidar = simulation.robots[robot].lidars["lidar"]
    lidar.spec = replace(lidar.spec, noise_stddev=0.0)
    return lidar.spec


@pytest.mark.parametrize("place", [(3.2, 2.6, 0.0), (1.0, 4.2, 0.7), (4.5, 5.8, -2.0), (8.5, 3.5, 3.0)])
def test_ranges_agree_with_exact_geometry_within_five_millimetres(make_simulation, place):
    simulation = make_simulation({"r": ("inspector", *place)}, world=ROOM)
    spec = _quiet(simulation)
    simulation.run(0.2)
    ranges = simulation.scan("r")
    x, y, yaw = simulation.robots["r"].pose
    compared = 0
    for index, measured in enumerate(ranges):
        angle = yaw + spec.min_angle + index * (spec.max_angle - spec.min_angle) / (spec.samples - 1)
        exact = min(*(_ray_box(x, y, angle, box) for box in _boxes()), _ray_circle(x, y, angle, 8.0, 2.0, 0.15))
        # At an edge a beam may pass or hit within rounding; those differ by much more than 5 mm and are few.
        if abs(measured - exact) < 0.005:
            compared += 1
    assert compared >= len(ranges) - 3


def test_nothing_within_range_is_infinity(make_simulation):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0)})
    simulation.run(0.2)
    assert np.isinf(simulation.scan("r")).all()


def test_a_robot_does_not_see_itself_in_any_pose_of_its_tools(make_simulation, robot_model):
    simulation = make_simulation({"r": (robot_model, 0.0, 0.0, 0.0)})
    simulation.run(0.2)
    for axis in simulation.robots["r"].axes.values():
        axis.command(0.1)
    simulation.run(1.0)
    assert np.isinf(simulation.scan("r")).all()


def test_robots_see_one_another(make_simulation, robot_model):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0), "other": (robot_model, 2.0, 0.0, 0.0)})
    _quiet(simulation)
    simulation.run(0.2)
    hull = simulation.robots["other"].body.model.root_link.collisions[0].geometry.size
    assert simulation.scan("r")[180] == pytest.approx(2.0 - hull[0] / 2, abs=0.005)


def test_a_person_is_seen_where_the_person_stands(make_simulation):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0)}, {"p": (0.0, 3.0)})
    _quiet(simulation)
    simulation.run(0.2)
    ranges = simulation.scan("r")
    assert ranges[270] == pytest.approx(3.0 - 0.25, abs=0.005)
    half_angle = math.degrees(math.asin(0.25 / 3.0))
    assert np.isfinite(ranges).sum() == pytest.approx(2 * half_angle, abs=2)


def test_a_person_who_walks_is_seen_where_the_person_is_now(make_simulation):
    simulation = make_simulation({"r": ("inspector", 3.2, 2.6, 0.0)}, {"p": (1.0, 1.0)}, world=ROOM)
    _quiet(simulation)
    simulation.run(0.2)
    person = simulation.people["p"]
    for _ in range(40):
        person.command(0.8, 0.0, 0.2, simulation.clock())
        simulation.run(0.1)
        dx, dy = person.x - 3.2, person.y - 2.6
        beam = round(math.degrees(math.atan2(dy, dx))) + 180
        expected = _ray_circle(3.2, 2.6, math.radians(beam - 180), person.x, person.y, 0.25)
        assert simulation.scan("r")[beam] == pytest.approx(expected, abs=0.02), f"person at {person.x:.2f}"


def test_noise_has_the_deviation_that_the_sdf_names(make_simulation):
    simulation = make_simulation({"r": ("inspector", 3.2, 2.6, 0.0)}, world=ROOM)
    simulation.run(0.2)
    scans = np.stack([simulation.scan("r") for _ in range(60)])
    deviations = np.nanstd(np.where(np.isfinite(scans), scans, np.nan), axis=0)
    assert np.median(deviations) == pytest.approx(0.01, rel=0.15)


def test_what_is_nearer_than_the_shortest_range_is_minus_infinity(make_simulation):
    simulation = make_simulation({"r": ("inspector", 0.0, 0.0, 0.0), "o": ("inspector", 2.0, 0.0, 0.0)})
    lidar = simulation.robots["r"].lidars["lidar"]
    lidar.spec = replace(lidar.spec, min_range=1.9)
    simulation.run(0.2)
    assert simulation.scan("r")[180] == -np.inf
