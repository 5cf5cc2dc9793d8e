"""Edges of the roadmap: straight, clear, only through doorways on their axis; and repairs where parts stay apart."""

from __future__ import annotations

import heapq

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.site.draft import Draft, DraftNode, Link, components
from fleet_manager.site.ground import Clearance
from fleet_manager.site.occupancy import OccupancyMap
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.passages import Passage

SHORTCUT = 0.70
"""An edge is needless if a node between offers two edges both shorter than this share of it; a square's diagonal
(sides 0.707 of it) stays."""
LONGEST_JOIN = 6.0
"""m; the longest straight edge made only to join parts."""


class Links:
    """Makes edges between nodes of a draft."""

    def __init__(self, draft: Draft, passages: list[Passage], clearance: Clearance, options: ImportOptions) -> None:
        self._draft = draft
        self._clearance = clearance
        self._narrow = options.narrowest.edge_clearance
        self._comfort = options.widest.edge_clearance
        doorways = [p.area.buffer(-0.005) for p in passages if p.is_doorway]
        self._doorways = shapely.STRtree(doorways) if doorways else None

    def clear(self, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clearance of straight lines; 0 for those that go through a doorway, which has an edge of its own."""
        result = self._clearance.of_segments(starts, ends)
        if self._doorways is not None and len(starts):
            lines = shapely.linestrings(np.stack([starts, ends], axis=1))
            result[np.unique(self._doorways.query(lines, predicate="intersects")[0])] = 0.0
        return result

    def add_neighbours(self, only: set[int] | None = None) -> None:
        """Link nodes to their neighbours; with `only`, just links that touch these nodes."""
        draft = self._draft
        numbers = list(draft.nodes)
        points = draft.points(numbers)
        reach = np.array([draft.nodes[i].reach for i in numbers])
        tree = shapely.STRtree(shapely.points(points))
        a, b = tree.query(shapely.points(points), predicate="dwithin", distance=float(reach.max()) + 1e-6)
        keep = a < b
        a, b = a[keep], b[keep]
        gap = np.linalg.norm(points[a] - points[b], axis=1)
        near = (gap <= np.maximum(reach[a], reach[b]) + 1e-6) & (gap > 1e-6)
        if only is not None:
            chosen = np.array([i in only for i in numbers])
            near &= chosen[a] | chosen[b]
        a, b, gap = a[near], b[near], gap[near]
        room = self.clear(points[a], points[b])
        good = room >= self._narrow
        a, b, gap, room = a[good], b[good], gap[good], room[good]
        for i, j, space in _pruned(a, b, gap, room, self._comfort):
            draft.link(numbers[i], numbers[j], space)

    def join(self, node_clearance: float, edge_clearance: float) -> None:
        """Long straight edges between parts that a robot with these needs cannot reach from one another."""
        draft = self._draft
        for distance in (1.5, 3.0, LONGEST_JOIN):
            parts = components(draft.neighbours(node_clearance, edge_clearance))
            if len(parts) < 2:
                return
            part_of = {n: k for k, part in enumerate(parts) for n in part}
            small = [n for part in parts[1:] for n in part]
            numbers = list(part_of)
            points = draft.points(numbers)
            tree = shapely.STRtree(shapely.points(points))
            small_points = draft.points(small)
            which, other = tree.query(shapely.points(small_points), predicate="dwithin", distance=distance)
            apart = np.array(
                [part_of[small[i]] != part_of[numbers[j]] for i, j in zip(which, other, strict=True)], bool
            )
            if not apart.any():
                continue
            which, other = which[apart], other[apart]
            gap = np.linalg.norm(small_points[which] - points[other], axis=1)
            room = self.clear(small_points[which], points[other])
            parent = list(range(len(parts)))
            for k in np.lexsort((other, which, np.round(gap, 6))).tolist():
                if room[k] < edge_clearance:
                    continue
                a, b = small[int(which[k])], numbers[int(other[k])]
                ra, rb = _root(parent, part_of[a]), _root(parent, part_of[b])
                if ra != rb:
                    parent[ra] = rb
                    draft.link(a, b, float(room[k]))

    def join_around_corners(self, grid: OccupancyMap, node_clearance: float, edge_clearance: float) -> None:
        """Nodes along the map where parts lie in one region a robot can turn in, but no straight edge joins them."""
        field = grid.distance()
        _, region = cv2.connectedComponents((field >= node_clearance).astype(np.uint8), connectivity=4)
        failed: set[int] = set()
        while True:
            parts = components(self._draft.neighbours(node_clearance, edge_clearance))
            regions = [self._regions(part, grid, region) for part in parts]
            pair = None
            for k in range(len(parts) - 1, 0, -1):
                shared = regions[k] & set().union(*regions[:k])
                if shared and parts[k][0] not in failed:
                    pair = parts[k]
                    break
            if pair is None:
                return
            path = _grid_path(self._draft, grid, field, node_clearance, pair)
            if path is None or not self._lay(path, node_clearance, edge_clearance):
                failed.add(pair[0])

    def _regions(self, part: list[int], grid: OccupancyMap, region: NDArray[np.int32]) -> set[int]:
        return {int(region[grid.index(self._draft.nodes[i].x, self._draft.nodes[i].y)]) for i in part} - {0}

    def _lay(self, path: NDArray[np.float64], node_clearance: float, edge_clearance: float) -> bool:
        """Put nodes on a path so that each sees the next; False if that fails."""
        room = self._clearance.of_points(path)
        first = self._nearest(path[0])
        last = self._nearest(path[-1])
        current, at, position = first, 0, path[0]
        while at < len(path) - 1:
            ahead = np.arange(at + 1, len(path))
            start = self._draft.points([current])[0]
            seen = self.clear(np.repeat(start[None, :], len(ahead), axis=0), path[ahead]) >= edge_clearance
            seen &= (room[ahead] >= node_clearance) | (ahead == len(path) - 1)
            if not seen.any():
                return False
            at = int(ahead[np.nonzero(seen)[0][-1]])
            position = path[at]
            if at == len(path) - 1:
                break
            node = DraftNode(float(position[0]), float(position[1]), NodeKind.WAY, float(room[at]), 0.9)
            number = self._draft.add(node)
            edge = self.clear(start[None, :], position[None, :])[0]
            self._draft.link(current, number, float(edge))
            current = number
        start, end = self._draft.points([current])[0], self._draft.points([last])[0]
        edge = self.clear(start[None, :], end[None, :])[0]
        if edge < edge_clearance:
            return False
        self._draft.link(current, last, float(edge))
        return True

    def _nearest(self, point: NDArray[np.float64]) -> int:
        numbers = list(self._draft.nodes)
        return numbers[int(np.argmin(np.linalg.norm(self._draft.points(numbers) - point, axis=1)))]


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        i = parent[i]
    return i


def _pruned(
    a: NDArray[np.int64], b: NDArray[np.int64], gap: NDArray[np.float64], room: NDArray[np.float64], comfort: float
) -> list[tuple[int, int, float]]:
    """Drop edges that two much shorter ones, at least as clear, make needless."""
    edges: dict[Link, tuple[float, float]] = {}
    near: dict[int, dict[int, tuple[float, float]]] = {}
    for i, j, length, space in zip(a.tolist(), b.tolist(), gap.tolist(), room.tolist(), strict=True):
        edges[(i, j)] = (length, space)
        near.setdefault(i, {})[j] = (length, space)
        near.setdefault(j, {})[i] = (length, space)
    kept = []
    for (i, j), (length, space) in edges.items():
        limit, need = SHORTCUT * length, min(space, comfort)
        others = near[i] if len(near[i]) < len(near[j]) else near[j]
        far_end = j if others is near[i] else i
        needless = any(
            hop[0] < limit
            and hop[1] >= need
            and (back := near[far_end].get(c)) is not None
            and back[0] < limit
            and back[1] >= need
            for c, hop in others.items()
        )
        if not needless:
            kept.append((i, j, space))
    return kept


def _grid_path(
    draft: Draft, grid: OccupancyMap, field: NDArray[np.float64], node_clearance: float, part: list[int]
) -> NDArray[np.float64] | None:
    """Shortest way over cells with room, from a part to any other node; None if the part has its region alone."""
    allowed = field >= node_clearance
    members = set(part)
    targets: dict[tuple[int, int], int] = {}
    starts: dict[tuple[int, int], int] = {}
    for number, node in draft.nodes.items():
        if node.clearance >= node_clearance:
            cell = grid.index(node.x, node.y)
            allowed[cell] = True
            (starts if number in members else targets)[cell] = number
    cost = {cell: 0.0 for cell in starts}
    came: dict[tuple[int, int], tuple[int, int]] = {}
    heap = [(0.0, cell) for cell in sorted(starts)]
    done: set[tuple[int, int]] = set()
    steps = [(dr, dc, float(np.hypot(dr, dc))) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if dr or dc]
    while heap:
        spent, cell = heapq.heappop(heap)
        if cell in done:
            continue
        done.add(cell)
        if cell in targets and cell not in starts:
            return _traced(draft, grid, cell, came, starts[_first(cell, came)], targets[cell])
        for dr, dc, length in steps:
            other = (cell[0] + dr, cell[1] + dc)
            if not (0 <= other[0] < allowed.shape[0] and 0 <= other[1] < allowed.shape[1]) or not allowed[other]:
                continue
            total = spent + length
            if total < cost.get(other, float("inf")):
                cost[other] = total
                came[other] = cell
                heapq.heappush(heap, (total, other))
    return None


def _first(cell: tuple[int, int], came: dict[tuple[int, int], tuple[int, int]]) -> tuple[int, int]:
    while cell in came:
        cell = came[cell]
    return cell


def _traced(
    draft: Draft,
    grid: OccupancyMap,
    cell: tuple[int, int],
    came: dict[tuple[int, int], tuple[int, int]],
    first: int,
    last: int,
) -> NDArray[np.float64]:
    cells = [cell]
    while cells[-1] in came:
        cells.append(came[cells[-1]])
    cells.reverse()
    rows, columns = np.array([c[0] for c in cells]), np.array([c[1] for c in cells])
    path = grid.centres(rows, columns)
    return np.concatenate([draft.points([first]), path[1:-1], draft.points([last])])
