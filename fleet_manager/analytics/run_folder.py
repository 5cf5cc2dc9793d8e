"""A run folder: the names of its files, and how they are read back into a `RunRecord`.

`run.json` is written by whoever ran the run: name, started_at, ended_at, ended_because, storey, options, versions,
facts, notes. `telemetry.jsonl` holds one `RobotSample` a line. Whatever is missing is left out, so that a run that
was broken off still gets its report.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from fleet_manager.analytics.stored import StoredRun, read_store
from fleet_manager.analytics.values import ContactCheck, PlanFeature, RobotSample, RunRecord, StoreyPlan

STORE = "sitefleet.db"
RUN = "run.json"
TELEMETRY = "telemetry.jsonl"
SIMULATOR = "simulator.json"
SITE = "site"
LOGS = "logs"
REPORT = "report.html"
PERSON = "person"
"""What the names of people in a simulation begin with."""


class NotARunError(ValueError):
    """The folder is not one that a run left behind."""


def read_run(folder: Path) -> RunRecord:
    """Everything that a run folder holds.

    Raises:
        NotARunError: the folder has neither a store nor a run.json.
    """
    if not (folder / STORE).is_file() and not (folder / RUN).is_file():
        raise NotARunError(f"{folder} is not a run folder: it has neither {STORE} nor {RUN}")
    about = json.loads((folder / RUN).read_text(encoding="utf-8")) if (folder / RUN).is_file() else {}
    store = read_store(folder / STORE) if (folder / STORE).is_file() else StoredRun()
    return RunRecord(
        name=about.get("name", folder.name),
        started_at=about.get("started_at", ""),
        ended_at=about.get("ended_at", ""),
        ended_because=about.get("ended_because", ""),
        tasks=store.tasks,
        as_built=store.as_built,
        robots=store.robots,
        events=store.events,
        samples=tuple(read_samples(folder / TELEMETRY)),
        plan=read_plan(folder / SITE, about.get("storey", "")),
        contact_check=read_contacts(folder / SIMULATOR),
        options=_texts(about.get("options", {})),
        versions=_texts(about.get("versions", {})),
        facts=_texts(about.get("facts", {})),
        notes=tuple(about.get("notes", ())),
    )


def read_samples(path: Path) -> Iterable[RobotSample]:
    """Samples of a telemetry file; a last line that was cut off while writing is left out."""
    if not path.is_file():
        return
    known = {f.name for f in fields(RobotSample)}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield RobotSample(**{k: v for k, v in json.loads(line).items() if k in known})


def read_plan(site: Path, storey: str) -> StoreyPlan:
    """What is drawn of a site package's storey; the only storey where none is named."""
    found = sorted(site.glob("*/floorplan.geojson"))
    chosen = next((p for p in found if p.parent.name == storey), found[0] if found else None)
    if chosen is None:
        return StoreyPlan()
    zones = chosen.with_name("zones.geojson")
    return StoreyPlan(tuple(_features(chosen)), tuple(_features(zones)) if zones.is_file() else ())


def _features(path: Path) -> Iterable[PlanFeature]:
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        properties, geometry = feature["properties"], feature["geometry"]
        kind, coordinates = geometry["type"], geometry["coordinates"]
        base = kind.removeprefix("Multi")
        pieces = coordinates if kind.startswith("Multi") else [coordinates]
        for piece in pieces:
            rings = piece if base == "Polygon" else [piece]
            if base not in {"Polygon", "LineString"}:
                continue
            yield PlanFeature(
                kind=properties.get("kind", ""),
                geometry=base,
                paths=tuple(tuple((float(p[0]), float(p[1])) for p in ring) for ring in rings),
                name=properties.get("name") or "",
                guid=properties.get("id") or properties.get("ifc_guid") or "",
            )


def read_contacts(path: Path) -> ContactCheck:
    """What the embedded simulator wrote; nothing where it wrote nothing.

    A contact is a robot's body touching anything but the floor, or its tool touching a robot or a person. A drill that
    touches the ceiling, or what hangs below it, is at work.
    """
    if not path.is_file():
        return ContactCheck()
    report = json.loads(path.read_text(encoding="utf-8"))
    robots = set(report["contacts_per_robot"])
    touches: dict[frozenset[str], dict[str, Any]] = {}
    for record in report["sim_contacts"]:
        alive = record["with"] in robots or record["with"].startswith(PERSON)
        if record["part"] == "hull" or alive:
            touches.setdefault(frozenset({record["robot"], record["with"]}), record)
    distances = (
        ("robot to robot", report.get("min_distance_robot_robot")),
        ("robot to person", report.get("min_distance_robot_person")),
    )
    return ContactCheck(
        contacts=sum(record["count"] for record in touches.values()),
        details=tuple(_contact_text(record) for record in list(touches.values())[:20]),
        least_distances=tuple((pair, float(metres)) for pair, metres in distances if metres is not None),
    )


def _contact_text(record: Mapping[str, Any]) -> str:
    x, y, _ = record["place"]
    return (
        f"{record['robot']} ({record['part']}) and {record['with']}, {record['count']} times from "
        f"{record['first_time']:.1f} s on, at x {x:.2f}, y {y:.2f} m"
    )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
