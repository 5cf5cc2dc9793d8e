"""How exactly a noisy, late differential drive follows its route."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from sitefleet_robot.motion.follower import Follower
from sitefleet_robot.motion.freespace import OPEN, FreeSpace
from sitefleet_robot.motion.phases import FollowStatus
from sitefleet_robot.motion.route import FollowedRoute, RoutePoint, RouteUpdate
from sitefleet_robot.motion.values import DriveLimits, Footprint, Pose2

DT = 0.05
OUTLINE = Footprint(0.6, 0.5)
DOORWAY = [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (2.0, 2.2), (3.0, 3.2), (5.0, 3.2), (5.0, 1.2), (3.0, 1.2)]
"""Right and half-right corners; the door is at (2, 1)."""
SOFT = [(0.0, 0.0), (2.0, 0.0), (4.0, 0.8), (6.0, 0.8), (8.0, 1.8), (8.5, 3.0)]


NARROW, WIDE = 0.02, 0.05
"""m beside the line that the manager allows between walls, and where there is room."""


def route_over(
    places: list[tuple[float, float]], released: int | None = None, speed: float = 0.6, allowed: float = NARROW
) -> RouteUpdate:
    points = tuple(RoutePoint(i + 1, f"n{i}", x, y, speed, allowed, "r") for i, (x, y) in enumerate(places))
    return RouteUpdate("r", 1, points, released or len(points))


def beside(pose: Pose2, a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance to a segment, m."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    share = max(0.0, min(1.0, ((pose.x - a[0]) * dx + (pose.y - a[1]) * dy) / (dx * dx + dy * dy)))
    return pose.distance_to(a[0] + share * dx, a[1] + share * dy)


def drive_along(
    drive: Any, places: list[tuple[float, float]], limit: float = 90.0, allowed: float = NARROW
) -> tuple[float, float]:
    """Follow the route to its end; returns the greatest distance from its lines (m) and the time (s)."""
    route = FollowedRoute()
    route.accept(route_over(places, allowed=allowed), drive.pose)
    follower = Follower(DriveLimits(), OUTLINE)
    worst, time = 0.0, 0.0
    while time < limit:
        drive.move(follower.step(drive.seen(), route, OPEN, DT, drive.delay + 0.06))
        time += DT
        worst = max(worst, min(beside(drive.pose, a, b) for a, b in pairwise(places)))
        if route.next_point is None and abs(drive.v) < 1e-3 and abs(drive.w) < 1e-3:
            return worst, time
    raise AssertionError(f"not at the end of the route after {limit} s, but at {drive.pose}")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("delay_steps", [0, 2, 4])
@pytest.mark.parametrize("places", [DOORWAY, SOFT], ids=["doorway", "soft corners"])
def test_the_robot_stays_within_3_cm_of_its_lines(
    drive_at: Any, places: list[tuple[float, float]], seed: int, delay_steps: int
) -> None:
    drive = drive_at(Pose2(0.0, 0.0, 0.0), seed=seed, delay_steps=delay_steps)
    worst, _ = drive_along(drive, places)
    assert worst < 0.03
    assert drive.pose.distance_to(*places[-1]) < 0.03


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("delay_steps", [0, 2, 4])
@pytest.mark.parametrize("places", [DOORWAY, SOFT], ids=["doorway", "soft corners"])
def test_with_room_beside_the_line_half_right_corners_are_cut_and_time_is_saved(
    drive_at: Any, places: list[tuple[float, float]], seed: int, delay_steps: int
) -> None:
    _, narrow = drive_along(drive_at(Pose2(0.0, 0.0, 0.0), seed=seed, delay_steps=delay_steps), places)
    worst, wide = drive_along(drive_at(Pose2(0.0, 0.0, 0.0), seed=seed, delay_steps=delay_steps), places, allowed=WIDE)
    assert worst < WIDE
    assert wide < narrow - 0.5


def test_the_middle_of_a_doorway_is_passed_within_15_mm(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.0, 0.0, 2.0), seed=3)
    route = FollowedRoute()
    route.accept(route_over(DOORWAY), drive.pose)
    follower = Follower(DriveLimits(), OUTLINE)
    in_door = []
    for _ in range(1200):
        drive.move(follower.step(drive.seen(), route, OPEN, DT, drive.delay + 0.06))
        if abs(drive.pose.y - 1.0) < 0.3 and drive.pose.x < 2.5:
            in_door.append(abs(drive.pose.x - 2.0))
    assert in_door
    assert max(in_door) < 0.015


def test_a_route_is_driven_at_a_good_speed(drive_at: Any) -> None:
    _, time = drive_along(drive_at(Pose2(0.0, 0.0, 0.0), seed=1), SOFT)
    length = sum(math.dist(a, b) for a, b in pairwise(SOFT))
    assert length / time > 0.4


def test_the_limit_of_an_edge_holds_on_it(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.0, 0.0, 0.0))
    route = FollowedRoute()
    route.accept(route_over([(0.0, 0.0), (3.0, 0.0)], speed=0.2), drive.pose)
    follower = Follower(DriveLimits(), OUTLINE)
    speeds = []
    for _ in range(200):
        command = follower.step(drive.seen(), route, OPEN, DT, drive.delay)
        speeds.append(command.v)
        drive.move(command)
    assert max(speeds) == pytest.approx(0.2)


def test_it_halts_before_an_obstacle_and_says_so_after_a_second(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.0, 0.0, 0.0))
    route = FollowedRoute()
    route.accept(route_over([(0.0, 0.0), (5.0, 0.0)]), drive.pose)
    follower = Follower(DriveLimits(), OUTLINE)
    obstacle = FreeSpace(ahead=2.0, nearest=2.0)
    for _ in range(160):
        drive.move(follower.step(drive.seen(), route, obstacle, DT, drive.delay))
    gap = 2.0 - 0.5 * OUTLINE.length - drive.pose.x
    assert 0.15 < gap < 0.25
    assert follower.obstructed
    for _ in range(100):
        drive.move(follower.step(drive.seen(), route, OPEN, DT, drive.delay))
    assert not follower.obstructed
    assert drive.pose.x > 2.0


def test_a_wall_behind_the_last_node_is_no_obstacle(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.0, 0.0, 0.0))
    route = FollowedRoute()
    route.accept(route_over([(0.0, 0.0), (2.0, 0.0)]), drive.pose)
    follower = Follower(DriveLimits(), OUTLINE)
    for _ in range(200):
        drive.move(follower.step(drive.seen(), route, FreeSpace(2.0 + 0.45, 0.45), DT, drive.delay))
    assert route.next_point is None


def test_it_does_not_turn_into_something(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.0, 0.0, math.pi / 2))
    route = FollowedRoute()
    route.accept(route_over([(0.0, 0.0), (2.0, 0.0)]), drive.pose)
    follower = Follower(DriveLimits(), OUTLINE)
    for _ in range(40):
        drive.move(follower.step(drive.seen(), route, FreeSpace(math.inf, 0.32), DT, drive.delay))
    assert drive.pose.yaw == pytest.approx(math.pi / 2)
    assert follower.obstructed


def test_back_to_the_last_node_it_drives_backwards_where_it_cannot_turn(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.0, 0.0, 0.0), seed=5)
    route = FollowedRoute()
    route.accept(route_over([(0.0, 0.0), (2.0, 0.0)]), drive.pose)
    follower = Follower(DriveLimits(), OUTLINE)
    narrow = FreeSpace(math.inf, 0.3)
    while drive.pose.x < 1.0:
        drive.move(follower.step(drive.seen(), route, narrow, DT, drive.delay))
    away = (
        RoutePoint(1, "n0", 0.0, 0.0, 0.6, 0.1, "back"),
        RoutePoint(2, "side", 0.0, 2.0, 0.6, 0.1, "back"),
    )
    route.accept(RouteUpdate("back", 1, away, 2), drive.seen())
    lateral = []
    for _ in range(420):
        space = narrow if drive.pose.x > 0.1 else OPEN
        drive.move(follower.step(drive.seen(), route, space, DT, drive.delay))
        if drive.pose.x > 0.1:
            lateral.append(abs(drive.pose.y))
            assert abs(drive.pose.yaw) < 0.3
    assert max(lateral) < 0.03
    assert drive.pose.distance_to(0.0, 2.0) < 0.05


def test_a_robot_far_off_its_line_stands_and_gives_the_route_up() -> None:
    route = FollowedRoute()
    route.accept(route_over([(0.0, 0.0), (5.0, 0.0)]), Pose2(0.0, 0.0))
    follower = Follower(DriveLimits(), OUTLINE)
    command = follower.step(Pose2(2.0, 0.9, 0.0), route, OPEN, DT)
    assert command.at_rest
    assert follower.status is FollowStatus.OFF_ROUTE
