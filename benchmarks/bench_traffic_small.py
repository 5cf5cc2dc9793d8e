"""Sweep of random floor plans with 2 to 6 robots: no overlap, nobody stuck; prints figures.

Run: `python benchmarks/bench_traffic_small.py --runs 300 [--seed 0]`
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from traffic_scenes import scene

from fleet_manager.traffic.reservation import ReservationTraffic


class Timed:
    """A controller with a stopwatch."""

    def __init__(self, inner: ReservationTraffic) -> None:
        self.inner = inner
        self.times: list[float] = []

    def step(self, *args: object) -> object:
        """One step, timed."""
        begin = time.process_time()
        answer = self.inner.step(*args)  # type: ignore[arg-type]
        self.times.append(time.process_time() - begin)
        return answer


def main() -> int:
    """Run the sweep; 1 if any run failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trace", action="store_true", help="print notices of failing runs")
    options = parser.parse_args()
    failed, times, spent = [], [], []
    for seed in range(options.seed, options.seed + options.runs):
        trace: list[str] = []
        try:
            result, timed = scene(seed, trace, Timed)
        except AssertionError as error:
            print(f"seed {seed}: {error}")
            failed.append(seed)
            continue
        times += timed.times
        spent.append(result.time)
        if not result.finished:
            failed.append(seed)
            print(f"seed {seed}: not finished after {result.time:.0f} s, visited {result.visited}")
            print("   " + "\n   ".join(result.where))
        if seed in failed and options.trace:
            print("   " + "\n   ".join(trace[-30:]))
    times.sort()
    print(
        f"{options.runs} runs, {len(failed)} failed {failed}; step mean {1e3 * sum(times) / len(times):.2f} ms, "
        f"p99 {1e3 * times[int(0.99 * len(times))]:.2f} ms, worst {1e3 * times[-1]:.1f} ms; "
        f"simulated {sum(spent) / max(len(spent), 1):.0f} s a run"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    random.seed(0)
    raise SystemExit(main())
