"""Speed and separation to people (rows 10 and 12): near is slow, unknown is near, silent is blind."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sitefleet_interfaces.msg import PersonTrack, PersonTracks

from sitefleet_robot.safety.inputs import people_of
from sitefleet_robot.safety.separation import (
    WALKING,
    Person,
    SeparationSettings,
    allowed_speed,
    nearest,
    protective_distance,
)
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import People


def test_row_10_the_golden_value():
    assert protective_distance(vh=1.6, vr=0.5, tr=0.3, ts=1.0, c=0.2, zd=0.1, zr=0.05) == pytest.approx(2.83)


SEPARATION = SeparationSettings(reaction_time=0.3, deceleration=0.8, intrusion=0.2, radius=0.375)


def allowed(distance, vh, zd, zr):
    """One person's speed."""
    return allowed_speed(distance, vh, zd, zr, SEPARATION)


@given(st.floats(0.0, 12.0), st.floats(0.0, 3.0), st.floats(0.0, 0.6), st.floats(0.0, 0.3))
def test_row_10_at_the_allowed_speed_the_formula_gives_the_distance(distance, vh, zd, zr):
    v = allowed(distance, vh, zd, zr)
    needed = protective_distance(vh, v, 0.3, v / 0.8, 0.2, zd, zr)
    assert needed == pytest.approx(distance, abs=1e-6) if v > 0.0 else needed >= distance - 1e-9


@given(st.floats(0.0, 8.0), st.floats(0.01, 2.0))
def test_row_10_farther_is_faster_and_less_known_is_slower(distance, more):
    here = allowed(distance, WALKING, 0.1, 0.05)
    assert allowed(distance + more, WALKING, 0.1, 0.05) >= here >= allowed(distance, WALKING, 0.1 + more, 0.05)


def test_row_10_every_person_counts_and_the_most_urgent_decides():
    far, near = Person("a", 6.0, 0.0, None, 0.05), Person("b", 0.0, 2.0, None, 0.05)
    away = Person("c", 2.0, 0.0, (1.5, 0.0), 0.05)
    for people in itertools.permutations((far, near, away)):
        found = nearest(people, 0.0, 0.0, 0.01, SEPARATION)
        assert found is not None and found.track_id == "b"


def test_row_10_a_person_who_comes_near_slows_the_robot_before_it_stops(bench):
    bench.in_auto()
    speeds = []
    for distance in (8.0, 4.0, 3.0, 2.5, 2.0, 1.5, 1.0):
        bench.put(People((Person("p", 1.0 + distance, 2.0, None, 0.03),)))
        bench.run(0.1)
        speeds.append(bench.core.command.linear)
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[0] == 0.5 and 0.0 < speeds[4] < 0.5 and speeds[-1] == 0.0
    assert bench.state is State.PROTECTIVE_AUTO


def test_row_10_the_robot_goes_on_2_s_after_the_person_has_gone(bench):
    bench.in_auto()
    bench.put(People((Person("p", 1.8, 2.0, None, 0.03),)))
    bench.run(0.2)
    assert bench.state is State.PROTECTIVE_AUTO
    for _ in range(19):  # and half a second in which he might only be hidden
        bench.put(People(()))
        bench.run(0.1)
    assert bench.state is State.PROTECTIVE_AUTO
    for _ in range(10):
        bench.put(People(()))
        bench.run(0.1)
    assert bench.state is State.AUTO


def test_row_12_without_personnel_detection_there_is_the_limit_of_the_blind(make_bench):
    bench = make_bench(blind_speed=0.3)
    bench.in_auto()
    assert bench.core.command.linear == pytest.approx(0.3)
    for _ in range(5):
        bench.put(People(()))
        bench.run(0.1)
    assert bench.core.command.linear == pytest.approx(0.5)
    bench.run(1.0)
    assert bench.core.command.linear == pytest.approx(0.3)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.floats(-3, 3), st.floats(0, 0.5)), min_size=1))
def test_row_10_all_people_at_once_are_reckoned_with_as_one_by_one(given_people):
    people = [Person(f"{k}", x, y, (v, -v), s) for k, (x, y, v, s) in enumerate(given_people)]
    one_by_one = [nearest([p], 0.0, 0.0, 0.02, SEPARATION) for p in people]
    together = nearest(people, 0.0, 0.0, 0.02, SEPARATION)
    assert together.speed == pytest.approx(min(n.speed for n in one_by_one))


def test_row_10_a_person_whose_place_is_no_number_stops_the_robot():
    found = nearest([Person("p", math.nan, 0.0, None, 0.1)], 0.0, 0.0, 0.0, SEPARATION)
    assert found.speed == 0.0


@given(st.floats(0.0, 1.0), st.floats(1.0, 6.0))
def test_row_10_who_was_seen_a_while_ago_may_be_nearer_now(age, distance):
    crowd = [Person("p", distance, 0.0, None, 0.05)]
    now, later = (nearest(crowd, 0.0, 0.0, 0.01, SEPARATION, [a]).speed for a in (0.0, age))
    assert later <= now


def test_row_10_the_uncertainty_counts_in_its_worst_direction():
    track = PersonTrack(track_id="p")
    track.position_covariance = np.array([0.01, 0.009, 0, 0.009, 0.01, 0, 0, 0, 0], dtype=np.float64)
    (person,) = people_of(PersonTracks(tracks=[track])).people
    assert person.sigma == pytest.approx(math.sqrt(0.019))
    track.position_covariance[0] = math.nan
    assert people_of(PersonTracks(tracks=[track])).people[0].sigma == 1.0


def test_row_12_a_detection_that_falls_silent_is_missed_also_where_the_limit_of_the_blind_is_off(make_bench):
    bench = make_bench(blind_speed=0.0).in_auto()
    assert bench.core.command.linear == pytest.approx(0.5), "nobody detects people here"
    bench.put(People(()))
    bench.run(0.1)
    assert bench.core.command.linear == pytest.approx(0.5)
    bench.run(1.0)
    assert bench.core.command.linear == pytest.approx(0.3)


def test_a_speed_limit_is_told_when_it_begins_and_when_it_is_lifted_not_in_between(bench):
    bench.in_auto()
    for distance in (8.0, 2.2, 2.1, 2.2, 8.0, 2.2, 2.1, 8.0, 8.0, 8.0):
        for _ in range(3):
            bench.put(People((Person("p", 1.0 + distance, 2.0, None, 0.03),)))
            bench.run(0.3)
    told = [t.sentence for t in bench.transitions if t.trigger is Trigger.SPEED_LIMITED]
    assert len(told) == 2
    assert "a person is" in told[0] and "no longer" in told[1]
    assert all(t.before is t.after is State.AUTO for t in bench.transitions if t.trigger is Trigger.SPEED_LIMITED)


def test_row_10_who_is_missing_in_one_picture_is_still_there(bench):
    bench.in_auto()
    person = Person("p", 1.0 + 2.2, 2.0, None, 0.03)
    for picture in ((person,), (), (person,), (), ()):
        bench.put(People(picture))
        bench.run(0.1)
        assert 0.0 < bench.core.command.linear < 0.45
    for _ in range(6):
        bench.put(People(()))
        bench.run(0.1)
    assert bench.core.command.linear == pytest.approx(0.5)


def test_row_10_a_track_that_coasts_is_as_old_as_its_last_picture(bench):
    bench.in_auto()
    speeds = []
    for age in (0.0, 0.3, 0.6):
        bench.put(People((Person("p", 4.0, 2.0, None, 0.03, age),)))
        bench.run(0.1)
        speeds.append(bench.core.command.linear)
    assert speeds[0] > speeds[1] > speeds[2]
    track = PersonTrack(track_id="p")
    track.last_seen.sec = 10
    tracks = PersonTracks(tracks=[track])
    tracks.header.stamp.sec, tracks.header.stamp.nanosec = 10, 400_000_000
    assert people_of(tracks).people[0].age == pytest.approx(0.4)


def test_row_10_two_people_under_one_name_are_two_people(bench):
    bench.in_auto()
    near, far = Person("p", 1.8, 2.0, None, 0.03), Person("p", 9.0, 2.0, None, 0.03)
    for people in ((near, far), (far, near)):
        bench.put(People(people))
        bench.run(0.1)
        assert bench.core.people.nearest.distance < 1.0


def test_row_12_who_does_not_know_where_he_is_does_not_know_how_far_people_are(bench):
    bench.in_auto()
    bench.put(People((Person("p", 9.0, 2.0, None, 0.03),)))
    bench.core.people.look(bench.core.pose, bench.now)
    assert bench.core.people.limit(bench.now).code == "person_near"
    for pose, age in ((None, 0.0), (bench.core.pose, 0.6)):
        bench.core.people.look(pose, bench.now, age)
        assert bench.core.people.limit(bench.now).speed == pytest.approx(0.3)
