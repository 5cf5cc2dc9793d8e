"""The occupancy map: rasterised ground, and its files in the format of ROS map_server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import shapely
import yaml
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.errors import StoreyTooLarge
from fleet_manager.site.ground import Ground
from fleet_manager.site.section import polygons

FREE, OCCUPIED, UNKNOWN = 254, 0, 205
"""Grey values of map_server's trinary mode with its usual thresholds."""
SUPER = 4
"""Subcells along a cell's side that decide how much of it is covered."""
MARGIN = 0.5
"""m of unknown around everything."""
LONGEST_SIDE = 16_000
"""Cells; 800 m at 5 cm. More is no storey but two places far from one another."""
MOST_CELLS = 32_000_000
"""400 m by 200 m at 5 cm: what can be worked out within 2 GB of memory."""


@dataclass(frozen=True)
class OccupancyMap:
    """Grid of the storey: cells[row, column] with row 0 at the lowest y; origin is the lower left corner, m."""

    cells: NDArray[np.uint8]
    resolution: float
    origin: tuple[float, float]

    def index(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of a point."""
        return (
            int(np.floor((y - self.origin[1]) / self.resolution)),
            int(np.floor((x - self.origin[0]) / self.resolution)),
        )

    def at(self, x: float, y: float) -> int:
        """Value of the cell a point lies in; unknown outside."""
        row, column = self.index(x, y)
        if 0 <= row < self.cells.shape[0] and 0 <= column < self.cells.shape[1]:
            return int(self.cells[row, column])
        return UNKNOWN

    def centres(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Middles of cells (n, 2), m."""
        return np.stack(
            [self.origin[0] + (columns + 0.5) * self.resolution, self.origin[1] + (rows + 0.5) * self.resolution],
            axis=1,
        )

    def distance(self) -> NDArray[np.float64]:
        """m from each cell's middle to the nearest cell that is not free, exact Euclidean; 0 where not free."""
        free = (self.cells == FREE).astype(np.uint8)
        padded = np.pad(free, 1)
        field = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        return np.asarray(np.maximum(field - 0.5, 0.0) * self.resolution, dtype=np.float64)


def draw_map(ground: Ground, resolution: float) -> OccupancyMap:
    """Rasterise: a cell is occupied if obstacles or missing floor cover half of it, or a thin obstacle touches it.

    Raises StoreyTooLarge.
    """
    solid = shapely.union(ground.obstacles, ground.holes)
    x0, y0, x1, y1 = shapely.total_bounds(np.array([ground.free, solid], dtype=object))
    origin = (
        round(float(np.floor((x0 - MARGIN) / resolution) * resolution), 6),
        round(float(np.floor((y0 - MARGIN) / resolution) * resolution), 6),
    )
    shape = (int(np.ceil((y1 + MARGIN - origin[1]) / resolution)), int(np.ceil((x1 + MARGIN - origin[0]) / resolution)))
    if max(shape) > LONGEST_SIDE or shape[0] * shape[1] > MOST_CELLS:
        raise StoreyTooLarge(x1 - x0, y1 - y0, LONGEST_SIDE * resolution, MOST_CELLS * resolution**2)
    thin = shapely.difference(solid, solid.buffer(-0.024).buffer(0.03))
    occupied = (_coverage(solid, origin, shape, resolution) >= 0.5) | (
        _coverage(thin, origin, shape, resolution) >= 0.12
    )
    free = _coverage(ground.free, origin, shape, resolution) >= 0.5
    cells = np.full(shape, UNKNOWN, dtype=np.uint8)
    cells[free] = FREE
    cells[occupied] = OCCUPIED
    return OccupancyMap(cells, resolution, origin)


def _coverage(
    geometry: BaseGeometry, origin: tuple[float, float], shape: tuple[int, int], resolution: float
) -> NDArray[np.float64]:
    """Share of each cell that a geometry covers, from SUPER x SUPER subcells."""
    sub = resolution / SUPER
    fine = np.zeros((shape[0] * SUPER, shape[1] * SUPER), dtype=np.uint8)
    # fillPoly also paints the subcells its outline runs through; half a subcell less evens that out.
    for polygon in polygons(geometry.buffer(-sub / 2, join_style="mitre")):
        rings = [
            np.round(((np.asarray(ring.coords) - origin) / sub - 0.5) * 256).astype(np.int32)
            for ring in (polygon.exterior, *polygon.interiors)
        ]
        cv2.fillPoly(fine, rings, 1, lineType=cv2.LINE_8, shift=8)
    summed = fine.reshape(shape[0], SUPER, shape[1], SUPER).sum(axis=(1, 3))
    return np.asarray(summed / float(SUPER * SUPER), dtype=np.float64)


def write_map(grid: OccupancyMap, folder: Path) -> None:
    """Write map.pgm (top row is the greatest y) and map.yaml."""
    height, width = grid.cells.shape
    header = f"P5\n{width} {height}\n255\n".encode("ascii")
    (folder / "map.pgm").write_bytes(header + np.flipud(grid.cells).tobytes())
    text = yaml.safe_dump(
        {
            "image": "map.pgm",
            "mode": "trinary",
            "resolution": grid.resolution,
            "origin": [grid.origin[0], grid.origin[1], 0.0],
            "negate": 0,
            "occupied_thresh": 0.65,
            "free_thresh": 0.196,
        },
        sort_keys=False,
    )
    (folder / "map.yaml").write_text(text, encoding="utf-8")


def read_map(folder: Path) -> OccupancyMap:
    """Read what write_map wrote. Raises ValueError if it is something else."""
    meta = yaml.safe_load((folder / "map.yaml").read_text(encoding="utf-8"))
    raw = (folder / meta["image"]).read_bytes()
    parts = raw.split(b"\n", 3)
    if len(parts) != 4 or parts[0] != b"P5":
        raise ValueError(f"{meta['image']} is not a binary PGM")
    width, height = (int(n) for n in parts[1].split())
    cells = np.frombuffer(parts[3], dtype=np.uint8).reshape(height, width)
    return OccupancyMap(np.flipud(cells).copy(), float(meta["resolution"]), (meta["origin"][0], meta["origin"][1]))
