"""The roadmap of small buildings: doorways, clearances, homes, what is cut off and why."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from site_checks import Grid, along, ends, homes_block_nobody, pairs, walk
from site_models import ModelBuilder, two_rooms

from fleet_manager.domain.geometry import Pose2
from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.domain.site import Storey
from fleet_manager.site.errors import BadOption, NoFloor, RobotTooWide
from fleet_manager.site.options import REFERENCE_ROBOTS

DRILLER, HAULER, INSPECTOR = REFERENCE_ROBOTS[0], REFERENCE_ROBOTS[1], REFERENCE_ROBOTS[2]


def reached(storey: Storey, robot=INSPECTOR) -> set[str]:
    home = storey.roadmap.of_kind(NodeKind.HOME)[0]
    return walk(storey.roadmap, home.id, robot.node_clearance, robot.edge_clearance)


def zones_reached(storey: Storey, robot=INSPECTOR) -> set[str]:
    return {storey.roadmap.nodes[n].zone_id for n in reached(storey, robot)} - {None}


def test_each_doorway_is_one_straight_edge_on_its_axis(imported) -> None:
    made = ModelBuilder()
    door = two_rooms(made)["door"].GlobalId
    storey = imported(made)
    (edge,) = [e for e in storey.roadmap.edges.values() if e.door == door]
    a, b = ends(storey.roadmap, edge)
    assert a.y == pytest.approx(2.5, abs=1e-3) and b.y == pytest.approx(2.5, abs=1e-3)
    assert sorted((a.x, b.x))[0] <= 4.95 - 0.55 + 1e-6 and sorted((a.x, b.x))[1] >= 5.05 + 0.55 - 1e-6
    assert edge.clearance == pytest.approx(0.41, abs=2e-3)
    assert {a.kind, b.kind} == {NodeKind.DOOR}
    crossing = [
        e
        for e in storey.roadmap.edges.values()
        if not e.door
        and (ends(storey.roadmap, e)[0].x - 5) * (ends(storey.roadmap, e)[1].x - 5) < 0
        and all(0 < n.y < 5 and 0 < n.x < 8 for n in ends(storey.roadmap, e))
    ]
    assert crossing == []


@pytest.mark.parametrize("degrees", [0.0, 30.0])
def test_every_node_and_edge_keeps_the_clearance_it_claims(imported, tmp_path: Path, degrees: float) -> None:
    builder = ModelBuilder(rotation=degrees)
    two_rooms(builder)
    storey = imported(builder)
    grid = Grid.load(tmp_path / "site" / storey.id)
    for node in storey.roadmap.nodes.values():
        assert node.clearance >= INSPECTOR.node_clearance
        assert not grid.blocked_within(node.x, node.y, node.clearance - 0.03)
    for edge in storey.roadmap.edges.values():
        assert edge.clearance >= INSPECTOR.edge_clearance
        a, b = ends(storey.roadmap, edge)
        assert edge.length == pytest.approx(math.hypot(a.x - b.x, a.y - b.y), abs=1e-3)
        assert not any(grid.blocked_within(x, y, edge.clearance - 0.03) for x, y in along(a, b))


def test_both_rooms_and_the_yard_are_one_network_for_the_widest_robot(imported) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    storey = imported(builder)
    assert zones_reached(storey, HAULER) == {"1", "2"}


def test_homes_block_nobody_and_keep_apart(imported) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    storey = imported(builder)
    homes = storey.roadmap.of_kind(NodeKind.HOME)
    assert len(homes) >= 8
    assert all(math.hypot(a.x - b.x, a.y - b.y) >= 1.2 for a, b in pairs(homes))
    assert homes_block_nobody(storey.roadmap, HAULER.turning_radius, HAULER.half_width) == []
    assert all(h.clearance >= HAULER.node_clearance and h.heading is not None for h in homes)


def test_homes_indoors_block_nobody_either(imported) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    storey = imported(builder, yard=0.0)
    assert storey.roadmap.of_kind(NodeKind.HOME)
    assert homes_block_nobody(storey.roadmap, HAULER.turning_radius, HAULER.half_width) == []


def test_homes_and_laydown_can_be_given(imported) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    storey = imported(builder, home_poses=(Pose2(-2.0, 2.0, 1.5), Pose2(-2.0, 4.0, 1.5)), laydown=Pose2(4.0, -2.5, 0.0))
    homes = storey.roadmap.of_kind(NodeKind.HOME)
    assert [(h.x, h.y, h.heading) for h in homes] == [(-2.0, 2.0, 1.5), (-2.0, 4.0, 1.5)]
    (laydown,) = storey.roadmap.of_kind(NodeKind.LAYDOWN)
    assert (laydown.x, laydown.y) == (4.0, -2.5)
    assert laydown.id in reached(storey)


def test_a_home_inside_a_wall_is_refused_with_the_distance(imported) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    with pytest.raises(BadOption, match=r"home at \(5\.00, 1\.00\) has 0\.00 m"):
        imported(builder, home_poses=(Pose2(5.0, 1.0),))


def test_a_narrow_door_lets_only_the_inspector_in(imported) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder, door=False)
    door = builder.opening(made["middle"], 2.5, 0.62, filling="door", storey=made["storey"], name="Slim door")
    storey = imported(builder)
    assert zones_reached(storey, INSPECTOR) == {"1", "2"}
    assert zones_reached(storey, DRILLER) == {"1"}
    lost = [t for w in storey.items_of("drill") for t in w.targets if w.zone_id == "2"]
    assert lost and all(not t.reachable for t in lost)
    assert all(f"the doorway {door.GlobalId} is too narrow: 0.54 m clear, 0.60 m needed" in t.reason for t in lost)


def test_a_room_without_a_door_is_reported_and_not_in_the_roadmap(imported) -> None:
    builder = ModelBuilder()
    two_rooms(builder, door=False)
    storey = imported(builder)
    assert zones_reached(storey) == {"1"}
    assert all(n.zone_id != "2" for n in storey.roadmap.nodes.values())
    assert any("2 Store" in note for note in storey.notes)
    assert all(t.reason for w in storey.work_items for t in w.targets if not t.reachable)


def test_a_robot_too_wide_for_every_door_is_an_error_that_names_them(imported, tmp_path: Path) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder, door=False)
    builder.file.remove(made["front"].FillsVoids[0])
    front = made["front"]
    for relation in list(builder.file.by_type("IfcRelVoidsElement")):
        builder.file.remove(relation)
    builder.file.remove(front)
    builder.opening(made["middle"], 2.5, 0.6, filling="door", storey=made["storey"], name="Slim door")
    with pytest.raises(RobotTooWide) as error:
        imported(builder)
    assert (
        "driller" in error.value.sentence and "Slim door" in error.value.sentence and "0.52 m" in error.value.sentence
    )
    assert not (tmp_path / "site").exists()
    storey = imported(builder, robots=(INSPECTOR,))
    assert zones_reached(storey) == {"1", "2"}


def test_a_corridor_with_a_corner_only_just_wide_enough_is_joined(imported) -> None:
    builder = ModelBuilder()
    storey_entity = builder.storey("Ground", 0.0)
    # an L of 0.75 m width: x 0..6, y 0..0.75 and x 5.25..6, y 0..6, with rooms of 2 m at both ends
    outline = [(-2, -0.6), (0, -0.6), (0, 0), (6, 0), (6, 6), (6.6, 6), (6.6, 8), (4.6, 8), (4.6, 6), (5.25, 6),
               (5.25, 0.75), (0, 0.75), (0, 1.4), (-2, 1.4)]  # fmt: skip
    for a, b in zip(outline, [*outline[1:], outline[0]], strict=True):
        builder.wall(storey_entity, a, b, thickness=0.02)
    builder.space(storey_entity, "L", "Corridor", outline)
    storey = imported(builder, yard=0.0)
    assert any(n.y > 6.5 for n in (storey.roadmap.nodes[i] for i in reached(storey)))
    assert any(n.x < -0.5 for n in (storey.roadmap.nodes[i] for i in reached(storey)))


def test_a_cupboard_is_too_small_for_a_site(imported) -> None:
    builder = ModelBuilder()
    storey = builder.storey("Ground", 0.0)
    for a, b in (((0, 0), (0.5, 0)), ((0.5, 0), (0.5, 0.5)), ((0.5, 0.5), (0, 0.5)), ((0, 0.5), (0, 0))):
        builder.wall(storey, a, b, thickness=0.1)
    builder.space(storey, "C", "Cupboard", [(0.05, 0.05), (0.45, 0.05), (0.45, 0.45), (0.05, 0.45)])
    with pytest.raises(NoFloor):
        imported(builder)


def test_no_place_is_locked_in_by_the_places_around_it(imported) -> None:
    builder = ModelBuilder(rotation=9.0)
    hall = builder.storey("Ground", 0.0)
    for start, end in (((0, 0), (9, 0)), ((9, 0), (9, 6)), ((9, 6), (0, 6)), ((0, 6), (0, 0))):
        builder.wall(hall, start, end)
    storey = imported(builder)
    roadmap = storey.roadmap
    places = [*roadmap.of_kind(NodeKind.HOME), *roadmap.of_kind(NodeKind.LAYDOWN)]
    assert len(roadmap.of_kind(NodeKind.LAYDOWN)) == 1 and len(places) >= 5
    taken = frozenset(p.id for p in places)
    wide = max(REFERENCE_ROBOTS, key=lambda r: r.turning_radius)
    for place in places:
        rest = walk(roadmap, place.id, wide.node_clearance, wide.edge_clearance, taken - {place.id})
        assert len(rest) > len(places), place.id
