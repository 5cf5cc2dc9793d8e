"""A fleet manager that only answers: for tests of the demo's session with real processes and a real HTTP server.

Arguments: PORT, DIARY (file that gets one line an act), WORK (s until the job has ended, `never`, or `die`), INSTANCE.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fleet_manager.api import schemas

PORT, DIARY, WORK, INSTANCE = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
ROBOTS = ("driller", "hauler")
NOW = datetime(2026, 5, 4, tzinfo=timezone.utc)
resumed: set[str] = set()
job_made: list[float] = []


def diary(line: str) -> None:
    with DIARY.open("a", encoding="utf-8") as file:
        file.write(f"{time.time():.3f} {line}\n")


def robot(robot_id: str) -> schemas.Robot:
    return schemas.Robot(
        id=robot_id, model=robot_id, trades=[], online=True, last_seen=NOW, pose=schemas.Pose2(x=0, y=0, yaw=0),
        speed=0, length=1, width=1, home_node="h", battery=0.9, battery_reserve=0.2, charging=False,
        safety_state="auto" if robot_id in resumed else "hold", safety_reason="", activity="idle", task_id=None,
        attempt=0, phase="", progress=0, node_id="", goal_node="", base_node_ids=[], obstructed=False, obstruction="",
        errors=[], totals=schemas.RobotTotals(distance_driven=0, time_driving=0, time_working=0), software_version="1",
    )  # fmt: skip


def job() -> schemas.Job:
    ended = WORK not in ("never", "die") and time.monotonic() - job_made[0] > float(WORK)
    if WORK == "die" and time.monotonic() - job_made[0] > 0.5:
        print("the disk is full", flush=True)
        os._exit(7)
    counts = schemas.TargetCounts(total=4, done=4 if ended else 1, deferred=0, open=0 if ended else 3)
    return schemas.Job(
        id="job-1", name="all", state="succeeded" if ended else "running", priority=50, requested_by="t",
        created_at=NOW, started_at=NOW, ended_at=None, progress=1.0 if ended else 0.25,
        tasks={"succeeded" if ended else "running": 1},
        targets=counts, trades=[schemas.TradeProgress(trade="drill", tasks={}, targets=counts)],
    )  # fmt: skip


def answer(method: str, path: str) -> schemas.Schema:
    if path == "/health":
        return schemas.Health(
            status="ok", version="1", instance=INSTANCE, site="s", storey="l", uptime=1, last_tick_age=0,
            robots_online=2, robots_known=2, problems=[],
        )  # fmt: skip
    if path == "/robots":
        return schemas.RobotList(items=[robot(r) for r in ROBOTS])
    if path == "/events":
        return schemas.EventPage(items=[], last_id=0)
    if (method, path) == ("POST", "/jobs"):
        diary("job made")
        job_made.append(time.monotonic())
    if path.startswith("/jobs"):
        return job()
    if path.endswith("/resume"):
        resumed.add(path.split("/")[2])
        diary(f"resume {path.split('/')[2]}")
        return act(path.split("/")[2])
    diary("stop all")
    return schemas.FleetActResult(results=[act(r) for r in ROBOTS], offline=[], success=True, elapsed=0.01)


def act(robot_id: str) -> schemas.RobotActResult:
    return schemas.RobotActResult(
        robot_id=robot_id, success=True, code="OK", message="", safety_state="auto", answered_after=0.01
    )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.headers.get("Sitefleet-Instance", INSTANCE) != INSTANCE:
            self.send_error(421)
            return
        body = answer(self.command, self.path.removeprefix("/api/v1").partition("?")[0]).model_dump_json().encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


def leave(*_: object) -> None:
    diary("manager ends")
    os._exit(0)


signal.signal(signal.SIGINT, leave)
diary(f"pid {os.getpid()} manager")
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
