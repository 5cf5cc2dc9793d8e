"""The run in figures: contacts, least distances, real-time factor. Written to a file that is always whole."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

from sim.embedded.simulation import Simulation


def summary(simulation: Simulation, wall_time: float, held_time: float) -> dict[str, Any]:
    """Figures so far; `wall_time` and `held_time` in s. Distances beyond 3 m are null."""
    records = sorted(simulation.contacts.records.values(), key=lambda record: record.first_time)
    return {
        "sim_time": round(simulation.time, 3),
        "wall_time": round(wall_time, 3),
        "held_time": round(held_time, 3),
        "cpu_time": round(time.process_time(), 3),
        "rtf": round(simulation.time / wall_time, 2) if wall_time > 0.0 else 0.0,
        "sim_contacts": [
            {
                "robot": record.robot,
                "part": record.part,
                "with": record.other,
                "count": record.count,
                "first_time": round(record.first_time, 3),
                "last_time": round(record.last_time, 3),
                "place": [round(value, 3) for value in record.place],
            }
            for record in records
        ],
        "contacts_per_robot": {
            name: sum(record.count for record in records if record.robot == name and record.part == "hull")
            for name in simulation.robots
        },
        "min_distance_robot_robot": _distance(simulation.separation.robot_robot),
        "min_distance_robot_person": _distance(simulation.separation.robot_person),
        "robots": {
            name: {
                "pose": [round(value, 4) for value in robot.pose],
                "battery": round(robot.battery.read().percentage, 4) if robot.battery is not None else None,
            }
            for name, robot in simulation.robots.items()
        },
    }


def write_report(path: Path, content: dict[str, Any]) -> None:
    """Replace the file in one move, so that a reader never sees half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def _distance(value: float) -> float | None:
    return None if math.isinf(value) else round(value, 4)
