"""Stop of all robots over HTTP: from the request to the answer that names every robot's confirmation.

Run: `make bench-stop-all` or `python benchmarks/bench_stop_all.py [--robots 3] [--stops 100] [--busy N] [--json]`.
The real processes of a site at real time: simulator, instruments, supervisors, autonomy, fleet manager. Before each
stop all robots are let drive again (reset, resume, until each reports AUTO). Exit code 1 if a stop was not confirmed by
every robot.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from figures import Quantiles, busy, where_and_when

from fleet_manager.site import import_site
from sitefleet.processes import SiteRun, site_processes
from sitefleet.robots import choose_robots, home_places
from sitefleet.starter import Starter

ROOT = Path(__file__).resolve().parents[1]
DOMAIN = "27"
MODELS = ("driller", "hauler", "inspector")
ME = {"requested_by": "benchmark", "reason": "measuring"}
ROWS = frozenset({"simulator", "instruments", "safety", "autonomy", "manager"})


def site_run(folder: Path, robots: int) -> SiteRun:
    """The demo's building with the demo's kinds of robots, at real time."""
    import_site(ROOT / "models" / "duplex.ifc", "Level 1", folder / "site")
    storey = next((folder / "site").glob("*/roadmap.geojson")).parent.name
    homes = list(home_places(folder / "site" / storey / "roadmap.geojson"))
    specs = choose_robots([MODELS[n % len(MODELS)] for n in range(robots)], homes)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = f"sqlite:///{folder / 'store.db'}"
    return SiteRun(folder / "site", storey, specs, state_dir=folder / "state", database=database, api_port=port)


class Fleet:
    """The HTTP API, as a person's program uses it."""

    def __init__(self, port: int, watch: Callable[[], object]) -> None:
        self._api = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10.0, trust_env=False)
        self._watch = watch

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()

    def wait(self, done: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
        """Until it is so. Raises TimeoutError, and RuntimeError when a process died."""
        end = time.monotonic() + seconds
        while True:
            death = self._watch()
            if death is not None:
                raise RuntimeError(str(death))
            try:
                if done():
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds:.0f} s: {what}")
            time.sleep(0.1)

    def states(self) -> dict[str, str]:
        """Safety state of each robot that is online."""
        robots = self._api.get("/robots").raise_for_status().json()["items"]
        return {robot["id"]: robot["safety_state"] for robot in robots if robot["online"]}

    def act(self, path: str) -> None:
        """A reset or resume; a refusal is no error here, it is tried again."""
        self._api.post(path, json=ME)

    def all_drive(self, robots: list[str]) -> None:
        """Until each robot reports AUTO."""

        def so() -> bool:
            states = self.states()
            for robot in robots:
                if states.get(robot) == "stopped":
                    self.act(f"/robots/{robot}/reset")
                if states.get(robot) in {"stopped", "hold"}:
                    self.act(f"/robots/{robot}/resume")
            return all(states.get(robot) == "auto" for robot in robots)

        self.wait(so, "all robots in AUTO")

    def stop(self) -> tuple[float, list[float], bool]:
        """s from request to answer, s each robot needed as the manager saw it, and whether every robot confirmed."""
        begin = time.monotonic()
        answer = self._api.post("/stop", json=ME)
        took = time.monotonic() - begin
        body = answer.json()
        confirmed = answer.status_code == 200 and body["success"] and not body["offline"]
        return took, [result["answered_after"] for result in body["results"]], confirmed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robots", type=int, default=3)
    parser.add_argument("--stops", type=int, default=100)
    parser.add_argument("--busy", type=int, default=0, help="processes that compete for the cores (default 0)")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    where = where_and_when()
    environment = {"ROS_DOMAIN_ID": DOMAIN, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    answers: list[float] = []
    robots_needed: list[float] = []
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        run = site_run(Path(name), given.robots)
        robots = [robot.robot_id for robot in run.robots]
        with (
            Starter(site_processes(run, ROWS), Path(name) / "log", environment=environment) as starter,
            Fleet(run.api_port, lambda: starter.watch(timeout=0.0)) as fleet,
            busy(given.busy),
        ):
            for index in range(given.stops):
                fleet.all_drive(robots)
                took, needed, confirmed = fleet.stop()
                answers.append(took)
                robots_needed += needed
                failed += not confirmed
                if not given.json and sys.stderr.isatty():
                    print(f"\r{index + 1}/{given.stops}", end="", file=sys.stderr)
            load = os.getloadavg()[0]
    answer, robot = Quantiles.of(answers), Quantiles.of(robots_needed)
    if given.json:
        facts = {"robots": given.robots, "busy": given.busy, "failed": failed, "load_after": load}
        print(json.dumps({"where": where, **facts, "answer": vars(answer), "robot": vars(robot)}))
    else:
        print(where)
        print(f"{given.robots} robots at real time, {given.busy} busy processes, load at the end {load:.1f}")
        print(f"  request to answer   {answer.text('ms', 1e3)}")
        print(f"  a robot's answer    {robot.text('ms', 1e3)}")
        print(f"  not confirmed by every robot: {failed} of {given.stops}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
