"""Checks of a site package without the importer's code: a map reader, a ray caster, a box reader, graph walks."""

from __future__ import annotations

import itertools
import math
import xml.etree.ElementTree as ET
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image

from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.site import Storey
from fleet_manager.domain.work import WorkItem, WorkTarget

FREE, OCCUPIED, UNKNOWN = 254, 0, 205


@dataclass
class Grid:
    """A map as map_server reads it; cells[row, column] with row 0 at the lowest y."""

    cells: NDArray[np.uint8]
    resolution: float
    x0: float
    y0: float

    @staticmethod
    def load(folder: Path) -> Grid:
        meta = yaml.safe_load((folder / "map.yaml").read_text())
        assert meta["mode"] == "trinary" and meta["negate"] == 0
        with Image.open(folder / meta["image"]) as image:
            cells = np.flipud(np.array(image))
        return Grid(cells, meta["resolution"], meta["origin"][0], meta["origin"][1])

    def cell(self, x: float, y: float) -> tuple[int, int]:
        return math.floor((y - self.y0) / self.resolution), math.floor((x - self.x0) / self.resolution)

    def at(self, x: float, y: float) -> int:
        return int(self.cells[self.cell(x, y)])

    def blocked_within(self, x: float, y: float, radius: float) -> bool:
        """Whether the middle of a cell that is not free lies within the radius."""
        row, column = self.cell(x, y)
        reach = math.ceil(radius / self.resolution) + 1
        rows = np.arange(row - reach, row + reach + 1)
        columns = np.arange(column - reach, column + reach + 1)
        patch = self.cells[np.ix_(rows, columns)]
        dy = self.y0 + (rows + 0.5) * self.resolution - y
        dx = self.x0 + (columns + 0.5) * self.resolution - x
        near = np.hypot(dx[None, :], dy[:, None]) < radius
        return bool((near & (patch != FREE)).any())

    def first_hit(self, x: float, y: float, angle: float, reach: float) -> tuple[int, int] | None:
        """First cell that is not free along a ray, by exact grid traversal (Amanatides and Woo)."""
        row, column = self.cell(x, y)
        dx, dy = math.cos(angle), math.sin(angle)
        step_c, step_r = (1 if dx > 0 else -1), (1 if dy > 0 else -1)
        edge_x = self.x0 + (column + (dx > 0)) * self.resolution
        edge_y = self.y0 + (row + (dy > 0)) * self.resolution
        tx = (edge_x - x) / dx if dx else math.inf
        ty = (edge_y - y) / dy if dy else math.inf
        gap_x = self.resolution / abs(dx) if dx else math.inf
        gap_y = self.resolution / abs(dy) if dy else math.inf
        travelled = 0.0
        while travelled <= reach:
            if self.cells[row, column] != FREE:
                return row, column
            if tx < ty:
                travelled, tx, column = tx, tx + gap_x, column + step_c
            else:
                travelled, ty, row = ty, ty + gap_y, row + step_r
        return None


def walk(
    roadmap: Roadmap, start: str, node_clearance: float, edge_clearance: float, occupied: frozenset[str] = frozenset()
) -> set[str]:
    """Nodes a robot reaches with these clearances, past places that others occupy."""
    seen, queue = {start}, deque([start])
    while queue:
        for other, edge in roadmap.neighbours(queue.popleft()):
            if other in seen or other in occupied or edge.clearance < edge_clearance:
                continue
            if roadmap.nodes[other].clearance >= node_clearance:
                seen.add(other)
                queue.append(other)
    return seen


def ends(roadmap: Roadmap, edge: Edge) -> tuple[Node, Node]:
    return roadmap.nodes[edge.source], roadmap.nodes[edge.target]


def along(a: Node, b: Node, step: float = 0.05) -> list[tuple[float, float]]:
    count = max(1, math.ceil(math.hypot(b.x - a.x, b.y - a.y) / step))
    return [(a.x + (b.x - a.x) * k / count, a.y + (b.y - a.y) * k / count) for k in range(count + 1)]


def distance_to_segment(x: float, y: float, a: Node, b: Node) -> float:
    dx, dy = b.x - a.x, b.y - a.y
    t = max(0.0, min(1.0, ((x - a.x) * dx + (y - a.y) * dy) / max(dx * dx + dy * dy, 1e-12)))
    return math.hypot(a.x + t * dx - x, a.y + t * dy - y)


def homes_block_nobody(roadmap: Roadmap, turning_radius: float, half_width: float) -> list[str]:
    """Nodes that robots of this size no longer reach from one another when all homes are occupied; empty if fine.

    A parked robot is a disc; another may neither turn at a node nor drive along an edge where the two would touch.
    """
    homes = roadmap.of_kind(NodeKind.HOME)
    others = [n for n in roadmap.nodes.values() if n.kind is not NodeKind.HOME]
    bad = [n.id for n in others if any(math.hypot(n.x - h.x, n.y - h.y) < 2 * turning_radius for h in homes)]
    usable: dict[str, list[str]] = {n.id: [] for n in others}
    for edge in roadmap.edges.values():
        a, b = ends(roadmap, edge)
        if NodeKind.HOME in (a.kind, b.kind):
            continue
        if all(distance_to_segment(h.x, h.y, a, b) >= turning_radius + half_width for h in homes):
            usable[a.id].append(b.id)
            usable[b.id].append(a.id)
    unoccupied: dict[str, list[str]] = {n.id: [o for o, _ in roadmap.neighbours(n.id)] for n in roadmap.nodes.values()}
    for part in parts(unoccupied):
        rest = [n for n in part if n in usable]
        if rest and len(parts({n: usable[n] for n in rest})) > 1:
            bad.extend(sorted(p)[0] for p in parts({n: usable[n] for n in rest})[1:])
    return bad


def parts(neighbours: dict[str, list[str]]) -> list[set[str]]:
    found: list[set[str]] = []
    left = set(neighbours)
    while left:
        start = min(left)
        seen, queue = {start}, deque([start])
        while queue:
            for other in neighbours[queue.popleft()]:
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
        found.append(seen)
        left -= seen
    return sorted(found, key=lambda p: (-len(p), min(p)))


@dataclass
class Box:
    name: str
    x: float
    y: float
    z: float
    yaw: float
    length: float
    width: float
    height: float

    def covers(self, x: NDArray[np.float64], y: NDArray[np.float64], grow: float = 0.0) -> NDArray[np.bool_]:
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        u, v = (x - self.x) * c + (y - self.y) * s, -(x - self.x) * s + (y - self.y) * c
        return (np.abs(u) <= self.length / 2 + grow) & (np.abs(v) <= self.width / 2 + grow)

    def spans(self, z: float) -> bool:
        return abs(z - self.z) < self.height / 2


def boxes(world: Path) -> list[Box]:
    found = []
    for collision in ET.parse(world).getroot().iterfind(".//model[@name='building']//collision"):
        x, y, z, roll, pitch, yaw = (float(v) for v in collision.findtext("pose", "").split())
        assert roll == 0.0 and pitch == 0.0
        length, width, height = (float(v) for v in collision.findtext("geometry/box/size", "").split())
        found.append(Box(collision.get("name", ""), x, y, z, yaw, length, width, height))
    return found


def painted(grid: Grid, solids: list[Box], grow: float) -> NDArray[np.bool_]:
    """Cells whose middle lies in one of the boxes, each grown by some m."""
    rows, columns = np.indices(grid.cells.shape)
    x = grid.x0 + (columns + 0.5) * grid.resolution
    y = grid.y0 + (rows + 0.5) * grid.resolution
    result = np.zeros(grid.cells.shape, dtype=bool)
    for box in solids:
        reach = math.hypot(box.length, box.width) / 2 + grow + grid.resolution
        r0, c0 = grid.cell(box.x - reach, box.y - reach)
        r1, c1 = grid.cell(box.x + reach, box.y + reach)
        window = (slice(max(r0, 0), max(r1 + 1, 0)), slice(max(c0, 0), max(c1 + 1, 0)))
        result[window] |= box.covers(x[window], y[window], grow)
    return result


def pairs(items: list[Node]) -> list[tuple[Node, Node]]:
    return list(itertools.combinations(items, 2))


def sees(grid: Grid, target: WorkTarget, face: tuple[int, int, int, int], reach: float = 8.0) -> bool:
    """Whether a ray at the middle of a wall cell's side ends there (or beside it, at a grazing angle)."""
    row, column, dr, dc = face
    x = grid.x0 + (column + 0.5 + 0.45 * dc) * grid.resolution
    y = grid.y0 + (row + 0.5 + 0.45 * dr) * grid.resolution
    if math.hypot(x - target.pose.x, y - target.pose.y) > reach:
        return False
    angle = math.atan2(y - target.pose.y, x - target.pose.x)
    hit = grid.first_hit(target.pose.x, target.pose.y, angle, reach + 1.0)
    return hit is not None and max(abs(hit[0] - row), abs(hit[1] - column)) <= 1


def walls_seen(grid: Grid, storey: Storey, item: WorkItem) -> float:
    """Share of the faces of walls and columns in an inspection's zone that its reachable viewpoints see."""
    elements = [e for e in storey.floorplan if e.kind in ("wall", "column", "window")]
    zone = storey.zone(item.zone_id)
    assert zone is not None
    targets = [t for t in item.targets if t.reachable]
    faces = set()
    for row, column in np.argwhere(grid.cells == OCCUPIED).tolist():
        x, y = grid.x0 + (column + 0.5) * grid.resolution, grid.y0 + (row + 0.5) * grid.resolution
        sides = [
            (row, column, dr, dc)
            for dr, dc in ((0, 1), (0, -1), (1, 0), (-1, 0))
            if grid.cells[row + dr, column + dc] == FREE
            and zone.contains(x + dc * grid.resolution, y + dr * grid.resolution)
        ]
        if sides and any(a.contains(x, y) for e in elements for a in e.areas):
            faces.update(sides)
    assert faces
    return sum(any(sees(grid, t, face) for t in targets) for face in faces) / len(faces)
