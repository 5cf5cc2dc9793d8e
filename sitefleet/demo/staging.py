"""Where robots and people of the demo begin."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.domain.site import Storey
from sitefleet.demo.errors import DemoArgumentError
from sitefleet.demo.walkers import walks
from sitefleet.robots import RobotChoiceError, RobotSpec, choose_robots

WALKING_SPEED = 0.8
"""m/s; somebody who looks about, not somebody in a hurry."""


def place_robots(storey: Storey, wishes: Sequence[str]) -> tuple[RobotSpec, ...]:
    """A home for every robot.

    Raises:
        DemoArgumentError: more robots than homes.
    """
    try:
        return choose_robots(wishes, [node.id for node in storey.roadmap.of_kind(NodeKind.HOME)])
    except RobotChoiceError as error:
        raise DemoArgumentError(f"--robots: {error}") from error


def write_people(storey: Storey, count: int, path: Path) -> int:
    """Write the people's walks; how many people there is room for."""
    loops = [[*walk, *reversed(walk[1:-1])] for walk in walks(storey.roadmap, count)]
    people = [
        {"id": f"person_{number}", "speed": WALKING_SPEED, "waypoints": [list(corner) for corner in loop]}
        for number, loop in enumerate(loops, start=1)
    ]
    # JSON is YAML, which is what the process of the people reads.
    path.write_text(json.dumps({"people": people}, indent=1), encoding="utf-8")
    return len(people)
