"""Doors and doorless passages: where they are, which way they go, and how wide they really are."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import ifcopenshell.util.placement
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.section import polygons

Vector = NDArray[np.float64]

REACH = 0.6
"""m along the passage's way searched for wall on either side of its middle."""
GAP = 0.06
"""m; wall leaves closer than this are one wall to a passage (cavities, linings)."""
OVERCUT = 0.01
"""m the passage is cut beyond the wall's faces, against splinters."""
BESIDE = 0.15
"""m from the clear width into the wall beside it, behind the frame."""
WIDEST_DOORWAY = 1.8
"""m; a doorless passage wider than this is open space, not a doorway."""


@dataclass(frozen=True)
class Passage:
    """A way through a wall. `along` and `through` are unit vectors; widths and heights in m."""

    guid: str
    name: str
    is_door: bool
    centre: Vector
    along: Vector
    through: Vector
    clear_width: float
    thickness: float
    high: float
    low: float = 0.0

    @property
    def area(self) -> Polygon:
        """What is cut out of the walls: the clear width by the thickness."""
        return _rectangle(self.centre, self.along, self.through, self.clear_width, self.thickness + 2 * OVERCUT)

    @property
    def is_doorway(self) -> bool:
        """Whether robots must pass it one at a time, along its axis."""
        return self.is_door or self.clear_width <= WIDEST_DOORWAY


def _rectangle(centre: Vector, u: Vector, v: Vector, width: float, depth: float) -> Polygon:
    a, b = u * width / 2, v * depth / 2
    return Polygon([centre - a - b, centre + a - b, centre + a + b, centre - a + b])


def frame_of(filling: Any, default: float, scale: float) -> float:
    """Thickness of a door's frame on each side, m: its lining where the model says, else the default."""
    definitions = [r.RelatingPropertyDefinition for r in filling.IsDefinedBy if r.is_a("IfcRelDefinesByProperties")]
    for relation in filling.IsDefinedBy:
        if relation.is_a("IfcRelDefinesByType"):
            definitions.extend(relation.RelatingType.HasPropertySets or ())
    for relation in getattr(filling, "IsTypedBy", None) or ():
        definitions.extend(relation.RelatingType.HasPropertySets or ())
    for definition in definitions:
        if definition.is_a("IfcDoorLiningProperties") and definition.LiningThickness is not None:
            return min(max(float(definition.LiningThickness) * scale, 0.0), 0.2)
    return default


def passage_axis(entity: Any, body: BaseGeometry, width: float | None) -> Vector:
    """Unit vector along the wall: the placement's x axis, checked against the body, or the body's long side."""
    box = shapely.minimum_rotated_rectangle(body)
    corners = np.asarray(box.exterior.coords)[:4] if isinstance(box, Polygon) else None
    x_axis: Vector | None = None
    if entity.ObjectPlacement is not None:
        matrix = ifcopenshell.util.placement.get_local_placement(entity.ObjectPlacement)
        flat = np.array([matrix[0][0], matrix[1][0]], dtype=np.float64)
        if np.linalg.norm(flat) > 0.9:
            x_axis = flat / np.linalg.norm(flat)
    if corners is None:
        return x_axis if x_axis is not None else np.array([1.0, 0.0])
    sides = [corners[1] - corners[0], corners[2] - corners[1]]
    lengths = [float(np.linalg.norm(s)) for s in sides]
    units = [s / max(n, 1e-9) for s, n in zip(sides, lengths, strict=True)]
    if width is not None and abs(lengths[0] - lengths[1]) > 0.02:
        best = min((0, 1), key=lambda i: abs(lengths[i] - width))
        if abs(lengths[best] - width) < 0.2 * width + 0.05:
            return np.asarray(units[best], dtype=np.float64)
    if x_axis is not None and max(abs(float(x_axis @ u)) for u in units) > 0.98:
        return x_axis
    return np.asarray(units[int(lengths[1] > lengths[0])], dtype=np.float64)


def wall_axis(wall: BaseGeometry, near: BaseGeometry, width: float | None = None) -> Vector | None:
    """Direction of the wall beside an opening: that of its longest face close by.

    None if that is much shorter than the opening's width (m): the wall is round.
    """
    best, direction = max(0.3, 0.8 * (width or 0.0)), None
    for polygon in polygons(wall):
        for ring in (polygon.exterior, *polygon.interiors):
            coords = np.asarray(ring.coords)
            for a, b in itertools.pairwise(coords):
                length = float(np.linalg.norm(b - a))
                if length > best and LineString([a, b]).distance(near) < 0.3:
                    best, direction = length, (b - a) / length
    return direction


def make_passage(
    guid: str,
    name: str,
    is_door: bool,
    body: BaseGeometry,
    along: Vector,
    walls: BaseGeometry,
    frame: float,
    heights: tuple[float, float],
    beside: bool = False,
) -> Passage | None:
    """The clear way through the walls at an opening or door body; None if nothing is left of its width.

    `beside`: where there is no wall to cut, the walls on both sides tell how thick it is.
    """
    through = np.array([-along[1], along[0]])
    coords = shapely.get_coordinates(body)
    across, depth = coords @ along, coords @ through
    clear = float(across.max() - across.min()) - 2 * frame
    if clear <= 0.05:
        return None
    middle = along * (across.max() + across.min()) / 2 + through * (depth.max() + depth.min()) / 2
    low, high = _wall_span(middle, along, through, walls, clear, float(depth.max() - depth.min()), beside)
    return Passage(
        guid,
        name,
        is_door,
        middle + through * (low + high) / 2,
        along,
        through,
        clear,
        high - low,
        heights[1],
        heights[0],
    )


def _wall_span(
    middle: Vector, along: Vector, through: Vector, walls: BaseGeometry, clear: float, depth: float, beside: bool
) -> tuple[float, float]:
    """Where the wall around the passage begins and ends along its way, relative to its middle, m."""
    spans: list[tuple[float, float]] = []
    shifts = [clear * share for share in (-0.4, 0.0, 0.4)]
    if beside:
        shifts += [-clear / 2 - BESIDE, clear / 2 + BESIDE]
    for shift in shifts:
        start = middle + along * shift
        ray = LineString([start - through * REACH, start + through * REACH])
        for part in shapely.get_parts(shapely.intersection(ray, walls)):
            if part.geom_type == "LineString" and part.length > 1e-3:
                ends = (shapely.get_coordinates(part) - start) @ through
                spans.append((float(ends.min()), float(ends.max())))
    low = high = 0.0
    found = False
    for a, b in sorted(spans, key=lambda s: min(abs(s[0]), abs(s[1])) if s[0] * s[1] > 0 else 0.0):
        near = a <= high + GAP and b >= low - GAP
        if near or (not found and min(abs(a), abs(b)) <= depth / 2 + GAP):
            low, high, found = (min(low, a), max(high, b), True) if found else (a, b, True)
    if not found or math.isclose(low, high) or high - low > 1.8 * REACH:
        return -max(depth, 0.1) / 2, max(depth, 0.1) / 2
    return low, high
