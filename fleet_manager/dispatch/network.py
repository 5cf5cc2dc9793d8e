"""Distances on a roadmap for a robot's size, and what stands in its way where there is no way."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass

from fleet_manager.domain.roadmap import EDGE_MARGIN, NODE_MARGIN, Edge, Node, Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot

_ROUNDING = 1e-9
_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The narrowest place of the widest way: an edge or a node, with the widths (m) that are clear and needed."""

    place: Edge | Node
    clear: float
    needed: float


class Network:
    """One roadmap; what was computed for a size of robot is kept."""

    def __init__(self, roadmap: Roadmap) -> None:
        self.roadmap = roadmap
        self._lengths: dict[tuple[float, float, str], Mapping[str, float]] = {}

    def lengths(self, sheet: RobotFactsheet, start: str) -> Mapping[str, float]:
        """Lengths (m) of the shortest ways from a node to all that the robot can reach from it."""
        key = (sheet.half_width, sheet.turning_radius, start)
        found = self._lengths.get(key)
        if found is None:
            if len(self._lengths) >= _KEPT:
                self._lengths.clear()
            found = self._lengths[key] = self._spread(sheet, start)
        return found

    def _spread(self, sheet: RobotFactsheet, start: str) -> dict[str, float]:
        if start not in self.roadmap.nodes:
            return {}
        lengths = {start: 0.0}
        heap = [(0.0, start)]
        while heap:
            so_far, at = heapq.heappop(heap)
            if so_far > lengths[at]:
                continue
            for other, edge in self.roadmap.neighbours(at):
                if (
                    so_far + edge.length < lengths.get(other, math.inf)
                    and _slack(sheet, edge, self.roadmap.nodes[other]) >= -_ROUNDING
                ):
                    lengths[other] = so_far + edge.length
                    heapq.heappush(heap, (lengths[other], other))
        return lengths

    def bottleneck(self, sheet: RobotFactsheet, start: str, target: str) -> Bottleneck | None:
        """The place that keeps the robot from the target on the widest way there; None if no way joins the two."""
        nodes = self.roadmap.nodes
        best = {start: math.inf}
        worst: dict[str, Bottleneck | None] = {start: None}
        heap: list[tuple[float, str]] = [(-math.inf, start)]
        while heap:
            negative, at = heapq.heappop(heap)
            if -negative < best[at]:
                continue
            if at == target:
                return worst[at]
            for other, edge in self.roadmap.neighbours(at):
                slack = _slack(sheet, edge, nodes[other])
                through = min(best[at], slack)
                if through > best.get(other, -math.inf):
                    best[other] = through
                    worst[other] = _tight_place(sheet, edge, nodes[other]) if slack < best[at] else worst[at]
                    heapq.heappush(heap, (-through, other))
        return None

    def place_of(self, snapshot: RobotSnapshot, sheet: RobotFactsheet) -> str:
        """The node a robot starts from: the end of its base, the node it stands on, the nearest one it can turn at."""
        for node_id in (*snapshot.base_node_ids[-1:], snapshot.node_id):
            if node_id in self.roadmap.nodes:
                return node_id
        able = [n for n in self.roadmap.nodes.values() if n.clearance >= sheet.turning_radius + NODE_MARGIN - _ROUNDING]
        nearest = min(able, key=lambda n: math.hypot(n.x - snapshot.pose.x, n.y - snapshot.pose.y), default=None)
        return "" if nearest is None else nearest.id


def _slack(sheet: RobotFactsheet, edge: Edge, node: Node) -> float:
    """m to spare on an edge and at the node it leads to; negative: too narrow."""
    return min(
        edge.clearance - sheet.half_width - EDGE_MARGIN,
        node.clearance - sheet.turning_radius - NODE_MARGIN,
    )


def _tight_place(sheet: RobotFactsheet, edge: Edge, node: Node) -> Bottleneck:
    across, around = sheet.half_width + EDGE_MARGIN, sheet.turning_radius + NODE_MARGIN
    if edge.clearance - across <= node.clearance - around:
        return Bottleneck(edge, 2 * edge.clearance, 2 * across)
    return Bottleneck(node, 2 * node.clearance, 2 * around)
