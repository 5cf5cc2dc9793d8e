"""Rooms of a storey: its spaces, and where the model has none, what walls enclose or slabs carry."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.meshes import ElementMesh
from fleet_manager.site.plan import Plan
from fleet_manager.site.section import clean, close, footprint, polygons
from fleet_manager.site.spaces import Space

SLAB_BAND = (-0.4, 0.15)
"""m around the floor where the top of a floor slab lies."""
ROOM = 1.0
"""m2 that a room without a space has at least."""
ENCLOSED = 0.5
"""Share of the floor slabs that walls must enclose; below that the storey is open, and its slabs are its floor."""
STEP_IN = 0.4
"""m behind a doorway where a room begins."""


def rooms_of(
    plan: Plan, walls: BaseGeometry, obstacles: BaseGeometry, ways: BaseGeometry
) -> tuple[list[Space], list[str]]:
    """The storey's spaces and the rooms it has none for, and remarks on the latter."""
    inside = _inside_of(walls, ways)
    if plan.spaces:
        extra = _entered(plan, inside, obstacles, ways)
        if not extra:
            return plan.spaces, []
        listed = ", ".join(f"{s.name} ({s.area.area:.1f} m2)" for s in extra)
        return [*plan.spaces, *extra], [f"Doors lead into rooms the model has no space for: {listed}."]
    slabs = floor_slabs(plan)
    floor = shapely.union_all([footprint(m, m.low - 1, m.high + 1) for m in slabs]) if slabs else Polygon()
    if inside.area < ENCLOSED * floor.area:
        rooms = _rooms(plan, clean(shapely.difference(floor, walls), least_area=0.5), obstacles, ways)
        return rooms, ["The model has no spaces on this storey and its walls are open; its floor slabs were taken."]
    return _rooms(plan, inside, obstacles, ways), [
        "The model has no spaces on this storey; rooms were taken from its walls."
    ]


def floor_slabs(plan: Plan) -> list[ElementMesh]:
    """Slabs whose top is the floor."""
    low, high = SLAB_BAND
    return [m for m in plan.slabs if low <= m.high <= high]


def _inside_of(walls: BaseGeometry, ways: BaseGeometry) -> BaseGeometry:
    """What closed walls enclose, for models without spaces."""
    closed = close(shapely.union(walls, ways), 0.3)
    shells = shapely.union_all([Polygon(p.exterior) for p in polygons(closed)])
    return clean(shapely.difference(shells, walls), least_area=0.5)


def _entered(plan: Plan, inside: BaseGeometry, obstacles: BaseGeometry, ways: BaseGeometry) -> list[Space]:
    """Rooms without a space that a doorway leads into."""
    known = shapely.union_all([s.area for s in [*plan.spaces, *plan.shafts]]).buffer(0.15)
    entries = [
        shapely.points(p.centre + sign * (p.thickness / 2 + STEP_IN) * p.through)
        for p in plan.passages
        if p.is_doorway
        for sign in (1.0, -1.0)
    ]
    if not entries:
        return []
    goals = shapely.multipoints(np.array(entries))
    rooms = _rooms(plan, clean(shapely.difference(inside, known), least_area=0.5), obstacles, ways)
    return [r for r in rooms if r.area.buffer(-0.2).area > ROOM / 2 and r.area.intersects(goals)]


def _rooms(plan: Plan, inside: BaseGeometry, obstacles: BaseGeometry, ways: BaseGeometry) -> list[Space]:
    doors = [p.area.buffer(0.02) for p in plan.passages if p.is_doorway]
    parts = polygons(shapely.difference(inside, shapely.union_all([obstacles, *doors])))
    rooms = [p for p in parts if p.area >= ROOM]
    rooms.sort(key=lambda p: (round(p.centroid.y, 2), round(p.centroid.x, 2)))
    return [Space(plan.storey_guid, f"R{i:02d}", "Room", room, 0.0, math.inf) for i, room in enumerate(rooms, start=1)]
