"""Runs a session of fake processes as the demo would. Arguments: FOLDER, PORT, DOMAIN, WORK, `stubborn`, `live`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from rich.console import Console

from sitefleet.demo.display import display_for
from sitefleet.demo.session import Limits, SessionPlan, run_session
from sitefleet.processes import Process, StopWave
from sitefleet.starter import Deadlines

folder, port, domain, work = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
diary = str(folder / "diary")
stubborn = ("stubborn",) if "stubborn" in sys.argv else ()
environment = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])}
processes = [
    Process("safety-driller", "", "", "fake_robot", arguments=("safety", diary), environment=environment,
            stop_wave=StopWave.SUPERVISORS),
    Process("autonomy-driller", "", "", "fake_robot", arguments=("autonomy", diary, *stubborn),
            environment=environment),
    Process("manager", "", "", "fake_manager", arguments=(port, diary, work, "ours"), environment=environment),
]  # fmt: skip
live = "live" in sys.argv
if live:  # opening the terminal by its name makes it the one whose Ctrl-C this session gets
    os.open(os.ttyname(0), os.O_RDWR)
console = Console()
begin = time.monotonic()
plan = SessionPlan(
    name="fakes", processes=processes, robot_ids=("driller", "hauler"), work_item_ids=("w1",),
    api=f"http://127.0.0.1:{port}", instance="ours", domain_id=domain, logs=folder / "logs",
    telemetry=folder / "telemetry.jsonl",
    limits=Limits(api=20.0, robots=10.0, silence=3.0, whole=20.0),
    deadlines=Deadlines(stop_robots=3.0, interrupt=1.0, terminate=0.5, kill=1.0),
)  # fmt: skip
end = run_session(plan, display_for(console, headless=not live), lambda: time.monotonic() - begin)
(folder / "end.json").write_text(json.dumps({
    "interrupted": end.interrupted, "error": str(end.error) if end.error else "", "killed": end.killed,
    "state": end.job.state if end.job else "", "stopped": end.robots_stopped,
}), encoding="utf-8")  # fmt: skip
