"""The roadmap of a storey: where robots may stand and along which straight lines they may drive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

EDGE_MARGIN = 0.05
"""m a robot keeps on each side of its half width while it drives along an edge."""
NODE_MARGIN = 0.02
"""m a robot keeps beyond its turning radius while it turns at a node."""


class NodeKind(str, Enum):
    """What a node is for."""

    WAY = "way"
    DOOR = "door"
    STANCE = "stance"
    HOME = "home"
    LAYDOWN = "laydown"


@dataclass(frozen=True, slots=True)
class Node:
    """A place to stand. Clearance is the distance to the nearest obstacle, m."""

    id: str
    x: float
    y: float
    kind: NodeKind
    clearance: float
    zone_id: str | None = None
    heading: float | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A straight line between two nodes, both ways. Clearance is the least along it, m."""

    id: str
    source: str
    target: str
    length: float
    clearance: float
    door: str | None = None


class Roadmap:
    """Nodes and edges of one storey, indexed. Immutable once made."""

    def __init__(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
        self.nodes: Mapping[str, Node] = {n.id: n for n in nodes}
        self.edges: Mapping[str, Edge] = {e.id: e for e in edges}
        neighbours: dict[str, list[tuple[str, Edge]]] = {n: [] for n in self.nodes}
        for edge in self.edges.values():
            for end in (edge.source, edge.target):
                if end not in self.nodes:
                    raise ValueError(f"edge {edge.id!r} names node {end!r}, which the roadmap does not have")
            neighbours[edge.source].append((edge.target, edge))
            neighbours[edge.target].append((edge.source, edge))
        self._neighbours = neighbours

    def neighbours(self, node_id: str) -> list[tuple[str, Edge]]:
        """Nodes one edge away, with the edge."""
        return self._neighbours[node_id]

    def of_kind(self, kind: NodeKind) -> list[Node]:
        """All nodes of a kind, in the order of the file."""
        return [n for n in self.nodes.values() if n.kind is kind]
