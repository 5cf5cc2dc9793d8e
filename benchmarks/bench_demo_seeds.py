"""The demo, run with one seed after the other: does all work end, does any robot touch anything, how near do they come?

Run: `make bench-demo-seeds` or `python benchmarks/bench_demo_seeds.py --seeds 1-10 [--out FOLDER] [-- DEMO OPTIONS]`.
Each run is the real command with real processes, in a folder of its own. Exit code 1 if a run had a contact, work that
did not end, or an exit code other than 0. Figures of all runs go to FOLDER/seeds.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fleet_manager.analytics.run_folder import NotARunError, read_run
from fleet_manager.analytics.summary import summarise
from fleet_manager.analytics.values import TargetOutcome

_HEAD = (
    "seed  exit   done  deferred  open  contacts  robot-robot  robot-person  first motion  wall  site time"
    "  held  resets  load"
)


@dataclass(frozen=True)
class SeedRun:
    """What one run of the demo came to. Distances m, times s; NaN or empty where the run did not get that far."""

    seed: int
    exit_code: int
    done: int
    deferred: int
    total: int
    contacts: list[str]
    robot_robot: float
    robot_person: float
    first_motion: float
    wall: float
    site_time: float
    held: float
    resets: str
    load: float

    @property
    def unfinished(self) -> int:
        """Places of work that neither were done nor have a reason."""
        return self.total - self.done - self.deferred

    @property
    def good(self) -> bool:
        """All work ended and nobody touched anything."""
        return self.exit_code == 0 and self.total > 0 and self.unfinished == 0 and not self.contacts

    def line(self) -> str:
        """A row of the table."""
        return (
            f"{self.seed:4d}  {self.exit_code:4d}  {self.done:5d}  {self.deferred:8d}  {self.unfinished:4d}"
            f"  {len(self.contacts):8d}  {self.robot_robot:9.3f} m  {self.robot_person:10.3f} m"
            f"  {self.first_motion:10.1f} s  {self.wall:4.0f}  {self.site_time:7.0f} s  {self.held:4.0f}"
            f"  {self.resets:>6}  {self.load:4.1f}"
        )


def _read(folder: Path, name: str) -> dict[str, Any]:
    file = folder / name
    content: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    return content


def _seconds(text: str) -> float:
    found = re.match(r"[\d.]+", text)
    return float(found.group()) if found else float("nan")


def _number(content: dict[str, Any], key: str) -> float:
    value = content.get(key)
    return float("nan") if value is None else float(value)


def _outcomes(folder: Path) -> Counter[TargetOutcome]:
    """How each place of work ended, from the run's store."""
    try:
        return Counter(summarise(read_run(folder)).counts)
    except (NotARunError, OSError) as fault:
        print(f"      no summary of {folder}: {fault}")
        return Counter()


def run_seed(seed: int, out: Path, timeout: float, options: list[str]) -> SeedRun:
    """One run of the demo. The command is interrupted, and then counts as failed, after `timeout` s."""
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "sitefleet", "demo", "--headless", "--exit-when-done"]
    command += ["--seed", str(seed), "--out", str(out), *options]
    begin = time.monotonic()
    with (out / "demo.txt").open("w") as screen:
        process = subprocess.Popen(command, stdout=screen, stderr=subprocess.STDOUT)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.terminate()  # the demo stops its robots, then itself
            code = process.wait(60) or 124
        except BaseException:
            process.terminate()  # a second signal, after that of the terminal, does no harm
            process.wait(60)
            raise
    wall = time.monotonic() - begin
    folder = max(
        out.glob("*/run.json"), key=lambda file: file.stat().st_mtime, default=out / "none" / "run.json"
    ).parent
    facts = _read(folder, "run.json").get("facts", {})
    outcomes = _outcomes(folder)
    simulator = _read(folder, "simulator.json")
    # A tool that feels the box hung before one hole is the answer that is wanted; a hull that touches is not.
    touched = [
        f"{contact['robot']} {contact['part']} with {contact['with']} at {contact['first_time']} s"
        for contact in simulator.get("sim_contacts", [])
        if contact["part"] != "tool"
    ]
    return SeedRun(
        seed=seed,
        exit_code=code,
        done=outcomes[TargetOutcome.DONE],
        deferred=outcomes[TargetOutcome.DEFERRED],
        total=sum(outcomes.values()) - outcomes[TargetOutcome.UNREACHABLE],
        contacts=touched,
        robot_robot=_number(simulator, "min_distance_robot_robot"),
        robot_person=_number(simulator, "min_distance_robot_person"),
        first_motion=_seconds(facts.get("first motion", "")),
        wall=wall,
        site_time=_number(simulator, "sim_time"),
        held=_number(simulator, "held_time"),
        resets=facts.get("stops reset by the operator", ""),
        load=os.getloadavg()[1],
    )


def _seeds(text: str) -> list[int]:
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def main() -> int:
    """Run the seeds; 1 if any run was not good."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=_seeds, default=_seeds("1-10"), help="1-10, or 3,5,8 (default 1-10)")
    parser.add_argument("--out", type=Path, default=Path("runs/seeds"), help="folder of the runs (default runs/seeds)")
    parser.add_argument("--timeout", type=float, default=900.0, help="s of wall time a run may take (default 900)")
    parser.add_argument("--stop-at-first", action="store_true", help="end at the first run that is not good")
    parser.add_argument("options", nargs="*", help="options of the demo, after --")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a run that has begun is ended in order
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}\n{_HEAD}", flush=True)
    runs: list[SeedRun] = []
    for seed in given.seeds:
        run = run_seed(seed, given.out / f"seed{seed}", given.timeout, given.options)
        runs.append(run)
        print(run.line(), flush=True)
        for contact in run.contacts:
            print(f"      contact: {contact}", flush=True)
        (given.out / "seeds.json").write_text(json.dumps([asdict(run) for run in runs], indent=1))
        if given.stop_at_first and not run.good:
            break
    good = sum(run.good for run in runs)
    print(f"{good} of {len(runs)} good; wall median {statistics.median(run.wall for run in runs):.0f} s")
    return 0 if good == len(given.seeds) else 1


if __name__ == "__main__":
    raise SystemExit(main())
