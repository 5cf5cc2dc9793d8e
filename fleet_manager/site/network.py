"""The roadmap of a storey, start to end, with what was cut off and why."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np
import shapely

from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.site.anchors import AnchorGrid
from fleet_manager.site.draft import Draft, components
from fleet_manager.site.errors import NoFloor, RobotTooWide
from fleet_manager.site.ground import Clearance, Ground
from fleet_manager.site.lattice import add_doorways, add_lattices, add_stances, fill_gaps
from fleet_manager.site.links import Links
from fleet_manager.site.occupancy import OccupancyMap
from fleet_manager.site.options import ImportOptions, ReferenceRobot
from fleet_manager.site.places import Places, distances
from fleet_manager.site.plan import Plan
from fleet_manager.site.zones import ZoneIndex

LEAST_PART = 0.08
"""Share of all nodes below which a part of the storey without a way to the rest is dropped."""
LEAST_HOMES = 4
"""Homes in each part of a storey that has several."""
LAYDOWN_TRIES = 24


@dataclass(frozen=True)
class Network:
    """The finished roadmap, the laydown node of each part, refused doorways by GlobalId, and remarks."""

    roadmap: Roadmap
    stances: dict[tuple[float, float], str]
    laydown_of: dict[str, str]
    refused: dict[str, str]
    notes: list[str]

    def reachable_by(self, robot: ReferenceRobot) -> set[str]:
        """Nodes a robot gets to from the homes with its own clearances."""
        able = {i for i, n in self.roadmap.nodes.items() if n.clearance >= robot.node_clearance}
        stack = [n.id for n in self.roadmap.of_kind(NodeKind.HOME) if n.id in able]
        seen = set(stack)
        while stack:
            for other, edge in self.roadmap.neighbours(stack.pop()):
                if other in able and other not in seen and edge.clearance >= robot.edge_clearance:
                    seen.add(other)
                    stack.append(other)
        return seen

    def hindrance(self, goal: str, robot: ReferenceRobot) -> str:
        """What keeps a robot from a node it could otherwise get to: the tightest place on the least tight way."""
        best: dict[str, tuple[float, str]] = {}
        heap = [(-math.inf, n.id, "") for n in self.roadmap.of_kind(NodeKind.HOME)]
        while heap:
            tight, node_id, why = heapq.heappop(heap)
            if node_id in best:
                continue
            best[node_id] = (tight, why)
            if node_id == goal:
                return why
            for other, edge in self.roadmap.neighbours(node_id):
                if other in best:
                    continue
                node = self.roadmap.nodes[other]
                worst, reason = tight, why
                if robot.edge_clearance - edge.clearance > worst:
                    worst, reason = robot.edge_clearance - edge.clearance, self._narrow(edge, robot)
                if robot.node_clearance - node.clearance > worst:
                    worst = robot.node_clearance - node.clearance
                    reason = (
                        f"no room to turn at ({node.x:.2f}, {node.y:.2f}): {node.clearance:.2f} m to the nearest "
                        f"obstacle, {robot.node_clearance:.2f} m needed"
                    )
                heapq.heappush(heap, (worst, other, reason))
        return "no way there from the homes"

    def _narrow(self, edge: Edge, robot: ReferenceRobot) -> str:
        width = f"{2 * edge.clearance:.2f} m clear, {2 * robot.edge_clearance:.2f} m needed"
        if edge.door:
            return f"the doorway {edge.door} is too narrow: {width}"
        node = self.roadmap.nodes[edge.source]
        return f"the way near ({node.x:.2f}, {node.y:.2f}) is too narrow: {width}"


def check_doors(plan: Plan, options: ImportOptions) -> None:
    """Raises RobotTooWide if a robot fits through none of the storey's doors."""
    doors = [p for p in plan.passages if p.is_doorway]
    for robot in options.robots:
        if doors and all(p.clear_width / 2 < robot.edge_clearance for p in doors):
            listed = [(f"{p.name} [{p.guid}]", p.clear_width) for p in sorted(doors, key=lambda p: -p.clear_width)]
            raise RobotTooWide(robot.name, 2 * robot.edge_clearance, listed)


def make_network(
    plan: Plan,
    ground: Ground,
    zones: ZoneIndex,
    grid: OccupancyMap,
    grids: list[AnchorGrid],
    options: ImportOptions,
) -> Network:
    """Build the roadmap. Raises RobotTooWide, NoFloor, BadOption."""
    check_doors(plan, options)
    clearance = Clearance(ground.free)
    draft = Draft()
    refused = add_doorways(draft, plan.passages, clearance, options)
    stances = add_stances(draft, grids, clearance, options)
    add_lattices(draft, ground, zones, grids, plan.passages, clearance, options)
    fill_gaps(draft, grid, ground, plan.passages, clearance, options)
    if not draft.nodes:
        raise NoFloor(plan.name, "no place is wide enough for the narrowest robot")
    links = Links(draft, plan.passages, clearance, options)
    links.add_neighbours()
    for robot in (options.widest, options.narrowest):
        links.join(robot.node_clearance, robot.edge_clearance)
        links.join_around_corners(grid, robot.node_clearance, robot.edge_clearance)
    places = Places(draft, links, clearance, options)
    notes = _settle(plan.name, draft, places, ground, zones, options)
    return _named(draft, places.taken, zones, stances, refused, notes)


def _settle(
    name: str, draft: Draft, places: Places, ground: Ground, zones: ZoneIndex, options: ImportOptions
) -> list[str]:
    """Choose laydown and homes, then drop what no home reaches."""
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


PREFIX = {
    NodeKind.WAY: "w",
    NodeKind.DOOR: "d",
    NodeKind.STANCE: "s",
    NodeKind.HOME: "home-",
    NodeKind.LAYDOWN: "laydown-",
}


def _named(
    draft: Draft,
    taken: list[int],
    zones: ZoneIndex,
    stances: dict[tuple[float, float], int],
    refused: dict[str, str],
    notes: list[str],
) -> Network:
    counts = dict.fromkeys(NodeKind, 0)
    names: dict[int, str] = {}
    # Places in the order they were chosen: the first home is the nearest to the laydown area.
    places = [i for i in taken if i in draft.nodes]
    numbers = [i for i in draft.nodes if i not in set(places)] + places
    zone_of = zones.of_points(draft.points(numbers))
    nodes: list[Node] = []
    for number, zone in zip(numbers, zone_of, strict=True):
        node = draft.nodes[number]
        counts[node.kind] += 1
        names[number] = f"{PREFIX[node.kind]}{counts[node.kind]}"
        nodes.append(
            Node(
                names[number], round(node.x, 4), round(node.y, 4), node.kind, _down(node.clearance), zone, node.heading
            )
        )
    edges = [
        Edge(f"{names[a]}:{names[b]}", names[a], names[b], round(e.length, 4), _down(e.clearance), e.door)
        for (a, b), e in sorted(draft.edges.items())
    ]
    laydown_of: dict[str, str] = {}
    for part in components(draft.neighbours()):
        laydowns = [names[i] for i in part if draft.nodes[i].kind is NodeKind.LAYDOWN]
        if laydowns:
            laydown_of.update({names[i]: laydowns[0] for i in part})
    alive = {key: names[n] for key, n in stances.items() if n in names and draft.nodes[n].kind is NodeKind.STANCE}
    return Network(Roadmap(nodes, edges), alive, laydown_of, refused, notes)


def _down(value: float) -> float:
    """Rounded down to a millimetre, so that no clearance is claimed that is not there."""
    return math.floor(value * 1000 + 1e-9) / 1000
