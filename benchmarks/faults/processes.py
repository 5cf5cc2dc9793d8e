"""The site's real processes from the one table, each of which can be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from faults import world
from faults.values import Unexpected
from sitefleet.pairing import pair
from sitefleet.processes import Process, SiteRun, StopWave, site_processes
from sitefleet.robots import RobotSpec
from sitefleet.starter import Starter, tail

STARTED = 60.0
"""s that processes may take to be ready."""


class Site:
    """Processes of one run of the site. `change` may alter a process of the table before it is started."""

    def __init__(
        self,
        folder: Path,
        domain: int,
        rows: frozenset[str],
        *,
        person: bool,
        seed: int,
        tapped: bool = False,
        state_dir: Path | None = None,
        domains: Mapping[str, int] | None = None,
        change: Callable[[Process], Process] = lambda process: process,
    ) -> None:
        """`rows` of the table are run, the robot's without its id; `domains` of those that have another one.

        `tapped`: the scan comes to the supervisor through the benchmark, so that it can be spoiled.
        """
        self.folder = folder
        self.domain = domain
        self.state_dir = state_dir or folder / "robots"
        self.report = folder / "report.json"
        self._change = change
        self._domains = dict(domains or {})
        self._contacts = 0
        self._lives: dict[str, int] = {}
        self._running: dict[str, Starter] = {}
        self._waves: dict[str, StopWave] = {}
        folder.mkdir(parents=True, exist_ok=True)
        world.write_site(folder / "site")
        world.write_models(folder / "models")
        pair([world.ROBOT], self.state_dir, folder / "keys")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self._port}/api/v1", timeout=10.0, trust_env=False)
        # The world does not wait for a robot that is silent: it goes on in real time, whoever is dead.
        options = ["--extra-models", str(folder / "models"), "--max-silence", "1e9"]
        if tapped:
            world.write_bridge(folder / "bridge.yaml")
            options += ["--bridge", str(folder / "bridge.yaml")]
        if person:
            options += ["--person", "{}:{}:{}".format(world.PERSON, *world.PARK)]
        self._run = SiteRun(
            site=folder / "site",
            storey=world.STOREY,
            robots=(RobotSpec(world.ROBOT, world.MODEL, "h"),),
            seed=seed,
            state_dir=self.state_dir,
            keys=folder / "keys",
            database=str(folder / "store.db"),
            api_port=self._port,
            sim_report=self.report,
            sim_options=tuple(options),
        )
        self._table = {self._short(p.name): p for p in site_processes(self._run, rows)}

    @staticmethod
    def _short(name: str) -> str:
        return name.removesuffix(f"-{world.ROBOT}")

    def start(self, *names: str) -> list[str]:
        """Start these, or all that do not run; those that were started."""
        started = []
        for name in names or tuple(self._table):
            if name in self._running:
                continue
            process = self._change(self._table[name])
            life = self._lives[name] = self._lives.get(name, 0) + 1
            self._waves[name] = process.stop_wave
            environment = {"ROS_DOMAIN_ID": str(self._domains.get(name, self.domain))}
            starter = Starter([replace(process, name=name)], self.folder / "logs" / str(life), environment=environment)
            self._running[name] = starter
            starter.start()
            started.append(name)
        return started

    def kill(self, name: str) -> float:
        """SIGKILL; when it was sent, and the process is gone when this returns."""
        (pid,) = self._running[name].pids().values()
        moment = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        self._running.pop(name).stop()
        if name == "simulator":
            self._contacts += self._reported()
            self.report.unlink(missing_ok=True)
        return moment

    def contacts(self) -> int:
        """Contacts of the robot that the simulator has counted; complete once it has ended."""
        return self._contacts + self._reported()

    def _reported(self) -> int:
        if not self.report.exists():
            return 0
        return int(json.loads(self.report.read_text(encoding="utf-8"))["contacts_per_robot"][world.ROBOT])

    def check(self) -> None:
        """Raises Unexpected when a process has ended by itself."""
        for starter in self._running.values():
            for death in starter.deaths():
                raise Unexpected(str(death))

    def log(self, name: str) -> str:
        """Last lines of a process."""
        return "\n".join(tail(self.folder / "logs" / str(self._lives.get(name, 1)) / f"{name}.log", 30))

    def stop(self) -> None:
        """End all, wave by wave."""
        self.api.close()
        for wave in StopWave:
            for name in [n for n, w in self._waves.items() if w is wave and n in self._running]:
                self._running.pop(name).stop()

    # -- the manager

    def get(self, path: str) -> Any:
        """Ask the manager."""
        try:
            answer = self.api.get(path)
        except httpx.HTTPError as error:
            raise Unexpected(f"GET {path}: {error}") from error
        if answer.status_code != 200:
            raise Unexpected(f"GET {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def post(self, path: str, by: str, **body: Any) -> tuple[int, Any]:
        """Ask the manager to do something; status and answer."""
        try:
            answer = self.api.post(path, json={"requested_by": by, **body})
        except httpx.HTTPError as error:
            raise Unexpected(f"POST {path}: {error}") from error
        return answer.status_code, answer.json()

    def sees_robot(self) -> bool:
        """The manager answers and has the robot online."""
        try:
            return any(r["online"] for r in self.get("/robots")["items"])
        except Unexpected:
            return False

    def logged(self) -> list[tuple[int, str]]:
        """Number and id of each of the robot's events in the evidence log."""
        file = self.folder / "evidence.db"
        if not file.exists():
            return []
        with closing(sqlite3.connect(file, timeout=10.0)) as log:
            query = "SELECT seq, event_id FROM evidence_entry WHERE robot_id = ? ORDER BY leaf_index"
            return [(int(seq), str(event_id)) for seq, event_id in log.execute(query, [world.ROBOT])]
