"""What is read from a model: units, placements, openings, storeys, floors. Numbers are those of the model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import shapely
from site_models import ModelBuilder, two_rooms

from fleet_manager.site.ground import lay_ground
from fleet_manager.site.ifc_model import find_storey, open_model
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.passages import Passage
from fleet_manager.site.plan import Plan, read_plan


def plan_of(builder: ModelBuilder, folder: Path, storey: str = "Ground", **options: Any) -> Plan:
    model = open_model(builder.write(folder / "model.ifc"))
    return read_plan(model, find_storey(model, storey), ImportOptions(**options))


def passage(plan: Plan, name: str) -> Passage:
    return next(p for p in plan.passages if p.name == name)


@pytest.mark.parametrize("unit", ["metre", "millimetre", "foot"])
@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4", "IFC4X3"])
def test_the_same_building_in_any_unit_and_schema_is_the_same_plan(tmp_path: Path, unit: str, schema: str) -> None:
    builder = ModelBuilder(schema, unit)
    two_rooms(builder)
    plan = plan_of(builder, tmp_path)
    inner = passage(plan, "Inner door")
    assert inner.clear_width == pytest.approx(0.9 - 2 * 0.04, abs=2e-3)
    assert inner.thickness == pytest.approx(0.1, abs=2e-3)
    assert tuple(inner.centre) == pytest.approx((5.0, 2.5), abs=2e-3)
    assert abs(inner.through[0]) == pytest.approx(1.0, abs=1e-6)
    assert {s.long_name: round(s.area.area, 2) for s in plan.spaces} == {"Hall": 24.75, "Store": 14.75}
    ground = lay_ground(plan, ImportOptions(yard=0.0))
    # both rooms, the door's clear width through 0.1 m of wall, and the front door's through 0.2 m
    assert ground.free.area == pytest.approx(24.75 + 14.75 + 0.82 * 0.1 + 0.92 * 0.2, abs=0.05)


@pytest.mark.parametrize("degrees", [30.0, 90.0, 217.0])
def test_a_rotated_building_is_the_same_building_rotated(tmp_path: Path, degrees: float) -> None:
    builder = ModelBuilder(unit="millimetre", rotation=degrees, origin=(12.0, -7.0, 1.5))
    two_rooms(builder)
    plan = plan_of(builder, tmp_path)
    inner = passage(plan, "Inner door")
    turn = math.radians(degrees)
    expected = (12.0 + 5.0 * math.cos(turn) - 2.5 * math.sin(turn), -7.0 + 5.0 * math.sin(turn) + 2.5 * math.cos(turn))
    assert tuple(inner.centre) == pytest.approx(expected, abs=2e-3)
    assert inner.clear_width == pytest.approx(0.82, abs=2e-3)
    assert abs(inner.through[0] * math.cos(turn) + inner.through[1] * math.sin(turn)) == pytest.approx(1.0, abs=1e-4)
    assert plan.elevation == pytest.approx(1.5)
    assert lay_ground(plan, ImportOptions(yard=0.0)).free.area == pytest.approx(39.77, abs=0.06)


def test_a_building_far_from_the_origin_is_moved_near_it(tmp_path: Path) -> None:
    builder = ModelBuilder(origin=(832_000.0, 5_412_000.0, 40.0))
    two_rooms(builder)
    plan = plan_of(builder, tmp_path)
    assert plan.offset[0] == pytest.approx(832_000.0, abs=20.0) and plan.offset[1] == pytest.approx(
        5_412_000.0, abs=20.0
    )
    inner = passage(plan, "Inner door")
    assert inner.centre[0] + plan.offset[0] == pytest.approx(832_005.0, abs=2e-3)


class TestOpenings:
    def free(self, plan: Plan, x: float, y: float) -> bool:
        return bool(shapely.contains_xy(lay_ground(plan, ImportOptions(yard=3.0)).free, x, y))

    def test_a_door_is_passable_and_its_frame_stays(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        two_rooms(builder)
        plan = plan_of(builder, tmp_path)
        assert self.free(plan, 5.0, 2.5) and self.free(plan, 5.0, 2.5 + 0.40)
        assert not self.free(plan, 5.0, 2.5 + 0.42)

    def test_a_window_is_not_passable_even_down_to_the_floor(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        made = two_rooms(builder)
        builder.opening(made["north"], 3.2, 2.0, 0.0, 2.4, filling="window", storey=made["storey"], name="French")
        plan = plan_of(builder, tmp_path)
        assert not self.free(plan, 3.0, 5.1)
        assert [p.name for p in plan.passages] == ["Front door", "Inner door"]

    def test_a_doorless_opening_to_the_floor_is_a_passage_of_its_full_width(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        made = two_rooms(builder, door=False)
        builder.opening(made["middle"], 2.5, 1.2, name="Gap")
        plan = plan_of(builder, tmp_path)
        gap = passage(plan, "Gap")
        assert gap.clear_width == pytest.approx(1.2, abs=1e-3) and not gap.is_door and gap.is_doorway
        assert self.free(plan, 5.0, 2.5 + 0.59)

    def test_a_hatch_above_the_floor_is_no_passage(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        made = two_rooms(builder)
        builder.opening(made["middle"], 1.0, 0.8, 0.9, 1.6, name="Hatch")
        plan = plan_of(builder, tmp_path)
        assert "Hatch" not in [p.name for p in plan.passages] and not self.free(plan, 5.0, 1.0)

    def test_a_recess_is_room_but_no_way_through(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        made = two_rooms(builder)
        # cuts the inner 0.1 m of the 0.2 m north wall: body from y = 4.9 to 5.1
        builder.opening(made["north"], 3.2, 1.0, 0.0, 2.1, depth=0.2, offset=-0.1, name="Recess")
        plan = plan_of(builder, tmp_path)
        assert "Recess" not in [p.name for p in plan.passages]
        assert self.free(plan, 3.0, 5.05) and not self.free(plan, 3.0, 5.15)

    def test_a_door_on_a_step_is_reported_and_not_used(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        made = two_rooms(builder)
        builder.opening(made["east"], 2.5, 0.9, 0.3, 2.4, filling="door", storey=made["storey"], name="Step door")
        plan = plan_of(builder, tmp_path)
        assert len(plan.unusable) == 1 and "Step door" in plan.unusable[0] and "sill 0.30 m" in plan.unusable[0]
        assert not self.free(plan, 8.1, 2.5)

    def test_a_door_leads_through_both_leaves_of_a_cavity_wall(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        made = two_rooms(builder)
        builder.wall(made["storey"], (5.15, 0.0), (5.15, 5.0), thickness=0.1, name="Second leaf")
        plan = plan_of(builder, tmp_path)
        inner = passage(plan, "Inner door")
        assert inner.thickness == pytest.approx(0.25, abs=5e-3)
        assert self.free(plan, 5.15, 2.5)

    def test_a_door_in_a_curtain_wall_is_passable_and_its_panels_are_not(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        made = two_rooms(builder, door=False)
        storey = made["storey"]
        builder.opening(made["middle"], 2.5, 3.0, 0.0, 3.0, name="For the curtain wall")
        for y0, y1 in ((1.0, 2.0), (3.0, 4.0)):
            builder.prism(storey, "IfcPlate", [(4.99, y0), (5.01, y0), (5.01, y1), (4.99, y1)], 0.0, 3.0, "Panel")
        door = builder.prism(
            storey, "IfcDoor", [(4.98, 2.0), (5.02, 2.0), (5.02, 3.0), (4.98, 3.0)], 0.0, 2.2, "Glass door"
        )
        door.OverallWidth = 1.0
        plan = plan_of(builder, tmp_path)
        assert passage(plan, "Glass door").clear_width == pytest.approx(0.92, abs=2e-3)
        assert self.free(plan, 5.0, 2.5) and not self.free(plan, 5.0, 1.5)


def test_a_wall_of_the_storey_below_that_rises_through_this_one_stands_here_too(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    upper = builder.storey("Upper", 3.2)
    two_rooms(builder, storey=upper)
    ground = builder.file.by_type("IfcBuildingStorey")[0]
    builder.wall(ground, (2.0, 0.0), (2.0, 4.0), thickness=0.1, height=6.4, name="Tall")
    plan = plan_of(builder, tmp_path, "Upper")
    tall = next(o for o in plan.obstacles if o.name == "Tall")
    assert tall.footprint.area == pytest.approx(0.4, abs=1e-3) and tall.low == 0.0
    assert not any(o.name == "South" and o.low > 0.1 for o in plan.obstacles)


def test_a_low_wall_of_another_storey_does_not_stand_here(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    two_rooms(builder, storey=builder.storey("Upper", 3.2))
    plan = plan_of(builder, tmp_path, "Upper")
    assert sorted(o.name for o in plan.obstacles) == ["East", "Middle", "North", "South", "West"]


def test_furniture_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    builder.prism(made["storey"], "IfcFurnishingElement", [(1, 1), (2, 1), (2, 2), (1, 2)], 0.0, 0.8, "Table")
    assert not any(o.kind == "furniture" for o in plan_of(builder, tmp_path).obstacles)
    with_it = plan_of(builder, tmp_path, with_furniture=True)
    assert [o.footprint.area for o in with_it.obstacles if o.kind == "furniture"] == [pytest.approx(1.0, abs=1e-3)]


def test_rooms_come_from_the_walls_where_the_model_has_no_spaces(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder, spaces=False)
    ground = lay_ground(plan_of(builder, tmp_path), ImportOptions())
    assert sorted(s.area.area for s in ground.spaces) == pytest.approx([14.75, 24.75], abs=0.1)
    assert any("no spaces" in n for n in ground.notes)


def test_the_hole_of_a_floor_slab_is_no_ground(tmp_path: Path) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    builder.slab(
        made["storey"], [(-0.2, -0.2), (8.2, -0.2), (8.2, 5.2), (-0.2, 5.2)], 0.0, [[(1, 1), (2, 1), (2, 3), (1, 3)]]
    )
    ground = lay_ground(plan_of(builder, tmp_path), ImportOptions())
    assert ground.holes.area == pytest.approx(2.0, abs=0.02)
    assert not shapely.contains_xy(ground.free, 1.5, 2.0)


def test_without_slabs_a_stair_from_below_is_an_opening_in_the_floor(tmp_path: Path) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    two_rooms(builder, storey=builder.storey("Upper", 3.2))
    builder.prism(made["storey"], "IfcStairFlight", [(0.5, 1), (1.5, 1), (1.5, 4), (0.5, 4)], 0.0, 3.2, "Stair")
    ground = lay_ground(plan_of(builder, tmp_path, "Upper"), ImportOptions())
    assert ground.holes.area == pytest.approx(3.0, abs=0.05)
    assert not shapely.contains_xy(ground.free, 1.0, 2.5)


def test_floor_that_no_slab_carries_is_no_ground(tmp_path: Path) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    builder.slab(made["storey"], [(-0.2, -0.2), (8.2, -0.2), (8.2, 3.5), (-0.2, 3.5)])
    ground = lay_ground(plan_of(builder, tmp_path), ImportOptions())
    assert ground.holes.area == pytest.approx((4.95 + 2.95) * 1.5, abs=0.1)


def test_a_raised_floor_is_the_floor_and_no_obstacle(tmp_path: Path) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    builder.slab(made["storey"], [(0, 0), (8, 0), (8, 5), (0, 5)], top=0.15)
    plan = plan_of(builder, tmp_path)
    assert plan.elevation == pytest.approx(0.15)
    assert not any(o.ifc_class == "IfcSlab" for o in plan.obstacles)


def test_the_yard_is_there_only_where_doors_open_onto_the_ground(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    two_rooms(builder, storey=builder.storey("Upper", 3.2))
    assert lay_ground(plan_of(builder, tmp_path, "Ground"), ImportOptions()).yard == 3.0
    assert lay_ground(plan_of(builder, tmp_path, "Upper"), ImportOptions()).yard == 0.0
    assert lay_ground(plan_of(builder, tmp_path, "Upper"), ImportOptions(yard=1.5)).yard == 1.5
