"""Robots of the demo on the roadmap of a site package, going from stance to stance: nobody meets, everybody arrives.

Run: `python benchmarks/bench_traffic_site.py SITE_FOLDER --runs 100 [--robots 3] [--seed 0]`
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import disc_fleet
from traffic_scenes import site_scene

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.site.package import load_site


def main() -> int:
    """Run the sweep; 1 if any run failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--robots", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trace", action="store_true", help="print notices of failing runs")
    options = parser.parse_args()
    storey = next(iter(load_site(options.site).storeys.values()))
    roadmap = storey.roadmap
    print(f"{len(roadmap.nodes)} nodes, {len(roadmap.edges)} edges, {len(roadmap.of_kind(NodeKind.STANCE))} stances")
    failed: list[int] = []
    steps: list[float] = []
    spent: list[float] = []
    gap = float("inf")
    yields = 0
    begin = time.perf_counter()
    for seed in range(options.seed, options.seed + options.runs):
        trace: list[str] = []
        try:
            result: disc_fleet.Run = site_scene(roadmap, seed, options.robots, trace, steps)
        except AssertionError as error:
            print(f"seed {seed}: {error}")
            failed.append(seed)
            if options.trace:
                print("   " + "\n   ".join(trace[-30:]))
            continue
        spent.append(result.time)
        gap = min(gap, result.least_gap)
        yields += sum("makes room" in n for n in result.notices)
        if not result.finished:
            failed.append(seed)
            print(f"seed {seed}: not finished after {result.time:.0f} s, visited {result.visited}")
            print("   " + "\n   ".join(result.where))
            if options.trace:
                print("   " + "\n   ".join(trace[-30:]))
    steps.sort()
    print(
        f"{options.runs} runs with {options.robots} robots, {len(failed)} failed {failed}; least gap {gap:.3f} m; "
        f"{yields} times room was made; step mean {1e3 * sum(steps) / len(steps):.2f} ms, "
        f"p99 {1e3 * steps[int(0.99 * len(steps))]:.2f} ms, worst {1e3 * steps[-1]:.1f} ms; "
        f"simulated {sum(spent) / max(len(spent), 1):.0f} s a run; {time.perf_counter() - begin:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
