"""Zones and permits as pure rules: who may be where, when, and why not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manager_fakes import factsheet, line_of_rooms, work_item

from fleet_manager.domain.access import AccessKind, AccessRules, AccessZone, Permit, PermitState
from fleet_manager.domain.closures import closed_edges, task_denial
from fleet_manager.domain.site import Area
from fleet_manager.domain.work import Task

NOW = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def square(x0: float, y0: float, x1: float, y1: float) -> tuple[Area, ...]:
    return (Area(((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))),)


def zone(kind: AccessKind = AccessKind.RESTRICTED, **fields: object) -> AccessZone:
    values: dict[str, object] = {"id": "Z", "name": "lift shaft", "kind": kind, "areas": square(2, 0.5, 4, 2), **fields}
    return AccessZone(**values)  # type: ignore[arg-type]


def permit(**fields: object) -> Permit:
    values: dict[str, object] = {"id": "P", "zone_ids": frozenset({"Z"}), "holder": "Chan", **fields}
    return Permit(**values)  # type: ignore[arg-type]


def code(rules: AccessRules, robot: str = "d1", trade: str = "drill", now: datetime = NOW) -> str | None:
    denial = rules.denial(rules.zones[0], robot, (trade,), now)
    return denial.code if denial else None


@pytest.mark.parametrize(
    ("permits", "expected"),
    [
        ((), "PERMIT_MISSING"),
        ((permit(),), None),
        ((permit(robot_ids=frozenset({"d2"})),), "PERMIT_MISSING"),
        ((permit(trades=frozenset({"paint"})),), "PERMIT_MISSING"),
        ((permit(trades=frozenset({"drill"}), robot_ids=frozenset({"d1"})),), None),
        ((permit(state=PermitState.SUSPENDED),), "PERMIT_SUSPENDED"),
        ((permit(state=PermitState.REVOKED),), "PERMIT_REVOKED"),
        ((permit(valid_from=NOW + HOUR),), "PERMIT_NOT_YET_VALID"),
        ((permit(valid_to=NOW),), "PERMIT_EXPIRED"),
        ((permit(valid_from=NOW, valid_to=NOW + HOUR),), None),
        ((permit(state=PermitState.REVOKED), permit(id="Q", state=PermitState.SUSPENDED)), "PERMIT_SUSPENDED"),
        ((permit(state=PermitState.REVOKED), permit(id="Q")), None),
    ],
)
def test_a_restricted_zone_is_entered_only_with_a_permit_that_counts_for_robot_trade_and_moment(
    permits: tuple[Permit, ...], expected: str | None
) -> None:
    assert code(AccessRules(1, (zone(),), permits)) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (AccessKind.NO_GO, "ZONE_NO_GO"),
        (AccessKind.PEOPLE_ONLY, "ZONE_PEOPLE_ONLY"),
        (AccessKind.SLOW, None),
    ],
)
def test_a_permit_opens_no_other_kind_of_zone(kind: AccessKind, expected: str | None) -> None:
    assert code(AccessRules(1, (zone(kind, speed_limit=0.2),), (permit(),))) == expected


def test_a_zone_counts_within_its_window_and_until_it_is_ended() -> None:
    closed = zone(AccessKind.NO_GO, valid_from=NOW, valid_to=NOW + HOUR)
    moments = [NOW - HOUR, NOW, NOW + HOUR / 2, NOW + HOUR]
    assert [code(AccessRules(1, (closed,)), now=m) for m in moments] == [None, "ZONE_NO_GO", "ZONE_NO_GO", None]
    assert code(AccessRules(1, (zone(AccessKind.NO_GO, ended_at=NOW - HOUR),))) is None


@given(
    start=st.none() | st.integers(-5, 5),
    end=st.none() | st.integers(-5, 5),
    state=st.sampled_from(PermitState),
    at=st.integers(-6, 6),
)
def test_never_is_a_robot_let_in_outside_the_window_or_without_a_valid_permit(
    start: int | None, end: int | None, state: PermitState, at: int
) -> None:
    window = {
        "valid_from": NOW + start * HOUR if start is not None else None,
        "valid_to": NOW + end * HOUR if end is not None else None,
    }
    let_in = code(AccessRules(1, (zone(),), (permit(state=state, **window),)), now=NOW + at * HOUR) is None
    inside = (start is None or start <= at) and (end is None or at < end)
    assert let_in == (state is PermitState.VALID and inside)


def test_a_task_is_denied_when_a_place_it_still_needs_is_nearer_to_the_zone_than_the_robot_turns() -> None:
    rules = AccessRules(1, (zone(AccessKind.NO_GO, areas=square(3.4, 0.0, 9, 9)),))
    sheet = factsheet("d1")  # turns in 0.5 m
    task = Task("t", "j", work_item("a", ["s1", "s2", "s3"]))  # stances x = 0, 1, 2 at y = 1
    assert task_denial(rules, task, sheet, NOW) is None
    near = AccessRules(1, (zone(AccessKind.NO_GO, areas=square(2.4, 0.0, 9, 9)),))
    denial = task_denial(near, task, sheet, NOW)
    assert denial is not None and denial.zone_id == "Z"
    done = Task("t", "j", task.item, done=frozenset({2}))
    assert task_denial(near, done, sheet, NOW) is None, "what is done needs no place any more"


def test_edges_over_a_zone_and_to_nodes_where_the_robot_would_turn_into_it_are_closed() -> None:
    roadmap = line_of_rooms()  # corridor w0..w7 along y = 0, stances one metre off
    closed = closed_edges(roadmap, [zone(AccessKind.NO_GO, areas=square(3.8, -0.2, 4.2, 0.2))], 0.3, 0.5)
    assert closed == {"w4-w3", "w5-w4", "s4-w4"}
    assert closed_edges(roadmap, [], 0.3, 0.5) == frozenset()


def test_a_zone_that_swallows_an_edge_closes_it_and_one_crossed_in_the_middle_too() -> None:
    roadmap = line_of_rooms()
    everything = closed_edges(roadmap, [zone(AccessKind.NO_GO, areas=square(-99, -99, 99, 99))], 0.3, 0.5)
    assert everything == set(roadmap.edges)
    thin = closed_edges(roadmap, [zone(AccessKind.NO_GO, areas=square(3.49, -1, 3.51, 0.4))], 0.3, 0.4)
    assert thin == {"w4-w3"}


def test_a_geofence_keeps_work_and_ways_inside_of_all_fences_together() -> None:
    left = zone(AccessKind.GEOFENCE, id="L", areas=square(-2, -2, 2.5, 2))
    right = zone(AccessKind.GEOFENCE, id="R", areas=square(2, -2, 4.6, 2))
    rules = AccessRules(1, (left, right))
    sheet = factsheet("d1")
    inside = Task("t", "j", work_item("a", ["s1", "s2", "s3"]))  # stances x = 0, 1, 2: the last in both
    assert task_denial(rules, inside, sheet, NOW) is None
    small = AccessRules(1, (zone(AccessKind.GEOFENCE, areas=square(-2, -2, 1.9, 2)),))
    denial = task_denial(small, inside, sheet, NOW)
    assert denial is not None and denial.code == "OUTSIDE_GEOFENCE"
    closed = closed_edges(line_of_rooms(), [], 0.3, 0.5, rules.fences(NOW))
    assert {"w5-w4", "s5-w5", "w7-w6"} <= closed
    assert not {"w1-w0", "w2-w1", "w3-w2", "w4-w3", "s4-w4"} & closed
    ended = AccessRules(1, (zone(AccessKind.GEOFENCE, ended_at=NOW - HOUR),))
    assert ended.fences(NOW) == [] and task_denial(ended, inside, sheet, NOW) is None
