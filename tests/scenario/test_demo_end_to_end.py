"""The real demo, headless, with less work: real processes from the model to the report."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ros_domains import session_domain

DOMAIN = str(session_domain(64))
ROOM = "A103 Kitchen"


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Any]:
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "sitefleet",
            "demo",
            "--headless",
            "--domain-id",
            DOMAIN,
            "--out",
            str(tmp_path),
        ]
        demo = subprocess.Popen(
            [*command, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        running.append(demo)
        return demo

    yield start
    for demo in running:
        demo.kill()
        demo.communicate()


def run_folder(parent: Path) -> Path:
    (folder,) = (path for path in parent.iterdir() if path.is_dir())
    return folder


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that were started for this run and still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in words:
            found.append(words)
    return found


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_the_demo_does_its_work_without_contact_and_leaves_a_report(start_demo: Any, tmp_path: Path) -> None:
    demo = start_demo("--zones", ROOM, "--seed", "3", "--speed", "3", "--anchor-spacing", "1.2", "--time-limit", "110")
    output, _ = demo.communicate(timeout=180)
    assert demo.returncode == 0, output
    folder = run_folder(tmp_path)
    simulator = json.loads((folder / "simulator.json").read_text(encoding="utf-8"))
    assert set(simulator["contacts_per_robot"].values()) == {0}
    assert set(simulator["contacts_per_robot"]) == {"driller", "hauler", "inspector"}
    with closing(sqlite3.connect(folder / "sitefleet.db")) as store:
        states = {trade: state for trade, state in store.execute("SELECT trade, state FROM tasks")}
        reasons = list(store.execute("SELECT reason_code, target_index FROM as_built WHERE outcome = 'deferred'"))
        holes = list(store.execute("SELECT deviation, measured_depth FROM as_built WHERE outcome = 'done' AND "
                                   "work_item_id LIKE 'drill%'"))  # fmt: skip
    # The duct box is in front of one hole, which the drill has found out by itself.
    assert states == {"drill": "deferred", "transport": "succeeded", "inspect": "succeeded"}
    assert [code for code, _ in reasons] == ["DRILL_BLOCKED"]
    assert len(holes) == 8
    assert all(deviation <= 0.010 and depth >= 0.045 for deviation, depth in holes)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "1 deferred with a reason; no contact." in report
    assert f"in front of hole {reasons[0][1] + 1} of" in report
    assert "First motion after" in output
    assert processes_of(folder) == []


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_ctrl_c_in_mid_work_stops_the_robots_and_leaves_a_report(start_demo: Any, tmp_path: Path) -> None:
    demo = start_demo("--trades", "transport")
    deadline = time.monotonic() + 60.0
    folder: Path | None = None
    while time.monotonic() < deadline:
        folder = next((p for p in tmp_path.iterdir() if (p / "telemetry.jsonl").is_file()), None)
        lines = (folder / "telemetry.jsonl").read_text(encoding="utf-8").splitlines()[:-1] if folder else []
        if any(json.loads(line)["speed"] > 0.1 for line in lines):
            break
        time.sleep(0.1)
    assert folder is not None
    os.kill(demo.pid, signal.SIGINT)
    output, _ = demo.communicate(timeout=40)
    assert demo.returncode == 130, output
    for robot_id in ("driller", "hauler", "inspector"):
        supervisor = (folder / "logs" / f"safety-{robot_id}.log").read_text(encoding="utf-8")
        assert "-> STOPPED [remote_stop]" in supervisor
    assert "Interrupted before the work had ended" in (folder / "report.html").read_text(encoding="utf-8")
    assert processes_of(folder) == []
