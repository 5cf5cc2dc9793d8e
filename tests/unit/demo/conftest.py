"""A small storey for tests of the demo: two rooms with work, a yard, one home."""

from __future__ import annotations

import pytest

from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.site import Storey, Zone, ZoneKind
from fleet_manager.domain.work import WorkItem, WorkTarget


def item(item_id: str, trade: str, zone: str, places: list[tuple[float, float]], blocked: int = 0) -> WorkItem:
    targets = tuple(
        WorkTarget(
            n, f"{item_id}-{n}", Pose2(x, y), True, Pose3(x, y, 2.6), n >= blocked, "" if n >= blocked else "narrow"
        )
        for n, (x, y) in enumerate(places)
    )
    return WorkItem(item_id, trade, f"guid-{item_id}", "Ceiling", zone, f"{trade} in {zone}", 0.01, {}, targets)


def line_of_nodes(prefix: str, count: int, y: float, zone: str | None) -> tuple[list[Node], list[Edge]]:
    """Way nodes 1 m apart along x."""
    nodes = [Node(f"{prefix}{n}", float(n), y, NodeKind.WAY, 1.0, zone) for n in range(count)]
    edges = [Edge(f"{prefix}e{n}", f"{prefix}{n}", f"{prefix}{n + 1}", 1.0, 1.0) for n in range(count - 1)]
    return nodes, edges


@pytest.fixture
def storey() -> Storey:
    """Kitchen with 3 m of way, a yard with 30 m of way, a home beside the yard's first node."""
    kitchen, kitchen_edges = line_of_nodes("k", 4, 0.0, "A1")
    yard, yard_edges = line_of_nodes("y", 31, 10.0, None)
    home = Node("h1", 0.0, 10.5, NodeKind.HOME, 0.6, None, 0.0)
    door = Edge("d", "k3", "y3", 10.0, 0.6, door="door-1")
    zones = (
        Zone("A1", "Kitchen", ZoneKind.SPACE, "guid-A1", ()),
        Zone("A2", "Living Room", ZoneKind.SPACE, "guid-A2", ()),
        Zone("N1", "Stair hole", ZoneKind.NO_GO, "guid-N1", ()),
    )
    items = (
        item("d1", "drill", "A1", [(0.0, 0.0), (1.2, 0.0), (2.4, 0.0)], blocked=1),
        item("d2", "drill", "A2", [(8.0, 0.0), (8.3, 0.0)]),
        item("t1", "transport", "A1", [(0.0, 9.0), (1.0, 1.0)]),
        item("i1", "inspect", "A2", [(8.0, 2.0)]),
        item("i2", "inspect", "A1", [(1.0, 2.0)]),
    )
    roadmap = Roadmap([*kitchen, *yard, home], [*kitchen_edges, *yard_edges, door])
    return Storey("level-1", "Level 1", "guid", 0.0, roadmap, zones, (), (), items)
