"""What belongs to the storey's building and what only stands in the same file: other buildings, and strays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.elements import WALL_KINDS, Obstacle, union
from fleet_manager.site.ifc_model import Model, building_of, contained_elements, spaces_of
from fleet_manager.site.section import polygons
from fleet_manager.site.spaces import Space

NEAR = 5.0
"""m; elements that are no farther from one another stand on one plot."""
SMALLEST_ROOM = 1.0
"""m2 that walls must enclose to count as a building where the model has no spaces."""
NAMED = 3
"""Most strays named in a remark."""


def of_other_buildings(model: Model, storey: Any) -> set[int]:
    """Step ids of the elements and spaces that are assigned to another building than the storey's."""
    own = building_of(storey)
    found: set[int] = set()
    for building in model.by_type("IfcBuilding"):
        if building_of(building) != own:
            found.update(e.id() for e in contained_elements(building))
            found.update(s.id() for part in _with_storeys(building) for s in spaces_of(part))
    return found


def _with_storeys(part: Any) -> Iterator[Any]:
    yield part
    for relation in part.IsDecomposedBy or ():
        for inner in relation.RelatedObjects:
            if inner.is_a("IfcBuilding") or inner.is_a("IfcBuildingStorey"):
                yield from _with_storeys(inner)


def without_strays(
    obstacles: Sequence[Obstacle], spaces: Sequence[Space], yard: float
) -> tuple[list[Obstacle], BaseGeometry, list[str]]:
    """The obstacles of the building and of all that stands near it; the plot they stand on; and what was left out.

    Models hold things forgotten far away. A map that reaches to them is mostly nothing.
    """
    if not obstacles:
        return [], Polygon(), []
    gap = max(NEAR, yard + 2.0)
    boxes = np.array([o.footprint.envelope for o in obstacles], dtype=object)
    plots = shapely.get_parts(shapely.union_all(shapely.buffer(boxes, gap / 2, quad_segs=2)))
    if len(plots) == 1:
        return list(obstacles), plots[0], []
    on_plot = [shapely.intersects(plot, boxes) for plot in plots]
    rooms = shapely.union_all([s.area for s in spaces]) if spaces else None
    kept = np.zeros(len(obstacles), dtype=np.bool_)
    ground: list[BaseGeometry] = []
    for plot, members in zip(plots, on_plot, strict=True):
        standing = [o for o, here in zip(obstacles, members, strict=True) if here]
        if plot.intersects(rooms) if rooms is not None else _encloses_a_room(standing):
            kept |= members
            ground.append(plot)
    strays = [o for o, near in zip(obstacles, kept, strict=True) if not near]
    near = [o for o, near in zip(obstacles, kept, strict=True) if near]
    if not near or not strays:
        return list(obstacles), shapely.union_all(plots), []
    listed = ", ".join(f"{o.name} ({o.guid})" for o in strays[:NAMED]) + (" ..." if len(strays) > NAMED else "")
    return near, shapely.union_all(ground), [f"{len(strays)} elements far from the building are left out: {listed}."]


def _encloses_a_room(obstacles: Sequence[Obstacle]) -> bool:
    walls = union(list(obstacles), WALL_KINDS, carved=False).buffer(0.3)
    return any(Polygon(ring).area > SMALLEST_ROOM for p in polygons(walls) for ring in p.interiors)
