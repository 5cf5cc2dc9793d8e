"""Site packages on disk: their files, written and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from fleet_manager.domain.site import SitePackage, Storey
from fleet_manager.site import geojson
from fleet_manager.site.errors import NotASitePackage

FORMAT = 1
STOREY_FILES = frozenset(
    {
        "map.pgm", "map.yaml", "roadmap.geojson", "zones.geojson", "floorplan.geojson", "work_items.json", "world.sdf",
        "plan.png", "plan.svg",
    }
)  # fmt: skip
"""What a storey's folder holds: what an import writes, and the pictures `sitefleet site show` draws there."""


def site_to_yaml(site: SitePackage) -> str:
    """Contents of site.yaml."""
    text: str = yaml.safe_dump(
        {
            "format": FORMAT,
            "name": site.name,
            "source": {"file": site.source, "sha256": site.sha256, "schema": site.schema},
            "project_guid": site.project_guid,
            "transform": {"offset": list(site.offset)},
            "storeys": [
                {
                    "id": s.id,
                    "name": s.name,
                    "ifc_guid": s.ifc_guid,
                    "elevation": round(s.elevation, 6),
                    "notes": list(s.notes),
                }
                for s in site.storeys.values()
            ],
        },
        sort_keys=False,
        allow_unicode=True,
    )
    return text


def write_storey(storey: Storey, folder: Path) -> None:
    """Write the JSON files of a storey into an existing folder."""
    geojson.write(folder / "roadmap.geojson", geojson.roadmap_to_json(storey.roadmap))
    geojson.write(folder / "zones.geojson", geojson.zones_to_json(storey.zones))
    geojson.write(folder / "floorplan.geojson", geojson.floorplan_to_json(storey.floorplan, storey.doorways))
    geojson.write(folder / "work_items.json", geojson.items_to_json(storey.work_items))


def load_site(folder: Path) -> SitePackage:
    """Read a site package with all its storeys. Raises NotASitePackage."""
    head = _head(folder)
    try:
        storeys = {s["id"]: _read_storey(folder / s["id"], s) for s in head["storeys"]}
        offset = head["transform"]["offset"]
        source = head["source"]
        return SitePackage(
            head["name"],
            source["file"],
            source["sha256"],
            head["project_guid"],
            source["schema"],
            (float(offset[0]), float(offset[1])),
            storeys,
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise NotASitePackage(folder, f"it is damaged ({error})") from error


def load_storey(folder: Path) -> Storey:
    """Read one storey by its folder inside a site package. Raises NotASitePackage."""
    head = _head(folder.parent)
    for entry in head.get("storeys", ()):
        if entry["id"] == folder.name:
            try:
                return _read_storey(folder, entry)
            except (KeyError, TypeError, ValueError, OSError) as error:
                raise NotASitePackage(folder, f"it is damaged ({error})") from error
    raise NotASitePackage(folder, "site.yaml beside it does not name it")


def strangers(folder: Path, finished: bool = True) -> list[str]:
    """Paths in a package's folder that are not part of it. An empty folder has none, and is none.

    A folder that is not finished may lack its site.yaml. Raises NotASitePackage.
    """
    inside = sorted(folder.iterdir())
    if inside and (finished or (folder / "site.yaml").exists()):
        _head(folder)
    found: list[str] = []
    for path in inside:
        if path.is_dir() and not path.is_symlink():
            found += [str(p.relative_to(folder)) for p in sorted(path.iterdir()) if p.name not in STOREY_FILES]
        elif path.name != "site.yaml":
            found.append(path.name)
    return found


def _head(folder: Path) -> dict[str, Any]:
    try:
        head = yaml.safe_load((folder / "site.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NotASitePackage(folder, f"site.yaml cannot be read ({error})") from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise NotASitePackage(folder, f"site.yaml is not of format {FORMAT}")
    return head


def _read_storey(folder: Path, entry: dict[str, Any]) -> Storey:
    def read(name: str) -> Any:
        return json.loads((folder / name).read_text(encoding="utf-8"))

    elements, doorways = geojson.floorplan_from_json(read("floorplan.geojson"))
    return Storey(
        id=entry["id"],
        name=entry["name"],
        ifc_guid=entry["ifc_guid"],
        elevation=float(entry["elevation"]),
        roadmap=geojson.roadmap_from_json(read("roadmap.geojson")),
        zones=geojson.zones_from_json(read("zones.geojson")),
        floorplan=elements,
        doorways=doorways,
        work_items=geojson.items_from_json(read("work_items.json")),
        notes=tuple(entry.get("notes", ())),
    )
