"""The storey as an SDF 1.9 world of boxes, which Gazebo and the embedded simulator both load."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.boxes import LEAST, Rectangle, rectangles
from fleet_manager.site.elements import WALL_KINDS, Obstacle
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.plan import Plan
from fleet_manager.site.section import clean

LOW_SILL = 0.6
"""m; a window that starts lower has a pane in the world, because lidars look over its breast."""
SYSTEMS = (
    ("gz-sim-physics-system", "gz::sim::systems::Physics"),
    ("gz-sim-user-commands-system", "gz::sim::systems::UserCommands"),
    ("gz-sim-scene-broadcaster-system", "gz::sim::systems::SceneBroadcaster"),
    ("gz-sim-sensors-system", "gz::sim::systems::Sensors"),
    ("gz-sim-imu-system", "gz::sim::systems::Imu"),
    ("gz-sim-contact-system", "gz::sim::systems::Contact"),
)
COLOURS = {
    "wall": "0.86 0.84 0.80 1",
    "window": "0.55 0.75 0.85 0.5",
    "column": "0.65 0.65 0.68 1",
    "stair": "0.72 0.62 0.50 1",
    "railing": "0.45 0.45 0.50 1",
    "furniture": "0.70 0.55 0.40 1",
    "service": "0.60 0.65 0.70 1",
    "other": "0.75 0.72 0.70 1",
}


def write_world(plan: Plan, options: ImportOptions, name: str, path: Path) -> int:
    """Write world.sdf; returns how many boxes it has."""
    sdf = ET.Element("sdf", version="1.9")
    world = ET.SubElement(sdf, "world", name=name)
    _physics(world)
    _scene(world)
    _ground_plane(world)
    building = ET.SubElement(world, "model", name="building")
    ET.SubElement(building, "static").text = "true"
    link = ET.SubElement(building, "link", name="structure")
    count = 0
    for obstacle in plan.obstacles:
        for kind, area, low, high in _pieces(obstacle, plan, options):
            for rectangle in rectangles(area):
                count += 1
                _box(link, f"{kind}_{count}", COLOURS[kind], rectangle, low, high)
    for mesh in plan.services:
        hull = MultiPoint(mesh.vertices[:, :2]).convex_hull
        box = shapely.minimum_rotated_rectangle(hull)
        if isinstance(box, Polygon) and box.area > 1e-4:
            for rectangle in rectangles(box):
                count += 1
                _box(
                    link, f"service_{count}", COLOURS["service"], rectangle, mesh.low, min(mesh.high, plan.height + 0.5)
                )
    ET.indent(sdf)
    text = ET.tostring(sdf, encoding="unicode")
    path.write_text(f'<?xml version="1.0"?>\n{text}\n', encoding="utf-8")
    return count


def _pieces(obstacle: Obstacle, plan: Plan, options: ImportOptions) -> list[tuple[str, BaseGeometry, float, float]]:
    """(kind, footprint, low, high) of the solid parts of an element around its openings."""
    top = max(obstacle.high, obstacle.low + 0.02)
    if obstacle.kind not in WALL_KINDS:
        # What a robot may not go under stands on the floor in the world too, or lidars would not agree with the map.
        low = 0.0 if obstacle.low < options.band_high else obstacle.low
        return [(obstacle.kind if obstacle.kind in COLOURS else "other", obstacle.carved, low, top)]
    windows = [h for h in obstacle.holes if h.kind == "window" and h.low >= LOW_SILL and h.high > h.low]
    panes = [h for h in obstacle.holes if h.kind == "window" and h.low < LOW_SILL]
    cut = shapely.union_all([h.footprint for h in [*windows, *panes]]) if obstacle.holes else Polygon()
    base = 0.0 if obstacle.low < options.band_high else obstacle.low
    pieces = [(obstacle.kind, clean(shapely.difference(obstacle.carved, cut)), base, top)]
    for hole in windows:
        area = clean(shapely.intersection(obstacle.carved, hole.footprint))
        pieces += [("wall", area, base, min(hole.low, top)), ("wall", area, min(hole.high, top), top)]
    for hole in panes:
        area = clean(shapely.intersection(obstacle.carved, hole.footprint))
        pieces += [("window", area, base, min(hole.high, top)), ("wall", area, min(hole.high, top), top)]
    lost = shapely.difference(obstacle.footprint, obstacle.carved)
    for passage in plan.passages if not lost.is_empty else ():
        if not lost.intersects(passage.area):
            continue
        area = clean(shapely.intersection(lost, passage.area.buffer(0.02, join_style="mitre")))
        if not area.is_empty:
            pieces.append(("wall", area, min(passage.high, top), top))
    return [p for p in pieces if not p[1].is_empty and p[3] - p[2] > LEAST]


def _physics(world: ET.Element) -> None:
    physics = ET.SubElement(world, "physics", name="default", type="ode")
    ET.SubElement(physics, "max_step_size").text = "0.002"
    ET.SubElement(physics, "real_time_factor").text = "1.0"
    for filename, name in SYSTEMS:
        plugin = ET.SubElement(world, "plugin", filename=filename, name=name)
        if name.endswith("Sensors"):
            ET.SubElement(plugin, "render_engine").text = "ogre2"


def _scene(world: ET.Element) -> None:
    ET.SubElement(world, "gravity").text = "0 0 -9.81"
    scene = ET.SubElement(world, "scene")
    ET.SubElement(scene, "ambient").text = "0.5 0.5 0.5 1"
    ET.SubElement(scene, "background").text = "0.75 0.80 0.85 1"
    light = ET.SubElement(world, "light", name="sun", type="directional")
    ET.SubElement(light, "cast_shadows").text = "false"
    ET.SubElement(light, "pose").text = "0 0 20 0 0 0"
    ET.SubElement(light, "diffuse").text = "0.8 0.8 0.8 1"
    ET.SubElement(light, "specular").text = "0.1 0.1 0.1 1"
    ET.SubElement(light, "direction").text = "-0.4 0.2 -0.9"


def _ground_plane(world: ET.Element) -> None:
    model = ET.SubElement(world, "model", name="ground_plane")
    ET.SubElement(model, "static").text = "true"
    link = ET.SubElement(model, "link", name="ground")
    for tag in ("collision", "visual"):
        part = ET.SubElement(link, tag, name=f"ground_{tag}")
        plane = ET.SubElement(ET.SubElement(part, "geometry"), "plane")
        ET.SubElement(plane, "normal").text = "0 0 1"
        ET.SubElement(plane, "size").text = "400 400"
        if tag == "visual":
            _material(part, "0.62 0.62 0.60 1")


def _box(link: ET.Element, name: str, colour: str, rectangle: Rectangle, low: float, high: float) -> None:
    numbers = (rectangle.x, rectangle.y, (low + high) / 2, 0.0, 0.0, rectangle.yaw)
    pose = " ".join(_short(n) for n in numbers)
    size = " ".join(_short(n) for n in (rectangle.length, rectangle.width, high - low))
    for tag in ("collision", "visual"):
        part = ET.SubElement(link, tag, name=f"{name}_{tag}")
        ET.SubElement(part, "pose").text = pose
        ET.SubElement(ET.SubElement(ET.SubElement(part, "geometry"), "box"), "size").text = size
        if tag == "visual":
            _material(part, colour)


def _material(visual: ET.Element, colour: str) -> None:
    material = ET.SubElement(visual, "material")
    ET.SubElement(material, "ambient").text = colour
    ET.SubElement(material, "diffuse").text = colour


def _short(number: float) -> str:
    return f"{np.round(number, 4) + 0.0:.4f}".rstrip("0").rstrip(".") or "0"
