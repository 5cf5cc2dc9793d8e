"""What the embedded simulator spends its time on: physics, lidar rays, making messages, publishing.

Run: `make bench-sim-publishing` or `python benchmarks/bench_sim_publishing.py [--seconds 60] [--json]`.
The simulator's own process with three robots, as fast as it can, once alone and once with three processes that listen
to everything and command at 50 Hz. Timers (CPU time of the stepping thread) are put around the four parts; the rest is
the loop itself and the timers. Exit code 1 if the parts are more than the whole, or nothing was published.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_sim import DOMAIN, LISTENER, ROBOTS
from figures import where_and_when

from sim.embedded.camera import choose_renderer

choose_renderer()

from rclpy.publisher import Publisher  # noqa: E402

from sim.embedded import node as simulator  # noqa: E402
from sim.embedded.ros_topics import RosTopics  # noqa: E402
from sim.embedded.simulation import Simulation  # noqa: E402
from sim.paths import WORLDS  # noqa: E402

PARTS = ("physics", "lidar rays", "messages", "publishing")


def simulate(out: Path, arguments: list[str]) -> int:
    """The simulator's process, with timers."""
    spent: Counter[str] = Counter()
    calls: Counter[str] = Counter()

    def timed(owner: Any, name: str, part: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def around(*args: Any, **named: Any) -> Any:
            begin = time.thread_time_ns()
            try:
                return inner(*args, **named)
            finally:
                spent[part] += time.thread_time_ns() - begin
                calls[part] += 1

        setattr(owner, name, around)

    timed(Simulation, "step", "physics")
    timed(Simulation, "scan", "lidar rays")
    timed(Publisher, "publish", "publishing")
    timed(RosTopics, "publish_due", "all topics")
    timed(simulator.SimulatorNode, "run", "whole")
    code = simulator.main(arguments)
    # `publish_due` is messages, their lidar rays and publishing; a message holds what a sensor measures.
    spent["messages"] = spent["all topics"] - spent["lidar rays"] - spent["publishing"]
    out.write_text(json.dumps({"spent": spent, "calls": calls}))
    return code


def run(listeners: bool, seconds: float, folder: Path) -> dict[str, Any]:
    """One case."""
    environment = {**os.environ, "ROS_DOMAIN_ID": DOMAIN, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    started = []
    out, report = folder / "parts.json", folder / "report.json"
    words = [word for name, model, y in ROBOTS for word in ("--robot", f"{name}:{model}:0:{y}:0")]
    try:
        if listeners:
            for name, _, _ in ROBOTS:
                started.append(subprocess.Popen([sys.executable, "-c", LISTENER, name], env=environment))
            time.sleep(2.0)
        subprocess.run(
            [sys.executable, __file__, "simulate", str(out), "--world", str(WORLDS / "empty.sdf"), *words,
             "--speed", "max", "--duration", str(seconds), "--max-silence", "1e9", "--report", str(report)],
            env=environment, check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        for child in started:
            child.terminate()
        for child in started:
            child.wait(timeout=10)
    content, facts = json.loads(out.read_text()), json.loads(report.read_text())
    whole = content["spent"]["whole"]
    return {
        "shares": {part: content["spent"][part] / whole for part in PARTS},
        "messages": content["calls"]["publishing"],
        "us_a_message": content["spent"]["publishing"] / 1e3 / max(content["calls"]["publishing"], 1),
        "cpu": whole / 1e9,
        "sim_time": facts["sim_time"],
        "rtf": facts["rtf"],
    }


def main() -> int:
    if sys.argv[1:2] == ["simulate"]:
        return simulate(Path(sys.argv[2]), sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="simulated time of each case (default 60)")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    where = where_and_when()
    cases = {}
    for label, listeners in (("nobody listens", False), ("three listening robots", True)):
        with tempfile.TemporaryDirectory() as name:
            cases[label] = run(listeners, given.seconds, Path(name))
    if given.json:
        print(json.dumps({"where": where, "cases": cases}))
    else:
        print(where)
        for label, case in cases.items():
            parts = ", ".join(f"{part} {100 * share:.0f} %" for part, share in case["shares"].items())
            rest = 100 * (1.0 - sum(case["shares"].values()))
            print(
                f"{label}: {parts}, rest {rest:.0f} %; {case['us_a_message']:.0f} us a message, "
                f"{case['messages'] / case['sim_time']:.0f} messages a simulated s, x{case['rtf']:.1f}"
            )
    sound = all(case["messages"] > 0 and 0.5 < sum(case["shares"].values()) <= 1.0 for case in cases.values())
    return 0 if sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
