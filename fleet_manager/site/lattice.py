"""Nodes of the roadmap: both sides of each doorway, stances, a lattice in each room, and what fills narrow ground."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.site.anchors import AnchorGrid, Frame, centred_frame, lattice, main_axis
from fleet_manager.site.draft import Draft, DraftNode
from fleet_manager.site.ground import Clearance, Ground
from fleet_manager.site.occupancy import OccupancyMap
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.passages import Passage
from fleet_manager.site.section import polygons
from fleet_manager.site.zones import ZoneIndex

DOOR_DISTANCE = (0.55, 1.30)
"""m between a doorway's wall face and the node in front of it: nearest and farthest tried."""
CORRIDOR_DISTANCE = 0.40
"""m; nearest where the corridor in front of a door is too narrow for that."""
SLACK = 0.005
"""m by which nodes keep more clearance than they must."""
REACH_SHARE = 1.5
"""Links go to nodes within this many pitches: the eight neighbours on a lattice."""
CROWD_SHARE = 0.55
"""A lattice node closer than this many pitches to a node that is there already is left out."""
FILL_DISTANCE = 0.75
"""m; free ground farther than this from every node gets a node of its own (in the yard FILL_SHARE pitches)."""
FILL_SHARE = 1.3


def add_doorways(draft: Draft, passages: list[Passage], clearance: Clearance, options: ImportOptions) -> dict[str, str]:
    """Two nodes and one edge for each doorway on its axis; returns why some cannot be used, by GlobalId."""
    refused: dict[str, str] = {}
    narrow = options.narrowest
    for passage in passages:
        if not passage.is_doorway:
            continue
        if passage.clear_width / 2 < narrow.edge_clearance:
            refused[passage.guid] = (
                f"{passage.clear_width:.2f} m clear, {2 * narrow.edge_clearance:.2f} m needed by the {narrow.name}"
            )
            continue
        sides = [_side_node(passage, sign, clearance, options) for sign in (1.0, -1.0)]
        found = [s for s in sides if s is not None]
        if len(found) < 2:
            refused[passage.guid] = "no place to stand in front of it"
            continue
        through = clearance.of_segments(np.array([[found[0].x, found[0].y]]), np.array([[found[1].x, found[1].y]]))[0]
        if through < narrow.edge_clearance:
            refused[passage.guid] = f"only {2 * through:.2f} m clear along its axis"
            continue
        a, b = (draft.add(node) for node in found)
        draft.link(a, b, float(through), passage.guid)
    return refused


def _side_node(passage: Passage, sign: float, clearance: Clearance, options: ImportOptions) -> DraftNode | None:
    """The nearest node in front of a doorway where every robot can turn; else where the most can."""
    preferred = np.arange(DOOR_DISTANCE[0], DOOR_DISTANCE[1] + 1e-9, 0.05)
    distances = np.concatenate([preferred, np.arange(DOOR_DISTANCE[0] - 0.01, CORRIDOR_DISTANCE - 1e-9, -0.01)])
    points = passage.centre + sign * (passage.thickness / 2 + distances)[:, None] * passage.through
    room = clearance.of_points(points)
    straight = clearance.of_segments(np.repeat(passage.centre[None, :], len(points), axis=0), points)
    room = np.where(straight >= options.narrowest.edge_clearance, room, 0.0)
    wide = np.nonzero(room >= options.widest.node_clearance + SLACK)[0]
    best = int(wide[0]) if len(wide) else int(np.argmax(np.round(room, 3)))
    if room[best] < options.narrowest.node_clearance:
        return None
    x, y = points[best]
    return DraftNode(float(x), float(y), NodeKind.DOOR, float(room[best]), REACH_SHARE * options.pitch, passage.guid)


def add_stances(
    draft: Draft, grids: list[AnchorGrid], clearance: Clearance, options: ImportOptions
) -> dict[tuple[float, float], int]:
    """A node straight below each drill point its robot can turn at; numbers by rounded position."""
    robot = options.robot_for("drill")
    stances: dict[tuple[float, float], int] = {}
    for grid in grids:
        room = clearance.of_points(grid.points[:, :2])
        for (x, y, _), space in zip(grid.points.tolist(), room.tolist(), strict=True):
            if space >= robot.node_clearance:
                key = (round(x, 4), round(y, 4))
                if key not in stances:
                    node = DraftNode(x, y, NodeKind.STANCE, space, REACH_SHARE * options.pitch)
                    stances[key] = draft.add(node)
    return stances


def add_lattices(
    draft: Draft,
    ground: Ground,
    zones: ZoneIndex,
    grids: list[AnchorGrid],
    passages: list[Passage],
    clearance: Clearance,
    options: ImportOptions,
) -> None:
    """A lattice in each space (in step with its anchors) and one in the yard, where every robot can turn."""
    roomy = ground.free.buffer(-(options.widest.node_clearance + SLACK))
    ways = shapely.union_all([p.area.buffer(0.25) for p in passages if p.is_doorway]) if passages else Polygon()
    roomy = shapely.difference(roomy, ways)
    indoors = shapely.union_all([s.area for s in zones.spaces.values()])
    for room in zones.disjoint():
        frame = _frame_from_anchors(room, grids, options)
        _fill_region(draft, shapely.intersection(roomy, room), frame, main_axis(room), options.pitch, clearance)
    if ground.yard > 0:
        outside = shapely.difference(roomy, shapely.union(ground.interior, indoors))
        _fill_region(draft, outside, None, main_axis(ground.interior), options.yard_pitch, clearance)


def _frame_from_anchors(area: BaseGeometry, grids: list[AnchorGrid], options: ImportOptions) -> Frame | None:
    """The anchor grid that covers most of an area, made as fine as the lattice."""
    best, frame = 1e-6, None
    for grid in grids:
        for candidate, region in grid.frames:
            shared = shapely.intersection(region, area).area if region.intersects(area) else 0.0
            if shared > best:
                best, frame = shared, candidate
    if frame is None:
        return None
    step = frame.step / max(1, round(frame.step / options.pitch))
    return Frame(frame.origin, frame.axis, step) if 0.7 * options.pitch <= step <= 1.4 * options.pitch else None


def _fill_region(
    draft: Draft,
    region: BaseGeometry,
    frame: Frame | None,
    axis: NDArray[np.float64],
    pitch: float,
    clearance: Clearance,
) -> None:
    for part in sorted(polygons(region), key=lambda p: (round(p.bounds[1], 3), round(p.bounds[0], 3))):
        used = frame if frame is not None else centred_frame(part, axis, pitch)
        points = lattice(part.buffer(5e-4), used)
        _add_apart(draft, points, clearance.of_points(points), CROWD_SHARE * used.step, REACH_SHARE * used.step)


def _add_apart(
    draft: Draft, points: NDArray[np.float64], room: NDArray[np.float64], apart: float, reach: float
) -> None:
    """Add points that keep a distance from all nodes there were before."""
    if not len(points):
        return
    crowded = np.zeros(len(points), dtype=bool)
    if draft.nodes:
        tree = shapely.STRtree(shapely.points(draft.points()))
        hit = tree.query(shapely.points(points), predicate="dwithin", distance=apart)
        crowded[np.unique(hit[0])] = True
    for (x, y), space, skip in zip(points.tolist(), room.tolist(), crowded.tolist(), strict=True):
        if not skip:
            draft.add(DraftNode(x, y, NodeKind.WAY, space, reach))


def fill_gaps(
    draft: Draft,
    grid: OccupancyMap,
    ground: Ground,
    passages: list[Passage],
    clearance: Clearance,
    options: ImportOptions,
) -> None:
    """Nodes along the middle of ground the lattices missed: narrow rooms, corridors, the space behind a door."""
    field = grid.distance()
    rows, columns = np.nonzero(field >= options.narrowest.node_clearance - 0.03)
    cells = grid.centres(rows, columns)
    outdoors = ~shapely.contains_xy(ground.interior, cells[:, 0], cells[:, 1])
    apart = np.where(outdoors, max(FILL_DISTANCE, FILL_SHARE * options.yard_pitch), FILL_DISTANCE)
    ways = [p.area.buffer(0.3) for p in passages if p.is_doorway]
    keep = np.ones(len(cells), dtype=bool)
    if ways:
        keep &= ~shapely.contains_xy(shapely.union_all(ways), cells[:, 0], cells[:, 1])
    if draft.nodes:
        tree = shapely.STRtree(shapely.points(draft.points()))
        near, gap = tree.query_nearest(shapely.points(cells), return_distance=True, all_matches=False)
        keep[near[0][gap <= apart[near[0]]]] = False
    cells, depth, apart = cells[keep], field[rows[keep], columns[keep]], apart[keep]
    order = np.lexsort((cells[:, 0], cells[:, 1], -np.round(depth, 2)))
    cells, apart = cells[order], apart[order]
    room = clearance.of_points(cells)
    alive = room >= options.narrowest.node_clearance + SLACK
    for i in range(len(cells)):
        if alive[i]:
            x, y = cells[i]
            draft.add(DraftNode(float(x), float(y), NodeKind.WAY, float(room[i]), 2 * float(apart[i])))
            alive[i:] &= np.hypot(cells[i:, 0] - x, cells[i:, 1] - y) > apart[i:]
