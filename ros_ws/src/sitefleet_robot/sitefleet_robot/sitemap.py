"""The site's occupancy map (ROS map_server PGM and YAML) and rays cast in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

Array = NDArray[np.float64]


class MapError(ValueError):
    """A map file that cannot be used; the message names it and says why."""


@dataclass(frozen=True)
class SiteMap:
    """Occupied cells; `occupied[row, column]` with row 0 at the lowest y. Origin and resolution in m, map frame."""

    occupied: NDArray[np.bool_]
    resolution: float
    origin_x: float
    origin_y: float

    @classmethod
    def load(cls, path: Path) -> SiteMap:
        """Read map.yaml and the picture it names. Raises MapError."""
        try:
            facts: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
            pixels = read_pgm(path.parent / str(facts["image"]))
            x, y, yaw = (float(v) for v in facts["origin"])
            resolution, threshold = float(facts["resolution"]), float(facts["occupied_thresh"])
            negate = bool(facts.get("negate", 0))
        except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as fault:
            raise MapError(f"{path}: {fault}") from fault
        if yaw != 0.0:
            raise MapError(f"{path}: a rotated origin is not supported")
        share = pixels / 255.0 if negate else (255.0 - pixels) / 255.0
        return cls(np.flipud(share > threshold), resolution, x, y)

    def cast(self, x: float, y: float, directions: Array, reach: float) -> Array:
        """Distance to the first occupied cell along each direction (rad) from (x, y), m; `reach` where there is none.

        Rays are sampled at a third of a cell, so a result is up to a third of a cell too long.
        """
        step = self.resolution / 3.0
        lengths = np.arange(step, reach + step, step)
        px = x + np.cos(directions)[:, None] * lengths[None, :]
        py = y + np.sin(directions)[:, None] * lengths[None, :]
        columns = np.floor((px - self.origin_x) / self.resolution).astype(np.int64)
        rows = np.floor((py - self.origin_y) / self.resolution).astype(np.int64)
        height, width = self.occupied.shape
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        hit = np.zeros(px.shape, dtype=np.bool_)
        hit[inside] = self.occupied[rows[inside], columns[inside]]
        first = hit.argmax(axis=1)
        return np.where(hit.any(axis=1), lengths[first], reach)


def read_pgm(path: Path) -> Array:
    """Grey values of a binary PGM (P5), shape (rows, columns)."""
    content = path.read_bytes()
    if not content.startswith(b"P5"):
        raise ValueError(f"{path.name} is not a binary PGM")
    tokens: list[int] = []
    position = 2
    while len(tokens) < 3:
        end = content.index(b"\n", position) if content[position : position + 1] == b"#" else position
        if end != position:
            position = end + 1
            continue
        if content[position : position + 1].isspace():
            position += 1
            continue
        end = position
        while not content[end : end + 1].isspace():
            end += 1
        tokens.append(int(content[position:end]))
        position = end
    width, height, _maximum = tokens
    pixels = np.frombuffer(content, dtype=np.uint8, count=width * height, offset=position + 1)
    return pixels.reshape(height, width).astype(np.float64)
