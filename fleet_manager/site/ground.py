"""Where robots may be: spaces, doorways and yard, less obstacles and holes in the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.elements import WALL_KINDS, union
from fleet_manager.site.errors import NoFloor
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.passages import Passage
from fleet_manager.site.plan import Plan
from fleet_manager.site.rooms import floor_slabs, rooms_of
from fleet_manager.site.section import clean, close, footprint, polygons
from fleet_manager.site.spaces import Space

DEFAULT_YARD = 3.0
"""m of ground around a building whose doors open to the outside."""
CLOSING = 0.2
"""m; spaces that end short of their walls are grown over gaps up to twice this."""


@dataclass(frozen=True)
class Ground:
    """Regions of the map frame. `free` is where nothing stands; `holes` are missing floor; `yard` is m outside."""

    free: BaseGeometry
    interior: BaseGeometry
    obstacles: BaseGeometry
    holes: BaseGeometry
    stairs: BaseGeometry
    yard: float
    spaces: list[Space]
    notes: list[str]


def lay_ground(plan: Plan, options: ImportOptions) -> Ground:
    """Work out the ground of a storey. Raises NoFloor."""
    notes = list(plan.notes)
    obstacles = union(plan.obstacles)
    walls = union(plan.obstacles, WALL_KINDS)
    ways = shapely.union_all([p.area for p in plan.passages]) if plan.passages else Polygon()
    spaces, remarks = rooms_of(plan, walls, obstacles, ways)
    notes += remarks
    inside = shapely.union_all([s.area for s in spaces]) if spaces else Polygon()
    if inside.is_empty or inside.area < 0.5:
        raise NoFloor(plan.name, "its walls enclose nothing, and it has neither spaces nor a floor slab")
    interior = close(shapely.union(inside, ways), CLOSING)
    shafts = shapely.union_all([s.area for s in plan.shafts]) if plan.shafts else Polygon()
    holes = _holes(plan, inside, shafts, walls)
    if not plan.spaces:  # what lies over an opening in the floor is no room
        spaces = [s for s in spaces if shapely.difference(s.area, holes).area > 0.4 * s.area.area]
    has_exterior = any(is_exterior(p, inside) for p in plan.passages)
    yard = options.yard
    if yard is None:
        yard = DEFAULT_YARD if plan.at_ground and has_exterior else 0.0
    ground = interior
    if yard > 0:
        outline = _filled(close(shapely.union_all([interior, obstacles]), 0.5))
        ground = shapely.union(interior, outline.buffer(yard, join_style="mitre"))
    free = clean(shapely.difference(ground, shapely.union_all([obstacles, holes, plan.closed])), least_area=0.02)
    if free.is_empty:
        raise NoFloor(plan.name, "obstacles cover all of it")
    stairs = close(union(plan.obstacles, frozenset({"stair"})), 0.15)
    return Ground(free, interior, obstacles, holes, stairs, yard, spaces, notes)


def is_exterior(passage: Passage, inside: BaseGeometry) -> bool:
    """Whether one side of a passage lies in no space."""
    return len(outer_sides(passage, inside)) == 1


def outer_sides(passage: Passage, inside: BaseGeometry) -> list[float]:
    """Signs of the sides (along `through`) that lie in no space."""
    reach = passage.thickness / 2 + 0.5
    return [
        sign
        for sign in (1.0, -1.0)
        if inside.distance(shapely.points(passage.centre + sign * reach * passage.through)) > 0.3
    ]


def _holes(plan: Plan, inside: BaseGeometry, shafts: BaseGeometry, walls: BaseGeometry) -> BaseGeometry:
    """Floor that is missing: openings in slabs, spaces and stairs that come up
    from below, and parts of the storey's spaces that no slab carries.
    """
    slabs = floor_slabs(plan)
    cuts = [
        footprint(m, m.low - 1, m.high + 1) for host, m in plan.slab_holes if any(host.id() == s.step_id for s in slabs)
    ]
    cut = shapely.union_all(cuts) if cuts else Polygon()
    carried = Polygon()
    if slabs:
        carried = close(shapely.union_all([footprint(m, m.low - 1, m.high + 1) for m in slabs]), CLOSING)
    missing: BaseGeometry = shapely.difference(shafts, carried)
    if shapely.intersection(carried, inside).area >= 0.6 * inside.area:
        missing = shapely.union(missing, shapely.difference(inside, carried))
    elif plan.stairs_below:  # without slabs to tell, a stair from below says where the floor is open
        wells = shapely.union_all([footprint(m, m.low - 1, m.high + 1) for m in plan.stairs_below])
        missing = shapely.union(missing, shapely.intersection(close(wells, 0.3), inside))
    holes = shapely.union(missing, shapely.intersection(cut, inside.buffer(CLOSING)))
    bare = shapely.difference(holes, walls).buffer(-0.05).buffer(0.05, join_style="mitre")
    return clean(bare, least_area=0.05)


def _filled(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.union_all([Polygon(p.exterior) for p in polygons(geometry)])


class Clearance:
    """Exact distances to the edge of the free ground."""

    def __init__(self, free: BaseGeometry) -> None:
        self._free = free
        shapely.prepare(free)
        segments = []
        for polygon in polygons(free):
            for ring in (polygon.exterior, *polygon.interiors):
                coords = np.asarray(ring.coords)
                segments.append(np.stack([coords[:-1], coords[1:]], axis=1))
        self._tree = shapely.STRtree(shapely.linestrings(np.concatenate(segments)))

    def contains(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each point (n, 2) is on free ground."""
        return np.asarray(shapely.contains_xy(self._free, points[:, 0], points[:, 1]), dtype=np.bool_)

    def of_points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """m from each point (n, 2) to the nearest edge; 0 outside."""
        if not len(points):
            return np.zeros(0)
        return np.where(self.contains(points), self._nearest(shapely.points(points)), 0.0)

    def of_segments(self, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
        """Least m from each straight line to the nearest edge; 0 where it leaves the free ground."""
        if not len(starts):
            return np.zeros(0)
        lines = shapely.linestrings(np.stack([starts, ends], axis=1))
        return np.where(self.contains(starts), self._nearest(lines), 0.0)

    def _nearest(self, shapes: NDArray[np.object_]) -> NDArray[np.float64]:
        (which, _), distance = self._tree.query_nearest(shapes, return_distance=True, all_matches=False)
        result = np.zeros(len(shapes))
        result[which] = distance
        return result
