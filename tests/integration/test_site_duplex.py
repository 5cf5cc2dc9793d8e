"""The committed duplex model: every promise of the site package, checked by code of the tests' own."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "support"))

from site_checks import OCCUPIED, Grid, along, boxes, ends, homes_block_nobody, painted, pairs, walk, walls_seen  # noqa: E402

from fleet_manager.domain.roadmap import NodeKind  # noqa: E402
from fleet_manager.domain.site import Storey, ZoneKind  # noqa: E402
from fleet_manager.site import import_site, load_site  # noqa: E402
from fleet_manager.site.options import REFERENCE_ROBOTS, ReferenceRobot  # noqa: E402

MODEL = REPOSITORY / "models" / "duplex.ifc"
ROBOTS = {r.name: r for r in REFERENCE_ROBOTS}
FRONT_DOORS = ("1hOSvn6df7F8_7GcBWlRGQ", "1hOSvn6df7F8_7GcBWlRH8")


class Site:
    """One imported storey with its map and solids."""

    def __init__(self, folder: Path, storey: Storey) -> None:
        self.folder = folder / storey.id
        self.storey = storey
        self.roadmap = storey.roadmap
        self.grid = Grid.load(self.folder)
        self.solids = boxes(self.folder / "world.sdf")

    def reached(self, robot: ReferenceRobot) -> set[str]:
        found: set[str] = set()
        for home in self.roadmap.of_kind(NodeKind.HOME):
            found |= walk(self.roadmap, home.id, robot.node_clearance, robot.edge_clearance)
        return found


@pytest.fixture(scope="module", params=["Level 1", "Level 2"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    if request.param == "Level 1":
        out: Path = request.getfixturevalue("demo_site")
    else:
        out = tmp_path_factory.mktemp("duplex") / "site"
        import_site(MODEL, request.param, out)
    (storey,) = load_site(out).storeys.values()
    return Site(out, storey)


def test_node_counts_stay_sane(site: Site) -> None:
    assert len(site.roadmap.nodes) < 700


def test_every_node_is_clear_on_the_map(site: Site) -> None:
    for node in site.roadmap.nodes.values():
        assert node.clearance >= ROBOTS["inspector"].node_clearance, node.id
        assert not site.grid.blocked_within(node.x, node.y, node.clearance - 0.03), node.id


def test_every_edge_is_clear_on_the_map(site: Site) -> None:
    for edge in site.roadmap.edges.values():
        assert edge.clearance >= ROBOTS["inspector"].edge_clearance, edge.id
        a, b = ends(site.roadmap, edge)
        assert not any(site.grid.blocked_within(x, y, edge.clearance - 0.03) for x, y in along(a, b)), edge.id


def test_doors_are_crossed_only_by_their_own_edge(site: Site) -> None:
    doors = [d for d in site.storey.doorways if d.is_door]
    assert len(doors) == (6 if site.storey.name == "Level 1" else 8)
    for door in doors:
        assert door.passable, door.reason
        through = np.array([math.cos(door.normal), math.sin(door.normal)])
        crossing = []
        for edge in site.roadmap.edges.values():
            a, b = ends(site.roadmap, edge)
            start, end = np.array([a.x - door.x, a.y - door.y]), np.array([b.x - door.x, b.y - door.y])
            u, v = float(start @ through), float(end @ through)
            if u * v < 0:
                at = start + (end - start) * u / (u - v)
                if math.hypot(*at) < door.clear_width / 2:
                    crossing.append(edge)
        assert [e.door for e in crossing] == [door.ifc_guid]
        assert crossing[0].clearance == pytest.approx(door.clear_width / 2, abs=0.01)


def test_every_node_is_reached_from_a_home_by_the_narrowest_robot(site: Site) -> None:
    assert site.reached(ROBOTS["inspector"]) == set(site.roadmap.nodes)


def test_homes_are_apart_and_block_nobody(site: Site) -> None:
    homes = site.roadmap.of_kind(NodeKind.HOME)
    assert len(homes) >= (8 if site.storey.name == "Level 1" else 4)
    assert all(math.hypot(a.x - b.x, a.y - b.y) >= 1.2 - 1e-6 for a, b in pairs(homes))
    hauler = ROBOTS["hauler"]
    assert homes_block_nobody(site.roadmap, hauler.turning_radius, hauler.half_width) == []


def test_reachable_targets_are_reachable_for_their_robot(site: Site) -> None:
    for trade, name in (("drill", "driller"), ("transport", "hauler"), ("inspect", "inspector")):
        reached = site.reached(ROBOTS[name])
        items = site.storey.items_of(trade)
        assert items
        for item in items:
            for target in item.targets:
                if target.reachable:
                    assert target.node_id in reached and not target.reason, item.id
                    node = site.roadmap.nodes[target.node_id]
                    assert (node.x, node.y) == (target.stance.x, target.stance.y)
                else:
                    assert target.reason and target.node_id == ""


def test_anchors_nobody_reaches_really_have_no_room(site: Site) -> None:
    """The other way round: a target is only given up where the map shows why, or a door or bend stops the robot."""
    needed = ROBOTS["driller"].node_clearance
    for item in site.storey.items_of("drill"):
        for target in item.targets:
            if not target.reachable and target.reason.startswith("no place to stand"):
                assert site.grid.blocked_within(target.pose.x, target.pose.y, needed + 0.05), target


def test_ceilings_are_at_their_real_height(site: Site) -> None:
    heights = {round(t.pose.z, 3) for w in site.storey.items_of("drill") for t in w.targets}
    assert heights == {2.6}


def test_viewpoints_see_the_walls_they_claim(site: Site) -> None:
    for item in site.storey.items_of("inspect"):
        assert any(t.reachable for t in item.targets) and item.parameters["coverage"] >= 0.95
        assert walls_seen(site.grid, site.storey, item) >= 0.95, item.title


def test_the_world_has_the_walls_of_the_map(site: Site) -> None:
    standing = [b for b in site.solids if b.spans(0.25)]
    occupied = site.grid.cells == OCCUPIED
    for zone in site.storey.zones:  # openings in the floor are on the map only: a lidar does not see them
        if zone.kind is ZoneKind.NO_GO and "hole" in zone.id:
            for row, column in np.argwhere(occupied).tolist():
                x, y = site.grid.x0 + (column + 0.5) * 0.05, site.grid.y0 + (row + 0.5) * 0.05
                if zone.contains(x, y):
                    occupied[row, column] = False
    missing = occupied & ~painted(site.grid, standing, 0.05)
    assert int(missing.sum()) <= 4 * len([z for z in site.storey.zones if "hole" in z.id]) * 60 // 10
    assert not (painted(site.grid, standing, -0.05) & ~(site.grid.cells == OCCUPIED)).any()


def test_doors_in_the_world_are_open_up_to_their_lintel(site: Site) -> None:
    for door in site.storey.doorways:
        over = [b for b in site.solids if b.covers(np.array([door.x]), np.array([door.y]))[0]]
        assert over and all(b.z - b.height / 2 >= 2.0 for b in over), door.name


def test_ids_and_files_are_the_same_at_each_import(site: Site, tmp_path: Path) -> None:
    import_site(MODEL, site.storey.name, tmp_path / "again")
    for path in sorted(site.folder.iterdir()):
        assert (tmp_path / "again" / site.storey.id / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_two_flats_meet_only_outside(tmp_path: Path) -> None:
    import_site(MODEL, "Level 1", tmp_path / "site", None)
    (storey,) = load_site(tmp_path / "site").storeys.values()
    assert {d.ifc_guid for d in storey.doorways if d.exterior} >= set(FRONT_DOORS)
    guids = {z.ifc_guid for z in storey.zones if z.kind is ZoneKind.SPACE}
    assert len(guids) == 10
    roadmap = storey.roadmap
    outside = {n.id for n in roadmap.nodes.values() if n.zone_id is None}
    start = next(n.id for n in roadmap.nodes.values() if n.zone_id == "A102")
    alone = walk(roadmap, start, 0.0, 0.0, frozenset(outside))
    assert {roadmap.nodes[n].zone_id[0] for n in alone if roadmap.nodes[n].zone_id} == {"A"}
