"""Zones, permits, leases, mutings, reviews of events and the stop of all robots, over HTTP."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from manager_fakes import FakeRobot, factsheet, work_item
from test_manager_api import Client, context_of, is_problem
from test_manager_evidence import event

from fleet_manager.api.app import create_app
from fleet_manager.domain.fleet import ActAnswer, SafetyAct, SafetySeen
from fleet_manager.domain.robots import SafetyMode

Make = Callable[..., Any]
ME = {"requested_by": "Lee"}
ZONE = {
    "id": "pit", "name": "Pit", "kind": "restricted", "outlines": [[[0, 0], [2, 0], [2, 2]]],
    "requested_by": "Wong", "reason": "open edge",
}  # fmt: skip


@pytest.fixture
def b(bench: Make) -> Any:
    made = bench(
        [work_item("a", ["s1"])], [FakeRobot(factsheet(n, home=h), node=h) for n, h in (("d1", "h0"), ("d2", "h1"))]
    )
    made.step(1)
    return made


@pytest.fixture
def api(b: Any) -> Iterator[Client]:
    client = Client(create_app(context_of(b)))
    yield client
    client.close()


def deeds(b: Any) -> list[dict[str, Any]]:
    return [json.loads(r.data) for r in b.evidence.records]


# -- zones and permits


def test_a_zone_is_made_shown_changed_and_ended(api: Client, b: Any) -> None:
    made = api.post("/zones", json=ZONE)
    assert made.status_code == 201 and made.headers["location"] == "/api/v1/zones/pit"
    assert made.json()["in_force"] is True
    b.step(2)
    shown = api.get("/zones").json()
    version = shown["version"]
    assert shown["items"][0]["outlines"][0][0] == [0.0, 0.0]
    assert [(r["robot_id"], r["version"], r["up_to_date"]) for r in shown["robots"]] == [
        ("d1", version, True),
        ("d2", version, True),
    ]
    assert [r["zones_version"] for r in api.get("/robots").json()["items"]] == [version, version]
    changed = {k: v for k, v in ZONE.items() if k != "id"} | {"kind": "slow", "speed_limit": 0.3}
    assert api.request("PUT", "/zones/pit", json=changed).json()["kind"] == "slow"
    assert not api.get("/zones").json()["robots"][0]["up_to_date"], "until the robot says so"
    assert api.post("/zones/pit/end", json=ME).json()["in_force"] is False
    is_problem(api.post("/zones/pit/end", json=ME), 409, "ZONE_ENDED")
    is_problem(api.post("/zones", json=ZONE), 409, "ZONE_EXISTS")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "no_idea"}, {"id": "a b"},
        {"outlines": [[[0, 0], [1, 1]]]}, {"outlines": [[[0, 0], [1, 0], ["NaN", 1]]]},
        {"valid_to": "2030-01-01T00:00:00"}, {"requested_by": ""}, {"colour": "red"},
    ],
)  # fmt: skip
def test_a_zone_that_cannot_be_read_is_a_problem_that_says_where(api: Client, wrong: dict[str, Any]) -> None:
    is_problem(api.post("/zones", json={**ZONE, **wrong}), 422, "REQUEST_INVALID")


def test_a_permit_is_issued_suspended_and_revoked(api: Client, b: Any) -> None:
    api.post("/zones", json=ZONE)
    body = {"id": "P-7", "holder": "Chan", "zone_ids": ["pit"], "trades": ["drill"], **ME}
    assert api.post("/permits", json=body).status_code == 201
    assert api.get("/permits").json()["items"][0]["in_force"] is True
    assert api.post("/permits/P-7/suspend", json=ME).json()["state"] == "suspended"
    assert api.post("/permits/P-7/revoke", json=ME).json()["in_force"] is False
    is_problem(api.post("/permits/P-7/reinstate", json=ME), 409, "PERMIT_REVOKED")
    is_problem(api.post("/permits/P-8/revoke", json=ME), 404, "PERMIT_NOT_FOUND")
    is_problem(api.post("/permits", json={**body, "id": "P-9", "zone_ids": ["sky"]}), 422, "ZONE_UNKNOWN")


# -- leases (row 13)


def lease(api: Client, verb: str, **body: Any) -> Any:
    return api.post(f"/robots/d1/lease/{verb}", json={**ME, **body})


def test_row_13_a_lease_has_one_holder_and_an_epoch_that_grows_whoever_has_it(api: Client, b: Any) -> None:
    first = lease(api, "request").json()
    assert (first["holder"], first["epoch"], first["stale"]) == ("Lee", 1, False)
    is_problem(lease(api, "request", requested_by="Ho"), 409, "LEASE_HELD")
    assert lease(api, "release", epoch=1).json()["holder"] is None
    assert lease(api, "request", requested_by="Ho").json()["epoch"] == 2
    b.restart()
    fresh = Client(create_app(context_of(b)))
    try:
        assert fresh.get("/robots/d1/lease").json()["epoch"] == 2, "kept"
        assert lease(fresh, "request").json()["epoch"] == 3, "after a start every lease is stale"
    finally:
        fresh.close()


def test_row_13_the_epoch_is_above_what_the_robot_has_obeyed(api: Client, b: Any) -> None:
    b.fleet.news.append(SafetySeen("d1", 41, "somebody", 0.5))
    b.step()
    assert lease(api, "request").json()["epoch"] == 42


def test_row_13_the_robot_holds_before_a_lease_changes_hands(api: Client, b: Any) -> None:
    assert b.fleet.robots["d1"].safety is SafetyMode.AUTO
    lease(api, "request")
    assert b.fleet.robots["d1"].safety is SafetyMode.HOLD
    for verb, body in (("hand-over", {"to": "Ho", "epoch": 1}), ("take", {"reason": "he is asleep"})):
        assert api.post("/robots/d1/resume", json=ME).status_code == 200
        b.fleet.asked.clear()
        assert lease(api, verb, **body).status_code == 200
        assert [o.act for _, o in b.fleet.asked] == [SafetyAct.HOLD]
        assert b.fleet.robots["d1"].safety is SafetyMode.HOLD


@pytest.mark.parametrize("how", ["powered", "linked"])
def test_row_13_without_the_robots_word_no_lease_changes_hands(api: Client, b: Any, how: str) -> None:
    lease(api, "request")
    setattr(b.fleet.robots["d1"], how, False)
    answer = lease(api, "take", requested_by="Ho", reason="fire")
    assert answer.status_code in {503, 504}
    shown = api.get("/robots/d1/lease").json()
    assert (shown["holder"], shown["epoch"]) == ("Lee", 1)


def test_row_13_a_forced_take_needs_a_reason_and_is_in_the_log_with_who_and_from_whom(api: Client, b: Any) -> None:
    lease(api, "request")
    is_problem(lease(api, "take", requested_by="Ho", reason=""), 422, "REQUEST_INVALID")
    assert lease(api, "take", requested_by="Ho", reason="he is asleep").json()["epoch"] == 2
    deed = deeds(b)[-1]
    assert (deed["event_class"], deed["trigger"], deed["actor"], deed["about"], deed["remark"]) == (
        "CONTROL_HANDOVER", "lease_taken", "Ho", "d1", "he is asleep",
    )  # fmt: skip
    assert deed["details"]["from"] == "Lee" and "lease_taken" in b.kinds()
    is_problem(lease(api, "renew", epoch=1), 409, "LEASE_LOST")
    is_problem(api.post("/robots/d1/teleop", json={**ME, "epoch": 1}), 409, "LEASE_LOST")
    assert api.post("/robots/d1/teleop", json={"requested_by": "Ho", "epoch": 2}).json()["safety_state"] == "teleop"


def test_row_13_a_silent_holder_is_stale_after_two_seconds_and_anybody_may_have_the_lease(api: Client, b: Any) -> None:
    lease(api, "request")
    b.clock.now += 1.9
    assert lease(api, "renew", epoch=1).status_code == 200
    b.clock.now += 1.9
    assert api.get("/robots/d1/lease").json()["stale"] is False
    b.clock.now += 0.2
    assert api.get("/robots/d1/lease").json()["stale"] is True
    is_problem(lease(api, "renew", epoch=1), 409, "LEASE_STALE")
    assert lease(api, "request", requested_by="Ho").json()["epoch"] == 2


# -- muting (row 16)

MUTE = {"field": "front", "reason": "drilling close to the wall", "duration": 120, "requested_by": "Lee"}


def test_row_16_a_field_is_muted_only_by_two_different_people_with_a_reason_and_an_end(api: Client, b: Any) -> None:
    path = "/robots/d1/mutings"
    for wrong in ({"reason": ""}, {"duration": 901}, {"duration": 0}):
        is_problem(api.post(path, json={**MUTE, **wrong}), 422, "REQUEST_INVALID")
    asked = api.post(path, json=MUTE).json()
    assert asked["state"] == "requested" and not any(o.act is SafetyAct.MUTE for _, o in b.fleet.asked)
    for same in ("Lee", " lee "):
        is_problem(api.post(f"{path}/{asked['id']}/co-sign", json={"requested_by": same}), 409, "SAME_PERSON")
    until = b.clock.utc()
    b.fleet.mute_answer = ActAnswer("d1", True, "muted", "", until=until)
    signed = api.post(f"{path}/{asked['id']}/co-sign", json={"requested_by": "Ng"}).json()
    assert (signed["state"], signed["co_signed_by"]) == ("active", "Ng")
    (order,) = [o for _, o in b.fleet.asked if o.act is SafetyAct.MUTE]
    assert (order.requested_by, order.mute.co_signed_by, order.mute.duration) == ("Lee", "Ng", 120)
    b.step(2)
    assert api.get(path).json()["items"][0]["state"] == "ended", "its time is over"
    assert [d["trigger"] for d in deeds(b)] == ["muting_requested", "muting_cosigned", "muting_ended"]
    assert {d["event_class"] for d in deeds(b)} == {"MUTING"}


def test_row_16_a_muting_the_robot_refuses_is_none_and_one_it_does_not_answer_counts_as_one(
    api: Client, b: Any
) -> None:
    path = "/robots/d1/mutings"
    first = api.post(path, json=MUTE).json()["id"]
    b.fleet.mute_answer = ActAnswer("d1", False, "unknown_field", "there is no field front")
    is_problem(api.post(f"{path}/{first}/co-sign", json={"requested_by": "Ng"}), 409, "unknown_field")
    second = api.post(path, json=MUTE).json()["id"]
    b.fleet.robots["d1"].linked = False
    is_problem(api.post(f"{path}/{second}/co-sign", json={"requested_by": "Ng"}), 504, "NO_ANSWER")
    states = {m["id"]: m["state"] for m in api.get(path).json()["items"]}
    assert states == {first: "refused", second: "active"}


def test_row_16_a_muting_is_ended_by_anybody_before_its_time(api: Client, b: Any) -> None:
    path = "/robots/d1/mutings"
    muting = api.post(path, json=MUTE).json()["id"]
    api.post(f"{path}/{muting}/co-sign", json={"requested_by": "Ng"})
    assert api.post(f"{path}/{muting}/end", json={"requested_by": "Ho"}).json()["state"] == "ended"
    order = b.fleet.asked[-1][1]
    assert order.act is SafetyAct.MUTE and order.mute.duration == 0.0
    is_problem(api.post(f"{path}/{muting}/end", json=ME), 404, "MUTING_NOT_FOUND")


# -- reviews


def test_an_event_is_acknowledged_and_closed_by_records_of_their_own(api: Client, b: Any) -> None:
    b.fleet.news.append(event(1))
    b.step()
    is_problem(api.post("/safety-events/nothing/acknowledge", json=ME), 404, "SAFETY_EVENT_NOT_FOUND")
    is_problem(api.post("/safety-events/d1-1/close", json=ME), 422, "REQUEST_INVALID")
    assert api.post("/safety-events/d1-1/acknowledge", json=ME).json()["closed"] is False
    closing = {"requested_by": "Ng", "reason": "a pallet stood in the way; moved"}
    closed = api.post("/safety-events/d1-1/close", json=closing).json()
    assert [(r["by"], r["closed"]) for r in closed["reviews"]] == [("Lee", False), ("Ng", True)]
    first, ack, close = deeds(b)
    assert "reviewer" not in first, "what the robot said is not touched"
    assert (ack["action"], ack["reviewer"]) == ("acknowledgement of event d1-1", "Lee")
    assert (close["action"], close["event_class"], close["remark"]) == (
        "closing of event d1-1", "PROTECTIVE_STOP", closing["reason"],
    )  # fmt: skip
    page = api.get("/safety-events", params={"robot_id": "d1"}).json()
    assert page["items"][0]["closed"] is True and page["last_id"] == page["items"][0]["id"]
    assert api.get("/safety-events", params={"robot_id": "d2"}).json()["items"] == []


# -- stop all (rows 7 and 8)


def test_rows_7_and_8_stop_of_all_needs_nobodys_leave_is_never_held_up_and_names_who_is_offline(
    api: Client, b: Any
) -> None:
    lease(api, "request")  # somebody else's lease is no obstacle
    b.fleet.robots["d2"].powered = False  # its supervisor is gone; its last state is still fresh
    asked_before = len(b.fleet.asked)
    held, release = threading.Event(), threading.Event()
    cycle = threading.Thread(target=_hold_the_desk, args=(b, held, release))
    cycle.start()
    assert held.wait(5.0)
    began = time.monotonic()
    answer = api.loop.create_task(api.client.post("/stop", json={"requested_by": "anyone"}))
    while len(b.fleet.asked) < asked_before + 2 and time.monotonic() - began < 5.0:
        api.loop.run_until_complete(asyncio.sleep(0.002))
    took = time.monotonic() - began
    assert not answer.done(), "the cycle still holds the lock, so nothing is written down yet"
    release.set()
    api.loop.run_until_complete(answer)
    cycle.join(5.0)
    assert took < 0.5, "the robots were asked all the same"
    final = api.post("/stop", json={"requested_by": "anyone"})
    assert final.status_code == 207
    assert final.json()["offline"] == ["d2"] and final.json()["elapsed"] < 0.6
    for _ in range(50):
        assert api.post("/stop", json={"requested_by": "anyone"}).status_code == 207, "never rate-limited"


def _hold_the_desk(b: Any, held: threading.Event, release: threading.Event) -> None:
    with b.operations.desk():
        held.set()
        release.wait(10.0)
