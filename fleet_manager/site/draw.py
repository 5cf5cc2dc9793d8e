"""A storey as a plan a foreman can read: SVG or PNG."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Arc, PathPatch, Polygon
from matplotlib.path import Path as Outline

from fleet_manager.domain.roadmap import NodeKind, Roadmap
from fleet_manager.domain.site import Area, Doorway, Storey, ZoneKind
from fleet_manager.domain.work import WorkItem
from fleet_manager.site.drawing_labels import TRADES, WALL, legend, names, scale_bar
from fleet_manager.site.lettering import as_it_is, families, readable

ROOM_COLOURS = ("#eef3f8", "#f6f1e7", "#eef5ec", "#f7eeee", "#f1eef7", "#ecf5f5")
LONG_SIDE = 15.0
"""Inches of the drawing's longer side."""


def draw_storey(storey: Storey, path: Path, title: str = "", dpi: int = 110) -> None:
    """Draw a storey to a file; its ending decides between .svg and .png."""
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = storey.id
    matplotlib.rcParams["font.family"] = list(families())
    # A picture of pixels shows only letters of installed fonts; an SVG is shown with those of whoever looks at it.
    lettering = readable if path.suffix.lower() != ".svg" else as_it_is
    x0, y0, x1, y1 = _bounds(storey)
    width, height = x1 - x0, y1 - y0
    scale = LONG_SIDE / max(width, height)
    figure = Figure(figsize=(max(width * scale, 7.0) + 3.2, height * scale + 1.1), facecolor="white")
    left = 0.2 / figure.get_figwidth()
    axes = figure.add_axes(
        (
            left,
            0.3 / figure.get_figheight(),
            max(width * scale, 7.0) / figure.get_figwidth(),
            height * scale / figure.get_figheight(),
        )
    )
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)
    axes.set_aspect("equal", anchor="W")
    axes.axis("off")
    point = scale * 72.0 * 0.1  # points of paper for a decimetre of building
    _ground(axes, storey)
    _roadmap(axes, storey.roadmap, point)
    _building(axes, storey)
    for doorway in storey.doorways:
        _door(axes, doorway)
    _places(axes, storey.roadmap, point)
    _work(axes, storey.work_items, point)
    names(axes, storey, point, lettering)
    scale_bar(axes, x0, y0, width)
    legend(figure, storey)
    figure.text(
        left,
        1 - 0.45 / figure.get_figheight(),
        lettering(title or storey.name, storey.id),
        fontsize=17,
        weight="bold",
        color="#222222",
        parse_math=False,
    )
    figure.text(left, 1 - 0.70 / figure.get_figheight(), _summary(storey), fontsize=10, color="#555555")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # an SVG's letters are not drawn here
        figure.savefig(path, dpi=dpi, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)


def _bounds(storey: Storey) -> tuple[float, float, float, float]:
    points = [p for e in storey.floorplan for a in e.areas for p in a.exterior]
    points += [(n.x, n.y) for n in storey.roadmap.nodes.values()]
    array = np.array(points)
    low, high = array.min(axis=0) - 0.8, array.max(axis=0) + 0.8
    return float(low[0]), float(low[1]) - 0.8, float(high[0]), float(high[1])


def _summary(storey: Storey) -> str:
    targets = [t for w in storey.work_items for t in w.targets]
    unreachable = sum(1 for t in targets if not t.reachable)
    text = f"{len(storey.work_items)} work items, {len(targets)} targets"
    if unreachable:
        text += f" ({unreachable} cannot be reached)"
    homes = len(storey.roadmap.of_kind(NodeKind.HOME))
    return f"{text}, {len(storey.roadmap.nodes)} roadmap nodes, {homes} homes"


def _outline(areas: Iterable[Area]) -> Outline:
    vertices: list[tuple[float, float]] = []
    codes: list[int] = []
    for area in areas:
        for number, ring in enumerate((area.exterior, *area.holes)):
            points = list(ring)
            turn = sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in itertools.pairwise(points))
            if (turn > 0) != (number > 0):  # holes run against the outer ring, so that they stay empty
                points.reverse()
            vertices.extend(points)
            codes.extend([int(Outline.MOVETO), *[int(Outline.LINETO)] * (len(points) - 2), int(Outline.CLOSEPOLY)])
    return Outline(vertices, codes)


def _ground(axes: Axes, storey: Storey) -> None:
    spaces = [z for z in storey.zones if z.kind is ZoneKind.SPACE]
    for number, zone in enumerate(spaces):
        colour = ROOM_COLOURS[number % len(ROOM_COLOURS)]
        axes.add_patch(PathPatch(_outline(zone.areas), facecolor=colour, edgecolor="#ccd3da", linewidth=0.5, zorder=1))


def _roadmap(axes: Axes, roadmap: Roadmap, point: float) -> None:
    lines = [
        ((roadmap.nodes[e.source].x, roadmap.nodes[e.source].y), (roadmap.nodes[e.target].x, roadmap.nodes[e.target].y))
        for e in roadmap.edges.values()
    ]
    axes.add_collection(
        LineCollection(lines, colors="#aebac6", linewidths=min(0.7, 0.16 * point), alpha=0.75, zorder=2)
    )
    ways = np.array([[n.x, n.y] for n in roadmap.nodes.values()])
    axes.scatter(ways[:, 0], ways[:, 1], s=(0.3 * point) ** 2, color="#95a3b1", linewidths=0, zorder=2.1)


def _building(axes: Axes, storey: Storey) -> None:
    for element in storey.floorplan:
        outline = _outline(element.areas)
        if element.kind == "hole":
            axes.add_patch(
                PathPatch(outline, facecolor="white", edgecolor="#b0413e", hatch="xx", linewidth=1.0, zorder=3)
            )
        elif element.kind == "furniture":
            axes.add_patch(PathPatch(outline, facecolor="#dccbb3", edgecolor="#a08d70", linewidth=0.5, zorder=3))
        elif element.kind == "railing":
            axes.add_patch(PathPatch(outline, facecolor="#7b8794", edgecolor="none", zorder=4.5))
        elif element.kind == "window":
            axes.add_patch(PathPatch(outline, facecolor="#cfe6f5", edgecolor=WALL, linewidth=0.6, zorder=5.5))
        elif element.kind in ("wall", "column"):
            colour = WALL if element.kind == "wall" else "#59636e"
            axes.add_patch(PathPatch(outline, facecolor=colour, edgecolor=colour, linewidth=0.3, zorder=5))
        elif element.kind == "other":
            axes.add_patch(PathPatch(outline, facecolor="#8d969f", edgecolor="#59636e", linewidth=0.4, zorder=4))
    for zone in storey.zones:
        if zone.kind is ZoneKind.NO_GO and "stair" in zone.id:
            patch = PathPatch(
                _outline(zone.areas), facecolor="#efe9df", edgecolor="#9b8f7d", hatch="////", linewidth=0.8, zorder=4
            )
            axes.add_patch(patch)


def _door(axes: Axes, doorway: Doorway) -> None:
    """Leaf and swing of a door; a passage stays a gap; what robots cannot use is crossed out."""
    through = np.array([math.cos(doorway.normal), math.sin(doorway.normal)])
    along = np.array([through[1], -through[0]])
    middle = np.array([doorway.x, doorway.y])
    half = doorway.clear_width / 2
    if not doorway.passable:
        for sign in (1.0, -1.0):
            ends = np.array(
                [middle - half * along - sign * 0.15 * through, middle + half * along + sign * 0.15 * through]
            )
            axes.add_line(Line2D(ends[:, 0], ends[:, 1], color="#c8402f", linewidth=1.4, zorder=7))
        return
    if not doorway.is_door:
        return
    leaves = [(-1.0, doorway.clear_width)] if doorway.clear_width < 1.3 else [(-1.0, half), (1.0, half)]
    angle = math.degrees(math.atan2(along[1], along[0]))
    for side, length in leaves:
        hinge = middle + side * half * along
        tip = hinge + length * through
        axes.add_line(Line2D([hinge[0], tip[0]], [hinge[1], tip[1]], color="#8a5a2b", linewidth=1.1, zorder=6))
        first, last = (angle, angle + 90) if side < 0 else (angle + 90, angle + 180)
        arc = Arc(
            (float(hinge[0]), float(hinge[1])),
            2 * length,
            2 * length,
            theta1=first,
            theta2=last,
            color="#b98a5a",
            linewidth=0.7,
            zorder=6,
        )
        axes.add_patch(arc)


def _places(axes: Axes, roadmap: Roadmap, point: float) -> None:
    for number, home in enumerate(roadmap.of_kind(NodeKind.HOME), start=1):
        axes.add_patch(_footprint(home.x, home.y, home.heading or 0.0, 0.6, 0.5, "#f3d27a", "#8c6d1f"))
        axes.text(
            home.x,
            home.y,
            str(number),
            ha="center",
            va="center",
            fontsize=max(3.0, 2.2 * point),
            color="#5c4508",
            zorder=9,
        )
    for laydown in roadmap.of_kind(NodeKind.LAYDOWN):
        patch = _footprint(laydown.x, laydown.y, laydown.heading or 0.0, 1.0, 0.8, "#bfe3c8", "#2f7d4f")
        patch.set_hatch("...")
        axes.add_patch(patch)
        axes.annotate(
            "laydown", (laydown.x, laydown.y), ha="center", va="center", fontsize=max(4.5, 1.8 * point),
            color="#1d5c37", zorder=9,
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.7},
        )  # fmt: skip


def _footprint(x: float, y: float, yaw: float, length: float, width: float, face: str, edge: str) -> Polygon:
    c, s = math.cos(yaw), math.sin(yaw)
    corners = [(a * length / 2, b * width / 2) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return Polygon(
        [(x + c * a - s * b, y + s * a + c * b) for a, b in corners],
        facecolor=face,
        edgecolor=edge,
        linewidth=0.8,
        zorder=8,
    )


def _work(axes: Axes, items: Iterable[WorkItem], point: float) -> None:
    size = (1.15 * point) ** 2
    by_trade: dict[str, list[tuple[float, float]]] = {t: [] for t in TRADES}
    missed: list[tuple[float, float]] = []
    for item in items:
        for target in item.targets:
            if item.trade == "transport" and target.index == 0:
                continue
            spot = (target.pose.x, target.pose.y)
            (by_trade.setdefault(item.trade, []) if target.reachable else missed).append(spot)
    looks = {"drill": "o", "transport": "s", "inspect": "^"}
    grown = {"drill": 1.0, "transport": 3.4, "inspect": 6.0}
    for trade, spots in by_trade.items():
        if spots:
            xy = np.array(spots)
            colour = TRADES.get(trade, ("#555555", trade))[0]
            face = "white" if trade == "drill" else "none"
            axes.scatter(
                xy[:, 0], xy[:, 1], s=grown.get(trade, 1.0) * size, marker=looks.get(trade, "D"), facecolor=face,
                edgecolor=colour, linewidths=min(1.6, 0.4 * point), zorder=10 if trade == "drill" else 10.5,
            )  # fmt: skip
    drills = np.array(by_trade["drill"]).reshape(-1, 2)
    axes.scatter(drills[:, 0], drills[:, 1], s=size / 9, color=TRADES["drill"][0], linewidths=0, zorder=11)
    if missed:
        xy = np.array(missed)
        axes.scatter(
            xy[:, 0], xy[:, 1], s=1.3 * size, marker="x", color="#7a1f8a", linewidths=min(1.6, 0.4 * point), zorder=11
        )
