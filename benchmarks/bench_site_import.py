"""Import of building models: wall time, CPU time and the most memory the process ever had.

Run: `make bench-site-import` or `python benchmarks/bench_site_import.py [MODEL.ifc:STOREY ...] [--repeat 3] [--json]`.
Without models: the one that comes along and, where it lies beside the checkout, the full office storey. Each import is
the real command in a process of its own, with nothing cached but what the operating system keeps of the files.
Exit code 1 if an import failed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import where_and_when

ROOT = Path(__file__).resolve().parents[1]
OFFICE = ROOT.parent / "shared" / "data" / "Office_A_20110811.ifc"


def imported(model: Path, storey: str, out: Path) -> dict[str, Any]:
    """One import. Raises RuntimeError with the command's own words when it fails."""
    words = [sys.executable, "-m", "sitefleet", "site", "import", str(model), "--storey", storey, "--out", str(out)]
    begin = time.monotonic()
    with (out.parent / "screen.txt").open("w+") as screen:
        process = subprocess.Popen([*words, "--json"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=screen)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            screen.seek(0)
            raise RuntimeError(f"{model.name}: exit code {process.returncode}\n{screen.read()[-2000:]}")
    features = json.loads(next(out.glob("*/roadmap.geojson")).read_text(encoding="utf-8"))["features"]
    items = json.loads(next(out.glob("*/work_items.json")).read_text(encoding="utf-8"))
    return {
        "model": model.name,
        "storey": storey,
        "bytes": model.stat().st_size,
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * 1024,
        "nodes": sum(feature["geometry"]["type"] == "Point" for feature in features),
        "targets": sum(len(item["targets"]) for item in items),
    }


def line(result: dict[str, Any]) -> str:
    return (
        f"{result['model']}, {result['storey']} ({result['bytes'] / 1e6:.1f} MB): {result['wall']:.1f} s of wall time, "
        f"{result['cpu']:.1f} s of CPU time, at most {result['peak_bytes'] / 1e6:.0f} MB; "
        f"{result['nodes']} nodes, {result['targets']} places of work"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL.ifc:STOREY")
    parser.add_argument("--repeat", type=int, default=1, help="imports of each model (default 1)")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    wanted = [(Path(text.rpartition(":")[0]), text.rpartition(":")[2]) for text in given.models]
    if not wanted:
        wanted = [(ROOT / "models" / "duplex.ifc", "Level 1")]
        if OFFICE.is_file():
            wanted.append((OFFICE, "Level 1"))
        else:
            print(f"no {OFFICE}: only the model that comes along", file=sys.stderr)
    where = where_and_when()
    results = []
    for model, storey in wanted:
        for _ in range(given.repeat):
            with tempfile.TemporaryDirectory() as name:
                try:
                    results.append(imported(model.resolve(), storey, Path(name) / "site"))
                except RuntimeError as fault:
                    print(fault, file=sys.stderr)
                    return 1
    print(json.dumps({"where": where, "imports": results}) if given.json else "\n".join([where, *map(line, results)]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
