"""How often a robot that stands too near to a door's frame gets away by itself and through the door.

Starts are at random about a doorway of 0.70 m, turned up to 90 degrees off the way, with at least 1 cm to the walls;
pilot, supervisor and lidar are the real ones, the drive is kinematic. `python benchmarks/bench_escape.py [STARTS]`.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit" / "robot_motion"))

from escape_bench import Bench, doorway, filled, true_gap

from sitefleet_robot.motion.values import Pose2

LIMIT = 120.0
"""s of simulated time."""
DENSE = filled(doorway())


def start(seed: int) -> Pose2:
    """A place where the robot stands free of the walls."""
    chance = random.Random(seed)
    while True:
        pose = Pose2(chance.uniform(0.8, 1.7), chance.uniform(-0.3, 0.3), chance.uniform(-0.5 * math.pi, 0.5 * math.pi))
        if true_gap(DENSE, pose) > 0.01:
            return pose


def main(starts: int) -> None:
    """Run and print."""
    begun, failed, touched = time.process_time(), [], 0
    times: list[float] = []
    turned: Counter[bool] = Counter()
    for seed in range(starts):
        pose = start(seed)
        bench = Bench(doorway(), pose, seed=seed)
        across = abs(pose.yaw) > math.radians(30.0)
        turned[across] += 1
        if bench.run(LIMIT):
            times.append(bench.now - 100.0)
        else:
            failed.append((seed, pose, bench.pose, bench.core.state.label, bench.pilot.obstruction))
        touched += bench.nearest <= 0.0
    print(f"{starts} starts, {turned[True]} of them turned more than 30 degrees off the way")
    print(f"through the door by itself: {starts - len(failed)} ({1.0 - len(failed) / starts:.1%})")
    if times:
        times.sort()
        print(f"time: median {times[len(times) // 2]:.0f} s, longest {times[-1]:.0f} s")
    print(f"touched a wall: {touched}")
    for seed, pose, end, state, why in failed:
        a, b = (f"({p.x:.2f}, {p.y:.2f}, {math.degrees(p.yaw):.0f} deg)" for p in (pose, end))
        print(f"  start {seed} at {a}: stays at {b}, {state}: {why or 'nothing said'}")
    print(f"{time.process_time() - begun:.0f} s of processor time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
