"""What a lidar sees of a room's walls on the map, and the fewest viewpoints that see enough."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.occupancy import FREE, OCCUPIED, OccupancyMap

STEP_SHARE = 0.5
"""Rays are sampled at this share of a cell."""
RAYS = 256
"""Rays looked at together; few enough to stay in the processor's cache."""


def wall_faces(grid: OccupancyMap, area: BaseGeometry, walls: BaseGeometry) -> NDArray[np.float64]:
    """Middles of the free cells (n, 2) of a space that touch an occupied cell of a wall: where a lidar meets it.

    The edges of stairs, railings and holes are not walls.
    """
    x0, y0, x1, y1 = area.bounds
    low, high = grid.index(x0, y0), grid.index(x1, y1)
    rows = slice(max(low[0] - 1, 1), min(high[0] + 2, grid.cells.shape[0] - 1))
    columns = slice(max(low[1] - 1, 1), min(high[1] + 2, grid.cells.shape[1] - 1))
    solid = grid.cells == OCCUPIED
    touching = np.zeros_like(solid)
    touching[1:-1, 1:-1] = solid[2:, 1:-1] | solid[:-2, 1:-1] | solid[1:-1, 2:] | solid[1:-1, :-2]
    face = np.zeros_like(solid)
    face[rows, columns] = ((grid.cells == FREE) & touching)[rows, columns]
    r, c = np.nonzero(face)
    points = grid.centres(r, c)
    points = points[shapely.contains_xy(area.buffer(grid.resolution), points[:, 0], points[:, 1])]
    near = walls.buffer(1.5 * grid.resolution)
    shapely.prepare(near)
    return np.asarray(points[shapely.contains_xy(near, points[:, 0], points[:, 1])], dtype=np.float64)


def seen_from(
    grid: OccupancyMap, viewpoints: NDArray[np.float64], faces: NDArray[np.float64], reach: float
) -> NDArray[np.bool_]:
    """Which faces (m) each viewpoint (n) sees: (n, m). Nothing but free cells may lie between, at most `reach` m."""
    result = np.zeros((len(viewpoints), len(faces)), dtype=bool)
    if not len(faces):
        return result
    free = (grid.cells == FREE).ravel()
    columns = grid.cells.shape[1]
    origin = np.array(grid.origin)
    ends = ((faces - origin) / grid.resolution).astype(np.float32)
    for number, viewpoint in enumerate(viewpoints):
        start = ((viewpoint - origin) / grid.resolution).astype(np.float32)
        away = ends - start
        length = np.hypot(away[:, 0], away[:, 1])
        near = np.nonzero(length * grid.resolution <= reach)[0]
        near = near[np.argsort(length[near])]  # rays of one length together, so that short ones take few samples
        begin = 0
        while begin < len(near):
            some = near[begin : begin + RAYS]
            share = np.linspace(0.0, 1.0, int(np.ceil(length[some[-1]] / STEP_SHARE)) + 1, dtype=np.float32)
            x = start[0] + away[some, :1] * share
            y = start[1] + away[some, 1:] * share
            result[number, some] = free.take(y.astype(np.int32) * columns + x.astype(np.int32)).all(axis=1)
            begin += RAYS
    return result


def fewest(seen: NDArray[np.bool_], wanted: float) -> tuple[list[int], float]:
    """Greedy set cover: rows that together see the wanted share of columns (or all that can be seen), and the share."""
    total = seen.shape[1]
    if total == 0 or not len(seen):
        return ([0], 1.0) if len(seen) else ([], 0.0)
    chosen: list[int] = []
    covered = np.zeros(total, dtype=bool)
    while covered.sum() < wanted * total:
        gain = (seen & ~covered).sum(axis=1)
        best = int(gain.argmax())
        if gain[best] == 0:
            break
        chosen.append(best)
        covered |= seen[best]
    for row in list(chosen):  # an early choice may have become needless
        rest = [r for r in chosen if r != row]
        if rest and seen[rest].any(axis=0).sum() >= min(covered.sum(), wanted * total):
            chosen = rest
    return chosen, float(seen[chosen].any(axis=0).sum()) / total if chosen else 0.0
