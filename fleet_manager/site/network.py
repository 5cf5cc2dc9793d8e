"""The roadmap of a storey, start to end, with what was cut off and why."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.site.anchors import AnchorGrid
from fleet_manager.site.draft import Draft, components
from fleet_manager.site.errors import NoFloor, RobotTooWide
from fleet_manager.site.ground import Clearance, Ground
from fleet_manager.site.lattice import add_doorways, add_lattices, add_stances, fill_gaps
from fleet_manager.site.links import Links
from fleet_manager.site.occupancy import OccupancyMap
from fleet_manager.site.options import ImportOptions, ReferenceRobot
from fleet_manager.site.places import Places
from fleet_manager.site.plan import Plan
from fleet_manager.site.settling import settle
from fleet_manager.site.zones import ZoneIndex


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
    notes = settle(plan.name, draft, places, ground, zones, options)
    return _named(draft, places.taken, zones, stances, refused, notes)


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
