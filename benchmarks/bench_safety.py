"""Faults in the embedded simulator with real processes: how soon and where the robot stands, and what must not happen.

Run: `make bench-safety` or `python benchmarks/bench_safety.py [--runs-per-fault 14] [--faults a,b] [--seed 1] [--quick]
[--out FOLDER]`. docs/safety.md says what each fault does and how things are measured. Exit code 1 if a contact of a
robot that moved, an automatic resume or a lost event was found, or a limit was broken.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

from faults.campaign import Campaign, Settings
from faults.catalogue import FAULTS
from faults.name_space import own_mounts
from figures import where_and_when


def settings(arguments: list[str]) -> Settings:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs-per-fault", type=int, default=14, metavar="N", help="default: 14")
    parser.add_argument("--faults", default="", help=f"comma-separated, of: {', '.join(f.name for f in FAULTS)}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder for logs and the figures of every run (safety.json)")
    parser.add_argument("--quick", action="store_true", help="one or two runs of each fault")
    given = parser.parse_args(arguments)
    names = [name for name in given.faults.split(",") if name]
    unknown = sorted(set(names) - {f.name for f in FAULTS})
    if unknown:
        parser.error(f"--faults: there is no {', '.join(unknown)}")
    if given.runs_per_fault < 1:
        parser.error("--runs-per-fault: at least 1")
    chosen = tuple(f for f in FAULTS if not names or f.name in names)
    runs = min(2, given.runs_per_fault) if given.quick else given.runs_per_fault
    out = given.out or Path(tempfile.mkdtemp(prefix="bench_safety_"))
    return Settings(chosen, runs, given.seed, out.resolve())


def main() -> None:
    chosen = settings(sys.argv[1:])
    if any(fault.site == "disk" for fault in chosen.faults):
        own_mounts()
    print(f"fault benchmark: {where_and_when()}, seed {chosen.seed}", flush=True)
    code = Campaign(chosen).run()
    sys.stdout.flush()
    # All processes have ended and all is on the disk; threads of an interrupted ROS context could still get in the way.
    os._exit(code)


if __name__ == "__main__":
    main()
