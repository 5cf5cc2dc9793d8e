"""Heights and place of a storey in its model: its floor, height, whether it is at ground level, its map's origin."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from fleet_manager.site.ifc_model import Model, contained_elements, elevation_of, spaces_of, storeys_of
from fleet_manager.site.meshes import ElementMesh
from fleet_manager.site.section import footprint

FAR = 1000.0
"""m from the origin beyond which a model is shifted, so that single precision further on does not hurt."""
SAME_FLOOR = 0.06
"""m; floors that differ by less are one floor (finishes)."""
HIGHEST_SCREED = 0.35
"""m above the storey where the top of a raised floor may lie."""


def floor_level(model: Model, storey: Any, meshes: dict[int, ElementMesh]) -> float:
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


def map_offset(meshes: dict[int, ElementMesh]) -> tuple[float, float]:
    """What to take off x and y so that the storey lies near the origin of its map, m; zero for most models."""
    if not meshes:
        return (0.0, 0.0)
    middles = np.array([m.vertices[:, :2].mean(axis=0) for m in meshes.values()])
    centre = np.median(middles, axis=0)
    if float(np.abs(centre).max()) < FAR:
        return (0.0, 0.0)
    return (float(np.round(centre[0])), float(np.round(centre[1])))


def storey_height(model: Model, storey: Any, elevation: float, meshes: dict[int, ElementMesh]) -> float:
    """m from this floor to the next one; on the topmost storey to the top of its walls."""
    above = [z for z in (elevation_of(model, s) for s in storeys_of(model)) if z > elevation + 1.8]
    if above:
        return min(above) - elevation
    tops = [m.high for m in meshes.values() if m.ifc_class.startswith(("IfcWall", "IfcSpace")) and 1.8 < m.high < 8.0]
    return float(np.median(tops)) if tops else 3.0


def at_ground(model: Model, storey: Any) -> bool:
    """Whether the ground outside is at this storey's level: elevation within a metre of the building's zero, or no
    storey with doors below it.
    """
    if abs(float(storey.Elevation or 0.0) * model.scale) <= 1.0:
        return True
    mine = elevation_of(model, storey)
    lower = [s for s in storeys_of(model) if elevation_of(model, s) < mine - 1.0]
    return not any(e.is_a("IfcDoor") for s in lower for e in contained_elements(s))
