"""Standing within 5 mm of a stance, with nothing but turns on the spot and straight creeps."""

from __future__ import annotations

import math
import random
from statistics import median
from typing import Any

import pytest

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.positioning import Positioner, PositioningStatus, Stance
from sitefleet_robot.motion.values import DriveLimits, Pose2

DT = 0.05


def stand(drive: Any, stance: Stance, sigma: float = 0.0015) -> Positioner:
    """Run one positioning to its end."""
    positioner = Positioner(stance, DriveLimits())
    while positioner.status is PositioningStatus.RUNNING:
        drive.move(positioner.step(drive.seen(), sigma, DT, drive.delay + 0.06))
        assert drive.v == pytest.approx(0.0, abs=0.01) or abs(drive.w) < 0.35, "it drives curves"
    return positioner


def start(seed: int, distance: float) -> Pose2:
    source = random.Random(seed)
    angle = source.uniform(-math.pi, math.pi)
    return Pose2(distance * math.cos(angle), distance * math.sin(angle), source.uniform(-3, 3))


@pytest.mark.parametrize("heading_free", [True, False])
def test_it_stands_within_5_mm_from_5_cm_off(drive_at: Any, heading_free: bool) -> None:
    times = []
    for seed in range(60):
        drive = drive_at(start(seed, 0.05), seed=seed)
        done = stand(drive, Stance(0.0, 0.0, 0.3, heading_free))
        assert done.status is PositioningStatus.SUCCEEDED, done.reason
        assert drive.pose.distance_to(0.0, 0.0) < 0.005
        assert heading_free or abs(wrap_angle(drive.pose.yaw - 0.3)) < 0.02
        times.append(done.elapsed)
    assert median(times) < (5.0 if heading_free else 7.0)


def test_it_needs_no_more_room_than_a_turn_on_the_spot(drive_at: Any) -> None:
    for seed in range(30):
        drive = drive_at(start(seed, 0.05), seed=seed)
        positioner = Positioner(Stance(0.0, 0.0, 0.0, heading_free=False), DriveLimits())
        farthest = 0.0
        while positioner.status is PositioningStatus.RUNNING:
            drive.move(positioner.step(drive.seen(), 0.0015, DT, drive.delay + 0.06))
            farthest = max(farthest, drive.pose.distance_to(0.0, 0.0))
        assert farthest < 0.06


def test_a_tool_beside_the_centre_is_brought_over_the_place(drive_at: Any) -> None:
    for seed in range(30):
        drive = drive_at(start(seed, 0.02), seed=seed)
        done = stand(drive, Stance(0.0, 0.0, 0.0, heading_free=True, tool=(0.008, -0.006)))
        assert done.status is PositioningStatus.SUCCEEDED, done.reason
        c, s = math.cos(drive.pose.yaw), math.sin(drive.pose.yaw)
        tool = (drive.pose.x + c * 0.008 + s * 0.006, drive.pose.y + s * 0.008 - c * 0.006)
        assert math.hypot(*tool) < 0.005


def test_it_gives_up_when_the_position_is_not_known_well_enough(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.02, 0.0))
    done = stand(drive, Stance(0.0, 0.0, 0.0, heading_free=True), sigma=0.02)
    assert done.status is PositioningStatus.FAILED
    assert "20.0 mm" in done.reason
    assert done.elapsed < 5.0


def test_it_waits_for_a_position_that_becomes_certain(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.02, 0.0))
    positioner = Positioner(Stance(0.0, 0.0, 0.0, heading_free=True), DriveLimits())
    sigma = 0.03
    while positioner.status is PositioningStatus.RUNNING:
        sigma = max(0.001, 0.9 * sigma)
        drive.move(positioner.step(drive.seen(), sigma, DT, drive.delay + 0.06))
    assert positioner.status is PositioningStatus.SUCCEEDED
    assert drive.pose.distance_to(0.0, 0.0) < 0.005


def test_wheels_that_do_not_move_end_it_with_a_reason() -> None:
    positioner = Positioner(Stance(0.0, 0.0, 0.0, heading_free=True), DriveLimits())
    while positioner.status is PositioningStatus.RUNNING:
        positioner.step(Pose2(0.03, 0.0, 0.0), 0.001, DT)
    assert positioner.status is PositioningStatus.FAILED
    assert "30 mm" in positioner.reason


def test_a_stance_far_away_is_no_positioning(drive_at: Any) -> None:
    done = stand(drive_at(Pose2(2.0, 0.0)), Stance(0.0, 0.0, 0.0))
    assert done.status is PositioningStatus.FAILED
    assert "2.00 m" in done.reason


def test_after_a_hold_it_measures_anew(drive_at: Any) -> None:
    drive = drive_at(Pose2(0.05, 0.0, 0.0), seed=2)
    positioner = Positioner(Stance(0.0, 0.0, 0.0, heading_free=True), DriveLimits())
    for _ in range(20):
        drive.move(positioner.step(drive.seen(), 0.0015, DT, drive.delay))
    drive.pose = Pose2(-0.04, 0.03, 1.0)  # somebody pushed it
    positioner.hold()
    for _ in range(5):
        drive.move(type(positioner.step(drive.seen(), 0.0015, DT))(0.0, 0.0))
    while positioner.status is PositioningStatus.RUNNING:
        drive.move(positioner.step(drive.seen(), 0.0015, DT, drive.delay + 0.06))
    assert positioner.status is PositioningStatus.SUCCEEDED
    assert drive.pose.distance_to(0.0, 0.0) < 0.005
