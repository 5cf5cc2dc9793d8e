"""Guards beside streams and field: button, heartbeats, people, zones, drive, body. Numbers are rows of the table."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitefleet_robot.safety.button import ResetButton
from sitefleet_robot.safety.field import FieldSettings, evaluate
from sitefleet_robot.safety.ground import Ground, Permit, Zone, ZoneKind, ZoneSet, ZoneSetError, inside
from sitefleet_robot.safety.heartbeat import Challenger
from sitefleet_robot.safety.separation import (
    WALKING,
    Person,
    SeparationSettings,
    allowed_speed,
    nearest,
    protective_distance,
)
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import (
    Alive,
    Attitude,
    Battery,
    Evidence,
    HardwareStop,
    Odometry,
    People,
    Twist2,
)

SQUARE = np.array([(0.0, 1.0), (3.0, 1.0), (3.0, 3.0), (0.0, 3.0)])
"""The bench's robot stands at (1, 2)."""


def zone(kind: ZoneKind, **changes) -> Zone:
    return Zone("z1", "Lift pit", kind, SQUARE, **changes)


def give_zones(bench, *zones, permits=(), version=1):
    bench.put(ZoneSet(version, "", zones, permits))


# Row 6: the reset button


def test_row_6_a_press_of_the_right_length_resets_on_release(bench):
    bench.in_auto().stop()
    assert bench.press().code == "pressed"
    bench.run(0.5)
    assert bench.state is State.STOPPED, "it acts when it is released"
    assert bench.release().code == "reset"
    assert bench.state is State.HOLD


@pytest.mark.parametrize(("held", "code"), [(0.1, "reset_too_short"), (0.3, "reset_too_short"), (2.3, "reset_stuck")])
def test_row_6_a_press_of_the_wrong_length_does_not(bench, held, code):
    bench.in_auto().stop()
    bench.press()
    bench.run(held)
    assert bench.release().code == code
    assert bench.state is State.STOPPED


def test_row_6_a_release_without_a_press_or_by_another_hand_does_not(bench):
    bench.in_auto().stop()
    assert bench.release().code == "not_pressed"
    bench.press("Ada")
    bench.run(0.5)
    assert bench.release("Bob").code == "reset_other_hand"
    assert bench.state is State.STOPPED


def test_row_6_pressing_again_does_not_keep_a_stuck_button_young(bench):
    bench.in_auto().stop()
    for _ in range(5):
        bench.press()
        bench.run(0.5)
    assert bench.release().code == "reset_stuck"
    assert [t.trigger for t in bench.transitions].count(Trigger.RESET_STUCK) == 1


@given(st.floats(0.0, 5.0))
def test_row_6_the_pulse_is_350_ms_to_2_s(held):
    button = ResetButton()
    button.press("Ada", 10.0)
    assert (button.release("Ada", 10.0 + held) is None) == (0.35 <= 10.0 + held - 10.0 <= 2.0)


# Row 4: idle


def test_row_4_neutral_axes_disarm_after_5_s(bench):
    bench.in_teleop()
    bench.held = False
    bench.run(4.9)
    assert bench.state is State.TELEOP
    bench.run(0.3)
    assert bench.state is State.HOLD
    assert bench.core.reason.trigger is Trigger.IDLE


def test_row_4_who_drives_is_not_disarmed(bench):
    bench.in_teleop()
    bench.run(8.0)
    assert bench.state is State.TELEOP


# Row 14: heartbeats


def challenger(answers=(7, 8, 9, 10)):
    draw = iter(answers)
    return Challenger(lambda: next(draw), lambda challenge: challenge * 3)


def test_row_14_only_the_right_answer_to_a_fresh_challenge_counts_and_only_once():
    c = challenger()
    first = c.next()
    assert not c.accepts("executor", first, first * 3 + 1)
    assert c.accepts("executor", first, first * 3)
    assert not c.accepts("executor", first, first * 3), "repeated"
    assert c.accepts("manager", first, first * 3)
    c.next()
    c.next()
    assert not c.accepts("other", first, first * 3), "too old"
    assert c.refused == 3


def test_row_14_autonomy_stops_without_the_executor_and_holds_without_the_manager(make_bench):
    for silent, after in (("executor", State.STOPPED), ("manager", State.HOLD)):
        bench = make_bench(executor_timeout=1.0, manager_timeout=1.0)
        bench.put(Alive("executor"))
        bench.put(Alive("manager"))
        bench.in_auto()
        for _ in range(10):
            bench.put(Alive("manager" if silent == "executor" else "executor"))
            bench.run(0.2)
        assert bench.state is after
        assert bench.core.command.is_zero


def test_row_14_nobody_resumes_a_robot_whose_partners_are_silent(make_bench):
    bench = make_bench(executor_timeout=1.0)
    bench.run(0.5)
    assert bench.resume().code == "not_ready"
    bench.put(Alive("executor"))
    assert bench.resume().success


# Row 10 and 12: people


def test_row_10_the_golden_value():
    assert protective_distance(vh=1.6, vr=0.5, tr=0.3, ts=1.0, c=0.2, zd=0.1, zr=0.05) == pytest.approx(2.83)


SEPARATION = SeparationSettings(reaction_time=0.3, deceleration=0.8, intrusion=0.2, radius=0.375)


@given(st.floats(0.0, 12.0), st.floats(0.0, 3.0), st.floats(0.0, 0.6), st.floats(0.0, 0.3))
def test_row_10_at_the_allowed_speed_the_formula_gives_the_distance(distance, vh, zd, zr):
    v = allowed_speed(distance, vh, zd, zr, SEPARATION)
    needed = protective_distance(vh, v, 0.3, v / 0.8, 0.2, zd, zr)
    assert needed == pytest.approx(distance, abs=1e-6) if v > 0.0 else needed >= distance - 1e-9


@given(st.floats(0.0, 8.0), st.floats(0.01, 2.0))
def test_row_10_farther_is_faster_and_less_known_is_slower(distance, more):
    assert allowed_speed(distance + more, WALKING, 0.1, 0.05, SEPARATION) >= allowed_speed(
        distance, WALKING, 0.1, 0.05, SEPARATION
    )
    assert allowed_speed(distance, WALKING, 0.1 + more, 0.05, SEPARATION) <= allowed_speed(
        distance, WALKING, 0.1, 0.05, SEPARATION
    )


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
    for _ in range(19):
        bench.put(People(()))
        bench.run(0.1)
    assert bench.state is State.PROTECTIVE_AUTO
    for _ in range(5):
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


# Row 11: length of the field


@given(st.floats(0.01, 1.5), st.floats(0.3, 3.0), st.floats(0.0, 0.02), st.floats(0.3, 4.0))
def test_row_11_the_field_is_never_shorter_than_the_stopping_distance(speed, deceleration, slope, distance):
    s = FieldSettings(0.56, 0.50, deceleration, 2.5, floor_slope=slope)
    y = np.linspace(-0.24, 0.24, 25)
    wall = np.column_stack((np.full(25, 0.28 + distance), y))
    v = speed * evaluate(s, speed, 0.0, wall).scale
    # What the drive surely reaches at full load, down the slope.
    way = v * s.reaction_time + v * v / (2.0 * (deceleration - 9.81 * math.sin(slope)))
    assert way <= distance + 1e-9


# Row 15: zones and permits


@pytest.mark.parametrize("kind", [ZoneKind.NO_GO, ZoneKind.PEOPLE_ONLY, ZoneKind.RESTRICTED])
def test_row_15_where_a_robot_must_not_be_it_stops(bench, kind):
    bench.in_auto()
    give_zones(bench, zone(kind))
    bench.run(0.1)
    assert bench.state is State.STOPPED
    assert "Lift pit" in bench.core.reason.sentence


def test_row_15_a_permit_that_ends_stops_the_robot_within_a_second_by_its_own_clock(bench):
    permit = Permit("p1", frozenset({"z1"}), frozenset({"r1"}), True, 100.0, 200.0)
    give_zones(bench, zone(ZoneKind.RESTRICTED), permits=(permit,))
    bench.utc = 150.0
    bench.in_auto()
    bench.utc = 199.9
    bench.run(0.1)
    assert bench.state is State.AUTO
    bench.utc = 200.0
    bench.run(0.04)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.PERMIT_ENDED
    assert "has ended" in bench.core.reason.sentence


@pytest.mark.parametrize(
    "change", [{"in_force": False}, {"robot_ids": frozenset({"other"})}, {"zone_ids": frozenset({"z2"})}]
)
def test_row_15_a_permit_for_something_else_is_none(change):
    told = {"zone_ids": frozenset({"z1"}), "robot_ids": frozenset(), "in_force": True} | change
    ground = Ground("r1", "", 0.5, 0.5)
    ground.take(ZoneSet(1, "", (zone(ZoneKind.RESTRICTED),), (Permit("p", **told),)))
    assert ground.trespass((1.0, 2.0, 0.0), 0.0) is not None


def test_row_15_zones_hold_from_their_beginning_to_their_end():
    ground = Ground("r1", "", 0.5, 0.5)
    ground.take(ZoneSet(1, "", (zone(ZoneKind.NO_GO, valid_from=100.0, valid_to=200.0),)))
    there = [ground.trespass((1.0, 2.0, 0.0), utc) is not None for utc in (99.0, 100.0, 199.0, 200.0)]
    assert there == [False, True, True, False]


def test_an_operator_may_drive_a_robot_out_of_a_zone_at_a_crawl_and_not_into_one(make_bench):
    bench = make_bench()
    bench.run(0.5)
    give_zones(bench, zone(ZoneKind.NO_GO))
    bench.run(0.1)
    assert bench.resume().code == "in_zone"
    bench.in_teleop()
    assert bench.core.command.linear == pytest.approx(0.1)
    other = make_bench().in_teleop()
    give_zones(other, zone(ZoneKind.NO_GO))
    other.run(0.1)
    assert other.state is State.STOPPED


def test_in_a_slow_zone_the_robot_is_slow(bench):
    bench.in_auto()
    give_zones(bench, zone(ZoneKind.SLOW, speed_limit=0.2))
    bench.run(0.1)
    assert bench.core.command.linear == pytest.approx(0.2)


def test_zones_that_cannot_be_used_are_refused_and_those_before_stay():
    ground = Ground("r1", "level-1", 0.5, 0.5)
    ground.take(ZoneSet(5, "level-1", (zone(ZoneKind.NO_GO),)))
    line = Zone("z2", "", ZoneKind.NO_GO, SQUARE[:2])
    for bad, code in (
        (ZoneSet(4, "level-1", ()), "old_version"),
        (ZoneSet(6, "level-2", ()), "wrong_map"),
        (ZoneSet(6, "level-1", (line,)), "bad_polygon"),
    ):
        with pytest.raises(ZoneSetError) as caught:
            ground.take(bad)
        assert caught.value.code == code
    assert ground.set.version == 5


@given(st.floats(-2.0, 5.0), st.floats(-2.0, 5.0))
def test_inside_a_polygon_is_what_it_looks_like(x, y):
    expected = 0.0 < x < 3.0 and 1.0 < y < 3.0
    if min(abs(x), abs(x - 3.0), abs(y - 1.0), abs(y - 3.0)) > 1e-6:
        assert bool(inside(np.array([(x, y)]), SQUARE)[0]) == expected


# The machine


def test_a_hardware_stop_latches_and_is_reset_only_when_it_is_released(bench):
    bench.in_auto()
    bench.put(HardwareStop(True))
    assert bench.state is State.STOPPED and bench.core.command.is_zero
    assert bench.reset().code == "cause_persists"
    bench.put(HardwareStop(False))
    assert bench.state is State.STOPPED, "releasing it permits nothing"
    assert bench.reset().success


def test_row_9_a_stop_circuit_that_is_not_heard_is_an_open_one(make_bench):
    bench = make_bench(estop_timeout=0.3)
    bench.put(HardwareStop(False))
    bench.run(0.1)
    assert bench.state is State.HOLD
    bench.run(0.4)
    assert bench.state is State.STOPPED


def test_a_robot_that_leans_stops_and_one_that_leaned_is_reset(bench):
    bench.in_auto()
    bench.put(Attitude(0.3))
    assert bench.state is State.STOPPED
    assert bench.reset().code == "cause_persists"
    bench.put(Attitude(0.01))
    assert bench.reset().success


def test_an_attitude_that_is_no_number_is_a_lean(bench):
    bench.in_auto()
    bench.put(Attitude(math.nan))
    assert bench.state is State.STOPPED


def test_autonomy_holds_with_an_empty_battery(bench):
    bench.in_auto()
    bench.put(Battery(0.04))
    bench.run(0.1)
    assert bench.state is State.HOLD


def test_a_disk_that_takes_no_events_stops_the_robot_with_the_reason(bench):
    bench.in_auto()
    bench.put(Evidence("No space left on device"))
    bench.run(0.1)
    assert bench.state is State.STOPPED
    assert "No space left" in bench.core.reason.sentence
    assert bench.reset().code == "cause_persists"


def test_a_drive_that_runs_away_stops_and_one_that_brakes_does_not(bench):
    bench.in_auto()
    bench.alive.discard("odom")
    for _ in range(20):
        bench.put(Odometry(Twist2(0.55, 0.0)))
        bench.run(0.04)
    assert bench.state is State.AUTO
    for _ in range(20):
        bench.put(Odometry(Twist2(0.8, 0.0)))
        bench.run(0.04)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.DRIVE_FAULT
