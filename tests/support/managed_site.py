"""Real processes of one small site: light robots and a fleet manager."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from site_folder import STEP, STOREY, write_site

SUPPORT = Path(__file__).parent
LIMITS = "limits: {lost_after: 1.5, repeat_after: 1.0, startup_grace: 2.0}\n"


class ManagedSite:
    """Start, ask, kill, and leave nothing behind."""

    def __init__(self, folder: Path, domain: int, database: str | None = None) -> None:
        self.folder = folder
        self.database = database or str(folder / "store.db")
        self.storey = write_site(folder / "site")
        self.env = {**os.environ, "ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.robots: dict[str, subprocess.Popen[bytes]] = {}
        self.manager: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=20.0, trust_env=False)
        (folder / "settings.yaml").write_text(LIMITS)

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, *words], env=self.env, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start_robot(self, name: str, trades: str, place: int, *options: str) -> None:
        words = ["--robot-id", name, "--trades", trades, "--home", f"h{place}", "--folder", str(self.folder / name)]
        where = ["--x", str(-STEP * (place + 1)), "--y", str(STEP)]
        self.robots[name] = self._start(name, str(SUPPORT / "light_robot.py"), *words, *where, *options)

    def start_manager_process(self, port: int) -> subprocess.Popen[bytes]:
        words = ["--site", str(self.folder / "site"), "--storey", STOREY, "--database", self.database]
        words += ["--port", str(port), "--settings", str(self.folder / "settings.yaml")]
        words += ["--keys", str(self.folder / "keys")]
        if "://" in self.database:
            words += ["--evidence-key", str(self.folder / "evidence.key")]
            words += ["--witness", str(self.folder / "evidence.witness")]
        return self._start("manager", "-m", "fleet_manager.main", *words)

    def start_manager(self) -> None:
        """Start it and wait until it answers."""
        self.manager = self.start_manager_process(self.port)
        self.until(self._answers, 60.0)

    def _answers(self) -> bool:
        assert self.manager is not None
        assert self.manager.poll() is None, self.log("manager")
        try:
            return self.api.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def wait_online(self, count: int) -> None:
        self.until(lambda: sum(r["online"] for r in self.get("/robots")["items"]) == count, 45.0)

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

    def wanted(self) -> Counter[tuple[str, int]]:
        """All there is to do, once."""
        return Counter({(w.id, t.index): 1 for w in self.storey.work_items for t in w.targets})

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
