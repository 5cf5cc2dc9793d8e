"""Ceiling anchors: grids of drill points on the real underside of ceilings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.elements import WALL_KINDS, union
from fleet_manager.site.ground import Ground
from fleet_manager.site.meshes import ElementMesh
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.plan import Plan
from fleet_manager.site.section import clean, footprint, polygons
from fleet_manager.site.spaces import Space, title
from fleet_manager.site.zones import ZoneIndex

HEADROOM = 1.5
"""m; what is lower is not a ceiling."""
OPEN_EDGE = 0.3
"""m anchors keep from the line between two spaces that no wall divides, so that grids of both do not meet."""


@dataclass(frozen=True)
class Frame:
    """A regular grid: origin and axis in the map frame, step in m."""

    origin: NDArray[np.float64]
    axis: NDArray[np.float64]
    step: float

    @property
    def across(self) -> NDArray[np.float64]:
        """The other axis, 90 degrees to the left."""
        return np.array([-self.axis[1], self.axis[0]])


@dataclass(frozen=True)
class AnchorGrid:
    """Drill points of one ceiling, in serpentine order: (n, 3), z in m above the floor."""

    guid: str
    name: str
    area: BaseGeometry
    points: NDArray[np.float64]
    frames: tuple[tuple[Frame, BaseGeometry], ...]
    """Each part's grid with the region it covers."""


def anchor_grids(
    plan: Plan, ground: Ground, zones: ZoneIndex, options: ImportOptions
) -> tuple[list[AnchorGrid], list[str]]:
    """One grid for each ceiling covering, or each space where the storey has none; and what was left out, with why.

    A covering that spans several spaces has a grid in step with each of them.
    """
    walls = union(plan.obstacles, WALL_KINDS | {"column"})
    rooms = zones.disjoint()
    standing = ground.free.buffer(-options.robot_for("drill").node_clearance)
    notes: list[str] = []
    grids: list[AnchorGrid] = []
    taken: BaseGeometry = Polygon()
    sources: list[tuple[str, str, BaseGeometry, list[ElementMesh], Space | None]]
    if plan.ceilings:
        sources = [(m.guid, m.name, footprint(m, m.low - 1, m.high + 1), [m], None) for m in plan.ceilings]
    else:
        sources = [(s.guid, title(s), s.area, plan.overhead, s) for s in ground.spaces]
        notes.append("The storey has no ceiling coverings; anchors are set per space.")
    for guid, name, area, meshes, space in sources:
        left = shapely.difference(area, taken)
        if left.area < 0.05 * area.area:
            notes.append(f"{name} ({guid}) lies on another ceiling; it gets no anchors of its own.")
            continue
        taken = shapely.union(taken, area)
        bare = clean(shapely.difference(left, walls))
        points, frames = _grid(bare, rooms, standing, options)
        if not len(points):
            notes.append(f"{name} ({guid}) is too small for an anchor {options.anchor_edge:.2f} m from its edge.")
            continue
        heights = _undersides(points, meshes, space)
        good = np.isfinite(heights)
        if good.any():
            placed = np.column_stack([points[good], heights[good]])
            grids.append(AnchorGrid(guid, name, bare, placed, frames))
        else:
            notes.append(f"{name} ({guid}) has nothing above it to drill into.")
    return grids, notes


def main_axis(area: BaseGeometry) -> NDArray[np.float64]:
    """Unit vector along most of an area's outline, so that grids lie square to its walls; x component >= 0."""
    angles: list[float] = []
    weights: list[float] = []
    for polygon in polygons(area):
        edges = np.diff(np.asarray(polygon.exterior.coords), axis=0)
        lengths = np.linalg.norm(edges, axis=1)
        angles.extend(np.arctan2(edges[:, 1], edges[:, 0]).tolist())
        weights.extend(lengths.tolist())
    turned = np.exp(4j * np.asarray(angles)) * np.asarray(weights)  # direction modulo 90 degrees
    angle = float(np.angle(turned.sum())) / 4
    angle = round(angle, 4)
    return np.array([np.cos(angle), np.sin(angle)])


def _grid(
    area: BaseGeometry, rooms: list[BaseGeometry], standing: BaseGeometry, options: ImportOptions
) -> tuple[NDArray[np.float64], tuple[tuple[Frame, BaseGeometry], ...]]:
    """Points at the given spacing, centred in each room's part of the area less its edge distance."""
    inner = area.buffer(-options.anchor_edge, join_style="mitre")
    shares: list[tuple[BaseGeometry, NDArray[np.float64]]] = []
    for room in rooms:
        if shapely.intersects(inner, room):
            open_edge = min(OPEN_EDGE, options.anchor_spacing / 4)
            shares.append((shapely.intersection(inner, room.buffer(-open_edge, join_style="mitre")), main_axis(room)))
    if rooms:
        shares.append(
            (shapely.difference(inner, shapely.union_all(rooms).buffer(options.anchor_edge)), main_axis(area))
        )
    else:
        shares.append((inner, main_axis(area)))
    frames: list[tuple[Frame, BaseGeometry]] = []
    found: list[NDArray[np.float64]] = []
    for share, axis in shares:
        for part in sorted(polygons(share), key=lambda p: (round(p.centroid.y, 3), round(p.centroid.x, 3))):
            frame, points = _best_grid(part, axis, standing, options.anchor_spacing)
            if len(points):
                frames.append((frame, part))
                found.append(points)
    return (np.concatenate(found) if found else np.empty((0, 2))), tuple(frames)


def _best_grid(
    part: Polygon, axis: NDArray[np.float64], standing: BaseGeometry, spacing: float
) -> tuple[Frame, NDArray[np.float64]]:
    """Grid centred in the part, or in what of it a driller can stand under if that serves more points."""
    tries = [centred_frame(part, axis, spacing)]
    tries += [centred_frame(p, axis, spacing) for p in polygons(shapely.intersection(part, standing))]
    best: tuple[tuple[int, int], Frame, NDArray[np.float64]] | None = None
    for frame in tries:
        points = lattice(part.buffer(5e-4), frame)
        if len(points):
            score = (int(shapely.contains_xy(standing, points[:, 0], points[:, 1]).sum()), len(points))
            if best is None or score > best[0]:
                best = (score, frame, points)
    if best is not None:
        return best[1], best[2]
    middle = shapely.get_coordinates(part.representative_point())
    return Frame(middle[0], axis, spacing), middle if part.area > 0.02 else np.empty((0, 2))


def centred_frame(area: Polygon, axis: NDArray[np.float64], step: float) -> Frame:
    """Grid whose points lie symmetrically in the area's extent along both axes."""
    frame = Frame(np.zeros(2), axis, step)
    coords = np.asarray(area.exterior.coords)
    origin = np.zeros(2)
    for direction in (frame.axis, frame.across):
        along = coords @ direction
        low, extent = float(along.min()), float(along.max() - along.min())
        count = int(np.floor(extent / step + 1e-6))
        origin = origin + direction * (low + (extent - count * step) / 2)
    return Frame(origin, axis, step)


def lattice(area: BaseGeometry, frame: Frame) -> NDArray[np.float64]:
    """Points of the grid inside the area, row by row in serpentine order."""
    if area.is_empty:
        return np.empty((0, 2))
    relative = shapely.get_coordinates(area) - frame.origin
    u, v = relative @ frame.axis / frame.step, relative @ frame.across / frame.step
    columns = np.arange(np.floor(u.min()), np.ceil(u.max()) + 1)
    rows: list[NDArray[np.float64]] = []
    for number, row in enumerate(np.arange(np.floor(v.min()), np.ceil(v.max()) + 1)):
        line = frame.origin + frame.step * (columns[:, None] * frame.axis + row * frame.across)
        line = line[shapely.contains_xy(area, line[:, 0], line[:, 1])]
        rows.append(line if number % 2 == 0 else line[::-1])
    return np.concatenate(rows) if rows else np.empty((0, 2))


def _undersides(points: NDArray[np.float64], meshes: list[ElementMesh], space: Space | None) -> NDArray[np.float64]:
    """Height of the first surface above each point, m; a space's own top where nothing lies lower."""
    heights = np.full(len(points), np.inf)
    for mesh in meshes:
        heights = np.minimum(heights, lowest_hits(points, mesh))
    if space is not None:
        heights = np.minimum(heights, space.high)
    elif not np.isfinite(heights).all() and meshes:
        heights[~np.isfinite(heights)] = min(m.low for m in meshes)
    return heights


def lowest_hits(points: NDArray[np.float64], mesh: ElementMesh) -> NDArray[np.float64]:
    """z of the lowest surface above head height over each point; infinite where there is none."""
    result = np.full(len(points), np.inf)
    for a, b, c in mesh.vertices[mesh.faces]:
        det = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(det) < 1e-9 or max(a[2], b[2], c[2]) < HEADROOM:
            continue
        dx, dy = points[:, 0] - a[0], points[:, 1] - a[1]
        s = (dx * (c[1] - a[1]) - dy * (c[0] - a[0])) / det
        t = (dy * (b[0] - a[0]) - dx * (b[1] - a[1])) / det
        hit = (s >= -1e-6) & (t >= -1e-6) & (s + t <= 1 + 1e-6)
        z = a[2] + s * (b[2] - a[2]) + t * (c[2] - a[2])
        result = np.where(hit & (z > HEADROOM), np.minimum(result, z), result)
    return result
