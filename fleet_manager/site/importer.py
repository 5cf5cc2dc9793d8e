"""Building model in, site package out."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from fleet_manager.domain.site import Doorway, PlanElement, SitePackage, Storey
from fleet_manager.site.anchors import anchor_grids
from fleet_manager.site.elements import WALL_KINDS, union
from fleet_manager.site.errors import ImportFailed, NotASitePackage, SiteImportError
from fleet_manager.site.ground import Clearance, Ground, is_exterior, lay_ground
from fleet_manager.site.ifc_model import Model, find_storey, open_model, storey_name, storeys_of
from fleet_manager.site.names import storey_ids
from fleet_manager.site.network import Network, make_network
from fleet_manager.site.occupancy import FREE, UNKNOWN, OccupancyMap, draw_map, write_map
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.package import load_site, site_to_yaml, write_storey
from fleet_manager.site.plan import Plan, read_plan
from fleet_manager.site.replacing import replacing
from fleet_manager.site.section import clean, polygons
from fleet_manager.site.work import WorkPlanner
from fleet_manager.site.world import write_world
from fleet_manager.site.zones import ZoneIndex, areas_of

PLACEHOLDERS = {"project number", "project name", "default project", "projektnummer", "0001", "my project", "default"}
"""Project names that modelling programs put in when nobody gave one."""
Progress = Callable[[str, float], None]
"""Called with what is being done and the share done so far, 0..1."""


def import_storey(
    model: Path, storey: str | None, out: Path, options: ImportOptions | None, progress: Progress
) -> tuple[SitePackage, Storey]:
    """Import one storey of a model into the site package `out`; other storeys of the same model in it stay.

    No name: the model's only storey. Raises a SiteImportError; after any error `out` is as it was before.
    """
    step = "Make the folder"

    def begin(what: str, share: float) -> None:
        nonlocal step
        step = what
        progress(what, share)

    try:
        return _import(model, storey, out, options or ImportOptions(), begin)
    except SiteImportError:
        raise
    except MemoryError as error:
        raise ImportFailed(step, "there is not enough memory") from error
    except Exception as error:  # models can contradict themselves in more ways than can be foreseen
        raise ImportFailed(
            step, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else error!r}"
        ) from error


def _import(
    model: Path, storey: str | None, out: Path, options: ImportOptions, progress: Progress
) -> tuple[SitePackage, Storey]:
    with replacing(out) as folder:
        progress("Open the model", 0.0)
        opened = open_model(model)
        entity = find_storey(opened, storey)
        progress("Read the storey", 0.1)
        plan = read_plan(opened, entity, options)
        made = _make_storey(plan, _id_of(opened, entity), options, folder, progress)
        site = _with_others(_site(opened, plan, made), out, folder)
        progress("Write the package", 0.95)
        (folder / "site.yaml").write_text(site_to_yaml(site), encoding="utf-8")
    progress("Done", 1.0)
    return site, made


def _id_of(model: Model, entity: Any) -> str:
    storeys = storeys_of(model)
    return storey_ids([storey_name(s) for s in storeys])[storeys.index(entity)]


def _make_storey(plan: Plan, storey_id: str, options: ImportOptions, folder: Path, progress: Progress) -> Storey:
    progress("Find free ground", 0.35)
    ground = lay_ground(plan, options)
    zones = ZoneIndex(plan, ground)
    grid = draw_map(ground, options.resolution)
    grids, notes = anchor_grids(plan, ground, zones, options)
    progress("Lay out the roadmap", 0.45)
    network = make_network(plan, ground, zones, grid, grids, options)
    progress("Plan the work", 0.7)
    planner = WorkPlanner(ground, Clearance(ground.free), grid, zones, network, options, _solid_walls(plan))
    items = planner.items(grids)
    doorways = _doorways(plan, ground, network)
    storey = Storey(
        id=storey_id,
        name=plan.name,
        ifc_guid=plan.storey_guid,
        elevation=plan.elevation,
        roadmap=network.roadmap,
        zones=zones.zones(),
        floorplan=_floorplan(plan, ground),
        doorways=doorways,
        work_items=tuple(items),
        notes=tuple([*ground.notes, *notes, *network.notes, *_door_notes(plan, doorways)]),
    )
    progress("Build the world", 0.85)
    target = folder / storey_id
    target.mkdir()
    write_map(_without_cavities(grid, ground, network), target)
    write_storey(storey, target)
    write_world(plan, options, storey_id, target / "world.sdf")
    return storey


def _solid_walls(plan: Plan) -> BaseGeometry:
    """What an inspection has to see: walls, windows and columns."""
    return union(plan.obstacles, WALL_KINDS | {"column"})


def _site(model: Model, plan: Plan, storey: Storey) -> SitePackage:
    project = model.file.by_type("IfcProject")[0]
    names = [str(n) for n in (project.LongName, project.Name) if n and str(n).strip().casefold() not in PLACEHOLDERS]
    name = names[0] if names else model.path.stem
    return SitePackage(
        name, model.path.name, model.sha256, project.GlobalId, model.schema, plan.offset, {storey.id: storey}
    )


def _with_others(site: SitePackage, out: Path, folder: Path) -> SitePackage:
    """Take over storeys imported earlier from the same file."""
    if not (out / "site.yaml").is_file():
        return site
    try:
        old = load_site(out)
    except NotASitePackage:
        return site
    if old.sha256 != site.sha256 or old.offset != site.offset:
        return site
    others = {i: s for i, s in old.storeys.items() if i not in site.storeys}
    for storey_id in others:
        shutil.copytree(out / storey_id, folder / storey_id)
    ordered = sorted([*others.values(), *site.storeys.values()], key=lambda s: s.elevation)
    return replace(site, storeys={s.id: s for s in ordered})


def _doorways(plan: Plan, ground: Ground, network: Network) -> tuple[Doorway, ...]:
    inside = shapely.union_all([s.area for s in ground.spaces])
    used = {e.door for e in network.roadmap.edges.values() if e.door}
    found = []
    for p in plan.passages:
        reason = network.refused.get(p.guid, "")
        passable = p.guid in used or (not p.is_doorway)
        if not passable and not reason:
            reason = "no way to it from the homes"
        found.append(
            Doorway(
                p.guid,
                p.name,
                p.is_door,
                round(float(p.centre[0]), 4),
                round(float(p.centre[1]), 4),
                round(math.atan2(float(p.through[1]), float(p.through[0])), 4),
                round(p.clear_width, 4),
                is_exterior(p, inside),
                passable,
                "" if passable else reason,
            )
        )
    return tuple(found)


def _door_notes(plan: Plan, doorways: tuple[Doorway, ...]) -> list[str]:
    notes = [f"{d.name} ({d.ifc_guid}) is not used: {d.reason}." for d in doorways if not d.passable]
    return notes + plan.unusable


def _floorplan(plan: Plan, ground: Ground) -> tuple[PlanElement, ...]:
    elements = [
        PlanElement(o.kind if o.kind != "window" else "wall", o.guid, o.name, areas_of(o.carved))
        for o in plan.obstacles
        if not o.carved.is_empty
    ]
    for obstacle in plan.obstacles:
        if obstacle.kind in WALL_KINDS:
            for hole in obstacle.holes:
                area = clean(shapely.intersection(hole.footprint, obstacle.carved))
                if not area.is_empty:
                    elements.append(PlanElement("window", hole.guid, hole.name, areas_of(area)))
    for p in plan.passages:
        elements.append(PlanElement("door" if p.is_door else "passage", p.guid, p.name, areas_of(p.area)))
    if not ground.holes.is_empty:
        elements.append(PlanElement("hole", plan.storey_guid, "Opening in the floor", areas_of(ground.holes)))
    return tuple(elements)


def _without_cavities(grid: OccupancyMap, ground: Ground, network: Network) -> OccupancyMap:
    """Free ground no space and no roadmap node lies on (hollow walls, shafts) is unknown on the map."""
    inside = shapely.union_all([s.area for s in ground.spaces])
    shapely.prepare(inside)
    nodes = shapely.MultiPoint([(n.x, n.y) for n in network.roadmap.nodes.values()])
    cells = grid.cells.copy()
    for part in polygons(ground.free):
        if part.intersects(nodes) or part.intersection(inside).area > 0.5 * part.area:
            continue
        low, high = grid.index(part.bounds[0], part.bounds[1]), grid.index(part.bounds[2], part.bounds[3])
        window = (slice(low[0], high[0] + 1), slice(low[1], high[1] + 1))
        block = cells[window]
        rows, columns = (block == FREE).nonzero()
        centres = grid.centres(rows + low[0], columns + low[1])
        hit = shapely.contains_xy(part.buffer(grid.resolution), centres[:, 0], centres[:, 1])
        block[rows[hit], columns[hit]] = UNKNOWN
    return OccupancyMap(cells, grid.resolution, grid.origin)
