"""The map follows map_server's conventions, and the simulated world is the same building."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import yaml
from site_checks import FREE, OCCUPIED, UNKNOWN, Grid, boxes, painted
from site_models import ModelBuilder, two_rooms

LIDAR_HEIGHT = 0.25


def test_the_pgm_starts_at_the_greatest_y(imported, tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    imported(builder, yard=0.0)
    raw = (tmp_path / "site/ground/map.pgm").read_bytes()
    assert raw.startswith(b"P5\n")
    meta = yaml.safe_load((tmp_path / "site/ground/map.yaml").read_text())
    assert meta["resolution"] == 0.05 and meta["image"] == "map.pgm" and len(meta["origin"]) == 3
    width, height = (int(n) for n in raw.split(b"\n")[1].split())
    cells = np.frombuffer(raw[-width * height :], dtype=np.uint8).reshape(height, width)
    # the front door (y about -0.1) is in the lower part of the picture
    column = int((2.0 - meta["origin"][0]) / 0.05)
    row_from_top = height - 1 - int((-0.1 - meta["origin"][1]) / 0.05)
    assert cells[row_from_top, column] == FREE
    assert cells[height - 1 - int((5.1 - meta["origin"][1]) / 0.05), column] == OCCUPIED


def test_walls_free_ground_and_the_unknown_are_told_apart(imported, tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    imported(builder, yard=1.0)
    grid = Grid.load(tmp_path / "site/ground")
    assert grid.at(2.5, 2.5) == FREE and grid.at(2.5, 5.7) == FREE
    assert grid.at(2.5, 5.1) == OCCUPIED and grid.at(5.0, 1.0) == OCCUPIED
    assert grid.at(2.5, 6.5) == UNKNOWN
    assert set(np.unique(grid.cells)) == {FREE, OCCUPIED, UNKNOWN}
    wall = np.count_nonzero(grid.cells == OCCUPIED) * 0.05**2
    exact = 2 * 8.4 * 0.2 + 2 * 5.0 * 0.2 + 5.0 * 0.1 - 0.92 * 0.2 - 0.82 * 0.1
    assert wall == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("degrees", [0.0, 30.0])
def test_world_and_map_agree_to_a_cell(imported, tmp_path: Path, degrees: float) -> None:
    builder = ModelBuilder(rotation=degrees)
    made = two_rooms(builder)
    storey = made["storey"]
    builder.opening(made["north"], 2.2, 1.0, 0.9, 2.1, filling="window", storey=storey, name="Window")
    builder.opening(made["north"], 6.2, 1.6, 0.0, 2.4, filling="window", storey=storey, name="French")
    builder.prism(storey, "IfcColumn", builder.circle((2.5, 2.5), 0.2), 0.0, 3.0, "Round")
    builder.wall(storey, (5.05, 3.5), (6.5, 5.0), thickness=0.12, name="Oblique")
    imported(builder, yard=1.0)
    grid = Grid.load(tmp_path / "site/ground")
    solids = [b for b in boxes(tmp_path / "site/ground/world.sdf") if b.spans(LIDAR_HEIGHT)]
    occupied = grid.cells == OCCUPIED
    assert not (occupied & ~painted(grid, solids, 0.05)).any()
    assert not (painted(grid, solids, -0.05) & ~occupied).any()


def test_doors_have_lintels_and_windows_breasts_at_their_heights(imported, tmp_path: Path) -> None:
    builder = ModelBuilder()
    made = two_rooms(builder)
    builder.opening(made["north"], 2.2, 1.0, 0.9, 2.1, filling="window", storey=made["storey"], name="Window")
    imported(builder)
    solids = boxes(tmp_path / "site/ground/world.sdf")

    def at(x: float, y: float) -> list[tuple[float, float]]:
        over = [b for b in solids if b.covers(np.array([x]), np.array([y]))[0]]
        return sorted((round(b.z - b.height / 2, 3), round(b.z + b.height / 2, 3)) for b in over)

    assert at(5.0, 2.5) == [(2.1, 3.0)]
    assert at(2.0, 5.1) == [(0.0, 0.9), (2.1, 3.0)]
    assert at(5.0, 1.0) == [(0.0, 3.0)]


def test_ducts_hang_in_the_world_but_stop_nobody(imported, tmp_path: Path) -> None:
    builder = ModelBuilder("IFC2X3")
    made = two_rooms(builder)
    builder.prism(made["storey"], "IfcFlowSegment", [(1, 2.3), (4, 2.3), (4, 2.7), (1, 2.7)], 2.2, 2.45, "Duct")
    imported(builder)
    duct = [b for b in boxes(tmp_path / "site/ground/world.sdf") if b.name.startswith("service")]
    assert [(round(b.z - b.height / 2, 3), round(b.z + b.height / 2, 3)) for b in duct] == [(2.2, 2.45)]
    assert Grid.load(tmp_path / "site/ground").at(2.5, 2.5) == FREE


def test_the_world_uses_only_what_both_simulators_know(imported, tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    imported(builder)
    root = ET.parse(tmp_path / "site/ground/world.sdf").getroot()
    assert root.tag == "sdf" and root.get("version") == "1.9"
    assert [w.get("name") for w in root.findall("world")] == ["ground"]
    plugins = {(p.get("filename"), p.get("name")) for p in root.iter("plugin")}
    for system in ("Physics", "UserCommands", "SceneBroadcaster", "Sensors", "Imu", "Contact"):
        assert any(name == f"gz::sim::systems::{system}" for _, name in plugins)
    shapes = {child.tag for g in root.iter("geometry") for child in g}
    assert shapes <= {"box", "plane"}
    for model in root.iter("model"):
        names = [c.get("name") for c in model.iter() if c.tag in ("collision", "visual")]
        assert len(names) == len(set(names)) and model.findtext("static") == "true"
