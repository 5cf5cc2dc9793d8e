"""The HTTP API: what it answers, and how it says no."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from manager_fakes import FakeRobot, factsheet, work_item

from fleet_manager.api import schemas
from fleet_manager.api.app import create_app, openapi_text
from fleet_manager.api.context import ApiContext, Pulse
from fleet_manager.domain.robots import SafetyMode

ROOT = Path(__file__).parents[3]
Make = Callable[..., Any]


def context_of(bench: Any) -> ApiContext:
    site = schemas.Site(
        name="S",
        storey="L1",
        source_file="m.ifc",
        source_sha256="0",
        map=schemas.MapInfo(resolution=0.05, origin_x=0, origin_y=0, width=1, height=1),
        counts=schemas.SiteCounts(
            work_items=1, work_items_by_trade={"drill": 1}, targets=1, targets_unreachable=0, zones=1, nodes=1, edges=1
        ),
    )
    plan = schemas.SitePlan(floorplan={"type": "FeatureCollection", "features": []}, zones={"features": []})
    pulse = Pulse(last_tick=time.monotonic())
    return ApiContext(bench.operations, bench.queries, site, plan, pulse, "1.2.3")


@pytest.fixture
def b(bench: Make) -> Any:
    robots = [FakeRobot(factsheet(n, home=h), node=h) for n, h in (("d1", "h0"), ("d2", "h1"))]
    items = [work_item("a", ["s1", "s2", ""]), work_item("b", ["s3"], zone="z2"), work_item("c", ["s4"], trade="paint")]
    return bench(items, robots)


class Client:
    """Requests straight into the app, one after the other."""

    def __init__(self, app: FastAPI) -> None:
        self.loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://test/api/v1")

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.loop.run_until_complete(self.client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


@pytest.fixture
def client_of() -> Iterator[Callable[[ApiContext], Client]]:
    clients: list[Client] = []

    def make(context: ApiContext) -> Client:
        clients.append(Client(create_app(context)))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def api(b: Any, client_of: Callable[[ApiContext], Client]) -> Client:
    return client_of(context_of(b))


def is_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) >= {"type", "title", "status", "detail", "instance", "code"}
    assert (body["status"], body["code"], body["instance"]) == (status, code, answer.request.url.path)
    return body


def test_an_accepted_job_is_in_the_store_when_the_answer_comes(api: Any, b: Any) -> None:
    answer = api.post("/jobs", json={"name": "holes", "trades": ["drill"]})
    assert answer.status_code == 201
    job = answer.json()
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert b.store.job_record(job["id"]) is not None
    assert job["targets"] == {"total": 4, "done": 0, "deferred": 1, "open": 3}
    assert [t["trade"] for t in job["trades"]] == ["drill"]
    assert job["created_at"].endswith("Z") or job["created_at"].endswith("+00:00")


def test_a_job_sent_again_with_its_key_is_the_same_job(api: Any) -> None:
    body, key = {"name": "holes", "zones": ["z2"]}, {"Idempotency-Key": "k"}
    first, second = api.post("/jobs", json=body, headers=key), api.post("/jobs", json=body, headers=key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    is_problem(api.post("/jobs", json={"name": "others"}, headers=key), 409, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUEST_INVALID"),
        ({"name": "x", "priority": 101}, "REQUEST_INVALID"),
        ({"name": "x", "colour": "red"}, "REQUEST_INVALID"),
        ({"name": "x", "work_item_ids": ["nope"]}, "WORK_ITEM_UNKNOWN"),
        ({"name": "x", "trades": ["sing"]}, "TRADE_UNKNOWN"),
        ({"name": "x", "zones": ["attic"]}, "ZONE_UNKNOWN"),
        ({"name": "x", "zones": ["z2"], "trades": ["paint"]}, "NO_WORK_CHOSEN"),
    ],
)
def test_a_wrong_order_is_refused_and_nothing_is_kept(api: Any, b: Any, body: dict[str, Any], code: str) -> None:
    problem = is_problem(api.post("/jobs", json=body), 422, code)
    if code == "REQUEST_INVALID":
        assert problem["errors"]
    assert api.get("/jobs").json() == {"items": []}
    assert "job_accepted" not in b.kinds()


def test_what_does_not_exist_is_a_problem_with_its_own_code(api: Any) -> None:
    is_problem(api.get("/jobs/x"), 404, "JOB_NOT_FOUND")
    is_problem(api.get("/tasks/x"), 404, "TASK_NOT_FOUND")
    is_problem(api.get("/robots/x"), 404, "ROBOT_NOT_FOUND")
    is_problem(api.post("/jobs/x/pause", json={"requested_by": "me"}), 404, "JOB_NOT_FOUND")
    is_problem(api.post("/robots/x/stop", json={"requested_by": "me"}), 404, "ROBOT_NOT_FOUND")
    is_problem(api.get("/nowhere"), 404, "PATH_NOT_FOUND")
    is_problem(api.request("DELETE", "/jobs"), 405, "METHOD_NOT_ALLOWED")


def test_an_act_the_state_forbids_is_a_conflict(api: Any) -> None:
    job = api.post("/jobs", json={"name": "x", "zones": ["z2"]}).json()["id"]
    me = {"requested_by": "me"}
    is_problem(api.post(f"/jobs/{job}/resume", json=me), 409, "TASK_NOT_PAUSED")
    assert api.post(f"/jobs/{job}/cancel", json=me).json()["state"] == "canceled"
    is_problem(api.post(f"/jobs/{job}/pause", json=me), 409, "TASK_NOT_PAUSABLE")
    is_problem(
        api.post(f"/tasks/{job}-0001/targets/0/decide", json={**me, "decision": "built"}), 409, "TARGET_NOT_HELD"
    )


def test_an_act_needs_a_name(api: Any) -> None:
    is_problem(api.post("/stop", json={}), 422, "REQUEST_INVALID")


def test_progress_attempts_records_and_events_can_be_read(api: Any, b: Any) -> None:
    job = api.post("/jobs", json={"name": "x", "trades": ["drill"]}).json()["id"]
    b.until(lambda: b.job_state(job) == "deferred")
    body = api.get(f"/jobs/{job}").json()
    assert (body["state"], body["progress"]) == ("deferred", 1.0)
    assert body["targets"] == {"total": 4, "done": 3, "deferred": 1, "open": 0}
    task = api.get(f"/tasks/{job}-0001").json()
    assert [a["outcome"] for a in task["attempts"]] == [0]
    records = {r["target_index"]: r for r in task["as_built"]}
    assert records[2]["reason_code"] == "NO_STANCE"
    assert records[2]["deviation"] is None
    assert records[2]["measured"] is None
    assert records[0]["deviation"] == pytest.approx(0.002)
    assert [t["id"] for t in api.get("/tasks", params={"job_id": job, "state": "succeeded"}).json()["items"]] == [
        f"{job}-0002"
    ]
    assert len(api.get("/as-built", params={"job_id": job}).json()["items"]) == 4
    assert {w["trade"] for w in api.get("/work-items", params={"trade": "paint"}).json()["items"]} == {"paint"}


def test_events_are_read_page_by_page_and_none_is_missed(api: Any, b: Any) -> None:
    api.post("/jobs", json={"name": "x", "trades": ["drill"]})
    b.step(30)
    seen: list[int] = []
    after = 0
    while page := api.get("/events", params={"after": after, "limit": 3}).json():
        seen += [e["id"] for e in page["items"]]
        after = page["last_id"]
        if not page["items"]:
            break
    assert seen == sorted(set(seen))
    assert len(seen) == len(b.kinds())


def test_robots_tell_what_they_do(api: Any, b: Any) -> None:
    b.step(1)
    api.post("/jobs", json={"name": "x", "zones": ["z2"]})
    b.until(lambda: any(r.current for r in b.fleet.robots.values()))
    b.step()
    robots = {r["id"]: r for r in api.get("/robots").json()["items"]}
    assert {r["activity"] for r in robots.values()} == {"working", "charging"}
    assert all(r["online"] and r["safety_state"] == "auto" for r in robots.values())
    assert api.get("/robots/d1").json()["home_node"] == "h0"


def test_stop_all_stops_every_robot_and_names_those_out_of_reach(api: Any, b: Any) -> None:
    b.step(1)
    b.fleet.robots["d2"].powered = False
    b.step(5)
    answer = api.post("/stop", json={"requested_by": "me", "reason": "a child"})
    assert answer.status_code == 207
    body = answer.json()
    assert body["offline"] == ["d2"]
    assert {r["robot_id"]: r["success"] for r in body["results"]} == {"d1": True, "d2": False}
    assert body["results"][0]["answered_after"] < 0.1
    assert b.fleet.robots["d1"].safety is SafetyMode.STOPPED
    assert b.kinds().count("person_stop") == 2


def test_a_request_meant_for_another_manager_is_not_done_here(
    b: Any, client_of: Callable[[ApiContext], Client]
) -> None:
    api = client_of(replace(context_of(b), instance="ours"))
    b.step(1)
    body, another = {"requested_by": "me"}, {"Sitefleet-Instance": "another"}
    refusal = is_problem(api.post("/stop", json=body, headers=another), 421, "OTHER_MANAGER")
    assert "ours, not another" in refusal["detail"]
    assert b.fleet.robots["d1"].safety is SafetyMode.AUTO
    assert api.get("/health", headers={"Sitefleet-Instance": "ours"}).json()["instance"] == "ours"
    assert api.post("/stop", json=body, headers={"Sitefleet-Instance": "ours"}).json()["success"]
    assert b.fleet.robots["d1"].safety is SafetyMode.STOPPED


def test_stop_all_answers_in_time_when_a_robot_says_nothing(api: Any, b: Any) -> None:
    b.step(1)
    b.fleet.cut("d2")
    began = time.monotonic()
    body = api.post("/stop", json={"requested_by": "me"}).json()
    assert time.monotonic() - began < 1.5
    assert {r["robot_id"]: r["code"] for r in body["results"]} == {"d1": "OK", "d2": "NO_ANSWER"}


def test_a_stop_is_answered_even_when_the_store_is_broken(api: Any, b: Any) -> None:
    b.step(1)

    def broken() -> Any:
        raise OSError("disk full")

    b.store.transaction = broken
    answer = api.post("/stop", json={"requested_by": "me"})
    assert answer.status_code == 200
    assert {r.safety for r in b.fleet.robots.values()} == {SafetyMode.STOPPED}


def test_a_stopped_robot_is_reset_then_resumed_and_not_otherwise(api: Any, b: Any) -> None:
    b.step(1)
    me = {"requested_by": "me"}
    assert api.post("/robots/d1/stop", json=me).json()["safety_state"] == "stopped"
    is_problem(api.post("/robots/d1/resume", json=me), 409, "NOT_IN_HOLD")
    assert api.post("/robots/d1/reset", json={**me, "pressed": True}).json()["safety_state"] == "stopped"
    assert api.post("/robots/d1/reset", json={**me, "pressed": False}).json()["safety_state"] == "hold"
    assert api.post("/robots/d1/resume", json=me).json()["safety_state"] == "auto"
    b.fleet.robots["d1"].powered = False
    is_problem(api.post("/robots/d1/stop", json=me), 503, "OFFLINE")
    b.fleet.cut("d2")
    is_problem(api.post("/robots/d2/stop", json=me), 504, "NO_ANSWER")


def test_a_failure_inside_is_a_problem_too(api: Any, b: Any) -> None:
    def broken() -> Any:
        raise OSError("disk full")

    b.store.transaction = broken
    is_problem(api.post("/jobs", json={"name": "x", "zones": ["z2"]}), 500, "INTERNAL_ERROR")


def test_health_says_when_the_loop_stands(b: Any, client_of: Callable[[ApiContext], Client]) -> None:
    context = context_of(b)
    client = client_of(context)
    assert client.get("/health").json()["status"] == "ok"
    context.pulse.last_tick -= 10.0
    body = client.get("/health").json()
    assert body["status"] == "degraded"
    assert body["problems"]


def test_every_operation_has_an_id_a_description_and_typed_errors() -> None:
    document = create_app(None).openapi()
    operations = [o for path in document["paths"].values() for o in path.values()]
    ids = [o["operationId"] for o in operations]
    assert len(ids) == len(set(ids)) >= 27
    for operation in operations:
        assert operation["description"], operation["operationId"]
        for status, response in operation["responses"].items():
            if status >= "4":
                assert list(response["content"]) == ["application/problem+json"], operation["operationId"]


def test_the_kept_openapi_document_is_current() -> None:
    kept = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert kept == openapi_text(), "run: python -m fleet_manager.api.app > docs/openapi.json"
