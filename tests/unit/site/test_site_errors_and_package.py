"""Every failure is typed, says what to do, and leaves the folder as it was; packages round-trip."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from site_models import ModelBuilder, two_rooms

from fleet_manager.site import errors, import_site, load_site, load_storey
from fleet_manager.site.options import ImportOptions


def model_file(folder: Path, builder: ModelBuilder | None = None) -> Path:
    builder = builder or ModelBuilder()
    if not builder.file.by_type("IfcBuildingStorey"):
        two_rooms(builder)
    return builder.write(folder / "model.ifc")


def listing(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelNotFound, match="No such file"):
        import_site(tmp_path / "nowhere.ifc", "Ground", tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"hello\n", bytes(range(256))])
def test_a_file_that_is_no_ifc_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.ifc").write_bytes(content)
    with pytest.raises(errors.NotAnIfcFile, match=r"other\.ifc is not an IFC file") as error:
        import_site(tmp_path / "other.ifc", "Ground", tmp_path / "out")
    assert error.value.remedy and error.value.code == "NOT_AN_IFC_FILE"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(tmp_path: Path, share: float) -> None:
    whole = model_file(tmp_path).read_bytes()
    (tmp_path / "cut.ifc").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(errors.TruncatedModel, match="cut off or damaged"):
        import_site(tmp_path / "cut.ifc", "Ground", tmp_path / "out")


def test_a_file_damaged_in_its_middle(tmp_path: Path) -> None:
    whole = model_file(tmp_path).read_text()
    start = whole.index("DATA;")
    (tmp_path / "bad.ifc").write_text(whole[:start] + "DATA;\nENDSEC;\nEND-ISO-10303-21;\n")
    with pytest.raises(errors.TruncatedModel, match="no IfcProject"):
        import_site(tmp_path / "bad.ifc", "Ground", tmp_path / "out")


def test_an_unsupported_schema(tmp_path: Path) -> None:
    text = model_file(tmp_path).read_text().replace("'IFC4'", "'IFC2X_FINAL'")
    (tmp_path / "old.ifc").write_text(text)
    with pytest.raises(errors.UnsupportedSchema, match="IFC2X_FINAL") as error:
        import_site(tmp_path / "old.ifc", "Ground", tmp_path / "out")
    assert "IFC2X3" in error.value.remedy and "IFC4" in error.value.remedy


def test_no_such_storey_lists_the_real_ones(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    builder.storey("Dach", 3.0)
    with pytest.raises(errors.NoSuchStorey) as error:
        import_site(model_file(tmp_path, builder), "Keller", tmp_path / "out")
    assert error.value.names == ("Ground", "Dach") and '"Ground", "Dach"' in error.value.remedy


def test_the_storeys_name_may_differ_in_case(tmp_path: Path) -> None:
    site = import_site(model_file(tmp_path), " ground ", tmp_path / "out")
    assert next(iter(site.storeys.values())).name == "Ground"


def test_an_empty_storey_and_one_without_walls(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    builder.storey("Empty", 10.0)
    slabs = builder.storey("Slabs", 20.0)
    builder.prism(slabs, "IfcColumn", [(0, 0), (0.3, 0), (0.3, 0.3), (0, 0.3)], 0.0, 3.0)
    model = model_file(tmp_path, builder)
    with pytest.raises(errors.EmptyStorey, match=r'Nothing stands on the storey "Empty"'):
        import_site(model, "Empty", tmp_path / "out")
    with pytest.raises(errors.NoWalls, match=r"no walls at the height of a robot .*IfcColumn"):
        import_site(model, "Slabs", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "value"),
    [("anchor_spacing", 0.0), ("yard", -1.0), ("homes", 0), ("inspect_coverage", 1.5), ("robots", ())],
)
def test_options_out_of_range_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(errors.BadOption, match="robots" if name == "robots" else name):
        ImportOptions(**{name: value})


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.txt").write_text("years")
    with pytest.raises(errors.OutputNotWritable, match="not a site package"):
        import_site(model_file(tmp_path), "Ground", out)
    assert listing(out) == ["thesis.txt"]


def test_a_folder_nobody_may_write_to(tmp_path: Path) -> None:
    with pytest.raises(errors.OutputNotWritable, match="cannot be written") as error:
        import_site(model_file(tmp_path), "Ground", Path("/proc/sitefleet/out"))
    assert "--out" in error.value.remedy


def test_an_out_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.OutputNotWritable):
        import_site(model_file(tmp_path), "Ground", tmp_path / "file" / "out")


def test_an_import_that_fails_leaves_the_old_package_and_nothing_else(tmp_path: Path, monkeypatch) -> None:
    from fleet_manager.site import importer

    model, out = model_file(tmp_path), tmp_path / "out"
    import_site(model, "Ground", out)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    listed = listing(tmp_path)

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(importer, "write_world", broken)
    with pytest.raises(errors.OutputNotWritable, match="disk full"):
        import_site(model, "Ground", out)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert listing(tmp_path) == listed


def test_a_package_reads_back_as_it_was_made(tmp_path: Path) -> None:
    made = import_site(model_file(tmp_path), "Ground", tmp_path / "out")
    read = load_site(tmp_path / "out")
    storey, again = made.storeys["ground"], read.storeys["ground"]
    assert again.roadmap.nodes == storey.roadmap.nodes and again.roadmap.edges == storey.roadmap.edges
    assert (again.zones, again.floorplan, again.doorways) == (storey.zones, storey.floorplan, storey.doorways)
    assert again.work_items == storey.work_items and again.notes == storey.notes
    assert (read.sha256, read.project_guid, read.offset) == (made.sha256, made.project_guid, made.offset)
    assert load_storey(tmp_path / "out" / "ground").work_items == storey.work_items


def test_storeys_of_one_model_gather_in_one_package(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    two_rooms(builder, storey=builder.storey("Upper", 3.2))
    model = model_file(tmp_path, builder)
    import_site(model, "Upper", tmp_path / "out")
    import_site(model, "Ground", tmp_path / "out")
    assert list(load_site(tmp_path / "out").storeys) == ["ground", "upper"]


def test_storeys_of_another_model_do_not_stay(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    import_site(model_file(tmp_path, builder), "Ground", tmp_path / "out")
    other = ModelBuilder()
    two_rooms(other, storey=other.storey("First", 0.0))
    import_site(model_file(tmp_path, other), "First", tmp_path / "out")
    assert listing(tmp_path / "out") == ["first", "site.yaml"]


@pytest.mark.parametrize("damage", ["missing", "no yaml", "truncated"])
def test_a_damaged_package_is_reported(tmp_path: Path, damage: str) -> None:
    out = tmp_path / "out"
    import_site(model_file(tmp_path), "Ground", out)
    if damage == "missing":
        (out / "ground" / "zones.geojson").unlink()
    elif damage == "no yaml":
        (out / "site.yaml").write_text("{[")
    else:
        path = out / "ground" / "roadmap.geojson"
        path.write_text(path.read_text()[:500])
    with pytest.raises(errors.NotASitePackage):
        load_site(out)


def test_zone_polygons_have_the_rooms_areas(tmp_path: Path) -> None:
    site = import_site(model_file(tmp_path), "Ground", tmp_path / "out")
    zones = {z.name: z for z in site.storeys["ground"].zones}
    hall = zones["1 Hall"].areas[0]
    assert shapely.Polygon(hall.exterior).area == pytest.approx(24.75, abs=0.01)
    assert zones["1 Hall"].contains(1.0, 1.0) and not zones["1 Hall"].contains(6.0, 1.0)
