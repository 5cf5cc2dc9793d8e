"""Zones, permits, geofence and the clock they hold by (row 15)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitefleet_robot.safety.ground import Ground, Permit, Zone, ZoneKind, ZoneSet, ZoneSetError, inside
from sitefleet_robot.safety.moments import UtcWatch
from sitefleet_robot.safety.states import State, Trigger

SQUARE = np.array([(0.0, 1.0), (3.0, 1.0), (3.0, 3.0), (0.0, 3.0)])
"""The bench's robot stands at (1, 2)."""


def zone(kind: ZoneKind, **changes) -> Zone:
    return Zone("z1", "Lift pit", kind, SQUARE, **changes)


def give_zones(bench, *zones, permits=(), version=1):
    bench.put(ZoneSet(version, "", zones, permits))


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
    bench.utc = 199.8
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
    assert ground.look((1.0, 2.0, 0.0), (0.0,)).trespass is not None


def test_row_15_zones_hold_from_their_beginning_to_their_end():
    ground = Ground("r1", "", 0.5, 0.5)
    ground.take(ZoneSet(1, "", (zone(ZoneKind.NO_GO, valid_from=100.0, valid_to=200.0),)))
    there = [ground.look((1.0, 2.0, 0.0), (utc,)).trespass is not None for utc in (99.0, 100.0, 199.0, 200.0)]
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


def permitted(bench, until, version=1):
    permit = Permit("p1", frozenset({"z1"}), frozenset(), True, 100.0, until)
    give_zones(bench, zone(ZoneKind.RESTRICTED), permits=(permit,), version=version)


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_row_15_a_clock_that_is_set_extends_no_permit_and_is_told(make_bench, step):
    bench = make_bench()
    bench.utc = 5000.0
    bench.run(0.1)
    permitted(bench, bench.utc + 10.0)
    bench.in_auto()
    bench.utc += step
    bench.run(0.1)
    assert bench.state is (State.AUTO if step < 0.0 else State.STOPPED)
    bench.run(10.0)
    assert bench.state is State.STOPPED, "by the clock as it ran before, the permit is over"
    assert [t.trigger for t in bench.transitions].count(Trigger.CLOCK_STEP) == 1


def test_row_15_a_new_set_of_zones_settles_which_clock_is_right(make_bench):
    bench = make_bench()
    bench.utc = 5000.0
    permitted(bench, 5010.0)
    bench.in_auto()
    bench.utc -= 3600.0
    bench.run(0.1)
    permitted(bench, 5010.0, version=2)
    bench.run(11.0)
    assert bench.state is State.AUTO


@given(st.lists(st.floats(-0.4, 0.4), max_size=20))
def test_a_clock_that_drifts_was_not_set(drifts):
    watch, now, utc = UtcWatch(), 0.0, 1e9
    for drift in drifts:
        now, utc = now + 0.02, utc + 0.02 + drift
        assert watch.look(utc, now) == 0.0
    assert watch.moments(utc) == (utc,)


def fence(*corners):
    return Zone("fence", "Site", ZoneKind.GEOFENCE, np.array(corners, dtype=float))


def test_a_robot_that_leaves_the_geofence_stops(bench):
    bench.in_auto()
    give_zones(bench, fence((0, 0), (9, 0), (9, 9), (0, 9)))
    bench.run(0.3)
    assert bench.state is State.AUTO
    give_zones(bench, fence((0, 0), (1.1, 0), (1.1, 9), (0, 9)), version=2)
    bench.run(0.3)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.GEOFENCE
    assert bench.reset().success and bench.resume().code == "in_zone"


def test_two_geofences_are_one_together_and_without_any_there_is_none():
    ground = Ground("r1", "", 0.5, 0.5)
    left, right = fence((0, 0), (1, 0), (1, 4), (0, 4)), fence((1, 0), (3, 0), (3, 4), (1, 4))
    for zones, outside in (((left, right), False), ((left,), True), ((), False)):
        ground.take(ZoneSet(1, "", zones))
        assert ground.look((1.0, 2.0, 0.3), (0.0,)).outside is outside


@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(-3.1, 3.1))
def test_a_zone_that_any_part_of_the_outline_is_in_is_found(x, y, yaw):
    ground = Ground("r1", "", 0.6, 0.4)
    ground.take(ZoneSet(1, "", (zone(ZoneKind.NO_GO), Zone("far", "", ZoneKind.NO_GO, SQUARE + 50.0))))
    c, s = np.cos(yaw), np.sin(yaw)
    shape = np.array([(a, b) for a in (-0.3, 0.0, 0.3) for b in (-0.2, 0.0, 0.2)])
    outline = shape @ np.array([(c, s), (-s, c)]) + (x, y)
    expected = bool(inside(outline, SQUARE).any())
    assert (ground.look((x, y, yaw), (0.0,)).trespass is not None) == expected
