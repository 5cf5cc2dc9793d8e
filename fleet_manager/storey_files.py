"""The storey a manager works on, from its site package: for operations, for the store, and for the API."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fleet_manager.api import schemas
from fleet_manager.domain.access import AccessKind, AccessZone, ZoneSource
from fleet_manager.domain.site import Storey, ZoneKind
from fleet_manager.operations.core import StoreyWork
from fleet_manager.site import load_storey


class StoreyError(Exception):
    """The storey cannot be loaded; the message says why and what there is."""


@dataclass(frozen=True)
class LoadedStorey:
    """Everything of a storey that the manager needs."""

    storey: Storey
    site: schemas.Site
    plan: schemas.SitePlan

    @property
    def work(self) -> StoreyWork:
        """For operations; ground that the model closes to robots is the first set of zones."""
        zones = tuple(
            AccessZone(z.id, z.name, AccessKind.NO_GO, z.areas, ifc_guid=z.ifc_guid, source=ZoneSource.SITE)
            for z in self.storey.zones
            if z.kind is ZoneKind.NO_GO
        )
        return StoreyWork(self.storey.id, self.storey.roadmap, {w.id: w for w in self.storey.work_items}, zones)

    @property
    def names(self) -> dict[str, str]:
        """Readable names of doors (by GlobalId) and zones (by id)."""
        names = {d.ifc_guid: d.name for d in self.storey.doorways}
        names.update((z.id, z.name) for z in self.storey.zones)
        return names


def load(site: Path, storey: str) -> LoadedStorey:
    """Load a storey by its name or folder. Raises StoreyError; damage inside raises NotASitePackage."""
    try:
        head = yaml.safe_load((site / "site.yaml").read_text(encoding="utf-8"))
        entries = {s["id"]: s["name"] for s in head["storeys"]}
        source = head["source"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise StoreyError(f"{site} is not a site package ({error}); make one with `sitefleet site import`") from error
    found = [i for i, name in entries.items() if storey in {i, name}]
    if not found:
        known = ", ".join(f"{name!r} ({i})" for i, name in entries.items())
        raise StoreyError(f"{site} has no storey {storey!r}; there is: {known}")
    folder = site / found[0]
    loaded = load_storey(folder)
    about = schemas.Site(
        name=head["name"],
        storey=loaded.name,
        source_file=source["file"],
        source_sha256=source["sha256"],
        map=_map_info(folder),
        counts=_counts(loaded),
    )
    plan = schemas.SitePlan(floorplan=_json(folder / "floorplan.geojson"), zones=_json(folder / "zones.geojson"))
    return LoadedStorey(loaded, about, plan)


def _json(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def _counts(storey: Storey) -> schemas.SiteCounts:
    targets = [t for w in storey.work_items for t in w.targets]
    return schemas.SiteCounts(
        work_items=len(storey.work_items),
        work_items_by_trade=dict(sorted(Counter(w.trade for w in storey.work_items).items())),
        targets=len(targets),
        targets_unreachable=sum(not t.reachable for t in targets),
        zones=len(storey.zones),
        nodes=len(storey.roadmap.nodes),
        edges=len(storey.roadmap.edges),
    )


def _map_info(folder: Path) -> schemas.MapInfo:
    try:
        about = yaml.safe_load((folder / "map.yaml").read_text(encoding="utf-8"))
        width, height = _pgm_size(folder / about["image"])
        resolution, origin = float(about["resolution"]), about["origin"]
        return schemas.MapInfo(
            resolution=resolution,
            origin_x=float(origin[0]),
            origin_y=float(origin[1]),
            width=width * resolution,
            height=height * resolution,
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise StoreyError(f"the map in {folder} cannot be read: {error}") from error


def _pgm_size(path: Path) -> tuple[int, int]:
    with path.open("rb") as file:
        head = b"\n".join(line for line in file.read(4096).split(b"\n") if not line.startswith(b"#"))
    words = head.split(maxsplit=4)
    if len(words) < 4 or words[0] not in {b"P5", b"P2"}:
        raise ValueError(f"{path.name} is not a PGM image")
    return int(words[1]), int(words[2])
