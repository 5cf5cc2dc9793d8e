"""Supervisor, courier and site are killed at a hundred random moments: every event arrives, none is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ros_domains import session_domain

from sitefleet_robot.common.spool import SpoolReader
from sitefleet_robot.evidence.marks import Marks

HERE = Path(__file__).parent
KILLS = 100
DOMAIN = session_domain(59)
LIMIT = 240.0
"""s of wall time for the kills."""


class Life:
    """One of the three, started again whenever it was killed."""

    def __init__(self, folder: Path, name: str, words: list[str]) -> None:
        self.name, self.words, self.folder = name, words, folder
        self.said: list[str] = []
        self.kills = 0
        self.start()

    def start(self) -> None:
        environment = os.environ | {
            "ROS_DOMAIN_ID": str(DOMAIN),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        }
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.words], stdout=subprocess.PIPE, stderr=log, env=environment, text=True
            )
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.endswith("\n"):  # a line that the kill cut off was not said
                self.said.append(line.strip())

    def kill(self) -> None:
        assert self.process.poll() is None, f"{self.name} ended by itself: see its log"
        self.process.kill()
        self.process.wait(10)
        self.reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.kills += 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_kills_at_random_moments_lose_no_event(tmp_path):
    state, stored = tmp_path / "state", tmp_path / "stored"
    courier = ["-m", "sitefleet_robot.evidence.node", "--ros-args", "-r", "__ns:=/r1", "-p", f"state_dir:={state}"]
    lives = {
        "supervisor": Life(
            tmp_path, "supervisor", [str(HERE / "evidence_supervisor.py"), str(state / "events"), "0.02"]
        ),
        "courier": Life(tmp_path, "courier", [*courier, "-p", "record:=false"]),
        "site": Life(tmp_path, "site", [str(HERE / "evidence_site.py"), str(stored)]),
    }
    dice = random.Random(20260101)
    started = dict.fromkeys(lives, time.monotonic())
    deadline = time.monotonic() + LIMIT
    try:
        while sum(life.kills for life in lives.values()) < KILLS:
            assert time.monotonic() < deadline, "the kills took too long"
            time.sleep(dice.uniform(0.0, 1.2))
            name = dice.choice(list(lives))
            lives[name].kill()
            lives[name].start()
            started[name] = time.monotonic()
        assert min(life.kills for life in lives.values()) > 20
        lives["supervisor"].kill()
        confirmed = set(lives["supervisor"].said)
        assert len(confirmed) > 200

        def arrived() -> set[str]:
            return set(stored.read_text().split("\n")[:-1]) if stored.exists() else set()

        def waiting() -> set[str]:
            """Events that a courier would have to send again after one more kill."""
            acknowledged = state / "evidence" / "acknowledged_events"
            marks = {n for e in SpoolReader(acknowledged).read() for n in e.record["done"]}
            return {str(e.record["event_id"]) for e in SpoolReader(state / "events").read() if e.seq not in marks}

        while not confirmed <= arrived() or waiting():
            assert time.monotonic() < deadline + 120.0, f"missing: {len(confirmed - arrived())}, {len(waiting())}"
            time.sleep(0.2)
    finally:
        for life in lives.values():
            if life.process.poll() is None:
                life.kill()
    lines = stored.read_text().split("\n")[:-1]
    assert len(lines) == len(set(lines))
    # Whatever arrived was made by the supervisor: also what it could not confirm any more before it was killed.
    assert len(set(lines) - confirmed) <= lives["supervisor"].kills
    # What everybody has is gone from the robot's disk but for the newest segment.
    assert len(list((state / "events").glob("*.spool"))) <= 2
    with Marks(state / "evidence" / "acknowledged_events"):
        pass
    assert "Traceback" not in (tmp_path / "courier.log").read_text()
