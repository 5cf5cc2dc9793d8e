"""The world that the site importer writes: Gazebo's checker accepts it, and robots stand and see in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sim.embedded.options import load_model
from sim.embedded.scene import Placed
from sim.embedded.simulation import Simulation
from sim.sdf import read_world

ROOT = Path(__file__).resolve().parents[2]
IGN = shutil.which("ign") or shutil.which("gz")


@pytest.fixture(scope="module")
def storey(demo_site: Path) -> Path:
    return next(path.parent for path in sorted(demo_site.glob("*/world.sdf")))


def _nodes(storey: Path, kind: str) -> list[tuple[float, float, float, float]]:
    """x, y, heading, clearance of the roadmap's nodes of a kind."""
    features = json.loads((storey / "roadmap.geojson").read_text())["features"]
    return [
        (*f["geometry"]["coordinates"][:2], f["properties"].get("heading", 0.0), f["properties"]["clearance"])
        for f in features
        if f["geometry"]["type"] == "Point" and f["properties"]["kind"] == kind
    ]


@pytest.mark.skipif(IGN is None, reason="Gazebo's checker is not installed (apt-get install ignition-tools)")
def test_gazebo_accepts_the_generated_world(storey: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("LD_LIBRARY_PATH", "PYTHONPATH")}
    environment["HOME"] = str(tmp_path)
    command = [IGN or "", "sdf", "-k", str(storey / "world.sdf")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    log = tmp_path / ".sdformat" / "sdformat.log"
    assert done.returncode == 0
    assert "Valid." in done.stdout
    assert "Unable to convert" not in done.stderr
    assert "not defined in SDF" not in (log.read_text() if log.exists() else "")


def test_robots_stand_at_every_home_without_touching_anything(storey: Path) -> None:
    homes = _nodes(storey, "home")
    assert homes
    robots = [
        Placed(load_model("driller", f"r{i}"), x, y, heading, "driller") for i, (x, y, heading, _) in enumerate(homes)
    ]
    simulation = Simulation(read_world(storey / "world.sdf"), robots, clock=lambda: 0.0)
    simulation.run(1.0)
    assert simulation.contacts.records == {}
    for robot, (x, y, _, _) in zip(simulation.robots.values(), homes, strict=True):
        assert np.hypot(robot.pose[0] - x, robot.pose[1] - y) < 1e-3


def test_the_lidar_sees_the_walls_that_the_roadmap_keeps_clear_of(storey: Path) -> None:
    """World and roadmap come from one model: nothing seen is nearer to a node than its clearance, less one cell."""
    for x, y, heading, clearance in _nodes(storey, "stance")[::7]:
        robot = Placed(load_model("inspector", "r"), x, y, heading, "inspector")
        simulation = Simulation(read_world(storey / "world.sdf"), [robot], clock=lambda: 0.0)
        simulation.run(0.1)
        assert simulation.scan("r").min() > clearance - 0.05 - 0.04
