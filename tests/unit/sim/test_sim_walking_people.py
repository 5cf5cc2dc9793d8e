"""How people walk: along their way, and politely around robots."""

from __future__ import annotations

import math

import pytest

from sim.person_paths import load_paths
from sim.walking import PERSON_RADIUS, Footprint, Walk

DT = 0.05


def _walk(walk, robots, seconds, place=(0.0, 0.0, 0.0), start=0.0, delay=0.0):
    """Step a person; robots is a function of time, seen `delay` s late. Returns place and least gap to a robot."""
    x, y, yaw = place
    least = math.inf
    for index in range(round(seconds / DT)):
        now = start + index * DT
        around = robots(now)
        step = walk.step(now, x, y, yaw, robots(max(0.0, now - delay)))
        yaw = math.remainder(yaw + step.turn * DT, math.tau)
        x += step.forward * math.cos(yaw) * DT
        y += step.forward * math.sin(yaw) * DT
        for robot in around:
            px, py = robot.nearest(x, y)
            least = min(least, math.hypot(px - x, py - y) - PERSON_RADIUS)
    return (x, y, yaw), least


def test_a_person_walks_its_loop_at_its_speed():
    walk = Walk([(0.0, 0.0), (4.0, 0.0)], 1.0)
    (x, _, _), _ = _walk(walk, lambda now: [], 2.0)
    assert x == pytest.approx(2.0, abs=0.05)
    (x, _, _), _ = _walk(walk, lambda now: [], 3.5, (x, 0.0, 0.0))
    assert x < 3.9
    assert walk.target == (0.0, 0.0)


def test_a_person_waits_for_a_robot_ahead_and_goes_on_when_it_has_gone():
    walk = Walk([(0.0, 0.0), (8.0, 0.0)], 1.0)
    robot = Footprint(3.0, 0.0, 0.0, 0.3, 0.25)
    place, least = _walk(walk, lambda now: [robot] if now < 4.0 else [], 4.5)
    assert least == pytest.approx(0.9, abs=0.08)
    assert walk.turned_back == 0
    assert place[0] > 1.6


def test_a_person_turns_back_after_three_seconds():
    walk = Walk([(0.0, 0.0), (8.0, 0.0)], 1.0)
    robot = Footprint(3.0, 0.0, 0.0, 0.3, 0.25)
    place, _ = _walk(walk, lambda now: [robot], 7.5)
    assert walk.turned_back == 1
    assert place[0] < 1.0


@pytest.mark.parametrize("heading", [0.0, 0.7, math.pi / 2, 2.5])
@pytest.mark.parametrize("offset", [-0.6, -0.3, 0.0, 0.2, 0.5])
def test_a_person_never_walks_into_a_robot(offset, heading):
    walk = Walk([(0.0, 0.0), (6.0, 0.0)], 1.2)
    robot = Footprint(3.0, offset, heading, 0.3, 0.25)
    _, least = _walk(walk, lambda now: [robot], 30.0)
    assert least > 0.1


@pytest.mark.parametrize("delay", [0.0, 0.2])
@pytest.mark.parametrize("meet", [2.0, 2.5, 3.0, 3.5])
def test_a_person_keeps_its_distance_from_a_robot_that_crosses_its_way(meet, delay):
    """The robot comes from the side at 0.5 m/s and stands 0.6 m before the line; the person sees it late."""
    walk = Walk([(0.0, 0.0), (6.0, 0.0)], 1.0)

    def robots(now):
        return [Footprint(3.0, max(0.85, 0.5 * (meet - now) + 0.85), -math.pi / 2, 0.3, 0.25)]

    _, least = _walk(walk, robots, 12.0, delay=delay)
    assert least > 0.25


def test_a_person_goes_back_before_a_robot_that_keeps_coming():
    walk = Walk([(0.0, 0.0), (8.0, 0.0)], 1.0)
    _, least = _walk(walk, lambda now: [Footprint(6.0 - 0.4 * now, 0.0, math.pi, 0.3, 0.25)], 9.0, (2.0, 0.0, 0.0))
    assert walk.turned_back == 1
    assert least > 0.35


def test_between_two_robots_a_person_stands():
    walk = Walk([(-8.0, 0.0), (8.0, 0.0)], 1.0)
    both = [Footprint(0.95, 0.0, 0.0, 0.3, 0.25), Footprint(-0.95, 0.0, 0.0, 0.3, 0.25)]
    (x, _, _), least = _walk(walk, lambda now: both, 20.0)
    assert abs(x) < 0.1
    assert least > 0.3


def test_a_robot_that_passes_behind_does_not_stop_a_person():
    walk = Walk([(0.0, 0.0), (6.0, 0.0)], 1.0)
    (x, _, _), _ = _walk(walk, lambda now: [Footprint(-0.8, 0.0, 0.0, 0.3, 0.25)], 3.0)
    assert x == pytest.approx(3.0, abs=0.1)


def test_the_nearest_point_of_a_turned_footprint():
    robot = Footprint(1.0, 1.0, math.pi / 2, 0.5, 0.25)
    assert robot.nearest(3.0, 1.0) == pytest.approx((1.25, 1.0))
    assert robot.nearest(1.0, 3.0) == pytest.approx((1.0, 1.5))
    assert robot.nearest(1.1, 1.1) == pytest.approx((1.1, 1.1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("people: 3", "expected a list"),
        ("people: [{id: p, waypoints: [[0, 0]]}]", "two waypoints"),
        ("people: [{id: p, speed: 9, waypoints: [[0, 0], [1, 1]]}]", "walking speed"),
        ("people: [{waypoints: [[0, 0], [1, 1]]}]", "person 1"),
        ("people: [{id: 'a/b', waypoints: [[0, 0], [1, 1]]}]", "letters, digits"),
    ],
)
def test_a_wrong_paths_file_is_refused(tmp_path, text, problem):
    path = tmp_path / "people.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=problem):
        load_paths(path)


@pytest.mark.parametrize("offset", [-0.1, 0.0, 0.05, 0.2])
def test_a_cornered_person_steps_aside_so_that_the_robot_can_pass(offset):
    """The robot stands 0.25 m before a person at the end of its way, and drives on when the way is free."""
    walk = Walk([(8.0, 0.0), (0.0, 0.0)], 0.8)
    robot = {"x": 0.85, "gone": False}

    def around(now):
        return [Footprint(robot["x"], offset, math.pi, 0.3, 0.25)]

    x, y, yaw, least = 0.05, 0.0, math.pi, math.inf
    for index in range(round(60.0 / DT)):
        step = walk.step(index * DT, x, y, yaw, around(0.0))
        yaw = math.remainder(yaw + step.turn * DT, math.tau)
        x += step.forward * math.cos(yaw) * DT
        y += step.forward * math.sin(yaw) * DT
        px, py = around(0.0)[0].nearest(x, y)
        least = min(least, math.hypot(px - x, py - y) - PERSON_RADIUS)
        free = abs(y - offset) - PERSON_RADIUS - 0.25 > 0.12 or x > robot["x"]
        if free and robot["x"] > -4.0:
            robot["x"] -= 0.3 * DT
    assert walk.stepped_aside >= 1
    assert robot["x"] <= -4.0
    assert least > 0.1
