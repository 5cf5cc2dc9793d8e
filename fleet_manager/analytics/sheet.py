"""Where metres of the map frame land on the drawing sheet of the plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WIDTH = 1120.0
"""px of the sheet's user units; the browser scales them."""
BORDER = 26.0
"""px around the storey."""
TALL = 1.15
"""A storey this much deeper than wide is turned by a quarter, so that it fills the sheet."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Maps x, y in m to px, y downwards; `turned` puts the map's +y to the right instead of up."""

    left: float
    bottom: float
    right: float
    top: float
    scale: float
    turned: bool

    @classmethod
    def around(cls, points: Iterable[Point]) -> Sheet:
        """The sheet that holds all points; without any, an empty square of 10 m."""
        all_points = list(points) or [(0.0, 0.0), (10.0, 10.0)]
        xs, ys = [p[0] for p in all_points], [p[1] for p in all_points]
        left, right, bottom, top = min(xs), max(xs), min(ys), max(ys)
        wide, high = max(right - left, 1.0), max(top - bottom, 1.0)
        turned = high > TALL * wide
        return cls(left, bottom, right, top, (WIDTH - 2 * BORDER) / (high if turned else wide), turned)

    @property
    def width(self) -> float:
        """px."""
        return WIDTH

    @property
    def height(self) -> float:
        """px."""
        span = (self.right - self.left) if self.turned else (self.top - self.bottom)
        return max(span, 1.0) * self.scale + 2 * BORDER

    def place(self, point: Point) -> Point:
        """px of a point in m."""
        x, y = point
        if self.turned:
            return BORDER + (y - self.bottom) * self.scale, BORDER + (x - self.left) * self.scale
        return BORDER + (x - self.left) * self.scale, BORDER + (self.top - y) * self.scale

    def direction(self, cosine: float, sine: float) -> Point:
        """A direction of the map frame as a direction on the sheet."""
        return (sine, cosine) if self.turned else (cosine, -sine)
