"""Distances in the plane between points, straight lines and the outlines of areas; m, map frame."""

from __future__ import annotations

import itertools
import math

from fleet_manager.domain.site import Area

Point = tuple[float, float]


def point_to_segment(p: Point, a: Point, b: Point) -> float:
    """Distance of a point from a straight line between two others, which may be one place."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    squared = dx * dx + dy * dy
    along = 0.0 if squared == 0.0 else max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared))
    return math.hypot(p[0] - a[0] - along * dx, p[1] - a[1] - along * dy)


def segments_gap(a: Point, b: Point, c: Point, d: Point) -> float:
    """Distance of two straight lines; zero where they cross."""
    if _side(a, b, c) * _side(a, b, d) < 0.0 and _side(c, d, a) * _side(c, d, b) < 0.0:
        return 0.0
    return min(
        point_to_segment(a, c, d), point_to_segment(b, c, d), point_to_segment(c, a, b), point_to_segment(d, a, b)
    )


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def area_gap(area: Area, x: float, y: float) -> float:
    """Distance of a point from the outline of an area and of its holes."""
    return area_gap_to_segment(area, (x, y), (x, y))


def area_gap_to_segment(area: Area, start: Point, end: Point) -> float:
    """Distance of a straight line from the outline of an area and of its holes."""
    return min(
        (segments_gap(start, end, a, b) for ring in (area.exterior, *area.holes) for a, b in itertools.pairwise(ring)),
        default=math.inf,
    )
