"""Zones and permits at work: pushed until acknowledged, no dispatch without a permit, and an end within a second."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from manager_fakes import FakeRobot, factsheet, work_item

from fleet_manager.domain.access import AccessKind, AccessZone, Permit, ZoneSource
from fleet_manager.domain.errors import RequestRefusedError
from fleet_manager.domain.site import Area
from fleet_manager.domain.work import TaskState
from fleet_manager.operations import zone_requests

Make = Callable[..., Any]
SITE_ZONE = AccessZone(
    "no-go-stair-1",
    "Stair",
    AccessKind.NO_GO,
    (Area(((50, 50), (51, 50), (51, 51), (50, 50))),),
    source=ZoneSource.SITE,
)


def shaft(kind: AccessKind = AccessKind.RESTRICTED, **fields: Any) -> AccessZone:
    """Around the stance of s3 (x = 3 on the corridor's side), clear of the corridor itself."""
    values = {"id": "shaft", "name": "lift shaft", "kind": kind, "areas": (Area(box(-0.4, 0.9, 0.4, 1.1)),), **fields}
    return AccessZone(**values)


def box(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[float, float], ...]:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))


def permit(**fields: Any) -> Permit:
    return Permit(**{"id": "P1", "zone_ids": frozenset({"shaft"}), "holder": "Chan", **fields})


@pytest.fixture
def b(bench: Make) -> Any:
    robots = [FakeRobot(factsheet(n, home=h), node=h) for n, h in (("d1", "h0"), ("d2", "h1"))]
    return bench([work_item("a", ["s1", "s2", "s3"])], robots, [SITE_ZONE])


def put_zone(b: Any, zone: AccessZone, new: bool = True) -> None:
    with b.operations.desk() as world:
        zone_requests.put_zone(world, zone, by="Wong", reason="works", new=new)


def put_permit(b: Any, value: Permit, new: bool = True) -> None:
    with b.operations.desk() as world:
        zone_requests.put_permit(world, value, by="Wong", reason="works", new=new)


def version(b: Any) -> int:
    return int(b.operations.rules().version)


def change_permit(b: Any, name: str) -> None:
    with b.operations.desk() as world:
        zone_requests.change_permit(world, "P1", name, by="Wong", reason="works")


def deeds(b: Any) -> list[str]:
    return [json.loads(r.data)["trigger"] for r in b.evidence.records]


# -- to the robots


def test_the_zones_of_the_building_model_are_the_first_set_and_reach_every_robot(b: Any) -> None:
    b.step(2)
    for robot in b.fleet.robots.values():
        assert robot.zones is not None and [z.id for z in robot.zones.zones] == ["no-go-stair-1"]
    acks = b.operations.zone_acks()
    assert {r: (a.version, a.accepted) for r, a in acks.items()} == {"d1": (version(b), True), "d2": (version(b), True)}


def test_a_change_is_sent_again_and_again_until_the_robot_acknowledges_it_and_then_no_more(b: Any) -> None:
    b.step(2)
    before = version(b)
    b.fleet.robots["d1"].deaf_to_zones = True
    put_zone(b, shaft())
    b.fleet.pushes.clear()
    b.step(6)
    assert b.fleet.pushes.count(("d1", version(b))) >= 4
    assert b.fleet.pushes.count(("d2", version(b))) == 1
    assert b.operations.zone_acks()["d1"].version == before
    b.fleet.robots["d1"].deaf_to_zones = False
    b.step(2)
    b.fleet.pushes.clear()
    b.step(5)
    assert b.fleet.pushes == [] and b.operations.zone_acks()["d1"].version == version(b) > before


def test_a_robot_that_was_out_of_reach_gets_the_zones_anew(b: Any) -> None:
    b.step(2)
    b.fleet.cut("d1")
    b.step(5)
    b.fleet.pushes.clear()
    b.fleet.join("d1")
    b.step(2)
    assert ("d1", version(b)) in b.fleet.pushes


def test_a_refused_version_is_said_once_and_sent_again(b: Any) -> None:
    b.fleet.robots["d1"].refuses_zones = "bad_polygon"
    b.step(5)
    ack = b.operations.zone_acks()["d1"]
    assert (ack.accepted, ack.code) == (False, "bad_polygon")
    assert b.kinds().count("zones_refused") == 1
    assert b.fleet.pushes.count(("d1", version(b))) >= 3


def test_zones_permits_and_their_version_survive_a_kill(b: Any) -> None:
    put_zone(b, shaft())
    put_permit(b, permit(valid_to=b.clock.utc() + timedelta(hours=1)))
    before = b.operations.rules()
    b.restart()
    assert b.operations.rules() == before and len(before.permits) == 1


def test_a_new_import_ends_the_models_zones_that_are_gone_and_leaves_peoples_alone(b: Any) -> None:
    put_zone(b, shaft())
    b.storey = replace(b.storey, zones=(replace(SITE_ZONE, id="no-go-stair-2"),))
    b.restart()
    counting = [z.id for z in b.operations.rules().zones if z.in_force(b.clock.utc())]
    assert counting == ["no-go-stair-2", "shaft"]


def test_versions_grow_also_over_a_store_that_was_lost(b: Any) -> None:
    before = version(b)
    put_zone(b, shaft())
    put_permit(b, permit())
    assert version(b) == before + 2, "several within a second"
    b.clock.now += 3600.0
    put_zone(b, shaft(name="x"), new=False)
    assert version(b) >= before + 3600, "a manager that begins anew an hour later is above all that robots know"


# -- rules of changing them


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda b: put_zone(b, shaft()), "ZONE_EXISTS"),
        (lambda b: put_zone(b, shaft(id="other"), new=False), "ZONE_NOT_FOUND"),
        (lambda b: put_zone(b, replace(SITE_ZONE, name="x"), new=False), "ZONE_FROM_MODEL"),
        (lambda b: put_zone(b, shaft(id="n", areas=(Area(((0, 0), (1, 1), (2, 2), (0, 0))),))), "ZONE_EMPTY"),
        (lambda b: put_zone(b, shaft(AccessKind.SLOW, id="n")), "SPEED_LIMIT_MISSING"),
        (lambda b: put_permit(b, permit(id="Q", zone_ids=frozenset({"nowhere"}))), "ZONE_UNKNOWN"),
        (lambda b: put_permit(b, permit(id="Q", valid_from=b.clock.utc(), valid_to=b.clock.utc())), "WINDOW_EMPTY"),
        (lambda b: change_permit(b, "suspend"), "PERMIT_NOT_FOUND"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(b: Any, change: Callable[[Any], None], code: str) -> None:
    put_zone(b, shaft())
    before, logged = b.operations.rules(), len(b.evidence.records)
    with pytest.raises(RequestRefusedError) as refused:
        change(b)
    assert refused.value.code == code
    assert b.operations.rules() == before and len(b.evidence.records) == logged


def test_a_revoked_permit_never_comes_back(b: Any) -> None:
    put_zone(b, shaft())
    put_permit(b, permit())
    for name in ("suspend", "reinstate", "revoke"):
        change_permit(b, name)
    with pytest.raises(RequestRefusedError, match="revoked"):
        change_permit(b, "reinstate")
    wanted = ["zone_created", "permit_created", "permit_suspended", "permit_reinstated", "permit_revoked"]
    assert deeds(b) == wanted
    deed = json.loads(b.evidence.records[-1].data)
    assert (deed["actor"], deed["remark"], deed["details"]["state"]) == ("Wong", "works", "revoked")
    assert [r.seq for r in b.evidence.records] == [1, 2, 3, 4, 5]


def test_a_deed_that_the_log_does_not_take_now_is_not_lost(b: Any) -> None:
    b.evidence.broken = "disk full"
    put_zone(b, shaft())
    assert deeds(b) == []
    b.restart()
    b.step()
    b.evidence.broken = ""
    b.step()
    b.step()
    assert deeds(b) == ["zone_created"]


# -- dispatch (row 15)


def test_row_15_a_task_in_a_zone_without_a_permit_is_not_dispatched_and_says_why(b: Any) -> None:
    put_zone(b, shaft())
    b.order()
    b.step(10)
    assert b.fleet.goals == [] and b.state() is TaskState.WAITING
    assert b.task().message.startswith("lift shaft needs a permit for d1 to drill")
    assert b.kinds().count("task_denied") == 1
    put_permit(b, permit())
    b.until_state(TaskState.SUCCEEDED)
    assert b.task().message == ""


def test_row_15_only_the_robot_with_the_permit_is_sent(b: Any) -> None:
    put_zone(b, shaft())
    put_permit(b, permit(robot_ids=frozenset({"d2"})))
    b.order()
    b.until_state(TaskState.SUCCEEDED)
    assert {g.robot_id for g in b.fleet.goals} == {"d2"}


@pytest.mark.parametrize("kind", [AccessKind.NO_GO, AccessKind.PEOPLE_ONLY])
def test_row_15_no_task_is_sent_into_closed_ground(b: Any, kind: AccessKind) -> None:
    put_zone(b, shaft(kind))
    put_permit(b, permit())
    b.order()
    b.step(30)
    assert b.fleet.goals == [] and b.state() is TaskState.WAITING


def started_in_the_shaft(b: Any, **window: Any) -> None:
    put_zone(b, shaft())
    put_permit(b, permit(**window))
    b.order()
    b.until(lambda: bool(b.fleet.goals) and b.state() is TaskState.RUNNING)


@pytest.mark.parametrize("how", ["suspend", "revoke", "expire"])
def test_row_15_a_permit_that_ends_in_the_middle_ends_the_attempt_within_a_second(b: Any, how: str) -> None:
    started_in_the_shaft(b, valid_to=b.clock.utc() + timedelta(seconds=30) if how == "expire" else None)
    if how == "expire":
        b.fleet.robots["d1"].safety = b.fleet.robots["d1"].safety.STOPPED  # its supervisor stops it by itself
        b.fleet.cancels.clear()
        while b.clock.utc() < b.operations.rules().permit("P1").valid_to:
            assert not b.fleet.cancels
            b.step()
        began = b.clock.now - b.TICK
    else:
        change_permit(b, how)
        began = b.clock.now
    b.until(lambda: bool(b.fleet.cancels), 5.0)
    assert b.clock.now - began <= 1.0
    b.step(20)
    assert b.state() is TaskState.WAITING
    assert "permit P1" in b.task().message
    assert b.kinds().count("task_denied") == 2, "once for the attempt, once for the task that waits"


def test_row_15_a_suspended_permit_that_is_reinstated_lets_the_task_go_on(b: Any) -> None:
    started_in_the_shaft(b)
    change_permit(b, "suspend")
    b.step(10)
    change_permit(b, "reinstate")
    b.until_state(TaskState.SUCCEEDED)
    assert sum(b.fleet.built.values()) == 3, "nothing twice"


def test_traffic_is_told_which_edges_zones_close_to_which_robot(b: Any) -> None:
    put_zone(b, shaft(areas=(Area(box(3.8, -0.2, 4.2, 0.2)),)))
    put_permit(b, permit(robot_ids=frozenset({"d2"})))
    b.step(2)
    assert b.traffic.closed == {"d1": frozenset({"w4-w3", "w5-w4", "s4-w4"}), "d2": frozenset()}
