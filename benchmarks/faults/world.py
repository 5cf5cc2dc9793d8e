"""The made-up site: a hall with a lane along its middle, one robot's home, and nothing in the way."""

from __future__ import annotations

import re
from pathlib import Path

from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.site import Area, SitePackage, Storey, Zone, ZoneKind
from fleet_manager.site.package import site_to_yaml, write_storey
from sim.paths import BRIDGE, model_file

STOREY = "level-1"
ROBOT = "r1"
MODEL = "driller"
PERSON = "p1"
LENGTH, WIDTH = 14.0, 7.0
"""m of the hall; x from 0 along the lane, y from 0 across."""
LANE = 3.5
"""y of the lane, m."""
ENDS = (1.4, 12.6)
"""x between which the robot drives to and fro, m."""
PARK = (7.0, 0.7)
"""Where the person is between runs."""
TRUTH_RATE = 50
"""Hz of the robot's true pose; the model's own rate would be too coarse to measure by."""
_BOX = """<model name="{name}"><static>true</static><pose>{x} {y} 1.4 0 0 0</pose><link name="link">
<collision name="collision"><geometry><box><size>{sx} {sy} 2.8</size></box></geometry></collision></link></model>"""
_WORLD = """<?xml version="1.0"?>
<sdf version="1.9"><world name="hall">
<physics name="default" type="ignored"><max_step_size>0.005</max_step_size>
<real_time_factor>1</real_time_factor></physics>
<plugin filename="gz-sim-physics-system" name="gz::sim::systems::Physics"/>
<light name="sun" type="directional"><pose>0 0 10 0 0 0</pose><diffuse>0.8 0.8 0.8 1</diffuse>
<direction>-0.3 0.2 -0.9</direction></light>
<model name="floor"><static>true</static><link name="link"><collision name="collision">
<geometry><plane><normal>0 0 1</normal><size>60 60</size></plane></geometry></collision></link></model>
{walls}
</world></sdf>
"""


def write_site(folder: Path) -> None:
    """The site package with its world and map."""
    nodes = [
        Node("h", ENDS[0], LANE, NodeKind.HOME, 0.9, zone_id="hall", heading=0.0),
        Node("m", 7.0, LANE, NodeKind.WAY, 0.9, zone_id="hall"),
        Node("e", ENDS[1], LANE, NodeKind.STANCE, 0.9, zone_id="hall"),
    ]
    edges = [Edge("hm", "h", "m", 7.0 - ENDS[0], 0.9), Edge("me", "m", "e", ENDS[1] - 7.0, 0.9)]
    ring = ((0.0, 0.0), (LENGTH, 0.0), (LENGTH, WIDTH), (0.0, WIDTH), (0.0, 0.0))
    hall = Zone("hall", "Hall", ZoneKind.SPACE, "guid-hall", (Area(ring),))
    storey = Storey(STOREY, "Level 1", "guid-level", 0.0, Roadmap(nodes, edges), (hall,), (), (), ())
    site = SitePackage("Hall", "hall.ifc", "0" * 64, "guid", "IFC4", (0.0, 0.0), {STOREY: storey})
    place = folder / STOREY
    place.mkdir(parents=True)
    (folder / "site.yaml").write_text(site_to_yaml(site), encoding="utf-8")
    write_storey(storey, place)
    boxes = (
        ("south", LENGTH / 2, -0.1, LENGTH + 0.4, 0.2),
        ("north", LENGTH / 2, WIDTH + 0.1, LENGTH + 0.4, 0.2),
        ("west", -0.1, WIDTH / 2, 0.2, WIDTH),
        ("east", LENGTH + 0.1, WIDTH / 2, 0.2, WIDTH),
    )
    walls = "\n".join(_BOX.format(name=n, x=x, y=y, sx=sx, sy=sy) for n, x, y, sx, sy in boxes)
    (place / "world.sdf").write_text(_WORLD.format(walls=walls), encoding="utf-8")
    columns, rows = round(LENGTH / 0.05), round(WIDTH / 0.05)
    edge = [r in {0, rows - 1} or c in {0, columns - 1} for r in range(rows) for c in range(columns)]
    pixels = bytes(0 if wall else 254 for wall in edge)
    (place / "map.pgm").write_bytes(f"P5\n{columns} {rows}\n255\n".encode() + pixels)
    (place / "map.yaml").write_text("image: map.pgm\nresolution: 0.05\norigin: [0.0, 0.0, 0.0]\n")


def write_bridge(path: Path) -> None:
    """The bridge's table with the scan on a topic of its own: what the supervisor sees goes through the benchmark."""
    text = BRIDGE.read_text(encoding="utf-8")
    changed = text.replace("ros_topic_name: /{robot}/scan\n", "ros_topic_name: /{robot}/scan_sensor\n")
    if changed == text:
        raise ValueError(f"{BRIDGE} has no scan")
    path.write_text(changed, encoding="utf-8")


def write_models(folder: Path) -> None:
    """The robot's model, whose true pose is told more often; nothing else of it is changed."""
    text = model_file(MODEL).read_text(encoding="utf-8")
    pattern = r"(<robot_base_frame>[^<]*</robot_base_frame>\s*<odom_publish_frequency>)\d+"
    changed, count = re.subn(pattern, rf"\g<1>{TRUTH_RATE}", text)
    if count != 1:
        raise ValueError(f"the true pose of {MODEL} has no frequency")
    (folder / MODEL).mkdir(parents=True)
    (folder / MODEL / "model.sdf").write_text(changed, encoding="utf-8")
