"""Names, scale bar and legend of a storey's drawing."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.domain.site import Area, Storey, ZoneKind

WALL = "#37424d"
TRADES = {
    "drill": ("#c8402f", "Ceiling anchor"),
    "transport": ("#2f7d4f", "Material drop"),
    "inspect": ("#2b62b8", "Viewpoint"),
}


def names(axes: Axes, storey: Storey, point: float, lettering: Callable[[str, str], str]) -> None:
    """Number and name of each space, where there is room for it; lettering(text, otherwise) is what can be written."""
    marks = np.array(
        [(t.pose.x, t.pose.y) for w in storey.work_items for t in w.targets]
        + [(n.x, n.y) for k in (NodeKind.HOME, NodeKind.LAYDOWN) for n in storey.roadmap.of_kind(k)]
        + [
            (float(middle[0]), float(middle[1]))
            for e in storey.floorplan
            if e.kind in ("column", "hole")
            for a in e.areas
            for middle in [np.array(a.exterior).mean(axis=0)]
        ]
    ).reshape(-1, 2)
    for zone in storey.zones:
        if zone.kind is not ZoneKind.SPACE:
            continue
        x, y, width, height = _label_spot(zone.areas[0], marks)
        number, _, rest = lettering(zone.name, zone.id).partition(" ")
        rest = rest.lstrip("-–: ")
        text = f"{number}\n{rest}" if rest else number
        longest = max(len(line) for line in text.split("\n"))
        room = 10 * point * width / max(longest, 1) / 0.62
        size = max(3.2, min(9.0, room, 10 * point * height / 3.0))
        axes.text(
            x, y, text, ha="center", va="center", fontsize=size, color="#1d2730", linespacing=1.1, zorder=12,
            parse_math=False,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.72},
        )  # fmt: skip


def _label_spot(area: Area, marks: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Where a name fits: the point of a coarse grid far from the outline and off the marks, with the room around it."""
    ring = np.array(area.exterior)
    low, high = ring.min(axis=0), ring.max(axis=0)
    best, spot = -1.0, (low + high) / 2
    edges = list(itertools.pairwise(ring))
    centre = (low + high) / 2
    for x in np.linspace(low[0], high[0], 17)[1:-1]:
        for y in np.linspace(low[1], high[1], 17)[1:-1]:
            if area.contains(float(x), float(y)):
                p = np.array([x, y])
                near = min(_to_edge(p, a, b) for a, b in edges)
                score = min(near, 1.2) - 0.05 * float(np.linalg.norm(p - centre))
                if len(marks):
                    gap = (marks - p) / np.array([1.6, 1.0])  # names are wider than high
                    score += min(float(np.hypot(gap[:, 0], gap[:, 1]).min()), 0.45)
                if score > best:
                    best, spot = score, p
    x, y = float(spot[0]), float(spot[1])
    row = [s for s in np.linspace(low[0], high[0], 60) if area.contains(float(s), y)]
    column = [s for s in np.linspace(low[1], high[1], 60) if area.contains(x, float(s))]
    wide = 2 * min(x - min(row, default=x), max(row, default=x) - x)
    tall = 2 * min(y - min(column, default=y), max(column, default=y) - y)
    return x, y, max(float(wide), 0.5), max(float(tall), 0.5)


def _to_edge(p: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    d = b - a
    t = float(np.clip((p - a) @ d / max(float(d @ d), 1e-12), 0.0, 1.0))
    return float(np.linalg.norm(a + t * d - p))


def scale_bar(axes: Axes, x0: float, y0: float, width: float) -> None:
    """A bar of a round length at the lower left."""
    length = next((n for n in (1, 2, 5, 10, 20, 50) if n > width / 6), 100)
    y = y0 + 0.55
    for number in range(4):
        colour = "#333333" if number % 2 == 0 else "white"
        part = length / 4
        axes.add_patch(
            Rectangle(
                (x0 + 0.6 + number * part, y), part, width / 160, facecolor=colour, edgecolor="#333333", linewidth=0.7
            )
        )
    axes.text(x0 + 0.6, y - width / 200, "0", ha="center", va="top", fontsize=8)
    axes.text(x0 + 0.6 + length, y - width / 200, f"{length} m", ha="center", va="top", fontsize=8)


def legend(figure: Figure, storey: Storey) -> None:
    """What the signs mean, with counts; only signs that occur."""

    def mark(shape: str, face: str, edge: str, label: str, size: float = 8) -> Line2D:
        return Line2D(
            [],
            [],
            linestyle="none",
            marker=shape,
            markersize=size,
            markerfacecolor=face,
            markeredgecolor=edge,
            label=label,
        )

    counts = {t: sum(1 for w in storey.work_items if w.trade == t for x in w.targets if x.reachable) for t in TRADES}
    counts["transport"] = sum(
        1 for w in storey.work_items if w.trade == "transport" for x in w.targets[1:] if x.reachable
    )
    entries: list[Patch | Line2D] = [
        Patch(facecolor=WALL, label="Wall"),
        Patch(facecolor="#cfe6f5", edgecolor=WALL, label="Window"),
        Line2D([], [], color="#8a5a2b", label="Door"),
        Line2D([], [], color="#aebac6", marker="o", markersize=3, markerfacecolor="#95a3b1", label="Roadmap"),
        mark("s", "#f3d27a", "#8c6d1f", "Robot home", 10),
        mark("s", "#bfe3c8", "#2f7d4f", "Laydown area", 11),
        mark("o", "white", TRADES["drill"][0], f"Ceiling anchor ({counts['drill']})"),
        mark("s", "none", TRADES["transport"][0], f"Material drop ({counts['transport']})", 10),
        mark("^", "none", TRADES["inspect"][0], f"Inspection viewpoint ({counts['inspect']})", 10),
    ]
    if any("stair" in z.id for z in storey.zones if z.kind is ZoneKind.NO_GO):
        entries.insert(
            3, Patch(facecolor="#efe9df", edgecolor="#9b8f7d", hatch="////", label="Stairs, ramps: no entry")
        )
    if any(e.kind == "hole" for e in storey.floorplan):
        entries.insert(3, Patch(facecolor="white", edgecolor="#b0413e", hatch="xx", label="Opening in the floor"))
    if any(not t.reachable for w in storey.work_items for t in w.targets):
        entries.append(mark("x", "#7a1f8a", "#7a1f8a", "Cannot be reached"))
    if any(not d.passable for d in storey.doorways):
        entries.append(mark("x", "#c8402f", "#c8402f", "Door robots cannot use"))
    figure.legend(
        handles=entries, loc="upper right", bbox_to_anchor=(0.995, 1 - 0.9 / figure.get_figheight()), frameon=False,
        fontsize=9.5, labelspacing=0.9, handlelength=2.2,
    )  # fmt: skip
