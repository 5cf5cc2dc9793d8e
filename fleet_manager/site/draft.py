"""A roadmap while it is being made: nodes and edges by number."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fleet_manager.domain.roadmap import NodeKind

Link = tuple[int, int]


@dataclass
class DraftNode:
    """A node without a name yet. `reach` is how far it may be linked, m."""

    x: float
    y: float
    kind: NodeKind
    clearance: float
    reach: float
    door: str | None = None
    heading: float | None = None


@dataclass
class DraftEdge:
    """Length and least clearance, m; the doorway it goes through."""

    length: float
    clearance: float
    door: str | None = None


@dataclass
class Draft:
    """Nodes by number (never reused) and edges by (lower, higher) number."""

    nodes: dict[int, DraftNode] = field(default_factory=dict)
    edges: dict[Link, DraftEdge] = field(default_factory=dict)
    _next: int = 0

    def add(self, node: DraftNode) -> int:
        """Add a node; returns its number."""
        number = self._next
        self._next += 1
        self.nodes[number] = node
        return number

    def link(self, a: int, b: int, clearance: float, door: str | None = None) -> None:
        """Add an edge, or keep the one there is."""
        if a != b:
            key = (min(a, b), max(a, b))
            length = float(np.hypot(self.nodes[a].x - self.nodes[b].x, self.nodes[a].y - self.nodes[b].y))
            self.edges.setdefault(key, DraftEdge(length, clearance, door))

    def drop(self, number: int) -> None:
        """Remove a node and its edges."""
        del self.nodes[number]
        for key in [k for k in self.edges if number in k]:
            del self.edges[key]

    def points(self, numbers: list[int] | None = None) -> NDArray[np.float64]:
        """Positions (n, 2), in the order of the numbers."""
        chosen = self.nodes.values() if numbers is None else [self.nodes[i] for i in numbers]
        return np.array([[n.x, n.y] for n in chosen], dtype=np.float64).reshape(-1, 2)

    def neighbours(self, node_clearance: float = 0.0, edge_clearance: float = 0.0) -> dict[int, list[int]]:
        """Adjacency for a robot that needs these clearances. Nodes it cannot turn at are left out."""
        usable = {i for i, n in self.nodes.items() if n.clearance >= node_clearance}
        result: dict[int, list[int]] = {i: [] for i in self.nodes if i in usable}
        for (a, b), edge in self.edges.items():
            if a in usable and b in usable and edge.clearance >= edge_clearance:
                result[a].append(b)
                result[b].append(a)
        return result


def components(neighbours: dict[int, list[int]]) -> list[list[int]]:
    """Connected parts, the largest first, each sorted."""
    seen: set[int] = set()
    parts: list[list[int]] = []
    for start in neighbours:
        if start in seen:
            continue
        seen.add(start)
        stack, part = [start], []
        while stack:
            node = stack.pop()
            part.append(node)
            for other in neighbours[node]:
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        parts.append(sorted(part))
    return sorted(parts, key=lambda p: (-len(p), p[0]))
