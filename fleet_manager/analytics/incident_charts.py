"""States, speeds and distances around an event as one SVG with a common axis of time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fleet_manager.analytics.charts import nice_step
from fleet_manager.analytics.incident_motion import protective_distance
from fleet_manager.analytics.incident_values import RecordingView, Samples
from fleet_manager.analytics.markup import Child, Markup, number, points, tag

WIDTH = 1120.0
LEFT, RIGHT = 58.0, 18.0
LANE = 26.0
PANEL = 168.0
GAP = 34.0
TOP = 46.0
"""px: left of the axes, right of them, height of the lane of states, of a panel, between panels, above all."""
BREAK = 1.0
"""s without a sample after which a line is interrupted: nothing is drawn that was not measured."""
FAR = 8.0
"""m beyond which a distance is not drawn: what is far away does not matter and would flatten what is near."""

STATE_NAMES = {
    "boot": "boot",
    "hold": "hold",
    "auto": "auto",
    "teleop": "teleoperation",
    "protective_stop": "protective stop",
    "stopped": "stopped",
    "fault": "fault",
}


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a panel. `kind` is its CSS class, `label` stands in the legend.

    `steps`: a value holds until the next one comes, as a command or a limit does; else it is measured in between.
    """

    samples: Samples
    kind: str
    label: str
    steps: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a second; `label` is short."""

    second: float
    label: str


def speed_curves(view: RecordingView) -> list[Curve]:
    """Speeds, those that were recorded."""
    motion = view.motion
    curves = [
        Curve(motion.limit, "allowed", "speed limit in force", steps=True),
        Curve(motion.proposed, "proposed", "proposed by autonomy"),
        Curve(motion.commanded, "commanded", "commanded to the drive", steps=True),
        Curve(motion.measured, "measured", "measured"),
    ]
    return [c for c in curves if c.samples]


def distance_curves(view: RecordingView) -> list[Curve]:
    """Distances, those that were recorded; the protective distance only where people were tracked."""
    motion = view.motion
    curves = [
        Curve(_near(motion.nearest), "around", "lidar to nearest point, any direction"),
        Curve(_near(motion.ahead), "ahead", "lidar to nearest point within 45° of travel"),
    ]
    if motion.person:
        asked = tuple((t, protective_distance(v)) for t, v in motion.measured)
        curves.append(Curve(asked, "allowed", "protective distance Sp at the measured speed (ISO/TS 15066)"))
        curves.append(Curve(_near(motion.person), "person", "hull to the middle of the nearest tracked person"))
    return [c for c in curves if c.samples]


def _near(samples: Samples) -> Samples:
    return tuple((t, min(v, FAR)) for t, v in samples)


def curves_chart(view: RecordingView, begin: float, end: float, marks: Sequence[Mark], numbered: bool) -> Markup:
    """The chart from `begin` to `end`, s from the event. `marks` are drawn with their labels, as numbers on the lane if
    `numbered`, else as lines through the panels.
    """
    axis = _Axis(begin, end)
    panels = [
        (title, unit, curves)
        for title, unit, curves in (
            ("Speed", "m/s", speed_curves(view)), ("Distance", "m", distance_curves(view)),
        )
        if curves
    ]  # fmt: skip
    parts: list[Child] = [_lane(view, axis)]
    top = TOP + LANE + GAP
    for title, unit, curves in panels:
        parts.append(_panel(title, unit, curves, axis, top))
        top += PANEL + GAP
    bottom = top - GAP
    parts.append(_time(axis, bottom))
    parts.append(_numbers(marks, axis) if numbered else _lines(marks, axis, bottom))
    parts.append(_event(axis, bottom))
    return tag(
        "svg",
        *parts,
        class_="chart wide incident",
        viewBox=f"0 0 {WIDTH:.0f} {bottom + 40:.0f}",
        role="img",
        aria_label="State, speed and distance before and after the event",
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    begin: float
    end: float

    def x(self, second: float) -> float:
        return LEFT + (second - self.begin) / (self.end - self.begin) * (WIDTH - LEFT - RIGHT)

    def inside(self, second: float) -> bool:
        return self.begin <= second <= self.end


def _lane(view: RecordingView, axis: _Axis) -> Markup:
    bands: list[Child] = [tag("text", "State", x=LEFT - 8, y=TOP + LANE / 2 + 4, class_="end")]
    for span in view.states:
        begin, end = max(span.begin, axis.begin), min(span.end, axis.end)
        if end <= begin:
            continue
        x, width = axis.x(begin), axis.x(end) - axis.x(begin)
        name = STATE_NAMES.get(span.state, span.state)
        title = tag("title", f"{name}: {span.reason or 'no reason given'}")
        bands.append(tag("rect", title, x=x, y=TOP, width=max(width, 0.8), height=LANE, class_=f"state {span.state}"))
        if width > 7.5 * len(name):
            bands.append(tag("text", name, x=x + 7, y=TOP + LANE / 2 + 4.5, class_="state-name"))
    return tag("g", bands)


def _panel(title: str, unit: str, curves: Sequence[Curve], axis: _Axis, top: float) -> Markup:
    shown = [v for c in curves for t, v in c.samples if axis.inside(t)]
    highest = max(shown, default=1.0) or 1.0
    step = nice_step(highest, 4)
    ceiling = step * math.ceil(highest / step - 1e-9)

    def y(value: float) -> float:
        return top + PANEL - value / ceiling * PANEL

    ticks = [n * step for n in range(round(ceiling / step) + 1)]
    grid = [
        (
            tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y(v), y2=y(v), class_="grid"),
            tag("text", f"{v:g}", x=LEFT - 8, y=y(v) + 4, class_="end"),
        )
        for v in ticks
    ]
    lines = [
        tag("polyline", tag("title", curve.label), points=points((axis.x(t), y(v)) for t, v in run), class_=curve.kind)
        for curve in curves
        for run in _runs(curve, axis)
        if len(run) > 1
    ]
    return tag("g", grid, tag("text", f"{title}, {unit}", x=LEFT, y=top - 9, class_="panel-title"), lines)


def _runs(curve: Curve, axis: _Axis) -> Iterator[list[tuple[float, float]]]:
    """Pieces of a line inside the axis, cut where samples are missing."""
    run: list[tuple[float, float]] = []
    for t, v in curve.samples:
        if not axis.inside(t):
            continue
        if run and t - run[-1][0] > BREAK:
            yield run
            run = []
        if run and curve.steps:
            run.append((t, run[-1][1]))
        run.append((t, v))
    if run:
        yield run


def _time(axis: _Axis, bottom: float) -> Markup:
    step = nice_step(axis.end - axis.begin, 10)
    first = math.ceil(axis.begin / step - 1e-9)
    seconds = [n * step for n in range(first, math.floor(axis.end / step + 1e-9) + 1)]
    labels = [
        (
            tag("line", x1=axis.x(s), x2=axis.x(s), y1=bottom, y2=bottom + 5, class_="tick"),
            tag("text", _signed(s), x=axis.x(s), y=bottom + 18, class_="mid"),
        )
        for s in seconds
    ]
    base = tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=bottom, y2=bottom, class_="axis")
    caption = tag("text", "seconds from the event", x=WIDTH - RIGHT, y=bottom + 35, class_="end caption")
    return tag("g", base, labels, caption)


def _signed(second: float) -> str:
    return "0" if abs(second) < 1e-9 else f"{second:+g}".replace("-", "−")


def _event(axis: _Axis, bottom: float) -> Markup:
    x = axis.x(0.0)
    return tag(
        "g",
        tag("line", x1=x, x2=x, y1=TOP - 22, y2=bottom, class_="moment"),
        tag("polygon", points=points(((x - 6, TOP - 30), (x + 6, TOP - 30), (x, TOP - 21))), class_="moment-head"),
        tag("text", "event", x=x, y=TOP - 34, class_="moment-label mid"),
    )


def _numbers(marks: Iterable[Mark], axis: _Axis) -> Markup:
    """Numbers of records, moved apart where they would cover each other."""
    drawn, last = [], -math.inf
    for mark in sorted(marks, key=lambda m: m.second):
        if not axis.inside(mark.second):
            continue
        x = max(axis.x(mark.second), last + 19)
        last = x
        foot = axis.x(mark.second)
        drawn.append(tag("line", x1=foot, x2=x, y1=TOP, y2=TOP - 5, class_="tick"))
        drawn.append(tag("circle", cx=x, cy=TOP - 12, r=8.5, class_="number"))
        drawn.append(tag("text", mark.label, x=x, y=TOP - 8, class_="number-label mid"))
    return tag("g", drawn)


def _lines(marks: Iterable[Mark], axis: _Axis, bottom: float) -> Markup:
    drawn = []
    for level, mark in enumerate(sorted(marks, key=lambda m: m.second)):
        if not axis.inside(mark.second):
            continue
        x, y = axis.x(mark.second), TOP + LANE + GAP + 16 + 17 * level
        left = x > WIDTH * 0.8
        drawn.append(tag("line", x1=x, x2=x, y1=TOP, y2=bottom, class_="answer"))
        drawn.append(
            tag(
                "text",
                mark.label,
                x=x - 6 if left else x + 6,
                y=y,
                class_="answer-label end" if left else "answer-label",
            )
        )
    return tag("g", drawn)


def legend(curves: Sequence[Curve], sp_note: bool = False) -> Markup:
    """What the lines are."""
    items = [
        tag(
            "li",
            tag("svg", tag("line", x1=0, x2=26, y1=8, y2=8, class_=c.kind), class_="incident", viewBox="0 0 26 16"),
            c.label,
        )
        for c in curves
    ]
    if sp_note:
        items.append(tag("li", f"Sp with reference values; {number(protective_distance(0.5))} m at 0.5 m/s"))
    return tag("ul", items, class_="legend")
