"""How the machine answered: from the samples of a recording to numbers."""

from __future__ import annotations

import math

import pytest

from fleet_manager.analytics.incident_motion import (
    answer_of,
    corners,
    hull_distance,
    protective_distance,
    value_at,
    way_between,
)
from fleet_manager.analytics.incident_values import Motion, Pose, Samples


def braking(speed: float, zero: float, deceleration: float) -> Samples:
    """Measured speed at 20 Hz: constant, then braking from `zero` on."""
    times = [n / 20 for n in range(-40, 80)]
    return tuple((t, max(0.0, min(speed, speed - deceleration * (t - zero)))) for t in times)


def test_the_protective_distance_is_that_of_the_standards_example() -> None:
    assert protective_distance(0.5, 1.6, 0.3, 1.0, 0.2, 0.1, 0.05) == pytest.approx(2.83)
    assert protective_distance(0.5) == pytest.approx(2.83)


def test_zero_and_standing_still_are_found_with_the_way_between() -> None:
    commanded = tuple((n / 50, 0.4 if n / 50 < 0.1 else 0.0) for n in range(-100, 100))
    answer = answer_of(Motion(measured=braking(0.4, 0.1, 0.8), commanded=commanded))
    assert answer.speed == pytest.approx(0.4)
    assert answer.zero == pytest.approx(0.1)
    assert answer.still == pytest.approx(0.6, abs=0.05)
    assert answer.way == pytest.approx(0.4 * 0.1 + 0.4**2 / (2 * 0.8), abs=0.003)


def test_a_zero_just_before_the_events_stamp_counts_as_its_answer() -> None:
    commanded = tuple((n / 50, 0.4 if n / 50 < -0.04 else 0.0) for n in range(-100, 100))
    assert answer_of(Motion(measured=braking(0.4, 0.0, 0.8), commanded=commanded)).zero == pytest.approx(-0.04)


def test_a_robot_that_stood_long_before_has_no_answer_to_measure() -> None:
    still = tuple((n / 20, 0.0) for n in range(-40, 40))
    answer = answer_of(Motion(measured=still, commanded=still))
    assert (answer.zero, answer.still, answer.way, answer.speed) == (None, None, None, 0.0)


def test_a_robot_that_never_stands_has_no_time_of_standing() -> None:
    moving = tuple((n / 20, 0.4) for n in range(-40, 40))
    answer = answer_of(Motion(measured=moving, commanded=moving))
    assert (answer.zero, answer.still, answer.way) == (None, None, None)


def test_nothing_measured_is_nothing_known() -> None:
    assert answer_of(Motion()).speed is None
    assert value_at((), 0.0) is None
    assert value_at(((0.0, 1.0), (1.0, 3.0)), 0.5) == 2.0
    assert value_at(((0.0, 1.0), (1.0, 3.0)), 1.5) is None


def test_the_way_is_the_area_under_the_speed() -> None:
    assert way_between(((0.0, 0.0), (2.0, 1.0)), 0.0, 2.0) == pytest.approx(1.0)
    assert way_between(((0.0, 1.0), (10.0, 1.0)), 2.5, 4.0) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("x", "y", "distance"), [(2.0, 0.0, 1.5), (0.0, 1.0, 0.7), (1.5, 1.3, math.sqrt(2)), (0.1, 0.1, 0.0)]
)
def test_distances_are_from_the_hull_whatever_way_it_points(x: float, y: float, distance: float) -> None:
    for yaw in (0.0, 1.2, -2.5):
        pose = Pose(0.0, 3.0, -4.0, yaw)
        there = (3.0 + x * math.cos(yaw) - y * math.sin(yaw), -4.0 + x * math.sin(yaw) + y * math.cos(yaw))
        assert hull_distance(pose, (1.0, 0.6), *there) == pytest.approx(distance)


def test_corners_turn_with_the_robot() -> None:
    first = corners(Pose(0.0, 1.0, 1.0, math.pi / 2), (1.0, 0.6))[0]
    assert first == pytest.approx((0.7, 1.5))
