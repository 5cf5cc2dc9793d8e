"""Where robots live and material arrives: homes and laydown in each part of the storey, and what they do not reach."""

from __future__ import annotations

import math

import numpy as np
import shapely

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.site.draft import Draft, components
from fleet_manager.site.errors import NoFloor
from fleet_manager.site.ground import Ground
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.places import Places, distances
from fleet_manager.site.zones import ZoneIndex

LEAST_PART = 0.08
"""Share of all nodes below which a part of the storey without a way to the rest is dropped."""
LEAST_HOMES = 4
"""Homes in each part of a storey that has several."""
LAYDOWN_TRIES = 24
"""Places for which the mean way to the rooms is worked out; the others are ranked by the nearest of them."""


def settle(
    name: str, draft: Draft, places: Places, ground: Ground, zones: ZoneIndex, options: ImportOptions
) -> list[str]:
    """Choose laydown and homes, then drop what no home reaches; returns remarks. Raises NoFloor."""
    notes: list[str] = []
    for pose in options.home_poses:
        places.explicit(pose, NodeKind.HOME)
    if options.laydown is not None:
        places.explicit(options.laydown, NodeKind.LAYDOWN)
    robot = options.narrowest
    parts = components(draft.neighbours(robot.node_clearance, robot.edge_clearance))
    total = len(draft.nodes)
    through = {i for key, e in draft.edges.items() if e.door for i in key}
    kept = [
        p
        for k, p in enumerate(parts)
        # A closed room nobody can get into is not a part of the storey; flats, each with its own stairs, are.
        if k == 0 or (len(p) >= LEAST_PART * total and through & set(p)) or any(i in places.taken for i in p)
    ]
    if options.home_poses:
        kept = [p for p in kept if any(draft.nodes[i].kind is NodeKind.HOME for i in p)]
    per_part = options.homes if len(kept) == 1 else max(LEAST_HOMES, options.homes // len(kept))
    for part in kept:
        _furnish(draft, places, part, ground, zones, per_part, options, notes)
    count = sum(1 for n in draft.nodes.values() if n.kind is NodeKind.HOME)
    if not options.home_poses and count < min(8, options.homes):
        notes.append(f"Only {count} homes fit without blocking others.")
    if len(kept) > 1:
        notes.append(f"The storey has {len(kept)} parts with no way between them for a robot; each has its own homes.")
    homes = {i for i, n in draft.nodes.items() if n.kind is NodeKind.HOME}
    if not homes or not any(n.kind is NodeKind.LAYDOWN for n in draft.nodes.values()):
        raise NoFloor(name, "there is no room for a home and a laydown area")
    alive = {
        i for p in components(draft.neighbours(robot.node_clearance, robot.edge_clearance)) if homes & set(p) for i in p
    }
    lost = [i for i in draft.nodes if i not in alive]
    if lost:
        zone_of = zones.of_points(draft.points(lost))
        for zone in sorted({z for z in zone_of if z}):
            if not any(z == zone for z in zones.of_points(draft.points(sorted(alive)))):
                notes.append(f"No robot can get into {zones.name(zone)} from the homes.")
        for number in lost:
            draft.drop(number)
    return notes


def _furnish(
    draft: Draft,
    places: Places,
    part: list[int],
    ground: Ground,
    zones: ZoneIndex,
    homes: int,
    options: ImportOptions,
    notes: list[str],
) -> None:
    """Laydown and homes of one connected part."""
    has = {draft.nodes[i].kind for i in part}
    candidates = _candidates(draft, part, ground, zones, options)
    if NodeKind.LAYDOWN not in has:
        ranked = _central(draft, candidates, part, zones)
        if not places.choose(candidates, NodeKind.LAYDOWN, 1, ranked):
            everywhere = [i for i in part if i in draft.nodes]
            if not places.choose(everywhere, NodeKind.LAYDOWN, 1, _central(draft, everywhere, part, zones)):
                notes.append("No laydown area fits without blocking others; a dead end serves.")
                _dead_end(draft, part, NodeKind.LAYDOWN, places)
    if NodeKind.HOME in has:
        return
    laydown = next((i for i in part if i in draft.nodes and draft.nodes[i].kind is NodeKind.LAYDOWN), None)
    near = distances(draft, laydown) if laydown is not None else {}
    found = places.choose(candidates, NodeKind.HOME, homes, near)
    if len(found) < homes:
        others = [i for i in part if i in draft.nodes and i not in set(candidates)]
        found += places.choose(others, NodeKind.HOME, homes - len(found), near)
    if not found:
        notes.append("No home fits without blocking others; a dead end serves.")
        _dead_end(draft, part, NodeKind.HOME, places)


def _candidates(draft: Draft, part: list[int], ground: Ground, zones: ZoneIndex, options: ImportOptions) -> list[int]:
    """Nodes along the outer edge of the yard; without a yard, those of the largest space."""
    points = draft.points(part)
    if ground.yard > 0:
        outline = shapely.union(ground.interior, ground.obstacles)
        least = max(ground.yard / 2, ground.yard - options.widest.node_clearance - options.yard_pitch / 2)
        away = shapely.distance(shapely.points(points), outline)
        row = [i for i, d in zip(part, away.tolist(), strict=True) if d > least]
        if row:
            return row
    zone_of = zones.of_points(points)
    sizes = {z: zones.spaces[z].area.area for z in set(zone_of) if z}
    if not sizes:
        return list(part)
    largest = max(sorted(sizes), key=lambda z: round(sizes[z], 3))
    return [i for i, z in zip(part, zone_of, strict=True) if z == largest]


def _central(draft: Draft, candidates: list[int], part: list[int], zones: ZoneIndex) -> dict[int, float]:
    """Mean roadmap distance from (a sample of) the candidates to the nodes in spaces."""
    alive = [i for i in candidates if i in draft.nodes and draft.nodes[i].kind is NodeKind.WAY]
    tries = alive[:: max(1, len(alive) // LAYDOWN_TRIES)]
    zone_of = zones.of_points(draft.points(part))
    indoors = [i for i, z in zip(part, zone_of, strict=True) if z]
    goals = indoors[:: max(1, len(indoors) // 200)] or part
    ranked: dict[int, float] = {}
    for number in tries:
        far = distances(draft, number)
        ranked[number] = float(np.mean([far.get(g, 1e3) for g in goals]))
    for number in alive:  # the rest by the nearest one tried
        if number not in ranked and tries:
            node = draft.nodes[number]
            gap, closest = min((math.hypot(draft.nodes[t].x - node.x, draft.nodes[t].y - node.y), t) for t in tries)
            ranked[number] = ranked[closest] + gap
    return ranked


def _dead_end(draft: Draft, part: list[int], kind: NodeKind, places: Places) -> None:
    neighbours = draft.neighbours()
    ways = [i for i in part if i in draft.nodes and draft.nodes[i].kind is NodeKind.WAY]
    ways = ways or [i for i in part if i in draft.nodes and draft.nodes[i].kind is NodeKind.STANCE]
    if ways:
        number = min(ways, key=lambda i: (len(neighbours[i]), -draft.nodes[i].clearance, i))
        draft.nodes[number].kind = kind
        draft.nodes[number].heading = 0.0
        places.taken.append(number)
