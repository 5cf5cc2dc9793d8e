"""Scripted people of a run: where each of them stands at the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml


class PeopleFileError(ValueError):
    """A file of walking paths that cannot be used; the message names it and what is wrong."""


@dataclass(frozen=True, slots=True)
class PersonStart:
    """A person at the first waypoint of the scripted path: x, y in m, map frame."""

    person_id: str
    x: float
    y: float


def people_starts(paths: Path) -> tuple[PersonStart, ...]:
    """Start places from a file `people: [{id, speed, waypoints: [[x, y], ...]}]`.

    Raises:
        PeopleFileError: no such file, or not of this form.
    """
    try:
        people = yaml.safe_load(paths.read_text(encoding="utf-8"))["people"]
        return tuple(PersonStart(str(each["id"]), *map(float, each["waypoints"][0])) for each in people)
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError, ValueError) as error:
        raise PeopleFileError(
            f"{paths}: {error!r}; expected people: [{{id, speed, waypoints: [[x, y], ...]}}]"
        ) from error
