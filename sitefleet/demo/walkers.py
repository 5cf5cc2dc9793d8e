"""Where scripted people walk: back and forth along the roadmap through the middle of the largest rooms."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from itertools import pairwise

from fleet_manager.domain.roadmap import Node, NodeKind, Roadmap

CLEARANCE = 1.0
"""m that a person needs on both sides of the path: room to step aside for a robot that comes along it."""
SHORTEST = 1.5
"""m; a walk shorter than this is none."""
LONGEST = 12.0
"""m; of a longer way the middle is walked."""
KEEP_OFF = 1.0
"""m that a walk stays away from places where robots stand for long."""


def walks(roadmap: Roadmap, count: int) -> list[list[tuple[float, float]]]:
    """Up to `count` walks that share no node: corners in m, to be walked there and back.

    A walk follows edges between way nodes of one zone, so a person passes robots in the open and never meets one in a
    doorway, and stays clear of parking and loading places.
    """
    parked = [n for n in roadmap.nodes.values() if n.kind in {NodeKind.HOME, NodeKind.LAYDOWN}]
    free = {
        n.id
        for n in roadmap.of_kind(NodeKind.WAY)
        if n.clearance >= CLEARANCE and all(math.hypot(n.x - p.x, n.y - p.y) >= KEEP_OFF for p in parked)
    }
    found: list[list[tuple[float, float]]] = []
    while len(found) < count:
        walk = _longest(roadmap, free)
        if walk is None:
            break
        walk = middle_of(walk)
        found.append([(n.x, n.y) for n in walk])
        free -= {n.id for n in walk}
    return found


def middle_of(walk: Sequence[Node]) -> list[Node]:
    """The walk without its ends, as long as it may be."""
    kept = list(walk)
    while sum(math.hypot(a.x - b.x, a.y - b.y) for a, b in pairwise(kept)) > LONGEST:
        kept = kept[1:] if len(kept) % 2 else kept[:-1]
    return kept


def _longest(roadmap: Roadmap, free: set[str]) -> list[Node] | None:
    """The longest of all shortest paths between two free nodes of one zone."""
    best: tuple[float, Sequence[str]] = (SHORTEST, ())
    for start in sorted(free):
        lengths, before = _shortest(roadmap, free, start)
        far = max(lengths, key=lambda n: (lengths[n], n))
        if lengths[far] > best[0]:
            path = [far]
            while path[-1] != start:
                path.append(before[path[-1]])
            best = (lengths[far], path)
    return [roadmap.nodes[n] for n in best[1]] or None


def _shortest(roadmap: Roadmap, free: set[str], start: str) -> tuple[dict[str, float], dict[str, str]]:
    lengths, before = {start: 0.0}, dict[str, str]()
    queue = [(0.0, start)]
    while queue:
        length, here = heapq.heappop(queue)
        if length > lengths[here]:
            continue
        for there, edge in roadmap.neighbours(here):
            if there not in free or edge.clearance < CLEARANCE or edge.door is not None:
                continue
            if roadmap.nodes[there].zone_id != roadmap.nodes[start].zone_id:
                continue
            if length + edge.length < lengths.get(there, math.inf):
                lengths[there], before[there] = length + edge.length, here
                heapq.heappush(queue, (length + edge.length, there))
    return lengths, before
