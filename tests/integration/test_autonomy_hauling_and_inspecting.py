"""Transport and inspection by real robots' autonomy in the real simulator."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlparse
from xml.etree import ElementTree

import numpy as np
import pytest
from geometry_msgs.msg import Point, Pose, Quaternion
from ros_domains import session_domain
from sitefleet_interfaces.msg import Target

DOMAIN = session_domain(39)
SPEED = 3.0
LIMIT = 120.0
WORLD = Path(__file__).resolve().parents[2] / "sim/worlds/room.sdf"


def site_module() -> ModuleType:
    """The helper beside this file."""
    name = "autonomy_site"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(autouse=True)
def own_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(DOMAIN))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


def target(site: Any, index: int, x: float, y: float, yaw: float, z: float = 0.0) -> Any:
    site.nodes[f"s{index}"] = (x, y)
    turned = Quaternion(z=math.sin(yaw / 2), w=math.cos(yaw / 2))
    return Target(
        index=index,
        node_id=f"s{index}",
        heading_free=False,
        stance=Pose(position=Point(x=x, y=y), orientation=turned),
        pose=Pose(position=Point(x=x, y=y, z=z), orientation=turned),
    )


def map_of_world(folder: Path) -> None:
    """Occupancy map of what the world has at the lidar's height, 0.25 m: its boxes lie along the axes."""
    size, origin = 0.05, -0.5
    occupied = np.zeros((150, 220), dtype=bool)
    for model in ElementTree.parse(WORLD).iter("model"):
        box = model.find("link/collision/geometry/box/size")
        if box is None or model.findtext("static") != "true":
            continue
        x, y, z = (float(v) for v in model.findtext("pose", "0 0 0 0 0 0").split()[:3])
        sx, sy, sz = (float(v) for v in (box.text or "").split())
        if abs(z - 0.25) > sz / 2:
            continue
        low = [round((v - s / 2 - origin) / size) for v, s in ((x, sx), (y, sy))]
        high = [round((v + s / 2 - origin) / size) for v, s in ((x, sx), (y, sy))]
        occupied[max(0, low[1]) : high[1], max(0, low[0]) : high[0]] = True
    pixels = np.where(np.flipud(occupied), 0, 254).astype(np.uint8)
    (folder / "map.pgm").write_bytes(b"P5\n220 150\n255\n" + pixels.tobytes())
    (folder / "map.yaml").write_text(
        f"image: map.pgm\nresolution: {size}\norigin: [{origin}, {origin}, 0.0]\n"
        "negate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.25\n"
    )


def test_a_hauler_takes_a_load_and_puts_it_down_in_its_place(tmp_path: Path) -> None:
    with site_module().Site(tmp_path, "h1", "hauler", (1.0, 1.0, 0.0), SPEED) as site:
        site.resume()
        targets = [target(site, 0, 4.8, 1.0, 0.0), target(site, 1, 4.8, 3.8, math.pi / 2)]
        task = site.task("transport", targets, "carry", 0.05, payload=80.0)
        result = site.result(site.send(task), LIMIT).result
        assert result.outcome == result.SUCCEEDED, result.message
        drop = result.as_built[1]
        assert drop.deviation < 0.03
        assert site.true_distance(4.8, 3.8) < 0.03
        assert drop.instrument == "total_station_1"
        assert ["lifting" in site.phases, "lowering" in site.phases] == [True, True]
        heavy = site.task("transport", targets, "too-heavy", 0.05, payload=5000.0)
        refused = site.result(site.send(heavy), 20).result
        assert refused.outcome == refused.TASK_REFUSED
        assert "5000 kg" in refused.message


def test_an_inspector_finds_the_room_as_planned(tmp_path: Path) -> None:
    map_of_world(tmp_path)
    with site_module().Site(tmp_path, "i1", "inspector", (1.0, 1.0, 0.0), SPEED) as site:
        site.resume()
        task = site.task("inspect", [target(site, 0, 4.0, 1.5, 1.0, z=0.25)], "look", 0.05, range=8.0)
        result = site.result(site.send(task), LIMIT).result
        assert result.outcome == result.SUCCEEDED, result.message
        record = result.as_built[0]
        assert record.measured_value > 0.9
        kept = np.load(Path(urlparse(record.evidence_uri).path))
        assert kept["ranges"].shape[0] == 5
        assert abs(float(kept["poses"][0][2]) - 1.0) < 0.06
