"""Models that are damaged, packed, in doubtful units or oddly put together: read as far as they go, or refused."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import shapely
from site_models import ModelBuilder, two_rooms

from fleet_manager.site import errors, import_site, kernel
from fleet_manager.site.ground import Ground, lay_ground
from fleet_manager.site.ifc_model import find_storey, open_model
from fleet_manager.site.names import storey_ids
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.plan import Plan, read_plan
from fleet_manager.site.spaces import Space, title


def read(path: Path, storey: str | None = None) -> tuple[Plan, Ground]:
    model = open_model(path)
    plan = read_plan(model, find_storey(model, storey), ImportOptions())
    return plan, lay_ground(plan, ImportOptions(yard=1.0))


def simple(folder: Path, change: Any = lambda builder, made: None) -> Path:
    builder = ModelBuilder()
    change(builder, two_rooms(builder))
    return builder.write(folder / "model.ifc")


def free(ground: Ground, x: float, y: float) -> bool:
    return bool(shapely.contains_xy(ground.free, x, y))


class TestPackedFiles:
    def test_an_ifczip_is_read_like_the_model_in_it(self, tmp_path: Path) -> None:
        path = simple(tmp_path)
        with zipfile.ZipFile(tmp_path / "packed.ifcZIP", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, "folder/Model.IFC")
        plan, _ = read(tmp_path / "packed.ifcZIP")
        assert len(plan.passages) == 2 and len(plan.spaces) == 2

    def test_an_archive_without_a_model_or_with_several_is_refused(self, tmp_path: Path) -> None:
        path = simple(tmp_path)
        for names in ([], ["a.ifc", "b.ifc"]):
            with zipfile.ZipFile(tmp_path / "x.ifczip", "w") as archive:
                archive.writestr("readme.txt", "x")
                for name in names:
                    archive.write(path, name)
            with pytest.raises(errors.NotAnIfcFile, match=f"{len(names)} models in it"):
                open_model(tmp_path / "x.ifczip")

    def test_a_truncated_archive_is_named_as_such(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "x.ifczip", "w") as archive:
            archive.write(simple(tmp_path), "a.ifc")
        raw = (tmp_path / "x.ifczip").read_bytes()
        (tmp_path / "x.ifczip").write_bytes(raw[: len(raw) // 2])
        with pytest.raises(errors.TruncatedModel, match="cannot be unpacked"):
            open_model(tmp_path / "x.ifczip")

    def test_ifcxml_is_refused_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "x.ifcxml").write_text('<?xml version="1.0"?><ifc:ifcXML xmlns:ifc="http://www.buildingsmart"/>')
        with pytest.raises(errors.NotAnIfcFile, match="it is ifcXML") as error:
            open_model(tmp_path / "x.ifcxml")
        assert ".ifczip" in error.value.remedy


class TestUnits:
    def test_millimetres_declared_as_metres_are_doubted(self, tmp_path: Path) -> None:
        path = tmp_path / "model.ifc"
        builder = ModelBuilder(unit="millimetre")
        two_rooms(builder)
        builder.write(path)
        path.write_text(path.read_text().replace(".MILLI.", "$"))
        with pytest.raises(errors.DoubtfulUnits, match=r"would be 3,000\.000 m high.*length unit is 1 m") as error:
            read(path)
        assert "unit" in error.value.remedy

    def test_metres_declared_as_millimetres_are_doubted(self, tmp_path: Path) -> None:
        path = simple(tmp_path)
        path.write_text(path.read_text().replace("$,.METRE.", ".MILLI.,.METRE."))
        with pytest.raises(errors.DoubtfulUnits, match=r"would be 0\.003 m high.*length unit is 0\.001 m"):
            read(path)

    def test_without_a_unit_metres_are_assumed_and_said(self, tmp_path: Path) -> None:
        def unitless(builder: ModelBuilder, made: Any) -> None:
            builder.project.UnitsInContext = None

        plan, _ = read(simple(tmp_path, unitless))
        assert any("no length unit" in n for n in plan.notes)

    def test_kerbs_and_skirtings_among_the_walls_raise_no_doubt(self, tmp_path: Path) -> None:
        def kerbs(builder: ModelBuilder, made: Any) -> None:
            for number in range(12):
                builder.wall(made["storey"], (1.0 + 0.1 * number, 1.0), (1.0 + 0.1 * number, 2.0), height=0.08)

        assert len(read(simple(tmp_path, kerbs))[0].passages) == 2


class TestBodies:
    def test_an_element_without_geometry_is_left_out_by_name(self, tmp_path: Path) -> None:
        def ghost(builder: ModelBuilder, made: Any) -> None:
            wall = builder.wall(made["storey"], (1.0, 1.0), (2.0, 1.0), name="Ghost")
            wall.Representation = None
            self.guid = wall.GlobalId

        plan, ground = read(simple(tmp_path, ghost))
        assert any(f"Ghost ({self.guid}) is left out: it has no geometry" in n for n in plan.notes)
        assert free(ground, 1.5, 1.0)

    @pytest.mark.parametrize("broken", ["flat", "no profile", "huge"])
    def test_an_element_with_impossible_geometry_is_left_out_by_name(self, tmp_path: Path, broken: str) -> None:
        def spoil(builder: ModelBuilder, made: Any) -> None:
            wall = builder.wall(made["storey"], (1.0, 1.0), (2.0, 1.0), name="Broken")
            solid = wall.Representation.Representations[0].Items[0]
            if broken == "flat":
                solid.SweptArea.OuterCurve.Points = solid.SweptArea.OuterCurve.Points[:1] * 3
            elif broken == "no profile":
                wall.Representation.Representations[0].Items = [solid.Position]
            else:
                solid.Depth = 1e6
            self.guid = wall.GlobalId

        plan, ground = read(simple(tmp_path, spoil))
        assert any(f"Broken ({self.guid}) is left out" in n for n in plan.notes)
        assert free(ground, 1.5, 1.0)

    def test_a_storey_whose_walls_all_lack_geometry_has_no_walls(self, tmp_path: Path) -> None:
        def bare(builder: ModelBuilder, made: Any) -> None:
            for wall in builder.file.by_type("IfcWall"):
                wall.Representation = None

        with pytest.raises(errors.NoWalls, match="IfcWall"):
            read(simple(tmp_path, bare))


FAILING = """
import os, signal, sys, time
from fleet_manager.site import kernel_process
real = kernel_process.bodies
def bodies(file, ids, contexts, threads):
    names = [file.by_id(i).Name for i in ids]
    if "Poison" in names:
        if sys.argv[1] == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(60)
    return real(file, ids, contexts, threads)
kernel_process.bodies = bodies
kernel_process.main()
"""


class TestKernel:
    @pytest.mark.parametrize(("how", "words"), [("crash", "crashed on it"), ("stall", "did not return on it")])
    def test_an_element_that_kills_the_kernel_costs_itself_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, words: str
    ) -> None:
        def poison(builder: ModelBuilder, made: Any) -> None:
            self.guid = builder.wall(made["storey"], (1.0, 1.0), (2.0, 1.0), name="Poison").GlobalId

        path = simple(tmp_path, poison)
        monkeypatch.setattr(kernel, "COMMAND", (sys.executable, "-c", FAILING, how))
        if how == "stall":  # the first look of all at once, and the one by one
            monkeypatch.setattr(kernel, "STALLED", 8.0)
            monkeypatch.setattr(kernel, "STALLED_ON_ONE", 8.0)
        plan, ground = read(path)
        assert any(f"Poison ({self.guid}) is left out: the geometry kernel {words}" in n for n in plan.notes)
        assert len(plan.passages) == 2 and free(ground, 1.5, 1.0)

    def test_a_model_that_kills_it_again_and_again_is_damaged(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def poison(builder: ModelBuilder, made: Any) -> None:
            for number in range(2):
                builder.wall(made["storey"], (1.0, 1.0 + number), (2.0, 1.0 + number), name="Poison")

        path = simple(tmp_path, poison)
        monkeypatch.setattr(kernel, "COMMAND", (sys.executable, "-c", FAILING, "crash"))
        monkeypatch.setattr(kernel, "MOST_FAILURES", 2)
        with pytest.raises(errors.DamagedModel, match="geometry kernel fails on 2"):
            read(path)

    def test_a_kernel_that_does_not_start_is_no_fault_of_the_model(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kernel, "COMMAND", (sys.executable, "-c", "raise SystemExit(1)"))
        with pytest.raises(errors.ImportFailed, match="geometry kernel"):
            import_site(simple(tmp_path), None, tmp_path / "out")
        assert not (tmp_path / "out").exists()


class TestDoors:
    def test_a_door_in_a_wall_that_has_the_hole_already_is_a_door(self, tmp_path: Path) -> None:
        def split(builder: ModelBuilder, made: Any) -> None:
            east = made["east"]
            builder.opening(east, 2.5, 1.0, filling="door", storey=made["storey"], name="In the gap")
            points = ((0.0, -0.1), (2.0, -0.1), (2.0, 0.1), (0.0, 0.1))
            builder._body(east, points, 3.0)
            rest = builder.wall(made["storey"], (8.1, 3.0), (8.1, 5.0), name="Rest")
            # one wall of two pieces, as programs write that cut the hole themselves
            piece = rest.Representation.Representations[0].Items[0]
            piece.Position.Location.Coordinates = (3.0, 0.0, 0.0)
            shape = east.Representation.Representations[0]
            shape.Items = [*shape.Items, piece]
            builder.file.remove(rest)

        plan, ground = read(simple(tmp_path, split))
        door = next(p for p in plan.passages if p.name == "In the gap")
        assert door.is_door and door.clear_width == pytest.approx(0.92, abs=0.01)
        assert door.thickness == pytest.approx(0.2, abs=0.02)
        assert free(ground, 8.1, 2.5)

    def test_a_window_in_a_wall_that_has_the_hole_already_closes_it(self, tmp_path: Path) -> None:
        def split(builder: ModelBuilder, made: Any) -> None:
            east = made["east"]
            builder.opening(east, 3.5, 3.0, 0.0, 2.4, filling="window", storey=made["storey"], name="Glass")
            builder._body(east, ((0.0, -0.1), (2.0, -0.1), (2.0, 0.1), (0.0, 0.1)), 3.0)

        plan, ground = read(simple(tmp_path, split))
        assert any(o.name == "Glass" and o.kind == "window" for o in plan.obstacles)
        assert not free(ground, 8.1, 3.5)

    def test_a_door_whose_opening_has_no_body_is_where_its_own_body_is(self, tmp_path: Path) -> None:
        def bodiless(builder: ModelBuilder, made: Any) -> None:
            for opening in builder.file.by_type("IfcOpeningElement"):
                opening.Representation = None

        plan, ground = read(simple(tmp_path, bodiless))
        assert {p.name for p in plan.passages} == {"Front door", "Inner door"}
        assert free(ground, 5.0, 2.5) and free(ground, 2.0, -0.1)

    @pytest.mark.parametrize("by_type", [False, True])
    def test_nobody_drives_through_a_revolving_door(self, tmp_path: Path, by_type: bool) -> None:
        def revolve(builder: ModelBuilder, made: Any) -> None:
            make = builder.file.create_entity
            if by_type:
                kind = builder._root("IfcDoorType", "Drum", OperationType="REVOLVING", PredefinedType="DOOR")
                make("IfcRelDefinesByType", "0" * 22, None, None, None, [made["door"]], kind)
            else:
                made["door"].OperationType = "REVOLVING"

        plan, ground = read(simple(tmp_path, revolve))
        assert any("Inner door" in text and "a revolving door, not used" in text for text in plan.unusable)
        assert not free(ground, 5.0, 2.5)

    def test_a_glass_door_on_a_step_closes_its_gap(self, tmp_path: Path) -> None:
        def step(builder: ModelBuilder, made: Any) -> None:
            builder.opening(made["middle"], 1.0, 1.0, 0.0, 3.0, name="Gap")
            outline = [(4.98, 0.5), (5.02, 0.5), (5.02, 1.5), (4.98, 1.5)]
            builder.prism(made["storey"], "IfcDoor", outline, 0.3, 2.4, "Glass door")

        plan, ground = read(simple(tmp_path, step))
        assert any("Glass door" in text and "sill 0.30 m" in text for text in plan.unusable)
        assert not free(ground, 5.0, 1.0)


class TestRooms:
    def test_a_room_without_a_space_that_a_door_leads_into_is_a_room(self, tmp_path: Path) -> None:
        def unspaced(builder: ModelBuilder, made: Any) -> None:
            builder.file.remove(made["small"])

        plan, ground = read(simple(tmp_path, unspaced))
        assert len(plan.spaces) == 1 and sorted(s.name for s in ground.spaces) == ["1", "R01"]
        assert free(ground, 6.5, 2.5) and any("R01 (14." in n for n in ground.notes)

    def test_an_open_deck_is_as_large_as_its_slab(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        deck = builder.storey("Deck", 0.0)
        builder.wall(deck, (0.0, 5.0), (3.0, 5.0), thickness=0.2)
        builder.slab(deck, [(0, 0), (20, 0), (20, 10), (0, 10)], holes=[[(8, 4), (12, 4), (12, 6), (8, 6)]])
        _, ground = read(builder.write(tmp_path / "deck.ifc"))
        assert ground.free.area == pytest.approx(22 * 12 - 0.6 - 8.0, abs=0.1)  # with a metre of yard
        assert free(ground, 15.0, 5.0) and not free(ground, 10.0, 5.0) and not free(ground, 1.5, 5.0)
        assert any("floor slabs were taken" in n for n in ground.notes)

    def test_spaces_that_overlap_are_counted_once(self, tmp_path: Path) -> None:
        def doubled(builder: ModelBuilder, made: Any) -> None:
            builder.space(made["storey"], "9", "Niche", [(0, 0), (2, 0), (2, 2), (0, 2)])

        plan, _ = read(simple(tmp_path, doubled))
        ground = lay_ground(plan, ImportOptions(yard=0.0))
        assert ground.free.area == pytest.approx(39.77, abs=0.06)


class TestStoreys:
    def test_ids_are_for_any_file_system(self) -> None:
        names = ["../../etc", "a/b\\c", "一层", "二层", "", "Étage 1", "étage 1", "site.yaml", "L" * 255, " . "]
        ids = storey_ids(names)
        assert len(set(ids)) == len(ids) and all(i and "/" not in i and len(i) < 70 for i in ids)
        assert ids[:7] == ["etc", "a-b-c", "storey", "storey-2", "storey-3", "etage-1", "etage-1-2"]
        assert "site.yaml" not in ids and not any(i.startswith(".") for i in ids)

    def test_a_storey_without_a_name_goes_by_its_global_id(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        storey = builder.storey("  ", 0.0)
        two_rooms(builder, storey=storey)
        path = builder.write(tmp_path / "model.ifc")
        with pytest.raises(errors.NoSuchStorey) as error:
            read(path, "Ground")
        assert error.value.names == (storey.GlobalId,)
        assert read(path, storey.GlobalId)[0].name == storey.GlobalId

    def test_storeys_of_one_name_are_told_apart_by_global_id(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        two_rooms(builder, storey=builder.storey("Level 1", 0.0))
        upper = builder.storey("Level 1", 3.2)
        two_rooms(builder, storey=upper)
        path = builder.write(tmp_path / "model.ifc")
        with pytest.raises(errors.AmbiguousStorey, match="2 storeys") as error:
            read(path, "Level 1")
        assert upper.GlobalId in error.value.remedy and "3.20 m" in error.value.remedy
        assert read(path, upper.GlobalId)[0].elevation == pytest.approx(3.2)

    def test_chinese_names_find_their_storey_and_stay_in_the_package(self, tmp_path: Path) -> None:
        builder = ModelBuilder()
        two_rooms(builder, storey=builder.storey("一层/甲", 0.0))
        two_rooms(builder, storey=builder.storey("二层", 3.2))
        site = import_site(builder.write(tmp_path / "model.ifc"), "一层/甲", tmp_path / "out")
        assert [(s.id, s.name) for s in site.storeys.values()] == [("storey", "一层/甲")]

    def test_parts_that_contain_themselves_end_in_an_error(self, tmp_path: Path) -> None:
        def snake(builder: ModelBuilder, made: Any) -> None:
            builder.building.ObjectPlacement.PlacementRelTo = made["storey"].ObjectPlacement
            builder._aggregate(made["storey"], [builder.building])

        with pytest.raises(errors.SiteImportError):
            import_site(simple(tmp_path, snake), None, tmp_path / "out")
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [
        ("A101", "Foyer", "A101 Foyer"),
        ("1 - Living room", "Living room", "1 - Living room"),
        ("1", "Hall 12", "1 Hall 12"),
        ("2", "Bedroom 2", "Bedroom 2"),
        ("", "Attic", "Attic"),
        ("B\n1", "", "B 1"),
    ],
)
def test_a_space_is_not_called_by_the_same_name_twice(number: str, name: str, said: str) -> None:
    assert title(Space("g", number, name, shapely.Polygon(), 0.0, 1.0)) == said
