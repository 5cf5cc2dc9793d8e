"""Which robots a run has: parsing `ID:MODEL:HOME`, free home nodes, and where a robot stands at the start."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MODELS = ("driller", "printer", "hauler", "inspector", "painter")
# A robot's id is its ROS namespace.
ROBOT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class RobotChoiceError(ValueError):
    """Robots that cannot be started on this site; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class RobotSpec:
    """One robot of a run. `home_node` is a node of kind `home` of the storey's roadmap."""

    robot_id: str
    model: str
    home_node: str


@dataclass(frozen=True, slots=True)
class HomePlace:
    """A parking place: x, y in m and heading in rad, in the storey's map frame."""

    node_id: str
    x: float
    y: float
    heading: float


def home_places(roadmap: Path) -> dict[str, HomePlace]:
    """The `home` nodes of a roadmap.geojson, by id, in the file's order."""
    features = json.loads(roadmap.read_text(encoding="utf-8"))["features"]
    places = {}
    for feature in features:
        properties = feature["properties"]
        if feature["geometry"]["type"] == "Point" and properties.get("kind") == "home":
            x, y = feature["geometry"]["coordinates"][:2]
            node_id = str(properties["id"])
            places[node_id] = HomePlace(node_id, float(x), float(y), float(properties.get("heading") or 0.0))
    return places


def choose_robots(wanted: Sequence[str], homes: Sequence[str]) -> tuple[RobotSpec, ...]:
    """Robots from `MODEL`, `ID:MODEL` or `ID:MODEL:HOME`; what is left out is `MODEL_<n>` and the next free home.

    Raises:
        RobotChoiceError: unknown model, bad or double id, unknown or taken home, more robots than homes.
    """
    parts = [_split(text) for text in wanted]
    taken = {home for _, _, home in parts if home}
    for home in sorted(taken):
        if home not in homes:
            raise RobotChoiceError(f"no home node {home!r}; there are: {', '.join(homes) or 'none'}")
    if len(parts) > len(homes):
        raise RobotChoiceError(f"{len(parts)} robots, but the storey has only {len(homes)} home nodes")
    free = iter(home for home in homes if home not in taken)
    robots: list[RobotSpec] = []
    numbers = dict.fromkeys(MODELS, 0)
    for robot_id, model, home in parts:
        numbers[model] += 1
        spec = RobotSpec(robot_id or f"{model}_{numbers[model]}", model, home or next(free))
        if any(spec.robot_id == other.robot_id for other in robots):
            raise RobotChoiceError(f"two robots are called {spec.robot_id!r}")
        if any(spec.home_node == other.home_node for other in robots):
            raise RobotChoiceError(f"two robots have the home node {spec.home_node!r}")
        robots.append(spec)
    return tuple(robots)


def _split(text: str) -> tuple[str, str, str]:
    """(id, model, home) of one wish; id and home may be empty."""
    fields = text.split(":")
    if len(fields) == 1:
        fields = ["", *fields]
    if len(fields) not in (2, 3):
        raise RobotChoiceError(f"{text!r} is not MODEL, ID:MODEL or ID:MODEL:HOME")
    robot_id, model, home = (*fields, "")[:3]
    if model not in MODELS:
        raise RobotChoiceError(f"no robot model {model!r}; there are: {', '.join(MODELS)}")
    if robot_id and not ROBOT_ID.fullmatch(robot_id):
        raise RobotChoiceError(f"robot id {robot_id!r}: letters, digits and _ only, a letter first")
    return robot_id, model, home
