"""Footprint of a mesh between two heights: what of it a robot could run into."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.meshes import ElementMesh, Points

GRID = 1e-4
"""m; footprints are snapped to this, far below what a building is built to."""
PLANE_JITTER = 1.3e-5
"""m; moves a cut plane off the vertices that models like to put on round heights."""
SHEET = 0.01
"""m; half the thickness given to bodies that are only a surface."""


def footprint(mesh: ElementMesh, low: float, high: float) -> BaseGeometry:
    """Projection of the part of a body between two heights (m, same frame as the mesh) onto the floor.

    A solid's part in the band has as its boundary the surface within the band and the two cut faces; the
    projections of these cover its footprint.
    """
    if mesh.high <= low or mesh.low >= high:
        return Polygon()
    parts: list[BaseGeometry] = []
    for height in (low, high):
        if mesh.low < height < mesh.high:
            parts.append(cut(mesh, height + PLANE_JITTER))
    parts.append(_project(mesh, low, high))
    return clean(shapely.union_all(parts))


def cut(mesh: ElementMesh, height: float) -> BaseGeometry:
    """Section of a body by a horizontal plane; open surfaces become thin strips."""
    segments = _cut_segments(mesh, height)
    if not len(segments):
        return Polygon()
    lines = shapely.linestrings(segments)
    noded = shapely.union_all(shapely.set_precision(lines, GRID))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    solid = [f for f in faces if _winding(segments, f) != 0]
    closed = shapely.union_all(solid) if solid else Polygon()
    loose = shapely.difference(noded, closed.buffer(2 * GRID)) if solid else noded
    if loose.is_empty or loose.length < 4 * GRID:
        return closed
    return shapely.union(closed, loose.buffer(SHEET, cap_style="flat"))


def clean(geometry: BaseGeometry, least_area: float = 1e-5) -> BaseGeometry:
    """Valid polygons only, snapped, without splinters."""
    snapped = shapely.set_precision(geometry, GRID)
    parts = [p for p in shapely.get_parts(snapped) if isinstance(p, Polygon) and p.area > least_area]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def close(geometry: BaseGeometry, by: float) -> BaseGeometry:
    """The geometry with gaps of up to twice `by` (m) filled."""
    grown = geometry.buffer(by, join_style="mitre", mitre_limit=2.0)
    return shapely.union(geometry, grown.buffer(-by, join_style="mitre", mitre_limit=2.0))


def polygons(geometry: BaseGeometry) -> list[Polygon]:
    """The polygons of any geometry."""
    found: list[Polygon] = []
    for part in shapely.get_parts(geometry):
        if isinstance(part, Polygon):
            if not part.is_empty:
                found.append(part)
        elif part.geom_type in ("MultiPolygon", "GeometryCollection"):
            found.extend(polygons(part))
    return found


def _cut_segments(mesh: ElementMesh, height: float) -> Points:
    """Directed segments (n, 2, 2) where the triangles pass the plane; the solid is on the left of each."""
    corners = mesh.vertices[mesh.faces]
    above = corners[:, :, 2] > height
    count = above.sum(axis=1)
    crossing = corners[(count == 1) | (count == 2)]
    if not len(crossing):
        return np.empty((0, 2, 2))
    above = crossing[:, :, 2] > height
    lone_above = above.sum(axis=1) == 1
    lone = np.where(lone_above, above.argmax(axis=1), (~above).argmax(axis=1))
    rows = np.arange(len(crossing))
    apex, nxt, prv = crossing[rows, lone], crossing[rows, (lone + 1) % 3], crossing[rows, (lone + 2) % 3]
    first, second = _at_height(apex, nxt, height), _at_height(apex, prv, height)
    start = np.where(lone_above[:, None], first, second)
    end = np.where(lone_above[:, None], second, first)
    segments = np.stack([start, end], axis=1)
    keep = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1) > GRID / 10
    return np.asarray(segments[keep], dtype=np.float64)


def _at_height(a: Points, b: Points, height: float) -> Points:
    share = ((height - a[:, 2]) / (b[:, 2] - a[:, 2]))[:, None]
    return np.asarray(a[:, :2] + share * (b[:, :2] - a[:, :2]), dtype=np.float64)


def _winding(segments: Points, face: Polygon) -> int:
    """Winding number of the directed segments around a point of the face; overlapping solids add up."""
    point = face.representative_point()
    a, b = segments[:, 0], segments[:, 1]
    up = (a[:, 1] <= point.y) & (b[:, 1] > point.y)
    down = (b[:, 1] <= point.y) & (a[:, 1] > point.y)
    side = (b[:, 0] - a[:, 0]) * (point.y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (point.x - a[:, 0])
    return int((up & (side > 0)).sum()) - int((down & (side < 0)).sum())


def _project(mesh: ElementMesh, low: float, high: float) -> BaseGeometry:
    """Projection of the surface between two heights."""
    corners = mesh.vertices[mesh.faces]
    bottom, top = corners[:, :, 2].min(axis=1), corners[:, :, 2].max(axis=1)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat_area = np.abs(normal[:, 2]) / 2
    seen = (top > low) & (bottom < high) & (flat_area > 1e-7)
    inside = seen & (bottom >= low) & (top <= high)
    shapes: list[BaseGeometry] = []
    if inside.any():
        shapes.extend(shapely.polygons(_closed(corners[inside][:, :, :2])))
    for triangle in corners[seen & ~inside]:
        piece = _clip(_clip(triangle, low, 1.0), -high, -1.0)
        if len(piece) >= 3:
            shapes.append(shapely.polygons(piece[:, :2]))
    if not shapes:
        return Polygon()
    return shapely.union_all(shapely.set_precision(shapely.make_valid(np.array(shapes, dtype=object)), GRID))


def _closed(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([triangles, triangles[:, :1]], axis=1)


def _clip(points: Points, level: float, sign: float) -> Points:
    """Part of a polygon (k, 3) where sign * z >= level."""
    if not len(points):
        return points
    kept: list[Points] = []
    for i, b in enumerate(points):
        a = points[i - 1]
        da, db = sign * a[2] - level, sign * b[2] - level
        if (da >= 0) != (db >= 0):
            kept.append(a + (b - a) * (da / (da - db)))
        if db >= 0:
            kept.append(b)
    return np.array(kept).reshape(-1, 3)
