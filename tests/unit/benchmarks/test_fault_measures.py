"""What the fault benchmark reads out of recorded series."""

from __future__ import annotations

import math

import pytest
from faults import measures
from faults.measures import Command, Hull, Place, Touch, Truth

HULL = Hull(0.56, 0.50, 0.25)


def commands(*speeds: float, period: float = 0.02) -> list[Command]:
    """One command each 20 ms from 0 on."""
    return [Command(k * period, speed, 0.0) for k, speed in enumerate(speeds)]


def braking(speed: float, begins: float, rate: float = 1.2, period: float = 0.02) -> list[Truth]:
    """A robot that drives along x, brakes evenly and stands for a second."""
    samples, x, v, t = [], 0.0, speed, 0.0
    while t < begins + speed / rate + 1.0:
        samples.append(Truth(t, x, 0.0, 0.0, v, 0.0))
        new = speed if t + period <= begins else max(0.0, speed - rate * (t + period - begins))
        x += 0.5 * (v + new) * period
        v, t = new, t + period
    return samples


def test_a_zero_counts_only_if_nothing_moves_after_it():
    series = commands(0.4, 0.4, 0.0, 0.0, 0.4, 0.0, 0.0)
    assert measures.lasting_zero(series, 0.01, 1.0) == pytest.approx(0.10)


def test_without_a_zero_at_the_end_there_is_none():
    assert measures.lasting_zero(commands(0.4, 0.0, 0.4), 0.0, 1.0) is None
    assert measures.lasting_zero([], 0.0, 1.0) is None


def test_who_stands_already_needs_no_time():
    assert measures.lasting_zero(commands(0.0, 0.0, 0.0), 0.03, 1.0) == 0.03


def test_a_stream_that_just_ends_is_no_zero():
    assert measures.lasting_zero(commands(0.4, 0.4), 0.01, 1.0) is None


def test_motion_after_a_stop_is_counted_once_for_each_time():
    series = [Command(t, v, 0.0) for t, v in ((0.0, 0.0), (1.0, 0.1), (1.1, 0.1), (1.2, 0.0), (2.0, 0.2), (2.1, 0.0))]
    assert measures.motions(series, 0.0, 3.0) == 2
    assert measures.motions(series, 0.0, 1.05) == 1
    assert measures.motions([Command(1.0, 0.0, 0.3)], 0.0, 2.0) == 1, "turning is motion"


@pytest.mark.parametrize("speed", [0.3, 0.8])
def test_stop_distance_and_the_moment_of_standing(speed: float):
    truth = braking(speed, begins=0.3)
    stood = measures.standstill(truth, 0.1, truth[-1].t + 0.1)
    assert stood == pytest.approx(0.3 + speed / 1.2, abs=0.03)
    wanted = speed * 0.2 + speed**2 / 2.4
    assert measures.way(truth, 0.1, stood) == pytest.approx(wanted, abs=0.005)


def test_a_robot_that_moves_to_the_end_has_not_stood():
    truth = [Truth(0.1 * k, 0.0, 0.0, 0.0, 0.0 if k < 5 else 0.2, 0.0) for k in range(10)]
    assert measures.standstill(truth, 0.0, 2.0) is None


@pytest.mark.parametrize("speed", [0.4, 0.8])
def test_a_drive_without_commands_began_to_brake_where_its_slope_says_so(speed: float):
    truth = braking(speed, begins=0.437)
    assert measures.braking_began(truth, 0.1) == pytest.approx(0.437, abs=0.01)
    assert measures.braking_began(truth[:10], 0.1) is None, "it has not braked yet"


def test_distance_of_hull_and_person():
    robot = Truth(0.0, 1.0, 1.0, math.pi / 2, 0.0, 0.0)
    assert HULL.gap(robot, 1.0, 1.0 + 0.28 + 0.25 + 0.4) == pytest.approx(0.4)
    assert HULL.gap(robot, 1.0 - 0.25 - 0.25 - 0.1, 1.0) == pytest.approx(0.1)
    assert HULL.gap(robot, 1.2, 1.0) < 0.0


def test_least_distance_is_found_between_the_persons_places():
    truth = [Truth(0.02 * k, 0.0, 0.0, 0.0, 0.0, 0.0) for k in range(60)]
    person = [Place(0.0, 1.0, -1.0), Place(1.0, 1.0, 1.0)]
    least = measures.least_gap(truth, person, HULL, 0.0, 1.0)
    assert least == pytest.approx(1.0 - 0.28 - 0.25, abs=1e-6)
    assert measures.least_gap(truth, [], HULL, 0.0, 1.0) == math.inf


def test_a_person_was_last_in_the_strip_ahead_until_it_had_left_it():
    truth = [Truth(0.02 * k, 0.0, 0.0, 0.0, 0.0, 0.0) for k in range(150)]
    person = [Place(0.0, 0.35, 0.0), Place(1.0, 0.35, 0.0), Place(2.0, 0.35, 1.0), Place(3.0, 0.35, 1.0)]
    last = measures.last_near(truth, person, HULL, 0.0, ahead=0.1, radius=0.0)
    assert last == pytest.approx(1.5, abs=0.03), "half its width and the person's radius aside"
    assert measures.last_near(truth, person, HULL, 0.0, ahead=0.1, radius=0.8) > last
    assert measures.last_near(truth, [], HULL, 0.4, ahead=0.1, radius=0.8) == 0.4


def test_a_contact_is_the_robots_only_if_it_moved():
    touches = [Touch(0.1 * k, k in {5, 6, 20}) for k in range(30)]
    truth = [Truth(0.02 * k, 0.0, 0.0, 0.0, 0.3 if k * 0.02 < 0.5 else 0.0, 0.0) for k in range(150)]
    assert measures.contacts(touches, truth, 0.0, 3.0) == (1, 1)
    assert measures.contacts(touches, [], 0.0, 3.0) == (2, 0), "nothing known of the robot: it moved"


def test_gaps_count_to_both_ends():
    assert measures.longest_gap([1.0, 1.1, 1.2], 1.0, 2.0) == pytest.approx(0.8)
    assert measures.longest_gap([], 1.0, 1.5) == pytest.approx(0.5)
