"""Work items: anchors on real ceilings, drops, viewpoints that see the walls."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from site_checks import OCCUPIED, Grid, pairs
from site_models import ModelBuilder, two_rooms

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.domain.site import Storey
from fleet_manager.domain.work import WorkTarget

HALL, STORE = [(0, 0), (4.95, 0), (4.95, 5), (0, 5)], [(5.05, 0), (8, 0), (8, 5), (5.05, 5)]


def anchors(storey: Storey) -> list[WorkTarget]:
    return [t for w in storey.items_of("drill") for t in w.targets]


def with_ceilings() -> tuple[ModelBuilder, dict[str, Any]]:
    builder = ModelBuilder(unit="millimetre")
    made = two_rooms(builder)
    made["hall"] = builder.ceiling(made["storey"], HALL, 2.5, "Hall ceiling")
    made["store"] = builder.ceiling(made["storey"], STORE, 2.7, "Store ceiling")
    return builder, made


def test_anchors_keep_spacing_and_edge_distance_on_the_ceilings_underside(imported) -> None:
    builder, made = with_ceilings()
    storey = imported(builder)
    by_guid = {w.ifc_guid for w in storey.items_of("drill")}
    assert by_guid == {made["hall"].GlobalId, made["store"].GlobalId}
    hall = [t for w in storey.items_of("drill") if w.ifc_guid == made["hall"].GlobalId for t in w.targets]
    # 4.95 - 0.9 = 4.05 m takes 4 columns at 1.2 m, 5 - 0.9 = 4.1 m takes 4 rows
    assert len(hall) == 16
    assert {round(t.pose.z, 3) for t in hall} == {2.5}
    assert sorted({round(t.pose.x, 3) for t in hall}) == pytest.approx([0.675, 1.875, 3.075, 4.275], abs=2e-3)
    assert min(min(t.pose.x, 4.95 - t.pose.x, t.pose.y, 5 - t.pose.y) for t in hall) >= 0.45
    store = [t for t in anchors(storey) if t.pose.x > 5]
    assert {round(t.pose.z, 3) for t in store} == {2.7}


def test_the_stance_of_an_anchor_is_straight_below_and_a_node(imported) -> None:
    builder, _ = with_ceilings()
    storey = imported(builder)
    for target in anchors(storey):
        assert target.reachable and target.heading_free
        node = storey.roadmap.nodes[target.node_id]
        assert node.kind is NodeKind.STANCE
        assert (node.x, node.y) == (target.stance.x, target.stance.y) == (target.pose.x, target.pose.y)


def test_items_have_at_most_twelve_targets_in_serpentine_order(imported) -> None:
    builder, _ = with_ceilings()
    items = imported(builder).items_of("drill")
    assert max(len(w.targets) for w in items) == 12
    for item in items:
        assert [t.index for t in item.targets] == list(range(len(item.targets)))
        hops = [math.hypot(a.pose.x - b.pose.x, a.pose.y - b.pose.y) for a, b in itertools.pairwise(item.targets)]
        assert max(hops, default=0.0) <= 1.2 + 1e-3


def test_a_sloping_ceiling_gives_each_anchor_its_own_height(imported) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    covering = builder.ceiling(made["storey"], HALL, 2.5)
    make = builder.file.create_entity
    corners = [(0.0, 0.0, 2.4), (4.95, 0.0, 2.4), (4.95, 5.0, 2.9), (0.0, 5.0, 2.9)]
    loop = make("IfcPolyLoop", [make("IfcCartesianPoint", c) for c in corners])
    face = make("IfcFace", [make("IfcFaceOuterBound", loop, True)])
    model = make("IfcFaceBasedSurfaceModel", [make("IfcConnectedFaceSet", [face])])
    shape = make("IfcShapeRepresentation", builder.context, "Body", "SurfaceModel", [model])
    covering.Representation = make("IfcProductDefinitionShape", None, None, [shape])
    covering.ObjectPlacement = builder._placement(made["storey"], (0.0, 0.0, 0.0), 0.0)
    for target in anchors(imported(builder)):
        assert target.pose.z == pytest.approx(2.4 + 0.5 * target.pose.y / 5.0, abs=1e-3)


def test_without_coverings_anchors_are_set_per_space_under_the_slab_above(imported) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    builder.slab(made["storey"], [(-0.2, -0.2), (8.2, -0.2), (8.2, 5.2), (-0.2, 5.2)], top=2.75)  # underside 2.55
    storey = imported(builder)
    assert {w.ifc_guid for w in storey.items_of("drill")} == {made["room"].GlobalId, made["small"].GlobalId}
    assert {round(t.pose.z, 3) for t in anchors(storey)} == {2.55}


def test_nothing_is_drilled_into_the_open_sky(imported) -> None:
    builder = ModelBuilder()
    two_rooms(builder, spaces=False)
    storey = imported(builder)
    assert anchors(storey) == []
    assert any("nothing above it to drill into" in n for n in storey.notes)


def test_a_ceiling_drawn_twice_is_drilled_once(imported) -> None:
    builder, made = with_ceilings()
    twin = builder.ceiling(made["storey"], HALL, 2.5, "Twin")
    storey = imported(builder)
    assert len([t for t in anchors(storey) if t.pose.x < 5]) == 16
    assert any(twin.GlobalId in n for n in storey.notes) or any(made["hall"].GlobalId in n for n in storey.notes)


def test_an_anchor_over_stairs_is_kept_with_the_reason(imported) -> None:
    builder, made = with_ceilings()
    builder.prism(made["storey"], "IfcStairFlight", [(0.3, 3.0), (1.2, 3.0), (1.2, 4.9), (0.3, 4.9)], 0.0, 2.4, "Stair")
    lost = [t for t in anchors(imported(builder)) if not t.reachable]
    assert any(t.reason == "no place to stand: stairs below" for t in lost)
    near = [t for t in lost if "to the nearest obstacle" in t.reason]
    assert all("0.40 m needed" in t.reason for t in near)
    assert all(t.node_id == "" for t in lost)


def test_anchor_parameters_are_those_asked_for(imported) -> None:
    builder, _ = with_ceilings()
    storey = imported(builder, anchor_spacing=1.0, anchor_edge=0.5, anchor_diameter=0.012, anchor_depth=0.08)
    item = storey.items_of("drill")[0]
    assert item.parameters == {"diameter": 0.012, "depth": 0.08, "spacing": 1.0, "edge_distance": 0.5}
    for a, b in pairs(list(item.targets)):
        assert math.hypot(a.pose.x - b.pose.x, a.pose.y - b.pose.y) >= 1.0 - 1e-3


def test_transport_goes_from_the_laydown_to_each_space(imported) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    storey = imported(builder, payload=35.0)
    items = storey.items_of("transport")
    assert [w.ifc_guid for w in items] == [made["room"].GlobalId, made["small"].GlobalId]
    (laydown,) = storey.roadmap.of_kind(NodeKind.LAYDOWN)
    for item in items:
        pick, drop = item.targets
        assert pick.node_id == laydown.id and (pick.index, drop.index) == (0, 1)
        assert storey.roadmap.nodes[drop.node_id].zone_id == item.zone_id
        assert item.parameters["payload"] == 35.0


def test_viewpoints_really_see_the_share_of_walls_they_claim(imported, tmp_path: Path) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    builder.wall(
        made["storey"], (2.5, 1.5), (2.5, 5.0), thickness=0.1, name="Screen"
    )  # so that one place is not enough
    storey = imported(builder)
    grid = Grid.load(tmp_path / "site" / storey.id)
    for item in storey.items_of("inspect"):
        zone = storey.zone(item.zone_id)
        assert zone is not None
        rows, columns = np.nonzero(grid.cells == OCCUPIED)
        walls = set()
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            x, y = grid.x0 + (column + 0.5) * grid.resolution, grid.y0 + (row + 0.5) * grid.resolution
            beside = [(x + dx, y + dy) for dx, dy in ((0.05, 0), (-0.05, 0), (0, 0.05), (0, -0.05))]
            if any(zone.contains(*p) and grid.at(*p) == 254 for p in beside):
                walls.add((row, column))
        seen = set()
        for target in item.targets:
            for ray in range(7200):
                hit = grid.first_hit(target.pose.x, target.pose.y, math.radians(ray / 20), 8.0)
                if hit in walls:
                    seen.add(hit)
        share = len(seen) / len(walls)
        assert share >= 0.95, item.title
        assert share >= item.parameters["coverage"] - 0.02
    assert len(storey.items_of("inspect")[0].targets) > 1


def test_ids_are_the_same_at_each_import(imported) -> None:
    builder, _ = with_ceilings()
    first, second = imported(builder), imported(builder)
    assert first == second or (first.work_items == second.work_items and first.roadmap.nodes == second.roadmap.nodes)
    assert len({w.id for w in first.work_items}) == len(first.work_items)
