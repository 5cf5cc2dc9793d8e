"""A run folder as a real run leaves it: a store written through the store's own tables, a site, telemetry."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from fleet_manager.domain.events import Event
from fleet_manager.domain.geometry import Pose3
from fleet_manager.domain.jobs import Job, JobState
from fleet_manager.domain.kept import RobotRecord
from fleet_manager.domain.robots import RobotFactsheet
from fleet_manager.domain.work import AsBuiltRecord, Outcome, Task, TaskState
from fleet_manager.store.engine import migrate, open_engine
from fleet_manager.store.repository import Store, register_site
from fleet_manager.store.values import item_from_json

START = datetime(2026, 5, 4, 7, 30, tzinfo=timezone.utc)
ROOMS = {"z1": ("Living Room", 0.0, 0.0, 6.0, 5.0), "z2": ("Kitchen", 6.0, 0.0, 10.0, 5.0)}


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[list[list[float]]]:
    return [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]


def feature(geometry: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": geometry, "coordinates": coordinates}}


def target(index: int, x: float, y: float, z: float, yaw: float = 0.0, reason: str = "") -> dict[str, Any]:
    return {
        "index": index, "node_id": "" if reason else f"n{index}", "stance": {"x": x, "y": y, "yaw": yaw},
        "heading_free": True, "pose": {"x": x, "y": y, "z": z, "qx": 0.0, "qy": 0.0, "qz": 0.0, "qw": 1.0},
        "reachable": not reason, "reason": reason,
    }  # fmt: skip


def work_item(item_id: str, trade: str, zone: str, targets: list[dict[str, Any]], tolerance: float) -> dict[str, Any]:
    return {
        "id": item_id, "trade": trade, "ifc_guid": f"guid-{item_id}", "element_name": f"Ceiling <{zone}>",
        "zone_id": zone, "title": f"{trade} in {ROOMS[zone][0]}", "tolerance": tolerance, "parameters": {"depth": 0.06},
        "targets": targets,
    }  # fmt: skip


def items() -> list[dict[str, Any]]:
    """Three drill holes and an unreachable one, a transport, an inspection, and a drill item that fails."""
    holes = [target(n, 1.0 + n, 2.0, 2.6) for n in range(3)]
    holes.append(target(3, 5.9, 0.1, 2.6, reason="a cupboard leaves no place to stand"))
    return [
        work_item("w1", "drill", "z1", holes, 0.005),
        work_item("w2", "transport", "z2", [target(0, 1.0, 4.0, 0.0), target(1, 8.0, 2.0, 0.0)], 0.1),
        work_item("w3", "inspect", "z2", [target(0, 7.0, 1.0, 1.2, math.pi / 2)], 0.05),
        work_item("w4", "drill", "z2", [target(0, 9.0, 4.0, 2.6)], 0.005),
    ]


def task(number: int, item: dict[str, Any], state: str, message: str = "") -> Task:
    return Task(
        f"task-{number}", f"job-{number}", item_from_json(item), TaskState(state), attempt=1, message=message
    )  # fmt: skip


def record(number: int, index: int, stamp: float, x: float, y: float, **values: Any) -> AsBuiltRecord:
    given: dict[str, Any] = {
        "task_id": f"task-{number}", "attempt": 1, "robot_id": "driller", "work_item_id": f"w{number}",
        "ifc_guid": f"guid-w{number}", "target_index": index, "outcome": Outcome.DONE, "measured": Pose3(x, y, 2.6),
        "deviation": 0.002, "measured_depth": 0.06, "measured_value": math.nan, "passed": True, "reason_code": "",
        "reason": "", "instrument": "total station", "evidence_uri": "", "stamp": stamp,
    }  # fmt: skip
    return AsBuiltRecord(**{**given, **values})


def records() -> list[AsBuiltRecord]:
    blocked = {"outcome": Outcome.DEFERRED, "passed": False, "measured_depth": math.nan, "reason_code": "DRILL_BLOCKED",
               "reason": "the bit met something 0.31 m below the ceiling"}  # fmt: skip
    return [
        record(1, 0, 110.0, 1.001, 2.002),
        record(1, 1, 130.0, 2.0, 2.0, **blocked),
        record(1, 1, 190.0, 2.003, 2.001, attempt=2, deviation=0.003),
        record(1, 2, 150.0, 3.0, 2.0, **blocked),
        record(1, 3, 100.0, 5.9, 0.1, **{**blocked, "attempt": 0, "robot_id": "", "reason_code": "NO_STANCE"}),
        record(2, 0, 120.0, 1.01, 4.0, robot_id="hauler", deviation=0.01, measured_depth=math.nan),
        record(2, 1, 180.0, 8.02, 2.0, robot_id="hauler", deviation=0.02, measured_depth=math.nan),
    ]


def robot(robot_id: str, trade: str) -> RobotRecord:
    factsheet = RobotFactsheet(
        robot_id=robot_id, model=robot_id, map_id="level-1", trades=(trade,), length=0.8, width=0.6, half_width=0.3,
        turning_radius=0.5, max_speed=0.8, max_payload=40.0, reach_min=1.0, reach_max=3.0, battery_reserve=0.2,
        home_node="h1", software_version="0.1.0",
    )  # fmt: skip
    return RobotRecord(robot_id, factsheet, online=True, last_seen=START)


def telemetry() -> list[dict[str, Any]]:
    """The driller stands in HOLD 10 s, drives 40 s at 0.1 m/s, works 50 s, waits the last 20 s."""
    samples = []
    for second in range(0, 121, 5):
        drive, work = min(max(second - 10, 0), 40), min(max(second - 50, 0), 50)
        moving = 10 <= second < 50
        samples.append({
            "robot_id": "driller", "stamp": 100.0 + second, "x": 0.1 * drive, "y": 1.0, "yaw": 0.0,
            "battery": 1.0 - second / 1000, "charging": False, "safety": "hold" if second < 10 else "auto",
            "phase": "driving" if moving else "drilling" if 50 <= second < 100 else "waiting",
            "task_id": "task-1", "speed": 0.1 if moving else 0.0, "distance_driven": 0.1 * drive,
            "time_driving": float(drive), "time_working": float(work),
        })  # fmt: skip
    return samples


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run that ended with one hole deferred, one task failed and one viewpoint not visited."""
    folder = tmp_path / "20260504T073000Z-test"
    storey = folder / "site" / "level-1"
    storey.mkdir(parents=True)
    walls = [feature("Polygon", rectangle(-0.2, -0.2, 10.2, 0.0), kind="wall", ifc_guid="wall-1", name="South & wall")]
    zones = [
        feature("Polygon", rectangle(*box), id=zone, name=name, kind="space", ifc_guid=f"space-{zone}")
        for zone, (name, *box) in ROOMS.items()
    ]
    for name, features in (("floorplan", walls), ("zones", zones)):
        collection = {"type": "FeatureCollection", "features": features}
        (storey / f"{name}.geojson").write_text(json.dumps(collection), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps({
        "name": "test", "started_at": "2026-05-04T07:30:00+00:00", "storey": "level-1", "options": {"seed": 7},
        "versions": {"sitefleet": "0.1.0"}, "facts": {"first motion": "11.2 s"}, "notes": ["A duct box was put up."],
    }), encoding="utf-8")  # fmt: skip
    lines = (json.dumps(sample) + "\n" for sample in telemetry())
    (folder / "telemetry.jsonl").write_text("".join(lines), encoding="utf-8")
    write_store(folder / "sitefleet.db")
    return folder


def add_to_store(
    path: Path,
    tasks: Sequence[Task],
    built: Sequence[AsBuiltRecord],
    robots: Sequence[RobotRecord] = (),
    events: Sequence[Event] = (),
) -> None:
    """Write what a manager would have written, through its own store; each task in a job of its own."""
    engine = open_engine(str(path))
    migrate(engine)
    site = register_site(
        engine, name="test", storey="level-1", source_file="t.ifc", source_sha256="0", items=[t.item for t in tasks],
        now=START,
    )  # fmt: skip
    with Store(engine, site).transaction() as store:
        for one in tasks:
            store.add_job(Job(one.job_id, "all", 50, "test", START, JobState.RUNNING), [one])
        for found in robots:
            store.put_robot(found)
        for one_record in built:
            assert store.add_record(one_record, START)
        for event in events:
            store.add_event(event)
    engine.dispose()


def write_store(path: Path) -> None:
    states = (("deferred", ""), ("succeeded", ""), ("running", ""), ("failed", "the drill reports a fault"))
    tasks = [task(n, i, *state) for n, (i, state) in enumerate(zip(items(), states, strict=True), start=1)]
    robots = [robot("driller", "drill"), robot("hauler", "transport")]
    time = START + timedelta(seconds=4)
    failure = Event(time, "task_failed", 2, "the drill reports a fault", robot_id="driller", task_id="task-4")
    add_to_store(path, tasks, records(), robots, [failure])


@pytest.fixture
def large_run(run_folder: Path) -> Callable[[int], Path]:
    """Makes the run's store hold one more drill item with that many holes, drilled with a normal error."""

    def grow(holes: int) -> Path:
        dice = random.Random(5)
        places = [target(n, 0.3 + 9.0 * dice.random(), 4.8 * dice.random(), 2.6) for n in range(holes)]
        built = []
        for place in places:
            dx, dy = dice.gauss(0.0, 0.0015), dice.gauss(0.0, 0.0015)
            x, y = place["pose"]["x"] + dx, place["pose"]["y"] + dy
            built.append(record(5, place["index"], 100.0 + place["index"], x, y, deviation=math.hypot(dx, dy)))
        item = work_item("w5", "drill", "z1", places, 0.005)
        add_to_store(run_folder / "sitefleet.db", [task(5, item, "succeeded")], built)
        return run_folder

    return grow
