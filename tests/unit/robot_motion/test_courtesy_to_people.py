"""A robot keeps half a metre from people, waits for them, and takes neither walls nor other robots for people."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sitefleet_robot.motion.follower import Follower
from sitefleet_robot.motion.pilot import Pilot
from sitefleet_robot.motion.positioning import PositioningTuning
from sitefleet_robot.motion.route import RoutePoint, RouteUpdate
from sitefleet_robot.motion.strangers import Plan, Strangers
from sitefleet_robot.motion.sweep import seen_from
from sitefleet_robot.motion.values import DriveLimits, Footprint, Pose2
from sitefleet_robot.sitemap import SiteMap

DT = 0.05
OUTLINE = Footprint(0.6, 0.5)
HALL = SiteMap(np.zeros((200, 200), dtype=np.bool_), 0.05, -5.0, -5.0)
"""10 m by 10 m about the origin, with a wall below y = -1.0 m."""
HALL.occupied[:80, :] = True
WALL = np.column_stack((np.linspace(-5.0, 4.9, 200), np.full(200, -1.0)))


def person(x: float, y: float) -> Any:
    """Points of a lidar on somebody with a radius of 0.25 m, map frame."""
    angles = np.linspace(-math.pi, math.pi, 40)
    return np.column_stack((x + 0.25 * np.cos(angles), y + 0.25 * np.sin(angles)))


def gap(pose: Pose2, x: float, y: float) -> float:
    """From the outline at a pose to somebody, m."""
    ((dx, dy),) = seen_from(np.array([[x, y]]), Pose2(0.0, 0.0), pose)
    past = (max(0.0, abs(dx) - 0.5 * OUTLINE.length), max(0.0, abs(dy) - 0.5 * OUTLINE.width))
    return math.hypot(*past) - 0.25


class Hall:
    """A pilot on a straight way of 4 m along x, a kinematic drive, and people."""

    def __init__(
        self, drive_at: Any, people: list[Any], plan: bool = True, y: float = 0.0, way: Any = ((-2.0, 0.0), (2.0, 0.0))
    ) -> None:
        limits = DriveLimits(decel=0.4)
        self.pilot = Pilot(Follower(limits, OUTLINE), PositioningTuning(), limits, corridor=0.28)
        self.pilot.lock = ""
        if plan:
            self.pilot.strangers.plan = Plan(HALL)
        self.drive = drive_at(Pose2(-2.0, y, 0.0), seed=1)
        self.people, self.now, self.least, self.fastest_near = people, 100.0, math.inf, 0.0
        self.pilot.step(self.drive.seen(), 0.002, self.now, 0.0, False)
        points = tuple(RoutePoint(i + 1, f"n{i}", px, py + y, 0.6, 0.05, "r") for i, (px, py) in enumerate(way))
        self.pilot.take_route(RouteUpdate("r", 1, points, len(points)))

    def run(self, seconds: float) -> bool:
        """So long, or until the robot is there; says whether it is."""
        for step in range(round(seconds / DT)):
            self.now += DT
            places = [p(self.now - 100.0) for p in self.people]
            if step % 2 == 0:
                world = np.concatenate([WALL, *(person(*p) for p in places)])
                here = self.drive.pose
                self.pilot.take_scan(lambda w=world, h=here: seen_from(w, Pose2(0.0, 0.0), h), self.now)  # type: ignore[misc]
            self.drive.move(self.pilot.step(self.drive.seen(), 0.002, self.now, 0.1, True))
            gaps = [gap(self.drive.pose, *p) for p in places]
            self.least = min([self.least, *gaps])
            if gaps and min(gaps) < 0.7:
                self.fastest_near = max(self.fastest_near, self.drive.v)
            if self.pilot.route.next_point is None:
                return True
        return False


def stands(x: float, y: float) -> Any:
    return lambda _t: (x, y)


@pytest.mark.parametrize("y", [0.0, 0.35, 0.55, 0.7, -0.5])
def test_it_halts_half_a_metre_from_somebody_who_stands_on_or_beside_the_way(drive_at: Any, y: float) -> None:
    hall = Hall(drive_at, [stands(0.5, y)])
    assert not hall.run(12.0)
    assert 0.45 < hall.least < 0.6
    assert hall.pilot.obstructed


def test_somebody_farther_from_the_way_is_passed_without_a_halt(drive_at: Any) -> None:
    hall = Hall(drive_at, [stands(0.5, 1.10)])
    assert hall.run(25.0)
    assert hall.least > 0.5
    assert not hall.pilot.obstructed
    assert hall.fastest_near < 0.35


def test_when_the_person_walks_on_the_robot_does(drive_at: Any) -> None:
    hall = Hall(drive_at, [lambda t: (0.5, 0.0 if t < 8.0 else min(3.0, t - 8.0))])
    assert hall.run(25.0)
    assert hall.least > 0.45


def test_somebody_who_walks_across_the_way_is_let_through(drive_at: Any) -> None:
    hall = Hall(drive_at, [lambda t: (0.8, 4.0 - t)])
    assert hall.run(25.0)
    assert hall.least > 0.45


def test_a_thing_that_does_not_move_on_is_passed_slowly_once_patience_is_over_and_not_waited_for_again(
    drive_at: Any,
) -> None:
    hall = Hall(drive_at, [stands(0.0, 0.75)])
    assert not hall.run(12.0)
    assert hall.run(25.0)
    assert hall.least > 0.2
    assert hall.fastest_near < 0.35
    points = tuple(RoutePoint(i + 3, n, x, 0.0, 0.6, 0.05, "s") for i, (n, x) in enumerate((("n1", 2.0), ("n0", -2.0))))
    hall.pilot.take_route(RouteUpdate("s", 1, points, 4))
    assert hall.run(22.0), "on the way back it is known"


@pytest.mark.parametrize("corner", [0.0, 0.7, 1.57, -0.7])
def test_somebody_behind_the_next_corner_is_seen_before_the_corner_is_driven(drive_at: Any, corner: float) -> None:
    end = (2.0 * math.cos(corner), 2.0 * math.sin(corner))
    somebody = (0.9 * math.cos(corner) - 0.1, 0.9 * math.sin(corner) + 0.1)
    hall = Hall(drive_at, [stands(*somebody)], way=((-2.0, 0.0), (0.0, 0.0), end))
    assert not hall.run(12.0)
    assert 0.38 < hall.least < 0.75
    assert hall.pilot.obstructed


def test_somebody_on_the_way_is_never_squeezed_past(drive_at: Any) -> None:
    hall = Hall(drive_at, [stands(0.0, 0.62)])
    assert not hall.run(40.0)
    assert hall.least > 0.45, "it does not come nearer either, where that would not help"
    assert hall.pilot.obstructed


def test_a_wall_of_the_plan_is_no_stranger(drive_at: Any) -> None:
    hall = Hall(drive_at, [], y=-0.65)
    assert hall.run(14.0), "0.1 m beside it at cruising speed"


def test_without_a_plan_nothing_is_a_stranger(drive_at: Any) -> None:
    hall = Hall(drive_at, [stands(0.5, 0.7)], plan=False)
    assert hall.run(14.0)
    assert hall.least < 0.3


def test_another_robot_is_no_stranger_while_it_is_heard_of() -> None:
    strangers = Strangers(Plan(HALL))
    points, here = person(1.0, 0.0), Pose2(0.0, 0.0)
    assert len(strangers.among(points, here, 0.002, 10.0)[0]) == len(points)
    strangers.heard("other", 1.1, 0.1, 10.0)
    assert len(strangers.among(points, here, 0.002, 12.0)[0]) == 0
    assert len(strangers.among(points, here, 0.002, 100.0)[0]) == len(points)


def test_a_robot_that_does_not_know_its_place_takes_nothing_for_a_stranger() -> None:
    strangers = Strangers(Plan(HALL))
    assert len(strangers.among(person(1.0, 0.0), Pose2(0.0, 0.0), 0.2, 10.0)[0]) == 0


@pytest.mark.parametrize("yaw", [0.0, 1.0, -2.5])
def test_places_are_those_of_the_map_frame(yaw: float) -> None:
    strangers = Strangers(Plan(HALL))
    pose = Pose2(2.0, 0.5, yaw)
    wall, somebody = seen_from(WALL, Pose2(0.0, 0.0), pose), seen_from(person(2.5, 0.5), Pose2(0.0, 0.0), pose)
    found, unknown = strangers.among(np.concatenate((wall, somebody)), pose, 0.002, 10.0)
    assert len(found) == len(unknown) == len(somebody)
    strangers.know(unknown, pose, 10.0)
    elsewhere = Pose2(3.0, 0.0, yaw + 1.0)
    found, unknown = strangers.among(seen_from(person(2.5, 0.5), Pose2(0.0, 0.0), elsewhere), elsewhere, 0.002, 20.0)
    assert len(found) > 0 and len(unknown) == 0
