"""The floor plan of a run as one SVG: building, rooms, driven traces, and every place of work by its outcome."""

from __future__ import annotations

import math
from collections.abc import Iterator

from shapely import Polygon, box
from shapely.ops import polylabel

from fleet_manager.analytics.markup import Markup, points, tag
from fleet_manager.analytics.sheet import Point, Sheet
from fleet_manager.analytics.values import PlanFeature, RunSummary, TargetOutcome, TargetResult
from fleet_manager.analytics.wording import OUTCOMES, millimetres, trade_title

LABEL_WIDTH = 0.58
"""Width of a letter over its height, about, of the report's font."""
ARROW = 9.0
GLYPH = 11.0
"""px a label keeps from the middle of a glyph."""
GRID = 24
"""Places tried for a label, along each side of its room."""


def floor_plan(summary: RunSummary) -> Markup:
    """The drawing, or a sentence when the run has no site package."""
    plan = summary.record.plan
    everything = [p for f in (*plan.parts, *plan.zones) for path in f.paths for p in path]
    everything += [(t.x, t.y) for t in summary.targets]
    everything += [p for robot in summary.robots for p in robot.trace]
    if not everything:
        return tag("p", "The run has no floor plan.", class_="nothing")
    sheet = Sheet.around(everything)
    taken = [sheet.place((t.x, t.y)) for t in summary.targets]
    return tag(
        "svg",
        tag("g", (_feature(z, sheet, f"zone {z.kind}") for z in plan.zones), class_="zones"),
        tag("g", (_feature(p, sheet, f"part {p.kind}") for p in plan.parts), class_="parts"),
        tag("g", _traces(summary, sheet), class_="traces"),
        tag("g", _hauls(summary, sheet), class_="hauls"),
        tag("g", (_target(t, sheet) for t in _by_importance(summary.targets)), class_="targets"),
        tag("g", (_room_name(z, sheet, taken) for z in plan.zones if z.kind == "space"), class_="rooms"),
        _scale_bar(sheet),
        _axes(sheet),
        class_="plan",
        viewBox=f"0 0 {sheet.width:.0f} {sheet.height + 56:.0f}",
        role="img",
        aria_label="Floor plan with every place of work coloured by its outcome",
    )


def _feature(feature: PlanFeature, sheet: Sheet, class_: str) -> Markup:
    placed = [[sheet.place(p) for p in path] for path in feature.paths]
    title = tag("title", feature.name) if feature.name else None
    if feature.geometry == "Polygon":
        outline = " ".join(f"M{points(path)}Z" for path in placed)
        return tag("path", title, d=outline, fill_rule="evenodd", class_=class_)
    return tag("g", (tag("polyline", points=points(path)) for path in placed), title, class_=f"{class_} line")


def _room_name(zone: PlanFeature, sheet: Sheet, taken: list[Point]) -> Markup | None:
    if not zone.name or not zone.paths or len(zone.paths[0]) < 4:
        return None
    ring = Polygon([sheet.place(p) for p in zone.paths[0]])
    if not ring.is_valid or ring.is_empty:
        return None
    x, y, size = label_place(ring, zone.name, taken)
    return tag("text", zone.name, x=x, y=y + size / 3, font_size=size)


def label_place(ring: Polygon, text: str, taken: list[Point]) -> tuple[float, float, float]:
    """Middle and letter height of a label inside the ring that covers as few of the taken points as can be, px."""
    left, top, right, bottom = ring.bounds
    size = max(8.0, min(14.0, 0.9 * (right - left) / (LABEL_WIDTH * len(text))))
    half_width, half_height = LABEL_WIDTH * size * len(text) / 2, size * 0.6
    centre = polylabel(ring, 4.0)
    best = (-math.inf, centre.x, centre.y)
    for row in range(1, GRID):
        for column in range(1, GRID):
            x, y = left + (right - left) * column / GRID, top + (bottom - top) * row / GRID
            if not ring.contains(box(x - half_width, y - half_height, x + half_width, y + half_height)):
                continue
            gap = min((max(abs(px - x) - half_width, abs(py - y) - half_height) for px, py in taken), default=GLYPH)
            # Beyond a glyph's size more room is worth less than a place near the middle.
            score = min(gap, GLYPH) - 0.02 * math.hypot(x - centre.x, y - centre.y)
            best = max(best, (score, x, y))
    return best[1], best[2], size


def _traces(summary: RunSummary, sheet: Sheet) -> Iterator[Markup]:
    for number, robot in enumerate(summary.robots):
        if len(robot.trace) > 1:
            path = points(sheet.place(p) for p in robot.trace)
            yield tag(
                "polyline", tag("title", f"driven by {robot.robot_id}"), points=path, class_=f"trace hue{number % 6}"
            )


def _hauls(summary: RunSummary, sheet: Sheet) -> Iterator[Markup]:
    """A light line from each pick-up to its drop."""
    pick_ups = {t.task_id: t for t in summary.targets if t.trade == "transport" and t.index == 0}
    for drop in summary.targets:
        if drop.trade == "transport" and drop.index == 1 and drop.task_id in pick_ups:
            begin, end = pick_ups[drop.task_id], drop
            yield tag("polyline", points=points(sheet.place((t.x, t.y)) for t in (begin, end)), class_="haul")


def _by_importance(targets: tuple[TargetResult, ...]) -> list[TargetResult]:
    """What a person should look at is drawn last, on top; below it the smaller signs cover the larger ones."""
    outcomes, shapes = list(OUTCOMES), ("transport", "inspect", "drill")
    return sorted(
        targets,
        key=lambda t: (outcomes.index(t.outcome), shapes.index(t.trade) if t.trade in shapes else len(shapes)),
    )


def _target(target: TargetResult, sheet: Sheet) -> Markup:
    x, y = sheet.place((target.x, target.y))
    class_, _ = OUTCOMES[target.outcome]
    shape: list[Markup] = []
    if target.outcome in {TargetOutcome.DEFERRED, TargetOutcome.FAILED}:
        shape.append(tag("circle", cx=x, cy=y, r=9.0, class_="halo"))
    if target.trade == "inspect":
        shape.append(_wedge(x, y, *sheet.direction(math.cos(target.yaw), math.sin(target.yaw))))
    elif target.trade == "transport":
        shape.append(tag("rect", x=x - 5.5, y=y - 5.5, width=11.0, height=11.0, rx=2.0, class_="glyph"))
    else:
        shape.append(tag("circle", cx=x, cy=y, r=4.2, class_="glyph"))
    return tag(
        "a",
        tag("title", tooltip(target)),
        *shape,
        href=f"#{row_id(target)}",
        class_=f"target {class_}",
        data_trade=target.trade,
    )


def _wedge(x: float, y: float, ahead: float, aside: float) -> Markup:
    """A small triangle that points where the sensor looks."""
    tip = (x + ARROW * ahead, y + ARROW * aside)
    left = (x - 5.0 * ahead - 5.0 * aside, y - 5.0 * aside + 5.0 * ahead)
    right = (x - 5.0 * ahead + 5.0 * aside, y - 5.0 * aside - 5.0 * ahead)
    return tag("polygon", points=points((tip, left, right)), class_="glyph")


def row_id(target: TargetResult) -> str:
    """Name of the target's row in the as-built table; the plan links to it."""
    return f"t-{target.task_id}-{target.index}"


def tooltip(target: TargetResult) -> str:
    """What the plan says about a target when the pointer is on it."""
    lines = [
        f"{trade_title(target.trade)}, {target.zone_name}: {OUTCOMES[target.outcome][1]}",
        f"{target.element_name or target.title} #{target.index + 1}",
    ]
    if target.deviation is not None:
        lines.append(f"deviation {millimetres(target.deviation)} mm of {millimetres(target.tolerance)} mm")
    if target.reason:
        lines.append(target.reason)
    if target.robot_id:
        lines.append(f"{target.robot_id}, attempt {target.attempt}")
    return "\n".join(lines)


def _scale_bar(sheet: Sheet) -> Markup:
    metres = next((m for m in (20, 10, 5, 2) if m * sheet.scale < sheet.width / 4), 1)
    x, y, length = 26.0, sheet.height + 14.0, metres * sheet.scale
    half = length / 2
    return tag(
        "g",
        tag("rect", x=x, y=y - 3, width=half, height=6.0, class_="dark"),
        tag("rect", x=x + half, y=y - 3, width=half, height=6.0, class_="light"),
        tag("text", "0", x=x, y=y + 16),
        tag("text", f"{metres} m", x=x + length, y=y + 16),
        class_="scale",
    )


def _axes(sheet: Sheet) -> Markup:
    """The map frame's axes, so that a place can be found again."""
    x, y = sheet.width - 60.0, sheet.height + 18.0
    lines = []
    for label, cosine, sine in (("x", 1.0, 0.0), ("y", 0.0, 1.0)):
        dx, dy = sheet.direction(cosine, sine)
        lines.append(tag("line", x1=x, y1=y, x2=x + 20 * dx, y2=y + 20 * dy))
        lines.append(tag("text", label, x=x + 28 * dx, y=y + 28 * dy + 4))
    return tag("g", lines, class_="axes")
