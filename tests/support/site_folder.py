"""A small site package on disk: a corridor with stances on both sides, homes at its end, drilling and inspection."""

from __future__ import annotations

from pathlib import Path

from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.site import Area, SitePackage, Storey, Zone, ZoneKind
from fleet_manager.domain.work import WorkItem, WorkTarget
from fleet_manager.site.package import site_to_yaml, write_storey

STEP = 1.5
"""m between nodes."""
STOREY = "level-1"


def corridor(length: int, homes: int) -> Roadmap:
    """Way nodes w0.., a stance a<i> above and b<i> below each, homes h<i> off a bay at the start."""
    nodes: list[Node] = []
    edges: list[Edge] = []

    def add(name: str, x: float, y: float, kind: NodeKind, to: str | None) -> None:
        heading = 0.0 if kind is NodeKind.HOME else None
        nodes.append(Node(name, x, y, kind, clearance=0.9, zone_id="z1", heading=heading))
        if to is not None:
            edges.append(Edge(f"e-{to}-{name}", to, name, length=STEP, clearance=0.9))

    for i in range(homes):
        add(f"y{i}", -STEP * (i + 1), 0.0, NodeKind.WAY, f"y{i - 1}" if i else None)
        add(f"h{i}", -STEP * (i + 1), STEP, NodeKind.HOME, f"y{i}")
    for i in range(length):
        add(f"w{i}", STEP * i, 0.0, NodeKind.WAY, f"w{i - 1}" if i else "y0")
        add(f"a{i}", STEP * i, STEP, NodeKind.STANCE, f"w{i}")
        add(f"b{i}", STEP * i, -STEP, NodeKind.STANCE, f"w{i}")
    return Roadmap(nodes, edges)


def item(name: str, trade: str, stances: list[str], roadmap: Roadmap) -> WorkItem:
    """One target a stance."""
    targets = []
    for index, node_id in enumerate(stances):
        node = roadmap.nodes[node_id]
        pose = Pose3(node.x, node.y, 2.5)
        targets.append(WorkTarget(index, node_id, Pose2(node.x, node.y), True, pose))
    return WorkItem(name, trade, f"guid-{name}", name, "z1", f"{trade} {name}", 0.01, {"depth": 0.05}, tuple(targets))


def write_site(folder: Path, length: int = 4, homes: int = 2) -> Storey:
    """Write the package into `folder`; returns its storey."""
    roadmap = corridor(length, homes)
    above, below = [f"a{i}" for i in range(length)], [f"b{i}" for i in range(length)]
    items = (
        item("drill-a", "drill", above, roadmap),
        item("drill-b", "drill", below, roadmap),
        item("inspect-a", "inspect", above[::2], roadmap),
        item("inspect-b", "inspect", below[1::2], roadmap),
    )
    ring = ((-20.0, -5.0), (20.0, -5.0), (20.0, 5.0), (-20.0, 5.0), (-20.0, -5.0))
    zones = (Zone("z1", "Corridor", ZoneKind.SPACE, "guid-z1", (Area(ring),)),)
    storey = Storey(STOREY, "Level 1", "guid-l1", 0.0, roadmap, zones, (), (), items)
    site = SitePackage("Test site", "test.ifc", "0" * 64, "guid", "IFC4", (0.0, 0.0), {STOREY: storey})
    (folder / STOREY).mkdir(parents=True)
    (folder / "site.yaml").write_text(site_to_yaml(site), encoding="utf-8")
    write_storey(storey, folder / STOREY)
    (folder / STOREY / "map.pgm").write_bytes(b"P5\n40 20\n255\n" + b"\xfe" * 800)
    (folder / STOREY / "map.yaml").write_text("image: map.pgm\nresolution: 0.05\norigin: [-1.0, -0.5, 0.0]\n")
    return storey
