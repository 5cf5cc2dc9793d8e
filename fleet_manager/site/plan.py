"""The storey in plan: obstacles at robot height, ways through walls, windows, spaces, floor and ceilings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.buildings import of_other_buildings, without_strays
from fleet_manager.site.elements import (
    SERVICE_CLASSES,
    WALL_KINDS,
    Obstacle,
    kind_of,
    obstacle_classes,
    openings_of,
    union,
)
from fleet_manager.site.errors import EmptyStorey, NoWalls
from fleet_manager.site.fillings import loose_fillings
from fleet_manager.site.ifc_model import Model, contained_elements, storey_name, storeys_of
from fleet_manager.site.levels import at_ground, floor_level, map_offset, storey_height
from fleet_manager.site.meshes import ElementMesh, read_meshes
from fleet_manager.site.openings import carve, read_openings
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.passages import Passage
from fleet_manager.site.section import footprint
from fleet_manager.site.soundness import check_units, without_body
from fleet_manager.site.spaces import Space, covers_space_of, is_ceiling, read_spaces, stairs_below

LOWEST_CEILING = 1.2
"""m; a covering that hangs lower is none to drill into."""
SHAFT = -0.6
"""m; a space whose floor lies deeper comes up from another storey: over it there is no floor."""
Meshes = dict[int, ElementMesh]


@dataclass(frozen=True)
class Plan:
    """Everything later steps need to know of the storey. z is zero on its floor; x, y are less `offset`."""

    storey_guid: str
    name: str
    elevation: float
    height: float
    offset: tuple[float, float]
    obstacles: list[Obstacle]
    passages: list[Passage]
    unusable: list[str]
    spaces: list[Space]
    shafts: list[Space]
    stairs_below: list[ElementMesh]
    slabs: list[ElementMesh]
    slab_holes: list[tuple[Any, ElementMesh]]
    ceilings: list[ElementMesh]
    overhead: list[ElementMesh]
    services: list[ElementMesh]
    at_ground: bool
    closed: BaseGeometry
    """Inside of other buildings in the same model: not ours to work in."""
    notes: list[str]

    @property
    def walls(self) -> BaseGeometry:
        """All walls and closed windows, passages cut out."""
        return union(self.obstacles, WALL_KINDS)


def read_plan(model: Model, storey: Any, options: ImportOptions) -> Plan:
    """Read one storey. Raises EmptyStorey, NoWalls."""
    foreign = of_other_buildings(model, storey)
    everything, unread = _meshes(model, options)
    check_units(model, everything)
    own = {i: m for i, m in everything.items() if i not in foreign}
    elevation = floor_level(model, storey, own)
    offset = map_offset(own)
    everything = {i: m.moved(-offset[0], -offset[1], -elevation) for i, m in everything.items()}
    own = {i: everything[i] for i in own}
    height = storey_height(model, storey, elevation, own)

    found = _obstacles(model, everything, options, height)
    _check_walls(model, storey, [o for o in found if o.step_id not in foreign])
    spaces = read_spaces(model, own)
    obstacles, plot, notes = without_strays(found, spaces, options.yard or 0.0)
    notes += without_body(model, storey, unread)
    loose = _loose(model, own, obstacles, (-offset[0], -offset[1], -elevation))
    passages, unusable = read_openings(model, own, loose, obstacles, options)
    carve(obstacles, passages)

    def of(*classes: str) -> list[ElementMesh]:
        return [own[e.id()] for e in model.by_type(*classes) if e.id() in own]

    slab_holes = [(host, own[o.id()]) for o, host, _ in openings_of(model, own) if host.is_a("IfcSlab")]
    others = read_spaces(model, {i: everything[i] for i in foreign if i in everything})
    return Plan(
        storey_guid=storey.GlobalId,
        name=storey_name(storey),
        elevation=elevation,
        height=height,
        offset=offset,
        obstacles=obstacles,
        passages=passages,
        unusable=unusable,
        spaces=[s for s in spaces if s.low > SHAFT],
        shafts=[s for s in spaces if s.low <= SHAFT],
        stairs_below=stairs_below(model, own),
        slabs=of("IfcSlab"),
        slab_holes=slab_holes,
        ceilings=_ceilings(model, storey, own, height, plot),
        overhead=[m for m in of("IfcSlab", "IfcRoof") if m.high > options.band_high],
        services=[m for m in of(*SERVICE_CLASSES) if options.band_high <= m.low < height],
        at_ground=at_ground(model, storey),
        closed=shapely.union_all([s.area for s in others]) if others else Polygon(),
        notes=notes,
    )


def _meshes(model: Model, options: ImportOptions) -> tuple[Meshes, dict[int, str]]:
    elements = model.by_type(
        *obstacle_classes(options.with_furniture), *SERVICE_CLASSES, "IfcOpeningElement", "IfcCovering", "IfcSpace"
    )
    return read_meshes(model, elements + [d for d in model.by_type("IfcDoor", "IfcWindow") if not d.FillsVoids])


def _loose(model: Model, own: Meshes, obstacles: list[Obstacle], shift: tuple[float, float, float]) -> Meshes:
    """Bodies of doors and windows that no opening cuts out of a wall."""
    loose = loose_fillings(model, own, obstacles)
    missing, _ = read_meshes(model, [f for f in loose if f.FillsVoids])
    bodies = {**own, **{i: m.moved(*shift) for i, m in missing.items()}}
    return {f.id(): bodies[f.id()] for f in loose if f.id() in bodies}


def _check_walls(model: Model, storey: Any, obstacles: list[Obstacle]) -> None:
    if any(o.kind in WALL_KINDS for o in obstacles):
        return
    found = sorted({e.is_a() for e in contained_elements(storey)})
    if not found and not obstacles:
        raise EmptyStorey(storey_name(storey), [storey_name(s) for s in storeys_of(model) if s.id() != storey.id()])
    raise NoWalls(storey_name(storey), ", ".join(found) or "nothing of its own")


def _ceilings(model: Model, storey: Any, own: Meshes, height: float, plot: BaseGeometry) -> list[ElementMesh]:
    """Ceiling coverings of the storey: those below the next floor, and those that are assigned to it."""
    mine = {e.id() for e in contained_elements(storey)}
    found = []
    for covering in model.by_type("IfcCovering"):
        mesh = own.get(covering.id())
        if mesh is None or mesh.low <= LOWEST_CEILING or not is_ceiling(covering):
            continue
        on_storey = mesh.low < height or covering.id() in mine or covers_space_of(covering, storey)
        if on_storey and footprint(mesh, mesh.low - 1, mesh.high + 1).intersects(plot):
            found.append(mesh)
    return found


def _obstacles(model: Model, meshes: dict[int, ElementMesh], options: ImportOptions, height: float) -> list[Obstacle]:
    found: list[Obstacle] = []
    low, high = options.band_low, options.band_high
    classes = obstacle_classes(options.with_furniture)
    for entity in model.by_type(*classes):
        mesh = meshes.get(entity.id())
        if mesh is None or mesh.high <= low or mesh.low >= high:
            continue
        area = footprint(mesh, low, high)
        if area.is_empty:
            continue
        kind = kind_of(entity)
        top = min(mesh.high, height) if kind in WALL_KINDS | {"column"} else min(mesh.high, high)
        found.append(
            Obstacle(
                mesh.guid, mesh.name, kind, mesh.ifc_class, area, max(mesh.low, 0.0), top, entity.id(), carved=area
            )
        )
    return found
