"""The fault benchmark itself, with two faults that take little time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUSY = ("too busy to measure", "the machine stood still")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_quick_run_of_two_faults_stops_the_robot_and_says_so(tmp_path: Path) -> None:
    words = ["--quick", "--faults", "cut-teleop,frozen-lidar", "--seed", "3", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "bench_safety.py"), *words],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=580,
    )  # fmt: skip
    if any(words in done.stdout for words in BUSY):
        pytest.skip("the machine was too busy to measure anything")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    content = json.loads((tmp_path / "safety.json").read_text())
    runs = content["runs"]
    assert [run["fault"] for run in runs] == ["cut-teleop"] * 2 + ["frozen-lidar"] * 2
    assert all(0.0 < run["latency"] <= 0.32 and run["distance"] < 0.7 for run in runs)
    assert [(run["state"], run["reason"]) for run in runs[::2]] == [("HOLD", "control_lost"), ("STOPPED", "scan_lost")]
    assert not any(run["contacts"] or run["auto_resumes"] for run in runs)
    (site,) = content["sites"]
    assert site["events"] >= 12 and not site["lost"] and not site["broken"]
    assert "| operator's commands cut | 2 |" in done.stdout
