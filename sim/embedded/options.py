"""Command line of the embedded simulator."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

from sim.embedded.scene import Obstruction, Placed
from sim.expand import expand_model, rename_model
from sim.paths import BRIDGE, PERSON, checked_name, model_file
from sim.person_paths import load_paths
from sim.sdf import Model, read_model


@dataclass(frozen=True, slots=True)
class Options:
    """What to simulate. Times in s, places in m and rad."""

    world: Path
    robots: tuple[Placed, ...]
    people: tuple[Placed, ...]
    obstructions: tuple[Obstruction, ...]
    speed: float
    seed: int
    report: Path | None
    bridge: Path
    charge: dict[str, float]
    battery_scale: float
    duration: float | None
    max_silence: float
    patience: float


def _numbers(text: str, option: str, names: str, words: list[str]) -> list[float]:
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != len(words) or not all(math.isfinite(value) for value in values):
        raise ValueError(f"{option} {text}: expected {names} with finite numbers")
    return values


def _split(text: str, option: str, names: str) -> list[str]:
    words = text.split(":")
    if len(words) != len(names.split(":")):
        raise ValueError(f"{option} {text}: expected {names}")
    return words


def load_model(model: str, name: str, extra: Path | None = None) -> Model:
    """A model for a robot of that name; `extra` is a folder of further models, looked at first."""
    path = extra / model / "model.sdf" if extra is not None else None
    if path is not None and path.is_file():
        return read_model(path, rename_model(path.read_text(encoding="utf-8"), model, checked_name(name)))
    return read_model(model_file(model), expand_model(model, name))


def parse_options(arguments: list[str]) -> Options:
    """Options of a command line without its ROS arguments. Raises ValueError, SdfError."""
    parser = argparse.ArgumentParser(prog="sim.embedded.node", description="Embedded simulator (MuJoCo).")
    parser.add_argument("--world", type=Path, required=True, help="SDF world")
    parser.add_argument("--robot", action="append", default=[], metavar="ID:MODEL:X:Y:YAW")
    parser.add_argument("--person", action="append", default=[], metavar="ID:X:Y")
    parser.add_argument("--people", type=Path, help="paths file of sim.people: its people, each at its first waypoint")
    parser.add_argument("--obstruction", action="append", default=[], metavar="NAME:X:Y:Z:SX:SY:SZ",
                        help="static box: centre and full lengths in m")  # fmt: skip
    parser.add_argument("--speed", default="1", help="times wall time, or `max`")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path, help="JSON file with contacts, distances and speed, kept up to date")
    parser.add_argument("--extra-models", type=Path, help="folder of further models")
    parser.add_argument("--bridge", type=Path, default=BRIDGE, help="bridge table")
    parser.add_argument("--battery", action="append", default=[], metavar="ID:CHARGE", help="charge 0..1 at the start")
    parser.add_argument("--battery-scale", type=float, default=1.0, help="times faster draining and charging")
    parser.add_argument("--duration", type=float, help="s of simulated time after which to end")
    silence = "s of simulated time that a commanded robot may be silent before the clock holds"
    parser.add_argument("--max-silence", type=float, default=0.25, help=silence)
    patience = "s of wall time to wait for a silent robot before it counts as dead"
    parser.add_argument("--patience", type=float, default=0.3, help=patience)
    given = parser.parse_args(arguments)
    return Options(
        world=given.world,
        robots=tuple(_robot(text, given.extra_models) for text in given.robot),
        people=(*(_person(text) for text in given.person), *_people(given.people)),
        obstructions=tuple(_obstruction(text) for text in given.obstruction),
        speed=_speed(given.speed),
        seed=given.seed,
        report=given.report,
        bridge=given.bridge,
        charge=dict(_charge(text) for text in given.battery),
        battery_scale=given.battery_scale,
        duration=given.duration,
        max_silence=given.max_silence,
        patience=given.patience,
    )


def _robot(text: str, extra: Path | None) -> Placed:
    form = "ID:MODEL:X:Y:YAW"
    name, model, *place = _split(text, "--robot", form)
    x, y, yaw = _numbers(text, "--robot", form, place)
    return Placed(load_model(model, name, extra), x, y, yaw, model)


def _person(text: str) -> Placed:
    name, *place = _split(text, "--person", "ID:X:Y")
    x, y = _numbers(text, "--person", "ID:X:Y", place)
    return Placed(load_model(PERSON, name), x, y, kind=PERSON)


def _people(path: Path | None) -> tuple[Placed, ...]:
    if path is None:
        return ()
    return tuple(
        Placed(load_model(PERSON, person.person_id), *person.waypoints[0], kind=PERSON) for person in load_paths(path)
    )


def _obstruction(text: str) -> Obstruction:
    form = "NAME:X:Y:Z:SX:SY:SZ"
    name, *numbers = _split(text, "--obstruction", form)
    x, y, z, sx, sy, sz = _numbers(text, "--obstruction", form, numbers)
    if min(sx, sy, sz) <= 0.0:
        raise ValueError(f"--obstruction {text}: lengths must be above zero")
    return Obstruction(name, (x, y, z), (sx, sy, sz))


def _charge(text: str) -> tuple[str, float]:
    name, charge = _split(text, "--battery", "ID:CHARGE")
    return name, _numbers(text, "--battery", "ID:CHARGE", [charge])[0]


def _speed(text: str) -> float:
    if text in ("max", "inf"):
        return math.inf
    speed = _numbers(text, "--speed", "a number or max", [text])[0]
    if speed <= 0.0:
        raise ValueError(f"--speed {text}: must be above zero")
    return speed
