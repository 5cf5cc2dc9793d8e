"""Real processes: a manager killed with SIGKILL in the middle of a job, again and again, loses and repeats nothing."""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

SUPPORT = Path(__file__).parents[1] / "support"
sys.path.insert(0, str(SUPPORT))

from site_folder import STEP, STOREY, write_site

DOMAIN = "41"
LIMITS = "limits: {lost_after: 1.5, repeat_after: 1.0, startup_grace: 2.0}\n"


class Site:
    """Processes of one small site: light robots and a manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storey = write_site(folder / "site")
        self.env = {**os.environ, "ROS_DOMAIN_ID": DOMAIN, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.robots: dict[str, subprocess.Popen[bytes]] = {}
        self.manager: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=5.0, trust_env=False)
        (folder / "settings.yaml").write_text(LIMITS)

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, *words], env=self.env, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start_robot(self, name: str, trades: str, place: int) -> None:
        words = ["--robot-id", name, "--trades", trades, "--home", f"h{place}", "--folder", str(self.folder / name)]
        where = ["--x", str(-STEP * (place + 1)), "--y", str(STEP)]
        self.robots[name] = self._start(name, str(SUPPORT / "light_robot.py"), *words, *where)

    def start_manager(self) -> None:
        words = ["--site", str(self.folder / "site"), "--storey", STOREY, "--database", str(self.folder / "store.db")]
        words += ["--port", str(self.port), "--settings", str(self.folder / "settings.yaml")]
        self.manager = self._start("manager", "-m", "fleet_manager.main", *words)
        self.until(self._answers, 15.0)

    def _answers(self) -> bool:
        assert self.manager is not None
        assert self.manager.poll() is None, self.log("manager")
        try:
            return self.api.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def kill_manager(self) -> None:
        assert self.manager is not None
        self.manager.send_signal(signal.SIGKILL)
        self.manager.wait(5.0)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.api.post(path, json=body)
        assert answer.status_code in {200, 201, 207}, answer.text
        return answer.json()

    def until(self, done: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if done():
                return
            for name, process in self.robots.items():
                assert process.poll() is None, f"{name} died\n{self.log(name)}"
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s\n{self.log('manager')}")

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def work_done(self, *robots: str) -> Counter[tuple[str, int]]:
        """What the robots physically did."""
        done: Counter[tuple[str, int]] = Counter()
        for robot in robots:
            path = self.folder / robot / "work.log"
            for line in path.read_text().splitlines() if path.exists() else ():
                item, index = line.split()
                done[(item, int(index))] += 1
        return done

    def close(self) -> None:
        self.api.close()
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(8.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5.0)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def wanted(site: Site) -> Counter[tuple[str, int]]:
    return Counter({(w.id, t.index): 1 for w in site.storey.work_items for t in w.targets})


@pytest.mark.slow
def test_a_manager_killed_at_random_moments_finishes_the_job_with_nothing_lost_and_nothing_done_twice(
    site: Site,
) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    print(f"seed {seed}")
    site.start_robot("d1", "drill", 0)
    site.start_robot("i1", "inspect", 1)
    site.start_manager()
    site.until(lambda: sum(r["online"] for r in site.get("/robots")["items"]) == 2, 10.0)
    job = site.post("/jobs", name="everything")["id"]
    kills = 0
    for _ in range(4):
        time.sleep(chance.uniform(0.2, 2.0))
        if site.get(f"/jobs/{job}")["state"] == "succeeded":
            break
        site.kill_manager()
        kills += 1
        time.sleep(chance.uniform(0.0, 1.0))
        site.start_manager()
    site.until(lambda: site.get(f"/jobs/{job}")["state"] == "succeeded", 40.0)
    assert kills >= 3
    assert site.work_done("d1", "i1") == wanted(site)
    with sqlite3.connect(site.folder / "store.db") as store:
        query = "SELECT t.work_item_id, a.target_index FROM as_built a JOIN tasks t ON t.id = a.task_id"
        assert Counter(store.execute(query).fetchall()) == wanted(site)
        assert store.execute("SELECT count(*) FROM events WHERE severity >= 2").fetchone() == (0,)
    store.close()
