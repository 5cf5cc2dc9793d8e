"""The storey in plan: obstacles at robot height, ways through walls, windows, spaces, floor and ceilings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.elements import (
    SERVICE_CLASSES,
    WALL_KINDS,
    Hole,
    Obstacle,
    kind_of,
    obstacle_classes,
    openings_of,
    union,
    whole_of,
)
from fleet_manager.site.errors import EmptyStorey, NoWalls
from fleet_manager.site.ifc_model import (
    Model,
    contained_elements,
    elevation_of,
    spaces_of,
    storey_name,
    storeys_of,
)
from fleet_manager.site.meshes import ElementMesh, read_meshes
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.passages import Passage, frame_of, make_passage, passage_axis, wall_axis
from fleet_manager.site.section import clean, footprint

FAR = 1000.0
"""m from the origin beyond which a model is shifted, so that single precision further on does not hurt."""


STEP_DOWN = 0.6
"""m; a stair that goes down farther than this leaves a hole to fall into."""
SAME_FLOOR = 0.06
"""m; floors that differ by less are one floor (finishes)."""
HIGHEST_SCREED = 0.35
"""m above the storey where the top of a raised floor may lie."""
NARROWEST_PASSAGE = 0.45
"""m; an opening without a door that is narrower lets no robot through: a slot where elements cross."""


@dataclass(frozen=True)
class Space:
    """A room as the model has it; heights in m above the storey's floor."""

    guid: str
    name: str
    long_name: str
    area: BaseGeometry
    low: float
    high: float


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
    too_low: list[str]
    spaces: list[Space]
    shafts: list[Space]
    stairs_below: list[ElementMesh]
    slabs: list[ElementMesh]
    slab_holes: list[tuple[Any, ElementMesh]]
    ceilings: list[ElementMesh]
    overhead: list[ElementMesh]
    services: list[ElementMesh]
    at_ground: bool

    @property
    def walls(self) -> BaseGeometry:
        """All walls and closed windows, passages cut out."""
        return union(self.obstacles, WALL_KINDS)


def read_plan(model: Model, storey: Any, options: ImportOptions) -> Plan:
    """Read one storey. Raises EmptyStorey, NoWalls."""
    everything = model.by_type(
        *obstacle_classes(options.with_furniture), *SERVICE_CLASSES, "IfcOpeningElement", "IfcCovering", "IfcSpace"
    )
    fillings = [d for d in model.by_type("IfcDoor", "IfcWindow") if not d.FillsVoids]
    meshes = read_meshes(model, everything + fillings)
    elevation = _floor_level(model, storey, meshes)
    offset = _offset(meshes)
    meshes = {i: m.moved(-offset[0], -offset[1], -elevation) for i, m in meshes.items()}
    height = _storey_height(model, storey, elevation, meshes)
    mine = {e.id() for e in contained_elements(storey)}

    obstacles = _obstacles(model, meshes, options, height)
    name = storey_name(storey)
    if not any(o.kind in WALL_KINDS for o in obstacles):
        others = [storey_name(s) for s in storeys_of(model) if s.id() != storey.id()]
        found = sorted({model.file.by_id(i).is_a() for i in mine})
        if not found and not obstacles:
            raise EmptyStorey(name, others)
        raise NoWalls(name, ", ".join(found) or "nothing of its own")
    passages, too_low = _openings(model, meshes, obstacles, options)
    _carve(obstacles, passages)

    def of(*classes: str) -> list[ElementMesh]:
        return [meshes[e.id()] for e in model.by_type(*classes) if e.id() in meshes]

    slab_holes = [(host, meshes[o.id()]) for o, host, _ in openings_of(model, meshes) if host.is_a("IfcSlab")]
    coverings = [c for c in model.by_type("IfcCovering") if c.id() in meshes and _is_ceiling(c)]
    ceilings = [
        meshes[c.id()]
        for c in coverings
        if meshes[c.id()].low > 1.2 and (meshes[c.id()].low < height or c.id() in mine or _covers_space_of(c, storey))
    ]
    spaces = _spaces(model, meshes)
    return Plan(
        storey_guid=storey.GlobalId,
        name=name,
        elevation=elevation,
        height=height,
        offset=offset,
        obstacles=obstacles,
        passages=passages,
        too_low=too_low,
        spaces=[s for s in spaces if s.low > -0.6],
        shafts=[s for s in spaces if s.low <= -0.6],
        stairs_below=_stairs_below(model, meshes),
        slabs=of("IfcSlab"),
        slab_holes=slab_holes,
        ceilings=ceilings,
        overhead=[m for m in of("IfcSlab", "IfcRoof") if m.high > 1.8],
        services=[m for m in of(*SERVICE_CLASSES) if options.band_high <= m.low < height],
        at_ground=_at_ground(model, storey),
    )


def _floor_level(model: Model, storey: Any, meshes: dict[int, ElementMesh]) -> float:
    """Height of the floor, m: the storey's, unless its spaces or most of a raised floor clearly lie on another."""
    elevation = elevation_of(model, storey)
    spaces = [meshes[s.id()] for s in spaces_of(storey) if s.id() in meshes]
    near = [m.low for m in spaces if abs(m.low - elevation) < 1.0]
    if near and abs(float(np.median(near)) - elevation) > SAME_FLOOR:
        elevation = float(np.median(near))
    screeds = [
        m for m in (meshes[s.id()] for s in model.by_type("IfcSlab") if s.id() in meshes)
        if SAME_FLOOR < m.high - elevation <= HIGHEST_SCREED
    ]  # fmt: skip
    if screeds and spaces:
        floor = shapely.union_all([footprint(m, m.low - 1, m.high + 1) for m in screeds])
        room = shapely.union_all([footprint(m, m.low - 1, m.high + 1) for m in spaces])
        if shapely.intersection(floor, room).area > 0.5 * room.area:
            elevation = float(np.median([m.high for m in screeds]))
    return elevation


def _offset(meshes: dict[int, ElementMesh]) -> tuple[float, float]:
    if not meshes:
        return (0.0, 0.0)
    middles = np.array([m.vertices[:, :2].mean(axis=0) for m in meshes.values()])
    centre = np.median(middles, axis=0)
    if float(np.abs(centre).max()) < FAR:
        return (0.0, 0.0)
    return (float(np.round(centre[0])), float(np.round(centre[1])))


def _storey_height(model: Model, storey: Any, elevation: float, meshes: dict[int, ElementMesh]) -> float:
    above = [z for z in (elevation_of(model, s) for s in storeys_of(model)) if z > elevation + 1.8]
    if above:
        return min(above) - elevation
    tops = [m.high for m in meshes.values() if m.ifc_class.startswith(("IfcWall", "IfcSpace")) and 1.8 < m.high < 8.0]
    return float(np.median(tops)) if tops else 3.0


def _obstacles(model: Model, meshes: dict[int, ElementMesh], options: ImportOptions, height: float) -> list[Obstacle]:
    found: list[Obstacle] = []
    low, high = options.band_low, options.band_high
    classes = obstacle_classes(options.with_furniture)
    entities = model.by_type(*classes) + [w for w in model.by_type("IfcWindow") if not w.FillsVoids]
    for entity in entities:
        mesh = meshes.get(entity.id())
        if mesh is None or mesh.high <= low or mesh.low >= high:
            continue
        area = footprint(mesh, low, high)
        if area.is_empty:
            continue
        kind = "window" if entity.is_a("IfcWindow") else kind_of(entity)
        top = min(mesh.high, height) if kind in WALL_KINDS | {"column"} else min(mesh.high, high)
        found.append(
            Obstacle(
                mesh.guid, mesh.name, kind, mesh.ifc_class, area, max(mesh.low, 0.0), top, entity.id(), carved=area
            )
        )
    return found


def _openings(
    model: Model, meshes: dict[int, ElementMesh], obstacles: list[Obstacle], options: ImportOptions
) -> tuple[list[Passage], list[str]]:
    """Passages through walls, and doors that are too low or stand on a step; windows stay with their wall."""
    hosts = {o.step_id: o for o in obstacles}
    walls = union(obstacles, WALL_KINDS, carved=False)
    shapely.prepare(walls)
    passages: list[Passage] = []
    too_low: list[str] = []
    for opening, host, filling in openings_of(model, meshes):
        owner = hosts.get(host.id())
        mesh = meshes[opening.id()]
        if owner is None or mesh.high <= options.band_low or mesh.low >= options.band_high:
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
        if mesh.low > options.band_low or (mesh.high < options.band_high and not open_above):
            if kind == "door":
                too_low.append(f"{hole.name} ({hole.guid}): sill {mesh.low:.2f} m, head {mesh.high:.2f} m")
            owner.holes.append(Hole(hole.guid, hole.name, "window", body, hole.low, hole.high, filling))
            continue
        passage = _passage(model, hole, opening, owner, walls, options)
        if passage is not None:
            passages.append(passage)
    for door in model.by_type("IfcDoor"):
        mesh2 = meshes.get(door.id())
        if door.FillsVoids or mesh2 is None or mesh2.low > options.band_low or mesh2.high < options.band_high:
            continue
        passage = _loose_door(model, door, mesh2, walls, options)
        if passage is not None:
            passages.append(passage)
    return passages, too_low


def _passage(
    model: Model, hole: Hole, opening: Any, owner: Obstacle, walls: BaseGeometry, options: ImportOptions
) -> Passage | None:
    within = clean(shapely.intersection(hole.footprint, owner.footprint))
    if within.is_empty:
        return None
    is_door = hole.kind == "door"
    if is_door:
        width = float(hole.filling.OverallWidth) * model.scale if hole.filling.OverallWidth else None
        along = wall_axis(owner.footprint, within)
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
    """A door that fills no opening: in a curtain wall, or modelled without one."""
    body = footprint(mesh, options.band_low, options.band_high)
    if body.is_empty:
        return None
    width = float(door.OverallWidth) * model.scale if door.OverallWidth else None
    along = passage_axis(door, body, width)
    frame = frame_of(door, options.door_frame, model.scale)
    return make_passage(mesh.guid, mesh.name, True, body, along, walls, frame, (max(mesh.low, 0.0), mesh.high))


def _carve(obstacles: list[Obstacle], passages: list[Passage]) -> None:
    if not passages:
        return
    ways = shapely.union_all([p.area for p in passages if p.is_door])
    for obstacle in obstacles:
        if obstacle.kind in WALL_KINDS and obstacle.carved.intersects(ways):
            obstacle.carved = clean(shapely.difference(obstacle.carved, ways))


def _is_ceiling(covering: Any) -> bool:
    kind = covering.PredefinedType
    for relation in getattr(covering, "IsTypedBy", None) or ():
        kind = kind or relation.RelatingType.PredefinedType
    if kind in (None, "NOTDEFINED", "USERDEFINED"):
        return "ceil" in f"{covering.Name} {covering.ObjectType}".casefold()
    return bool(kind == "CEILING")


def _covers_space_of(covering: Any, storey: Any) -> bool:
    """Whether a covering is tied to a space of the storey without being contained in it."""
    spaces = {s.id() for s in spaces_of(storey)}
    for relation in getattr(covering, "CoversSpaces", None) or ():
        space = getattr(relation, "RelatedSpace", None) or getattr(relation, "RelatingSpace", None)
        if space is not None and space.id() in spaces:
            return True
    return False


def _stairs_below(model: Model, meshes: dict[int, ElementMesh]) -> list[ElementMesh]:
    """Parts of stairs that come up to this floor from below: over them there is no floor."""
    groups: dict[int, list[ElementMesh]] = {}
    for entity in model.by_type("IfcStair", "IfcStairFlight", "IfcRamp", "IfcRampFlight", "IfcSlab", "IfcMember"):
        mesh = meshes.get(entity.id())
        whole = whole_of(entity)
        if mesh is not None and kind_of(entity) == "stair":
            groups.setdefault(whole.id() if whole is not None else entity.id(), []).append(mesh)
    found: list[ElementMesh] = []
    for parts in groups.values():
        below = [m for m in parts if m.low < -STEP_DOWN and m.high < STEP_DOWN]
        if below and max(m.high for m in below) > -STEP_DOWN:
            found.extend(below)
    return found


def _spaces(model: Model, meshes: dict[int, ElementMesh]) -> list[Space]:
    """Spaces at the height of a robot, whichever storey they are assigned to."""
    found: list[Space] = []
    for entity in model.by_type("IfcSpace"):
        mesh = meshes.get(entity.id())
        if mesh is None or not mesh.low < 1.0 < mesh.high:
            continue
        area = footprint(mesh, 0.99, 1.0)
        if area.is_empty or area.area < 0.2:
            continue
        found.append(Space(mesh.guid, str(entity.Name or ""), str(entity.LongName or ""), area, mesh.low, mesh.high))
    return _without_wholes(found)


def _without_wholes(spaces: list[Space]) -> list[Space]:
    """Drop spaces that only sum up others (gross areas): most of them is covered by smaller ones."""
    kept = []
    for space in spaces:
        smaller = [s.area for s in spaces if s.area.area < 0.9 * space.area.area]
        if smaller and shapely.intersection(shapely.union_all(smaller), space.area).area > 0.8 * space.area.area:
            continue
        kept.append(space)
    return kept


def _at_ground(model: Model, storey: Any) -> bool:
    """Whether the ground outside is at this storey's level: elevation within a metre of the building's zero, or no
    storey with doors below it.
    """
    if abs(float(storey.Elevation or 0.0) * model.scale) <= 1.0:
        return True
    mine = elevation_of(model, storey)
    lower = [s for s in storeys_of(model) if elevation_of(model, s) < mine - 1.0]
    return not any(e.is_a("IfcDoor") for s in lower for e in contained_elements(s))
