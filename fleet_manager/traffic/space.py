"""Distances on a roadmap: which of its nodes and edges come nearer to a place than a given clearance.

Every node and edge is a *piece*: a segment of the map frame (a node is one of length zero). Pieces are
numbered, edges first, so that any set of them is one integer with a bit a piece, and "does this way touch
what that robot holds" is one `&`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fleet_manager.domain.roadmap import Roadmap

Segment = tuple[float, float, float, float]
"""ax, ay, bx, by in m (map frame)."""

_CACHE_LIMIT = 50_000


class Space:
    """Pieces of one roadmap and the distances between them, computed at first use and kept."""

    def __init__(self, roadmap: Roadmap) -> None:
        self.roadmap = roadmap
        self.node_ids: tuple[str, ...] = tuple(roadmap.nodes)
        self.index: dict[str, int] = {name: i for i, name in enumerate(self.node_ids)}
        self.xy: list[tuple[float, float]] = [(n.x, n.y) for n in roadmap.nodes.values()]
        self.edges = tuple(roadmap.edges.values())
        self.edge_count = len(self.edges)
        self.ends: list[tuple[int, int]] = [(self.index[e.source], self.index[e.target]) for e in self.edges]
        self._edge_of: dict[tuple[int, int], int] = {}
        for i, (u, v) in enumerate(self.ends):
            self._edge_of.setdefault((u, v), i)
            self._edge_of.setdefault((v, u), i)
        rows = [self.xy[u] + self.xy[v] for u, v in self.ends] + [p + p for p in self.xy]
        self._segments: NDArray[np.float64] = np.array(rows, dtype=np.float64).reshape(-1, 4)
        self._low = np.minimum(self._segments[:, :2], self._segments[:, 2:])
        self._high = np.maximum(self._segments[:, :2], self._segments[:, 2:])
        self._masks: dict[frozenset[str], int] = {}
        self._near: dict[tuple[int, float], int] = {}
        self._near_loose: dict[tuple[Segment, float], int] = {}

    @property
    def piece_count(self) -> int:
        """Number of pieces: bits of a set of them."""
        return len(self._segments)

    def node_piece(self, node: int) -> int:
        """Piece of a node, by the node's number."""
        return self.edge_count + node

    def edge_between(self, a: int, b: int) -> int | None:
        """Piece of the edge that joins two nodes; None if there is none."""
        return self._edge_of.get((a, b))

    def edge_mask(self, edge_ids: frozenset[str]) -> int:
        """Set of pieces of these edges; kept, because it is asked for every cycle."""
        found = self._masks.get(edge_ids)
        if found is None:
            if len(self._masks) > 100:
                self._masks.clear()
            found = sum(1 << i for i, e in enumerate(self.edges) if e.id in edge_ids)
            self._masks[edge_ids] = found
        return found

    def segment(self, piece: int) -> Segment:
        """The piece as a segment."""
        ax, ay, bx, by = (float(v) for v in self._segments[piece])
        return ax, ay, bx, by

    def near(self, piece: int, clearance: float) -> int:
        """Set of pieces nearer than `clearance` (m) to a piece."""
        key = (piece, clearance)
        found = self._near.get(key)
        if found is None:
            if len(self._near) > _CACHE_LIMIT:
                self._near.clear()
            found = self._near[key] = self._within(self._segments[piece], clearance)
        return found

    def near_segment(self, segment: Segment, clearance: float) -> int:
        """Set of pieces nearer than `clearance` (m) to a segment that is not part of the roadmap."""
        key = (segment, clearance)
        found = self._near_loose.get(key)
        if found is None:
            if len(self._near_loose) > 2_000:
                self._near_loose.clear()
            found = self._near_loose[key] = self._within(np.asarray(segment, dtype=np.float64), clearance)
        return found

    def nearest_node(self, x: float, y: float, among: Sequence[int]) -> tuple[int, float] | None:
        """The nearest of some nodes to a point, with its distance (m)."""
        best = min(among, key=lambda n: (self.xy[n][0] - x) ** 2 + (self.xy[n][1] - y) ** 2, default=None)
        if best is None:
            return None
        return best, float(np.hypot(self.xy[best][0] - x, self.xy[best][1] - y))

    def _within(self, segment: NDArray[np.float64], clearance: float) -> int:
        low = np.minimum(segment[:2], segment[2:]) - clearance
        high = np.maximum(segment[:2], segment[2:]) + clearance
        close: NDArray[np.bool_] = np.all((self._low <= high) & (self._high >= low), axis=1)
        candidates = np.flatnonzero(close)
        close[candidates] = segment_distances(segment, self._segments[candidates]) < clearance
        return int.from_bytes(np.packbits(close, bitorder="little").tobytes(), "little")


def segment_distances(one: NDArray[np.float64], many: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances (m) of one segment (shape 4) to each of many (shape n x 4)."""
    a, b = one[:2], one[2:]
    c, d = many[:, :2], many[:, 2:]
    ends = np.minimum(
        np.minimum(_point_to_segments(a, c, d), _point_to_segments(b, c, d)),
        np.minimum(_points_to_segment(c, a, b), _points_to_segment(d, a, b)),
    )
    cross_c, cross_d = _cross(b - a, c - a), _cross(b - a, d - a)
    cross_a, cross_b = _cross(d - c, a - c), _cross(d - c, b - c)
    ends[(cross_c * cross_d < 0) & (cross_a * cross_b < 0)] = 0.0
    return ends


def segment_gap(ones: Sequence[Segment], others: Sequence[Segment]) -> float:
    """Least distance (m) between two sets of segments; infinite if one is empty."""
    if not ones or not others:
        return float("inf")
    many = np.asarray(others, dtype=np.float64)
    return min(float(segment_distances(np.asarray(s, dtype=np.float64), many).min()) for s in ones)


def _cross(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return result


def _point_to_segments(p: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]) -> NDArray[np.float64]:
    along = d - c
    squared = np.einsum("ij,ij->i", along, along)
    t = np.einsum("ij,ij->i", p - c, along) / np.where(squared > 0.0, squared, 1.0)
    foot = c + np.clip(t, 0.0, 1.0)[:, None] * along
    result: NDArray[np.float64] = np.hypot(*(p - foot).T)
    return result


def _points_to_segment(p: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]) -> NDArray[np.float64]:
    along = d - c
    squared = float(along @ along)
    t = np.clip(((p - c) @ along) / squared, 0.0, 1.0) if squared > 0.0 else np.zeros(len(p))
    result: NDArray[np.float64] = np.hypot(*(p - (c + t[:, None] * along)).T)
    return result
