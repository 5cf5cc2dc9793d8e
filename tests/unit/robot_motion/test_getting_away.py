"""A robot too near to a wall or a door frame gets away by itself, under its real supervisor, and goes on."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from escape_bench import OUTLINE, Bench, box, doorway, filled, true_gap
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from thoroughness import thorough

from sitefleet_robot.motion.escape import Escape, Situation
from sitefleet_robot.motion.follower import Follower
from sitefleet_robot.motion.freespace import OPEN
from sitefleet_robot.motion.route import FollowedRoute, RoutePoint, RouteUpdate
from sitefleet_robot.motion.values import DriveLimits, Pose2

FRAME = math.radians(25.0)


@pytest.mark.parametrize(
    ("walls", "start"),
    [
        (doorway(), Pose2(0.90, 0.36, 0.0)),
        (doorway(), Pose2(1.30, 0.08, 0.0)),
        (doorway(0.74), Pose2(1.20, 0.0, FRAME)),
        (doorway(), Pose2(0.93, 0.10, FRAME)),
        (box(-0.3, -0.5, 0.6, -0.27), Pose2(0.5, 0.0, 0.0)),
        (box(-0.5, -0.6, 3.0, -0.32), Pose2(0.5, -0.05, 0.0)),
    ],
    ids=["wall in front", "beside in the door", "askew in the door", "at the frame", "post beside", "wall beside"],
)
def test_it_gets_free_and_reaches_the_end_of_its_route_without_contact(walls: list, start: Pose2) -> None:
    bench = Bench(walls, start)
    at_start = bench.gap()
    assert bench.run(60.0), f"at {bench.pose}, {bench.core.state}, {bench.pilot.obstruction}"
    assert bench.nearest > min(at_start, 0.025) - 0.004


ASKEW_AT_THE_FRAME = Pose2(1.07, 0.08, -0.41)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_protective_stop_at_a_door_frame_clears_and_the_robot_goes_through(seed: int) -> None:
    bench = Bench(doorway(), ASKEW_AT_THE_FRAME, seed=seed)
    assert bench.run(60.0)
    assert bench.states[:3] == ["AUTO", "PROTECTIVE_STOP", "AUTO"]
    assert bench.states[-1] == "AUTO"
    assert bench.pose.x > 2.5
    assert bench.nearest > 0.02


def test_without_an_escape_the_same_stop_never_clears(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test above would not show if the place let the robot go anyway."""
    bench = Bench(doorway(), ASKEW_AT_THE_FRAME, seed=1)
    monkeypatch.setattr(bench.pilot.escape, "step", lambda now: None)
    assert not bench.run(30.0)
    assert bench.states == ["AUTO", "PROTECTIVE_STOP"]


@settings(max_examples=thorough(8, 100), deadline=None, derandomize=True)
@given(x=st.floats(0.3, 1.9), y=st.floats(-0.3, 0.3), yaw=st.floats(-0.6, 0.6), seed=st.integers(0, 99))
def test_from_anywhere_about_a_doorway_it_reaches_the_other_side(x: float, y: float, yaw: float, seed: int) -> None:
    start = Pose2(x, y, yaw)
    at_start = true_gap(filled(doorway()), start)
    assume(at_start > 0.01)
    bench = Bench(doorway(), start, seed=seed)
    assert bench.run(120.0), f"at {bench.pose}, {bench.core.state}, {bench.pilot.obstruction}"
    assert bench.nearest > min(at_start, 0.025) - 0.004


def test_it_enters_a_doorway_only_when_aligned() -> None:
    for seed, start in enumerate((Pose2(0.2, 0.07, 0.0), Pose2(0.5, 0.08, -0.3), Pose2(0.7, -0.06, 0.4))):
        bench = Bench(doorway(), start, seed=seed)
        while bench.pose.x < 1.2 - 0.28:
            bench.step()
            assert bench.now < 160.0, f"does not go in, stands at {bench.pose}"
        assert abs(bench.pose.y) < 0.025 + 0.003
        assert abs(bench.pose.yaw) < math.radians(3.0) + 0.006


SHUT_IN = [
    *box(0.30, -1.0, 0.4, 1.0),
    *box(-0.4, -1.0, -0.31, 1.0),
    *box(-0.3, 0.27, 0.3, 0.4),
    *box(-0.3, -0.4, 0.3, -0.27),
]


def test_a_robot_that_is_shut_in_stands_and_says_so() -> None:
    bench = Bench(SHUT_IN, Pose2(0.0, 0.0, 0.0))
    assert not bench.run(15.0)
    assert bench.pose.distance_to(0.0, 0.0) < 0.005
    assert bench.pilot.obstructed
    assert re.fullmatch(
        r"no way out: something 0\.0[0-3] m in front and 0\.0[0-4] m behind and .* on the left and .* on the right",
        bench.pilot.obstruction,
    )


def situation(stamp: float, gap: float, pose: Pose2 | None = None) -> Situation:
    """A wall `gap` m before the nose, in a protective stop."""
    wall = np.column_stack((np.full(60, 0.5 * OUTLINE.length + gap), np.linspace(-0.3, 0.3, 60)))
    return Situation(stamp, stamp, pose or Pose2(0.0, 0.0), wall, None, True)


def test_somebody_who_moves_before_the_robot_does_not_drive_it_away() -> None:
    escape = Escape(OUTLINE)
    for k in range(100):
        assert escape.step(situation(0.1 * k, 0.06 + 0.03 * math.sin(0.4 * k))) is None
    drives = [escape.step(situation(10.0 + 0.1 * k, 0.05)) for k in range(13)]
    assert drives[:10] == [None] * 10, "it waits for a second before something that stands"
    assert drives[-1] is not None and drives[-1].v < 0.0


def test_it_tries_three_times_a_minute_at_one_place_and_then_says_so() -> None:
    escape, begun, said = Escape(OUTLINE), [], set()
    for k in range(1300):
        was_active = escape.active
        # It may drive, and gets nowhere: the wheels slip.
        escape.step(replace(situation(0.1 * k, 0.03), protective=not was_active))
        if escape.active and not was_active:
            begun.append(0.1 * k)
        said.add(escape.sentence)
    assert len(begun) > 3
    for first in begun:
        assert sum(first <= other < first + 60.0 for other in begun) <= 3
    assert any(re.match(r"something 0.03 m in front.*; 3 tries to get away have not helped", text) for text in said)


def test_a_motion_that_does_not_clear_the_stop_is_given_up_for_another() -> None:
    escape = Escape(OUTLINE)
    drives = {escape.step(situation(0.1 * k, 0.03)) for k in range(140)}
    assert len(drives - {None}) > 1


def test_an_escape_is_never_longer_than_30_cm() -> None:
    escape, pose, stamp, path = Escape(OUTLINE), Pose2(0.0, 0.0), 0.0, 0.0
    for _ in range(200):
        # The wall comes along, so that no separation is ever gained.
        drive = escape.step(replace(situation(stamp, 0.03, pose), protective=path == 0.0 and stamp < 3.0))
        if path > 0.0 and not escape.active:
            break
        if drive is not None and stamp > 3.0:
            pose, path = pose.moved(drive.v * 0.1, drive.w * 0.1), path + abs(drive.v) * 0.1
        stamp += 0.1
    assert 0.25 < path < 0.32


def test_the_follower_never_turns_in_a_circle_over_its_nodes() -> None:
    """Nodes on one place, nodes overrun, edges without length: each step ends, and reaches at most what is held."""
    source = random.Random(4)
    for _ in range(300):
        count = source.randint(1, 6)
        places = [(0.02 * source.randint(-3, 3), 0.02 * source.randint(-3, 3)) for _ in range(count)]
        route = FollowedRoute()
        points = tuple(RoutePoint(i + 1, f"n{i}", x, y, 0.6, 0.1, "r") for i, (x, y) in enumerate(places))
        pose = Pose2(*places[0], source.uniform(-3.0, 3.0))
        route.accept(RouteUpdate("r", 1, points, count), pose)
        follower = Follower(DriveLimits(), OUTLINE)
        if source.random() < 0.5:
            route.go_back(pose.moved(source.uniform(-0.1, 0.1), 0.0))
        for _ in range(40):
            drive = follower.step(pose, route, OPEN, 0.05, source.choice((0.0, 0.3)))
            pose = pose.moved(drive.v * 0.05 + source.gauss(0.0, 0.02), drive.w * 0.05)
