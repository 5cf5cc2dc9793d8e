"""Who has the wheels, and what the lidar says about the way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sitefleet_robot.motion.follower import Follower
from sitefleet_robot.motion.obstacles import LidarMount, ScanGeometry, free_length, nearest
from sitefleet_robot.motion.pilot import Pilot
from sitefleet_robot.motion.positioning import PositioningStatus, PositioningTuning, Stance
from sitefleet_robot.motion.route import RoutePoint, RouteUpdate
from sitefleet_robot.motion.values import DriveLimits, Footprint, Pose2

OUTLINE = Footprint(0.6, 0.5)
NOTHING = np.empty((0, 2))
ROUTE = RouteUpdate("r", 1, tuple(RoutePoint(i + 1, f"n{i}", 2.0 * i, 0.0, 0.6, 0.1, "r") for i in range(3)), 2)


def pilot_on_route() -> Pilot:
    limits = DriveLimits()
    pilot = Pilot(Follower(limits, OUTLINE), PositioningTuning(), limits, corridor=0.28)
    pilot.lock = ""
    pilot.step(Pose2(0.0, 0.0), 0.001, 0.0, 0.0, auto=False)
    pilot.take_route(ROUTE)
    return pilot


def run(pilot: Pilot, seconds: float, auto: bool = True, scan: bool = True, start: float = 0.05) -> Pose2:
    """Drive an ideal robot; returns where it is."""
    pose, stamp = Pose2(0.0, 0.0), start
    while stamp < start + seconds:
        if scan:
            pilot.take_scan(lambda: NOTHING, stamp)
        drive = pilot.step(pose, 0.001, stamp, 0.0, auto)
        pose = pose.moved(drive.v * 0.05, drive.w * 0.05)
        stamp += 0.05
    return pose


def test_it_drives_to_the_end_of_the_base() -> None:
    assert run(pilot_on_route(), 8.0).x == pytest.approx(2.0, abs=0.02)


def test_it_does_not_drive_without_auto_lidar_or_with_a_lock() -> None:
    assert run(pilot_on_route(), 3.0, auto=False).x == 0.0
    blind = pilot_on_route()
    assert run(blind, 3.0, scan=False).x == 0.0
    assert blind.obstructed
    assert "lidar" in blind.obstruction
    locked = pilot_on_route()
    locked.lock = "tool out"
    assert run(locked, 3.0).x == 0.0


def test_fine_positioning_takes_the_wheels_and_gives_them_back() -> None:
    pilot = pilot_on_route()
    pilot.lock = "work"
    alignment = pilot.align(Stance(0.02, 0.0, 0.0, heading_free=True))
    assert run(pilot, 3.0).x == pytest.approx(0.02, abs=0.005)
    assert alignment.status is PositioningStatus.SUCCEEDED
    pilot.align(Stance(0.05, 0.0, 0.0, heading_free=True))
    handle = pilot.alignment
    pilot.cancel_alignment()
    assert handle is not None
    assert handle.status is PositioningStatus.FAILED
    pilot.lock = ""
    assert run(pilot, 8.0, start=4.0).x == pytest.approx(2.0, abs=0.02)


def test_a_robot_that_somebody_carried_off_gives_its_route_up() -> None:
    pilot = pilot_on_route()
    pilot.step(Pose2(1.0, 1.5), 0.001, 1.0, 0.0, auto=False)
    assert pilot.route.held == ()
    assert pilot.error == "ROUTE_LOST"


def test_a_post_beside_the_way_is_not_on_it() -> None:
    pose = Pose2(1.0, 1.0, math.pi / 2)  # looks along +y
    points = np.array([[1.5, 0.29], [2.0, -0.1], [-0.5, 0.0]])
    assert free_length(points, pose, (1.0, 0.0), (1.0, 5.0), 0.28) == pytest.approx(3.0)
    assert free_length(points[:1], pose, (1.0, 0.0), (1.0, 5.0), 0.28) == math.inf
    assert nearest(points) == pytest.approx(0.5)


def test_the_corridor_is_that_of_the_line_not_of_the_heading() -> None:
    pose = Pose2(0.0, 0.0, math.pi / 4)  # still turning
    ahead_on_line = np.array([[math.cos(-math.pi / 4), math.sin(-math.pi / 4)]]) * 1.5
    assert free_length(ahead_on_line, pose, (0.0, 0.0), (3.0, 0.0), 0.28) == pytest.approx(1.5)


def test_the_robot_itself_and_invalid_rays_are_no_points() -> None:
    geometry = ScanGeometry(LidarMount(), OUTLINE)
    ranges = np.array([1.0, np.inf, np.nan, 0.05, 0.2, 30.0])
    points = geometry.points(ranges, 0.0, 0.01, 0.1, 12.0)
    assert points == pytest.approx(np.array([[1.0, 0.0]]))


def test_a_lidar_turned_on_its_mount_sees_the_same_wall() -> None:
    geometry = ScanGeometry(LidarMount(x=0.2, yaw=math.pi / 2), OUTLINE)
    points = geometry.points(np.array([1.0]), -math.pi / 2, 0.01, 0.1, 12.0)
    assert points == pytest.approx(np.array([[1.2, 0.0]]))
