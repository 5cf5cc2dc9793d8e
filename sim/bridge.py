"""The bridge table: reading, checking and resolving it for the robots and people of a world.

`python -m sim.bridge --robot drill_1:driller --person p1 > bridge.yaml` writes a plain ros_gz_bridge file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from sim.paths import BRIDGE, PERSON
from sim.topics import ROS_TYPES

PLACEHOLDER = "{robot}"
_REQUIRED = ("ros_topic_name", "gz_topic_name", "ros_type_name", "gz_type_name", "direction")
_OPTIONAL = ("lazy", "publisher_queue", "subscriber_queue", "models")
_DIRECTIONS = ("GZ_TO_ROS", "ROS_TO_GZ", "BIDIRECTIONAL")


class BridgeError(Exception):
    """An entry of the bridge table that cannot be used; the message names the entry."""


@dataclass(frozen=True, slots=True)
class BridgeEntry:
    """One topic of the table. `models` empty: every robot."""

    ros_topic_name: str
    gz_topic_name: str
    ros_type_name: str
    gz_type_name: str
    direction: str
    lazy: bool = False
    publisher_queue: int = 10
    subscriber_queue: int = 10
    models: tuple[str, ...] = ()
    entity: str = ""
    """Name of the robot or person that a resolved entry belongs to; empty for the world's topics."""

    def fits(self, model: str) -> bool:
        """Whether robots or people of this model have the topic."""
        return model in self.models if self.models else model != PERSON


def load_bridge(path: Path = BRIDGE) -> tuple[BridgeEntry, ...]:
    """Read the table. Raises BridgeError."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(raw, list):
        raise BridgeError(f"{path}: expected a list of entries")
    return tuple(_entry(item, f"{path}: entry {number}") for number, item in enumerate(raw, start=1))


def _entry(item: Any, where: str) -> BridgeEntry:
    if not isinstance(item, dict):
        raise BridgeError(f"{where}: expected keys and values")
    where = f"{where} ({item.get('ros_topic_name')})"
    missing = [key for key in _REQUIRED if key not in item]
    unknown = [key for key in item if key not in (*_REQUIRED, *_OPTIONAL)]
    if missing or unknown:
        raise BridgeError(f"{where}: missing keys {missing}, unknown keys {unknown}")
    if item["direction"] not in _DIRECTIONS:
        raise BridgeError(f"{where}: direction {item['direction']!r} is none of {_DIRECTIONS}")
    if item["gz_type_name"] not in ROS_TYPES:
        raise BridgeError(f"{where}: unknown Gazebo type {item['gz_type_name']!r}")
    if ROS_TYPES[item["gz_type_name"]] != item["ros_type_name"]:
        raise BridgeError(f"{where}: {item['gz_type_name']} bridges to {ROS_TYPES[item['gz_type_name']]}")
    if (PLACEHOLDER in item["ros_topic_name"]) != (PLACEHOLDER in item["gz_topic_name"]):
        raise BridgeError(f"{where}: {PLACEHOLDER} must stand in both topic names or in neither")
    return BridgeEntry(**{**item, "models": tuple(item.get("models", ()))})


def resolve(entries: tuple[BridgeEntry, ...], models: Mapping[str, str]) -> tuple[BridgeEntry, ...]:
    """Entries for the robots and people of a world; `models` is name to model."""
    result = []
    for entry in entries:
        if PLACEHOLDER not in entry.ros_topic_name:
            result.append(entry)
            continue
        result.extend(
            replace(
                entry,
                ros_topic_name=entry.ros_topic_name.replace(PLACEHOLDER, name),
                gz_topic_name=entry.gz_topic_name.replace(PLACEHOLDER, name),
                entity=name,
            )
            for name, model in models.items()
            if entry.fits(model)
        )
    return tuple(result)


def to_ros_gz_yaml(entries: tuple[BridgeEntry, ...]) -> str:
    """Text of a plain ros_gz_bridge configuration file."""
    keys = (*_REQUIRED, "lazy", "publisher_queue", "subscriber_queue")
    return str(yaml.safe_dump([{key: getattr(entry, key) for key in keys} for entry in entries], sort_keys=False))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--robot", action="append", default=[], metavar="NAME:MODEL")
    parser.add_argument("--person", action="append", default=[], metavar="NAME")
    arguments = parser.parse_args()
    models = dict(item.split(":", 1) for item in arguments.robot)
    models.update((name, PERSON) for name in arguments.person)
    sys.stdout.write(to_ros_gz_yaml(resolve(load_bridge(), models)))


if __name__ == "__main__":
    main()
