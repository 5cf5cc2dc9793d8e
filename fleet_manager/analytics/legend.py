"""Legends of the report's drawings, some of which switch layers on and off."""

from __future__ import annotations

from collections.abc import Sequence

from fleet_manager.analytics.markup import Markup, tag
from fleet_manager.analytics.values import RunSummary, TradeTotals
from fleet_manager.analytics.wording import ACTIVITIES, OUTCOMES, trade_title

SHAPES = {
    "drill": tag("circle", cx=10.0, cy=8.0, r=4.2, class_="glyph"),
    "transport": tag("rect", x=4.5, y=2.5, width=11.0, height=11.0, rx=2.0, class_="glyph"),
    "inspect": tag("polygon", points="19,8 5,3 5,13", class_="glyph"),
}


def _swatch(*shapes: Markup, class_: str = "target open") -> Markup:
    return tag("svg", tag("g", *shapes, class_=class_), viewBox="0 0 20 16", aria_hidden="true")


def _layer(selector: str, *children: Markup | str) -> Markup:
    return tag("label", tag("input", type="checkbox", checked=True, data_layer=selector, class_="screen"), *children)


def plan_legend(summary: RunSummary) -> Markup:
    """Colours of outcomes, shapes of trades, lines of robots."""
    colours = (
        tag("li", _swatch(SHAPES["drill"], class_=f"target {class_}"), f"{label} ({summary.counts[outcome]})")
        for outcome, (class_, label) in OUTCOMES.items()
        if summary.counts.get(outcome, 0)
    )
    shapes = (
        tag(
            "li",
            _layer(
                f".plan .target[data-trade={t.trade}]",
                _swatch(SHAPES.get(t.trade, SHAPES["drill"])),
                trade_title(t.trade),
            ),
        )
        for t in summary.trades
    )
    lines = (
        tag("li", _layer(f".plan .trace.hue{n % 6}", _line(n), f"driven by {r.robot_id}"))
        for n, r in enumerate(summary.robots)
        if len(r.trace) > 1
    )
    return tag("ul", colours, shapes, lines, class_="legend")


def _line(number: int) -> Markup:
    return _swatch(tag("line", x1=1.0, y1=8.0, x2=19.0, y2=8.0, stroke_width=2.4), class_=f"hue{number % 6}")


def trade_legend(trades: Sequence[TradeTotals]) -> Markup:
    """Lines of the progress chart."""
    return tag(
        "ul", (tag("li", _line(n), trade_title(t.trade)) for n, t in enumerate(trades) if t.total), class_="legend"
    )


def activity_legend() -> Markup:
    """Colours of the robots' timeline."""
    return tag("ul", (tag("li", tag("i", class_=a.value), label) for a, label in ACTIVITIES.items()), class_="legend")
