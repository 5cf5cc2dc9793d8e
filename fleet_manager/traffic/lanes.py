"""The part of a roadmap that one size of robot can use, with shortest ways on it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fleet_manager.domain.roadmap import EDGE_MARGIN, NODE_MARGIN, NodeKind
from fleet_manager.traffic.space import Space

TURN_RATE = 0.8
"""rad/s a robot turns in place, for estimates of time."""
STRAIGHT = math.radians(5.0)
"""A bend below this costs nothing: it is driven through."""
THROUGH_PLACE = 1.5
"""s added for passing over a node where somebody parks or works."""

_FIELDS_KEPT = 400
_ANSWERS_KEPT = 60_000


class Field:
    """Shortest ways of all nodes to one node: length (m) and next node, infinite and -1 where there is no way."""

    __slots__ = ("_masks", "length", "onward", "target")

    def __init__(self, target: int, length: list[float], onward: list[int]) -> None:
        self.target, self.length, self.onward = target, length, onward
        self._masks: dict[int, int] = {target: 0}

    def mask(self, node: int, space: Space) -> int:
        """Set of edges on the shortest way of a node."""
        trail: list[int] = []
        at = node
        while at not in self._masks:
            trail.append(at)
            at = self.onward[at]
        mask = self._masks[at]
        for step in reversed(trail):
            edge = space.edge_between(step, self.onward[step])
            assert edge is not None
            mask |= 1 << edge
            self._masks[step] = mask
        return mask


class Lanes:
    """Edges with `clearance >= half_width + EDGE_MARGIN` between nodes the robot can turn at."""

    def __init__(self, space: Space, half_width: float, turning_radius: float) -> None:
        self.space = space
        nodes = list(space.roadmap.nodes.values())
        self.standable = [n.clearance >= turning_radius + NODE_MARGIN - 1e-9 for n in nodes]
        self.nodes = [i for i, ok in enumerate(self.standable) if ok]
        place = [n.kind in (NodeKind.STANCE, NodeKind.HOME, NodeKind.LAYDOWN) for n in nodes]
        self.ways: list[list[tuple[int, int, float]]] = [[] for _ in nodes]
        self._courses: list[list[tuple[int, int, float, float, float]]] = [[] for _ in nodes]
        for i, edge in enumerate(space.edges):
            u, v = space.ends[i]
            if edge.clearance >= half_width + EDGE_MARGIN - 1e-9 and self.standable[u] and self.standable[v]:
                self.ways[u].append((v, i, edge.length))
                self.ways[v].append((u, i, edge.length))
                for a, b in ((u, v), (v, u)):
                    course = math.atan2(space.xy[b][1] - space.xy[a][1], space.xy[b][0] - space.xy[a][0])
                    self._courses[a].append((b, i, edge.length, course, THROUGH_PLACE if place[b] else 0.0))
        self._fields: dict[int, Field] = {}
        self._answers: dict[tuple[int, int, int], bool] = {}

    def field(self, target: int) -> Field:
        """Shortest ways to a node with nobody else there; kept for later calls."""
        found = self._fields.get(target)
        if found is None:
            if len(self._fields) >= _FIELDS_KEPT:
                self._fields.clear()
            found = self._fields[target] = self._spread(target)
        return found

    def _spread(self, target: int) -> Field:
        length = [math.inf] * len(self.ways)
        onward = [-1] * len(self.ways)
        length[target] = 0.0
        heap = [(0.0, target)]
        while heap:
            so_far, at = heapq.heappop(heap)
            if so_far > length[at]:
                continue
            for other, _, step in self.ways[at]:
                if so_far + step < length[other] - 1e-12:
                    length[other] = so_far + step
                    onward[other] = at
                    heapq.heappush(heap, (so_far + step, other))
        return Field(target, length, onward)

    def reaches(self, start: int, target: int, closed: int) -> bool:
        """Is there a way that uses no closed piece?"""
        if start == target:
            return True
        field = self.field(target)
        if field.length[start] == math.inf:
            return False
        if not field.mask(start, self.space) & closed:
            return True
        key = (start, target, closed)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) > _ANSWERS_KEPT:
                self._answers.clear()
            answer = self._answers[key] = self._search(start, field, closed)
        return answer

    def _search(self, start: int, field: Field, closed: int) -> bool:
        """Best first by the free distance: quick when the way around is short."""
        shut = bits(closed, self.space.piece_count)
        seen = {start}
        heap = [(field.length[start], start)]
        while heap:
            _, at = heapq.heappop(heap)
            if at == field.target:
                return True
            for other, edge, _ in self.ways[at]:
                if other not in seen and not shut[edge]:
                    seen.add(other)
                    heapq.heappush(heap, (field.length[other], other))
        return False

    def outward(self, start: int, closed: int) -> Iterator[tuple[float, int]]:
        """Nodes reachable over pieces that are not closed, nearest first, with the length of the way (m)."""
        shut = bits(closed, self.space.piece_count)
        length = {start: 0.0}
        heap = [(0.0, start)]
        while heap:
            so_far, at = heapq.heappop(heap)
            if so_far > length[at]:
                continue
            yield so_far, at
            for other, edge, step in self.ways[at]:
                if not shut[edge] and so_far + step < length.get(other, math.inf) - 1e-12:
                    length[other] = so_far + step
                    heapq.heappush(heap, (so_far + step, other))

    def quickest(
        self,
        start: int,
        heading: float | None,
        target: int,
        speed: float,
        closed: int,
        dear: Sequence[tuple[int, float]] = (),
    ) -> tuple[list[int], float] | None:
        """Quickest way with turns in place counted: nodes after `start`, and the time (s); None if there is none.

        `heading` is where the robot looks at the start (rad; None: it does not matter). `dear` are sets of pieces
        with the s that driving 1 m among them costs extra.
        """
        if start == target:
            return [], 0.0
        free = self.field(target).length
        if free[start] == math.inf:
            return None
        extra = np.zeros(self.space.piece_count)
        for mask, price in dear:
            extra += flags(mask, self.space.piece_count) * price
        extra[flags(closed, self.space.piece_count).view(np.bool_)] = math.inf
        price_of = extra.tolist()
        # A state is a node together with the node before it: the turn depends on both.
        came: dict[tuple[int, int], tuple[int, int] | None] = {(start, -1): None}
        best: dict[tuple[int, int], float] = {(start, -1): 0.0}
        heap: list[tuple[float, float, tuple[int, int], float | None]] = [
            (free[start] / speed, 0.0, (start, -1), heading)
        ]
        while heap:
            _, so_far, state, looking = heapq.heappop(heap)
            if so_far > best[state]:
                continue
            at = state[0]
            if at == target:
                return _trail(came, state), so_far
            for other, edge, step, course, through in self._courses[at]:
                if price_of[edge] == math.inf:
                    continue
                cost = so_far + step / speed + price_of[edge] * step
                if looking is not None:
                    bend = abs((course - looking + math.pi) % math.tau - math.pi)
                    cost += bend / TURN_RATE if bend > STRAIGHT else 0.0
                if other != target:
                    cost += through
                key = (other, at)
                if cost < best.get(key, math.inf) - 1e-9:
                    best[key] = cost
                    came[key] = state
                    heapq.heappush(heap, (cost + free[other] / speed, cost, key, course))
        return None


def _trail(came: dict[tuple[int, int], tuple[int, int] | None], last: tuple[int, int]) -> list[int]:
    nodes: list[int] = []
    state: tuple[int, int] | None = last
    while state is not None:
        nodes.append(state[0])
        state = came[state]
    return nodes[-2::-1]


def flags(mask: int, count: int) -> NDArray[np.uint8]:
    """A set of pieces as an array with 0 or 1 for each."""
    raw = np.frombuffer(mask.to_bytes((count + 7) // 8, "little"), dtype=np.uint8)
    return np.unpackbits(raw, bitorder="little")[:count]


def bits(mask: int, count: int) -> list[int]:
    """The same as a list, which is quicker to look things up in one by one."""
    result: list[int] = flags(mask, count).tolist()
    return result
