"""`sitefleet jobs` and `robots` against an HTTP server: what it sends, what it prints, and with which code it ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Command = Callable[..., Any]

JOB = {
    "id": "j1",
    "name": "Anchors",
    "state": "running",
    "targets": {"total": 10, "done": 4, "deferred": 1, "open": 5},
}
TASK = {
    "id": "t1",
    "trade": "drill",
    "title": "Ceiling of A101",
    "state": "running",
    "robot_id": "driller_1",
    "attempt": 2,
    "targets": {"total": 10, "done": 4, "deferred": 1, "open": 5},
    "message": "",
}
PROBLEM = {"type": "about:blank", "title": "x", "status": 409, "code": "JOB_ENDED", "detail": "The job has ended."}


class Manager(ThreadingHTTPServer):
    """Answers from a table and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, str, dict[str, Any], dict[str, str]]] = []
        self.answers: dict[tuple[str, str], list[tuple[int, Any]]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    """Takes the next answer of the table; the last one stays."""

    server: Manager

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, json.loads(body or b"{}"), dict(self.headers)))
        waiting = self.server.answers.get((self.command, self.path), [(404, {**PROBLEM, "code": "NOT_FOUND"})])
        status, content = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def manager() -> Iterator[Manager]:
    server = Manager()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_job_is_made_with_its_filters_and_a_key_of_its_own(manager: Manager, sitefleet: Command) -> None:
    manager.answers["POST", "/api/v1/jobs"] = [(201, JOB)]
    words = ("--trade", "drill", "--zone", "z1", "--item", "w1", "--item", "w2", "--priority", "70")
    run = sitefleet("jobs", "create", "Anchors", *words, "--url", manager.url, "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == JOB
    _, _, body, headers = manager.asked[0]
    assert body.pop("requested_by")
    assert body == {
        "name": "Anchors",
        "work_item_ids": ["w1", "w2"],
        "trades": ["drill"],
        "zones": ["z1"],
        "priority": 70,
    }
    assert len(headers["Idempotency-Key"]) == 36


def test_jobs_and_the_tasks_of_one_are_shown(manager: Manager, sitefleet: Command) -> None:
    manager.answers["GET", "/api/v1/jobs"] = [(200, {"items": [JOB]})]
    manager.answers["GET", "/api/v1/jobs/j1"] = [(200, JOB)]
    manager.answers["GET", "/api/v1/tasks?job_id=j1"] = [(200, {"items": [TASK]})]
    assert "Anchors" in sitefleet("jobs", "list", "--url", manager.url).stdout
    assert "4 of 10 targets done" in sitefleet("jobs", "show", "j1", "--url", manager.url).stdout
    listed = json.loads(sitefleet("jobs", "show", "j1", "--url", manager.url, "--json").stdout)
    assert listed["task_list"][0]["robot_id"] == "driller_1"


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "retry"])
def test_an_act_goes_to_its_own_address_with_who_and_why(manager: Manager, verb: str, sitefleet: Command) -> None:
    manager.answers["POST", f"/api/v1/jobs/j1/{verb}"] = [(200, JOB)]
    run = sitefleet("jobs", verb, "j1", "--reason", "lunch", "--url", manager.url)
    assert run.returncode == 0, run.stderr
    assert manager.asked[0][2]["reason"] == "lunch"
    assert manager.asked[0][2]["requested_by"]


@pytest.mark.parametrize(("end", "code"), [("succeeded", 0), ("deferred", 1), ("failed", 1), ("canceled", 1)])
def test_watching_ends_with_the_job_and_tells_by_its_exit_code(
    manager: Manager, end: str, code: int, sitefleet: Command
) -> None:
    manager.answers["GET", "/api/v1/jobs/j1"] = [(200, JOB), (200, {**JOB, "state": end})]
    run = sitefleet("jobs", "watch", "j1", "--url", manager.url)
    assert run.returncode == code, run.stderr
    assert end in run.stdout


def test_a_refusal_is_exit_code_6_in_the_managers_own_words(manager: Manager, sitefleet: Command) -> None:
    manager.answers["POST", "/api/v1/jobs/j1/pause"] = [(409, PROBLEM)]
    run = sitefleet("jobs", "pause", "j1", "--url", manager.url)
    assert run.returncode == 6
    assert "JOB_ENDED: The job has ended." in run.stderr


def test_no_manager_is_exit_code_5_and_says_how_to_start_one(sitefleet: Command) -> None:
    run = sitefleet("jobs", "list", "--url", "http://127.0.0.1:9")
    assert run.returncode == 5
    assert "sitefleet manager" in run.stderr
    assert "Traceback" not in run.stderr


ACT = {
    "robot_id": "d1",
    "success": True,
    "code": "resumed",
    "message": "autonomy drives",
    "safety_state": "auto",
    "answered_after": 0.01,
}


def test_a_reset_is_pressed_held_and_released(manager: Manager, sitefleet: Command) -> None:
    manager.answers["POST", "/api/v1/robots/d1/reset"] = [(200, {**ACT, "code": "pressed"}), (200, ACT)]
    began = time.monotonic()
    run = sitefleet("robots", "reset", "d1", "--reason", "clear", "--url", manager.url)
    assert run.returncode == 0, run.stderr
    assert [a[2]["pressed"] for a in manager.asked] == [True, False]
    assert time.monotonic() - began > 0.35


def test_a_reset_that_the_robot_does_not_take_is_not_released(manager: Manager, sitefleet: Command) -> None:
    refused = {**PROBLEM, "code": "not_stopped", "detail": "nothing to reset"}
    manager.answers["POST", "/api/v1/robots/d1/reset"] = [(409, refused)]
    run = sitefleet("robots", "reset", "d1", "--url", manager.url)
    assert run.returncode != 0 and "not_stopped" in run.stderr
    assert len(manager.asked) == 1


@pytest.mark.parametrize("verb", ["stop", "hold", "resume"])
def test_an_act_on_one_robot_goes_to_it_with_who_and_why(manager: Manager, verb: str, sitefleet: Command) -> None:
    manager.answers["POST", f"/api/v1/robots/d1/{verb}"] = [(200, ACT)]
    run = sitefleet("robots", verb, "d1", "--reason", "clear", "--url", manager.url)
    assert run.returncode == 0, run.stderr
    assert "d1: done" in run.stdout
    assert manager.asked[0][2]["reason"] == "clear" and manager.asked[0][2]["requested_by"]


def test_a_stop_of_all_names_the_robots_that_did_not_confirm(manager: Manager, sitefleet: Command) -> None:
    silent = {**ACT, "robot_id": "h1", "success": False, "code": "NO_ANSWER", "message": "no answer"}
    answer = {"results": [ACT, silent], "offline": [], "success": False, "elapsed": 0.5}
    manager.answers["POST", "/api/v1/stop"] = [(207, answer)]
    run = sitefleet("robots", "stop", "--url", manager.url)
    assert run.returncode == 1
    assert "d1: done" in run.stdout and "h1: NOT DONE (NO_ANSWER)" in run.stdout
    assert "not confirmed by h1" in run.stderr


def test_the_fleet_is_listed(manager: Manager, sitefleet: Command) -> None:
    robot = {
        "id": "d1",
        "model": "driller",
        "online": False,
        "safety_state": "hold",
        "safety_reason": "",
        "activity": "offline",
        "task_id": None,
        "battery": 0.5,
        "pose": {"x": 1.0, "y": 2.0, "yaw": 0.0},
    }
    manager.answers["GET", "/api/v1/robots"] = [(200, {"items": [robot]})]
    run = sitefleet("robots", "list", "--url", manager.url)
    assert run.returncode == 0, run.stderr
    assert "d1" in run.stdout and "50%" in run.stdout
