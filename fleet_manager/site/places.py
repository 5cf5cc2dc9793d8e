"""Where material is laid down and where robots park: places that block nobody."""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from fleet_manager.domain.geometry import Pose2
from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.site.draft import Draft, DraftNode, Link, components
from fleet_manager.site.errors import BadOption
from fleet_manager.site.ground import Clearance
from fleet_manager.site.links import Links
from fleet_manager.site.options import ImportOptions

PARKING_GAP = 0.05
"""m between a parked robot and one that turns or drives by."""


class Places:
    """Chooses the laydown and home nodes of a draft."""

    def __init__(self, draft: Draft, links: Links, clearance: Clearance, options: ImportOptions) -> None:
        self._draft = draft
        self._links = links
        self._clearance = clearance
        self._options = options
        self._wide = options.widest
        self._apart = 2 * options.widest.turning_radius + PARKING_GAP
        self._pass = options.widest.turning_radius + options.widest.half_width + PARKING_GAP
        self.taken: list[int] = []

    def explicit(self, pose: Pose2, kind: NodeKind) -> int:
        """A place a person chose. Raises BadOption if no robot can stand or get there."""
        point = np.array([[pose.x, pose.y]])
        room = float(self._clearance.of_points(point)[0])
        if room < self._options.narrowest.node_clearance:
            raise BadOption(
                f"The {kind.value} at ({pose.x:.2f}, {pose.y:.2f}) has {room:.2f} m to the nearest obstacle, "
                f"{self._options.narrowest.node_clearance:.2f} m is needed.",
                "Choose a place on free ground; `sitefleet site show` draws the map.",
            )
        node = DraftNode(pose.x, pose.y, kind, room, 1.6 * self._options.yard_pitch, heading=pose.yaw)
        number = self._draft.add(node)
        for other in self._near(number, self._apart):
            if self._draft.nodes[other].kind is NodeKind.WAY and not self._blocks(number, other):
                self._draft.drop(other)
        self._links.add_neighbours({number})
        self._links.join(self._options.narrowest.node_clearance, self._options.narrowest.edge_clearance)
        if not any(number in key for key in self._draft.edges):
            raise BadOption(
                f"The {kind.value} at ({pose.x:.2f}, {pose.y:.2f}) cannot be reached.", "Choose another place."
            )
        self.taken.append(number)
        return number

    def _blocks(self, number: int, other: int) -> bool:
        neighbours = self._draft.neighbours()
        before = len(components(neighbours))
        neighbours.pop(other)
        after = {k: [n for n in v if n != other] for k, v in neighbours.items()}
        return len(components(after)) > before

    def _near(self, number: int, distance: float) -> list[int]:
        node = self._draft.nodes[number]
        return [
            i
            for i, n in self._draft.nodes.items()
            if i != number and math.hypot(n.x - node.x, n.y - node.y) < distance - 1e-9
        ]

    def choose(self, candidates: list[int], kind: NodeKind, count: int, near: dict[int, float]) -> list[int]:
        """Turn up to `count` of the candidates into places, the ones with the least `near` value first."""
        chosen: list[int] = []
        for number in sorted(candidates, key=lambda i: (round(near.get(i, 1e9), 2), i)):
            if len(chosen) == count:
                break
            if number in self._draft.nodes and self._take(number, kind):
                chosen.append(number)
        return chosen

    def _take(self, number: int, kind: NodeKind) -> bool:
        """Make a node a place if everything else stays reachable with robots on all places so far."""
        draft = self._draft
        node = draft.nodes[number]
        if node.kind is not NodeKind.WAY or node.clearance < self._wide.node_clearance:
            return False
        spacing = max(self._options.home_spacing, self._apart)
        if any(math.hypot(draft.nodes[t].x - node.x, draft.nodes[t].y - node.y) < spacing - 1e-6 for t in self.taken):
            return False
        crowd = self._near(number, self._apart)
        if any(draft.nodes[i].kind is not NodeKind.WAY for i in crowd):
            return False
        dropped = set(crowd)
        entries = self._entries(number, dropped, set())
        passing = self._passing(number)
        if not entries or self._locks_in(dropped | {number}, passing) or not self._rest_connected(number, dropped):
            return False
        for other in crowd:
            draft.drop(other)
        for key in passing:
            draft.edges.pop(key, None)
        node.kind = kind
        target = draft.nodes[
            min(entries, key=lambda i: (math.hypot(draft.nodes[i].x - node.x, draft.nodes[i].y - node.y), i))
        ]
        node.heading = round(math.atan2(target.y - node.y, target.x - node.x), 4)
        self.taken.append(number)
        return True

    def _entries(self, number: int, gone: set[int], without: set[Link]) -> list[int]:
        """Nodes from which the widest robot drives into a place, none of them a place itself."""
        return [
            other
            for key, edge in self._draft.edges.items()
            if number in key
            and (other := key[0] if key[1] == number else key[1]) not in gone
            and key not in without
            and edge.clearance >= self._wide.edge_clearance
            and self._draft.nodes[other].clearance >= self._wide.node_clearance
            and other not in self.taken
        ]

    def _locks_in(self, gone: set[int], without: set[Link]) -> bool:
        """Whether a place that is taken already would lose its last way in and out."""
        return any(self._entries(t, set(), set()) and not self._entries(t, gone, without) for t in self.taken)

    def _passing(self, number: int) -> set[Link]:
        """Edges on which a robot would touch one parked here."""
        node = self._draft.nodes[number]
        keys = [k for k in self._draft.edges if number not in k]
        if not keys:
            return set()
        a, b = self._draft.points([k[0] for k in keys]), self._draft.points([k[1] for k in keys])
        distance = _to_segments(np.array([node.x, node.y]), a, b)
        return {k for k, d in zip(keys, distance.tolist(), strict=True) if d < self._pass}

    def _rest_connected(self, number: int, dropped: set[int]) -> bool:
        """Nothing falls apart for the narrowest and the widest robot when this and all other places are occupied."""
        gone = dropped | {number} | set(self.taken)
        passing = self._passing(number)
        for robot in (self._options.narrowest, self._wide):
            before = self._draft.neighbours(robot.node_clearance, robot.edge_clearance)
            after = {
                i: [n for n in others if n not in gone and (min(i, n), max(i, n)) not in passing]
                for i, others in before.items()
                if i not in gone
            }
            without = {
                i: [n for n in others if n not in self.taken] for i, others in before.items() if i not in self.taken
            }
            parts_before = [set(p) - gone for p in components(without)]
            if len(components(after)) > sum(1 for p in parts_before if p):
                return False
        return True


def _to_segments(p: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    d = b - a
    t = np.clip(((p - a) * d).sum(axis=1) / np.maximum((d * d).sum(axis=1), 1e-12), 0.0, 1.0)
    return np.asarray(np.linalg.norm(a + t[:, None] * d - p, axis=1), dtype=np.float64)


def distances(draft: Draft, source: int) -> dict[int, float]:
    """m of roadmap from a node to every other it reaches."""
    near: dict[int, list[tuple[int, float]]] = {i: [] for i in draft.nodes}
    for (a, b), edge in draft.edges.items():
        near[a].append((b, edge.length))
        near[b].append((a, edge.length))
    best = {source: 0.0}
    heap = [(0.0, source)]
    while heap:
        spent, node = heapq.heappop(heap)
        if spent > best[node]:
            continue
        for other, length in near[node]:
            total = spent + length
            if total < best.get(other, math.inf):
                best[other] = total
                heapq.heappush(heap, (total, other))
    return best
