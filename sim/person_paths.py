"""The file that says which people walk where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from sim.paths import checked_name
from sim.walking import Walk


@dataclass(frozen=True, slots=True)
class PersonPath:
    """One person of a paths file."""

    person_id: str
    speed: float
    waypoints: tuple[tuple[float, float], ...]


def load_paths(path: Path) -> tuple[PersonPath, ...]:
    """Read `people: [{id, speed, waypoints: [[x, y], ...]}]`. Raises ValueError naming what is wrong."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    people = raw.get("people") if isinstance(raw, dict) else None
    if not isinstance(people, list):
        raise ValueError(f"{path}: expected a list under `people`")
    result = []
    for number, item in enumerate(people, start=1):
        try:
            waypoints = tuple((float(x), float(y)) for x, y in item["waypoints"])
            person = PersonPath(checked_name(str(item["id"])), float(item.get("speed", 1.0)), waypoints)
            Walk(person.waypoints, person.speed)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: person {number}: {error!r}") from error
        result.append(person)
    return tuple(result)
