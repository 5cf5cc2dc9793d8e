"""Openings in walls: which are ways through, which are windows, which let nobody through, and what is cut out."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.elements import WALL_KINDS, Hole, Obstacle, openings_of, union
from fleet_manager.site.fillings import why_unusable
from fleet_manager.site.ifc_model import Model
from fleet_manager.site.meshes import ElementMesh
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.passages import Passage, frame_of, make_passage, passage_axis, wall_axis
from fleet_manager.site.section import clean, footprint

NARROWEST_PASSAGE = 0.45
"""m; an opening without a door that is narrower lets no robot through: a slot where elements cross."""


def read_openings(
    model: Model,
    meshes: dict[int, ElementMesh],
    loose: dict[int, ElementMesh],
    obstacles: list[Obstacle],
    options: ImportOptions,
) -> tuple[list[Passage], list[str]]:
    """Passages through walls, and doors that nobody gets through, with why; windows stay with their wall.

    `loose` are the bodies of doors and windows that no opening cuts out; those that are closed become obstacles.
    """
    hosts = {o.step_id: o for o in obstacles}
    walls = union(obstacles, WALL_KINDS, carved=False)
    shapely.prepare(walls)
    passages: list[Passage] = []
    unusable: list[str] = []
    for opening, host, filling in openings_of(model, meshes):
        owner = hosts.get(host.id())
        mesh = meshes[opening.id()]
        if (
            owner is None
            or (filling is not None and filling.id() in loose)
            or mesh.high <= options.band_low
            or mesh.low >= options.band_high
        ):
            continue
        body = footprint(mesh, max(options.band_low, mesh.low + 1e-3), min(options.band_high, mesh.high - 1e-3))
        if body.is_empty or body.area < 1e-3:
            continue
        named = filling if filling is not None else opening
        kind = "window" if filling is not None and not filling.is_a("IfcDoor") else "door" if filling else "opening"
        hole = Hole(named.GlobalId, str(named.Name or kind), kind, body, max(mesh.low, 0.0), mesh.high, filling)
        if kind == "window":
            owner.holes.append(hole)
            continue
        open_above = mesh.high >= owner.high - 0.05  # a low partition's door has nothing over it
        why = why_unusable(mesh.low, mesh.high, open_above, filling, options)
        if why:
            if kind == "door":
                unusable.append(f"{hole.name} ({hole.guid}): {why}.")
            owner.holes.append(Hole(hole.guid, hole.name, "window", body, hole.low, hole.high, filling))
            continue
        passage = _passage(model, hole, opening, owner, walls, options)
        if passage is not None:
            passages.append(passage)
    for number, mesh in loose.items():
        entity = model.file.by_id(number)
        if mesh.high <= options.band_low or mesh.low >= options.band_high:
            continue
        why = why_unusable(mesh.low, mesh.high, False, entity, options) if entity.is_a("IfcDoor") else "a window"
        passage = _loose_door(model, entity, mesh, walls, options) if not why else None
        if passage is not None:
            passages.append(passage)
            continue
        if entity.is_a("IfcDoor"):
            unusable.append(f"{mesh.name} ({mesh.guid}): {why or 'narrower than its frame, not used'}.")
        obstacles.append(_closed(mesh, options))
    return passages, unusable


def _closed(mesh: ElementMesh, options: ImportOptions) -> Obstacle:
    """A door or window that nobody gets through, where no wall is in the way."""
    area = footprint(mesh, options.band_low, options.band_high)
    return Obstacle(
        mesh.guid, mesh.name, "window", mesh.ifc_class, area, max(mesh.low, 0.0), mesh.high, mesh.step_id, carved=area
    )


def _passage(
    model: Model, hole: Hole, opening: Any, owner: Obstacle, walls: BaseGeometry, options: ImportOptions
) -> Passage | None:
    within = clean(shapely.intersection(hole.footprint, owner.footprint))
    if within.is_empty:
        return None
    is_door = hole.kind == "door"
    if is_door:
        width = float(hole.filling.OverallWidth) * model.scale if hole.filling.OverallWidth else None
        along = wall_axis(owner.footprint, within, width)
        if along is None:
            along = passage_axis(hole.filling, within, width)
        frame = frame_of(hole.filling, options.door_frame, model.scale)
    else:
        along = wall_axis(owner.footprint, within)
        if along is None:
            along = passage_axis(opening, within, None)
        frame = 0.0
        through = np.array([-along[1], along[0]])
        depth = shapely.get_coordinates(within) @ through
        middle = shapely.get_coordinates(within.centroid)[0]
        around = shapely.intersection(owner.footprint, shapely.LineString([middle - through * 2, middle + through * 2]))
        if around.length > float(depth.max() - depth.min()) + 0.02:
            owner.carved = clean(shapely.difference(owner.carved, hole.footprint))  # a recess, not a way through
            return None
    passage = make_passage(hole.guid, hole.name, is_door, within, along, walls, frame, (hole.low, hole.high))
    if not is_door:
        # What crosses an opening without a filling is there to stay, so only its own wall is cut.
        owner.carved = clean(shapely.difference(owner.carved, hole.footprint))
        if passage is None or passage.clear_width < NARROWEST_PASSAGE:
            return None
    return passage


def _loose_door(
    model: Model, door: Any, mesh: ElementMesh, walls: BaseGeometry, options: ImportOptions
) -> Passage | None:
    """A door that no opening cuts out: in a curtain wall, or in a wall that has the hole already."""
    body = footprint(mesh, options.band_low, options.band_high)
    if body.is_empty:
        return None
    width = float(door.OverallWidth) * model.scale if door.OverallWidth else None
    along = passage_axis(door, body, width)
    frame = frame_of(door, options.door_frame, model.scale)
    heights = (max(mesh.low, 0.0), mesh.high)
    return make_passage(mesh.guid, mesh.name, True, body, along, walls, frame, heights, beside=bool(door.FillsVoids))


def carve(obstacles: list[Obstacle], passages: list[Passage]) -> None:
    """Cut the doors out of the walls they stand in, all layers of them."""
    if not passages:
        return
    ways = shapely.union_all([p.area for p in passages if p.is_door])
    for obstacle in obstacles:
        if obstacle.kind in WALL_KINDS and obstacle.carved.intersects(ways):
            obstacle.carved = clean(shapely.difference(obstacle.carved, ways))
