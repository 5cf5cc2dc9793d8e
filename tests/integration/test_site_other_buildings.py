"""Buildings that are not in the repository: what the plan says of them against the numbers they are made of."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import shapely

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from site_buildings import Truth, cellar, farmhouse, tower, workshop
from site_checks import FREE, Grid, boxes, homes_block_nobody, walk

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.domain.site import SitePackage, Storey, ZoneKind
from fleet_manager.domain.work import WorkItem
from fleet_manager.site import import_storey
from fleet_manager.site.draw import draw_storey
from fleet_manager.site.options import REFERENCE_ROBOTS

ROBOTS = {r.name: r for r in REFERENCE_ROBOTS}


@dataclass
class Imported:
    truth: Truth
    site: SitePackage
    storey: Storey
    folder: Path
    grid: Grid

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point of the building on its map."""
        x, y = self.truth.at(point)
        return x - self.site.offset[0], y - self.site.offset[1]


@pytest.fixture(scope="module", params=[farmhouse, workshop, cellar, tower], ids=lambda f: f.__name__)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    folder = tmp_path_factory.mktemp("building")
    build: Callable[[Path], Truth] = request.param
    truth = build(folder / "model.ifc")
    site, storey = import_storey(folder / "model.ifc", truth.storey, folder / "site")
    return Imported(truth, site, storey, folder / "site" / storey.id, Grid.load(folder / "site" / storey.id))


def test_the_storey_is_at_its_height(made: Imported) -> None:
    assert made.storey.elevation == pytest.approx(made.truth.elevation, abs=1e-3)


def test_free_floor_is_what_the_building_has(made: Imported) -> None:
    """Inside of the outer walls; what stands there and what is missing is none of it."""
    shell = shapely.Polygon(shapely.get_parts(made.truth.floor.buffer(0.16, join_style="mitre"))[0].exterior)
    shell = shapely.Polygon([made.at((float(x), float(y))) for x, y in shell.exterior.coords])
    rows, columns = np.nonzero(made.grid.cells == FREE)
    x = made.grid.x0 + (columns + 0.5) * made.grid.resolution
    y = made.grid.y0 + (rows + 0.5) * made.grid.resolution
    free = np.count_nonzero(shapely.contains_xy(shell, x, y)) * made.grid.resolution**2
    assert free == pytest.approx(made.truth.floor.area, rel=0.02)


def test_doors_are_ways_and_windows_are_not(made: Imported) -> None:
    assert {d.name for d in made.storey.doorways if d.passable} == made.truth.used
    for point in made.truth.ways:
        assert made.grid.at(*made.at(point)) == FREE, point
    for point in made.truth.panes:
        assert made.grid.at(*made.at(point)) != FREE, point


def test_doors_that_are_not_used_are_named_with_the_reason(made: Imported) -> None:
    for name, reason in made.truth.unused.items():
        assert any(name in note and reason in note for note in made.storey.notes), (name, made.storey.notes)


def test_the_world_is_closed_where_the_map_is(made: Imported) -> None:
    solids = [b for b in boxes(made.folder / "world.sdf") if b.z - b.height / 2 < 1.0 < b.z + b.height / 2]
    for point in made.truth.ways:
        x, y = (np.array([v]) for v in made.at(point))
        assert not any(b.covers(x, y)[0] for b in solids), point


def test_anchors_are_on_their_ceilings(made: Imported) -> None:
    heights: dict[str, set[float]] = {}
    for item in made.storey.items_of("drill"):
        heights.setdefault(item.element_name, set()).update(round(t.pose.z, 3) for t in item.targets)
    assert heights == {name: {height} for name, height in made.truth.ceilings.items()}


def test_viewpoints_see_the_walls(made: Imported) -> None:
    items = made.storey.items_of("inspect")
    assert {w.zone_id for w in items if not any(t.reachable for t in w.targets)} == made.truth.unreachable
    for item in items:
        if item.zone_id not in made.truth.unreachable:
            assert item.parameters["coverage"] >= 0.95
            assert in_sight(made, item) >= 0.95, item.title


def in_sight(made: Imported, item: WorkItem) -> float:
    """Share of the walls around an inspection's zone that lie in the exact line of sight of its viewpoints."""
    floor = shapely.transform(made.truth.floor, lambda points: np.array([made.at(tuple(p)) for p in points]))
    zone = made.storey.zone(item.zone_id)
    assert zone is not None
    walls = [
        shapely.Polygon(a.exterior, a.holes)
        for e in made.storey.floorplan
        if e.kind in ("wall", "column", "window")
        for a in e.areas
    ]
    # Where the floor ends at a wall.
    edge = shapely.intersection(floor.boundary, shapely.union_all(walls).buffer(0.02))
    room = shapely.union_all([shapely.Polygon(a.exterior, a.holes) for a in zone.areas]).buffer(0.05)
    edge = shapely.intersection(edge, room)
    lines = shapely.get_parts(edge)
    places = np.concatenate([shapely.line_interpolate_point(p, np.arange(0.025, p.length, 0.05)) for p in lines])
    seen = np.zeros(len(places), dtype=bool)
    for target in item.targets:
        start = np.array([target.pose.x, target.pose.y])
        away = shapely.get_coordinates(places) - start
        length = np.hypot(*away.T)
        ends = start + away * ((length - 0.03) / length)[:, None]
        rays = shapely.linestrings(np.stack([np.broadcast_to(start, ends.shape), ends], axis=1))
        seen |= shapely.covers(floor, rays) & (length <= 8.0 + 0.1)
    return float(seen.mean())


def test_every_target_is_reached_by_its_robot_or_says_why_not(made: Imported) -> None:
    assert {z.name for z in made.storey.zones if z.kind is ZoneKind.SPACE}
    for trade, name in (("drill", "driller"), ("transport", "hauler"), ("inspect", "inspector")):
        robot = ROBOTS[name]
        reached: set[str] = set()
        for home in made.storey.roadmap.of_kind(NodeKind.HOME):
            reached |= walk(made.storey.roadmap, home.id, robot.node_clearance, robot.edge_clearance)
        targets = [(w.zone_id, t) for w in made.storey.items_of(trade) for t in w.targets]
        assert targets
        for _, target in targets:
            if target.reachable:
                assert target.node_id in reached and not target.reason
            else:
                assert target.reason
        served = [t.reachable for z, t in targets if z not in made.truth.unreachable]
        assert sum(served) >= 0.8 * len(served)


def test_homes_block_nobody_and_every_place_has_a_way_out(made: Imported) -> None:
    roadmap, hauler = made.storey.roadmap, ROBOTS["hauler"]
    places = [*roadmap.of_kind(NodeKind.HOME), *roadmap.of_kind(NodeKind.LAYDOWN)]
    assert len(roadmap.of_kind(NodeKind.LAYDOWN)) == 1 and len(places) >= 7
    assert homes_block_nobody(roadmap, hauler.turning_radius, hauler.half_width) == []
    others = frozenset(p.id for p in places)
    for place in places:
        assert len(walk(roadmap, place.id, hauler.node_clearance, hauler.edge_clearance, others - {place.id})) > 10


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_it_can_be_drawn(made: Imported, tmp_path: Path, ending: str) -> None:
    draw_storey(made.storey, tmp_path / f"plan.{ending}", made.storey.name)
    assert (tmp_path / f"plan.{ending}").stat().st_size > 30_000


def test_the_map_of_a_building_far_away_lies_near_its_origin(made: Imported) -> None:
    far = math.hypot(*made.truth.origin) > 1000.0
    assert (made.site.offset != (0.0, 0.0)) == far
    assert all(math.hypot(n.x, n.y) < 30.0 for n in made.storey.roadmap.nodes.values())
