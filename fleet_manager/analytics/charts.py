"""Charts of a run as inline SVG: deviations, hole positions, progress over time, what each robot did."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from fleet_manager.analytics.markup import Child, Markup, points, tag
from fleet_manager.analytics.values import RunSummary, TargetResult, TradeTotals
from fleet_manager.analytics.wording import ACTIVITIES, clock, millimetres, trade_title

WIDTH, HEIGHT = 520.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 14.0, 22.0, 38.0


def nice_step(span: float, ticks: int) -> float:
    """A step of 1, 2 or 5 times a power of ten that gives about so many ticks."""
    if span <= 0:
        return 1.0
    raw = span / ticks
    power = 10.0 ** math.floor(math.log10(raw))
    return next((m * power for m in (1.0, 2.0, 5.0) if m * power >= raw * 0.999), 10.0 * power)


def deviation_histogram(targets: Sequence[TargetResult], tolerance: float) -> Markup:
    """How many targets deviate by how much; the line is the tolerance. All in m, drawn in mm."""
    deviations = [t.deviation * 1000 for t in targets if t.deviation is not None]
    limit = max(tolerance * 1000 * 1.15, *deviations) if deviations else tolerance * 1000 * 1.15
    step = nice_step(limit, 14)
    bins = [0] * (int(limit / step) + 1)
    for deviation in deviations:
        bins[int(deviation / step)] += 1
    top, right = max(bins), len(bins) * step
    bars = []
    for number, count in enumerate(bins):
        x0, x1 = _x(number * step, 0, right), _x((number + 1) * step, 0, right)
        y = _y(count, top)
        title = tag("title", f"{count} between {number * step:g} and {(number + 1) * step:g} mm")
        class_ = "bar beyond" if number * step >= tolerance * 1000 else "bar"
        bars.append(tag("rect", title, x=x0 + 1, y=y, width=x1 - x0 - 2, height=_y(0, top) - y, class_=class_))
    line = _x(tolerance * 1000, 0, right)
    return _chart(
        "Histogram of deviations",
        _horizontal_grid(top),
        bars,
        tag("line", x1=line, x2=line, y1=TOP - 8, y2=HEIGHT - BOTTOM, class_="limit"),
        tag("text", f"tolerance {millimetres(tolerance)} mm", x=line - 5, y=TOP - 1, class_="limit-label end"),
        _ticks([(v, f"{v:g}") for v in _steps(right, nice_step(right, 8))], right, "deviation, mm"),
    )


def hole_positions(targets: Sequence[TargetResult], tolerance: float) -> Markup:
    """Where the holes are against where they should be, x to the right and y up, in mm."""
    errors = [(t, t.error[0] * 1000, t.error[1] * 1000) for t in targets if t.error is not None]
    reach = max(tolerance * 1150, *(math.hypot(dx, dy) * 1.05 for _, dx, dy in errors)) if errors else tolerance * 1150
    middle, radius = WIDTH / 2, (HEIGHT - 34) / 2
    centre_y = HEIGHT / 2
    scale = radius / reach
    rings = [
        tag("circle", cx=middle, cy=centre_y, r=r * scale, class_="grid")
        for r in _steps(reach, nice_step(reach, 3))
        if r
    ]
    dots = [
        tag(
            "circle",
            tag("title", f"{t.element_name} #{t.index + 1}: x {dx:+.1f} mm, y {dy:+.1f} mm"),
            cx=middle + dx * scale,
            cy=centre_y - dy * scale,
            r=3.0,
            class_="dot" if math.hypot(dx, dy) <= tolerance * 1000 else "dot beyond",
        )
        for t, dx, dy in errors
    ]
    return _chart(
        "Positions of the holes about their targets",
        rings,
        tag("line", x1=middle - radius, x2=middle + radius, y1=centre_y, y2=centre_y, class_="grid"),
        tag("line", x1=middle, x2=middle, y1=centre_y - radius, y2=centre_y + radius, class_="grid"),
        tag("circle", cx=middle, cy=centre_y, r=tolerance * 1000 * scale, class_="limit"),
        dots,
        tag("text", "+x", x=middle + radius + 6, y=centre_y + 4),
        tag("text", "+y", x=middle, y=centre_y - radius - 5, class_="mid"),
        tag("text", f"tolerance ±{millimetres(tolerance)} mm", x=8, y=16, class_="limit-label"),
    )


def progress_chart(trades: Sequence[TradeTotals], begin: float, end: float) -> Markup:
    """Share of each trade's places of work with a record, over ROS time since the run's begin."""
    span = max(end - begin, 1.0)
    lines = []
    for number, trade in enumerate(trades):
        if not trade.total:
            continue
        path: list[tuple[float, float]] = []
        share = 0.0
        for stamp, count in trade.steps:
            path.append((_x(stamp - begin, 0, span), _y(share, 1.0)))
            share = min(1.0, count / trade.total)
            path.append((_x(stamp - begin, 0, span), _y(share, 1.0)))
        path.append((_x(span, 0, span), _y(share, 1.0)))
        title = tag("title", f"{trade_title(trade.trade)}: {share:.0%} after {clock(span)}")
        lines.append(tag("polyline", title, points=points(path), class_=f"step hue{number % 6}"))
    grid = [
        (
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_y(share, 1.0), y2=_y(share, 1.0), class_="grid"),
            tag("text", f"{share:.0%}", x=LEFT - 6, y=_y(share, 1.0) + 4, class_="end"),
        )
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    return _chart("Progress of each trade over time", grid, lines, _ticks(_minutes(span), span, "time on site, min:s"))


def robot_timeline(summary: RunSummary) -> Markup:
    """One bar a robot, a colour for each activity, over ROS time since the run's begin."""
    span = max(summary.end - summary.begin, 1.0)
    row, left, width = 34.0, 118.0, 1120.0
    height = row * len(summary.robots) + 44.0

    def x(stamp: float) -> float:
        return left + (stamp - summary.begin) / span * (width - left - 16)

    rows = []
    for number, robot in enumerate(summary.robots):
        y = 8.0 + number * row
        rows.append(tag("text", robot.robot_id, x=left - 10, y=y + 17, class_="end name"))
        rows.extend(
            tag(
                "rect",
                tag("title", f"{robot.robot_id}: {ACTIVITIES[s.activity].lower()} {clock(s.end - s.begin)}"),
                x=x(s.begin),
                y=y,
                width=max(0.6, x(s.end) - x(s.begin)),
                height=row - 10,
                class_=f"act {s.activity.value}",
            )
            for s in robot.spans
        )
    base = 8.0 + len(summary.robots) * row
    ticks = [
        (
            tag("line", x1=x(summary.begin + v), x2=x(summary.begin + v), y1=4.0, y2=base, class_="grid"),
            tag("text", label, x=x(summary.begin + v), y=base + 16, class_="mid"),
        )
        for v, label in _minutes(span)
    ]
    caption = tag("text", "time on site, min:s", x=width - 16, y=base + 32, class_="end")
    return tag(
        "svg",
        ticks,
        rows,
        caption,
        class_="chart wide",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        aria_label="What each robot did over time",
    )


def _chart(label: str, *children: Child) -> Markup:
    return tag(
        "svg",
        *children,
        class_="chart",
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        role="img",
        aria_label=label,
    )


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / (top or 1.0) * (HEIGHT - TOP - BOTTOM)


def _steps(top: float, step: float) -> Iterator[float]:
    return (n * step for n in range(int(top / step + 1e-9) + 1))


def _minutes(span: float) -> list[tuple[float, str]]:
    step = next((s for s in (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600) if span / s <= 9), 7200)
    return [(v, clock(v)) for v in _steps(span, float(step))]


def _horizontal_grid(top: float) -> list[tuple[Markup, Markup]]:
    return [
        (
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=_y(v, top), y2=_y(v, top), class_="grid"),
            tag("text", f"{v:g}", x=LEFT - 6, y=_y(v, top) + 4, class_="end"),
        )
        for v in _steps(top, max(1.0, nice_step(top, 4)))
    ]


def _ticks(values: Sequence[tuple[float, str]], right: float, caption: str) -> Markup:
    labels = [tag("text", label, x=_x(v, 0, right), y=HEIGHT - BOTTOM + 15, class_="mid") for v, label in values]
    return tag("g", labels, tag("text", caption, x=WIDTH - RIGHT, y=HEIGHT - 6, class_="end caption"))
