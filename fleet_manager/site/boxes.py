"""Footprints as few rectangles, for simulators that know boxes only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.anchors import main_axis
from fleet_manager.site.section import polygons

EXACT = 0.995
"""Share of its box that a footprint must fill to be taken as that box."""
SLICE = 0.1
"""m; width of the slices of a footprint that is no rectangle (curved or oblique)."""
LEAST = 0.004
"""m; boxes thinner than this are splinters."""


@dataclass(frozen=True)
class Rectangle:
    """Middle, direction of the length (rad), length and width in m."""

    x: float
    y: float
    yaw: float
    length: float
    width: float

    def polygon(self) -> Polygon:
        """Its outline."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        u, v = np.array([c, s]) * self.length / 2, np.array([-s, c]) * self.width / 2
        middle = np.array([self.x, self.y])
        return Polygon([middle - u - v, middle + u - v, middle + u + v, middle - u + v])


def rectangles(area: BaseGeometry) -> list[Rectangle]:
    """Rectangles that cover an area to within half a map cell."""
    found: list[Rectangle] = []
    for polygon in polygons(area):
        box = shapely.minimum_rotated_rectangle(polygon)
        if isinstance(box, Polygon) and polygon.area >= EXACT * box.area:
            found.append(_from_box(box))
        else:
            found.extend(_slices(polygon))
    return [r for r in found if r.length > LEAST and r.width > LEAST]


def _from_box(box: Polygon) -> Rectangle:
    corners = np.asarray(box.exterior.coords)[:4]
    side, other = corners[1] - corners[0], corners[2] - corners[1]
    if np.linalg.norm(other) > np.linalg.norm(side):
        side, other = other, side
    angle = float(np.arctan2(side[1], side[0]))
    if angle <= -np.pi / 2 + 1e-9 or angle > np.pi / 2 + 1e-9:
        angle += np.pi if angle < 0 else -np.pi
    middle = corners.mean(axis=0)
    return Rectangle(
        float(middle[0]), float(middle[1]), angle, float(np.linalg.norm(side)), float(np.linalg.norm(other))
    )


def _slices(polygon: Polygon) -> list[Rectangle]:
    """Cut across the main direction at each corner, and finer where sides run obliquely."""
    axis = main_axis(polygon)
    across = np.array([-axis[1], axis[0]])
    turn = np.stack([axis, across])
    local = shapely.transform(polygon, lambda c: c @ turn.T)
    xs = _breaks(local)
    found: list[Rectangle] = []
    open_runs: list[tuple[float, float, float, float]] = []  # x0, x1, y0, y1 that may go on
    for x0, x1 in itertools.pairwise(xs):
        middle = (x0 + x1) / 2
        line = shapely.linestrings([[middle, local.bounds[1] - 1], [middle, local.bounds[3] + 1]])
        spans = [
            (float(shapely.bounds(p)[1]), float(shapely.bounds(p)[3]))
            for p in shapely.get_parts(shapely.intersection(line, local))
            if p.length > LEAST
        ]
        runs: list[tuple[float, float, float, float]] = []
        for y0, y1 in spans:
            match = next((r for r in open_runs if abs(r[2] - y0) < 1e-4 and abs(r[3] - y1) < 1e-4), None)
            if match is not None:
                open_runs.remove(match)
                runs.append((match[0], x1, match[2], match[3]))
            else:
                runs.append((x0, x1, y0, y1))
        found.extend(_from_run(r, turn) for r in open_runs)
        open_runs = runs
    found.extend(_from_run(r, turn) for r in open_runs)
    return found


def _breaks(local: BaseGeometry) -> list[float]:
    coords = [np.asarray(r.coords) for p in polygons(local) for r in (p.exterior, *p.interiors)]
    xs = sorted({round(float(x), 4) for ring in coords for x in ring[:, 0]})
    edges = np.concatenate([np.stack([r[:-1], r[1:]], axis=1) for r in coords])
    oblique = edges[(np.abs(edges[:, 1] - edges[:, 0]) > 1e-3).all(axis=1)]
    result: list[float] = []
    for x0, x1 in itertools.pairwise(xs):
        if x1 - x0 < 1e-4:
            continue
        low, high = oblique[:, :, 0].min(axis=1), oblique[:, :, 0].max(axis=1)
        slanted = len(oblique) > 0 and bool(((low < x1 - 1e-6) & (high > x0 + 1e-6)).any())
        count = int(np.ceil((x1 - x0) / SLICE)) if slanted else 1
        result.extend(np.linspace(x0, x1, count + 1)[:-1].tolist())
    return [*result, xs[-1]]


def _from_run(run: tuple[float, float, float, float], turn: NDArray[np.float64]) -> Rectangle:
    x0, x1, y0, y1 = run
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) @ turn
    return Rectangle(float(middle[0]), float(middle[1]), float(np.arctan2(turn[0, 1], turn[0, 0])), x1 - x0, y1 - y0)
