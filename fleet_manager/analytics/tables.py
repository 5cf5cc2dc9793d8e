"""Tables of the report: as-built, what is left for a person, robots, events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fleet_manager.analytics.markup import Markup, tag
from fleet_manager.analytics.plan import row_id
from fleet_manager.analytics.values import Activity, RobotTotals, RunEvent, RunSummary, TargetResult, TradeTotals
from fleet_manager.analytics.wording import ACTIVITIES, OUTCOMES, clock, millimetres, remedy, trade_title, trade_unit

NONE = "–"
SEVERITIES = ("info", "warning", "serious", "severe")


def table(columns: Sequence[str], rows: Iterable[Markup], **attributes: str) -> Markup:
    """A table whose columns sort on a click; a column whose name begins with `#` holds numbers."""
    heads = (
        tag("th", tag("button", c.lstrip("#"), type="button"), class_="n" if c[0] == "#" else None, scope="col")
        for c in columns
    )
    return tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows), class_="sortable", **attributes)


def cell(text: str, value: float | str | None = None, class_: str | None = None) -> Markup:
    """One cell; `value` is what it sorts by."""
    return tag("td", text, data_value=value, class_=class_)


def number_cell(text: str, value: float | None) -> Markup:
    """A right-aligned number that sorts by its full value."""
    return tag("td", text, data_value=f"{value:.9g}" if value is not None else "", class_="n")


def pill(target: TargetResult) -> Markup:
    """The outcome, with its colour."""
    class_, label = OUTCOMES[target.outcome]
    return tag("span", label, class_=f"pill {class_}")


def as_built_table(summary: RunSummary) -> Markup:
    """Every target of the run, one row each."""
    columns = (
        "Outcome", "Room", "Trade", "#Target", "#Deviation / tolerance, mm", "#Depth, mm", "#Walls seen", "Robot",
        "#Attempt", "#Time", "Reason", "Element", "IFC GlobalId",
    )  # fmt: skip
    rows = (_row(t, summary.begin) for t in summary.targets)
    return tag("div", table(columns, rows, id="as-built"), class_="scroll")


def _row(target: TargetResult, begin: float) -> Markup:
    elapsed = None if target.stamp is None else target.stamp - begin
    value = target.value if target.trade == "inspect" else None
    against = f"{millimetres(target.deviation)} / {millimetres(target.tolerance)}"
    return tag(
        "tr",
        tag("td", pill(target)),
        cell(target.zone_name, class_="one"),
        cell(trade_title(target.trade), class_="one"),
        number_cell(str(target.index + 1), float(target.index)),
        number_cell(NONE if target.deviation is None else against, target.deviation),
        number_cell(millimetres(target.depth), target.depth),
        number_cell(NONE if value is None else f"{value:.0%}", value),
        cell(target.robot_id or NONE, class_="one"),
        number_cell(str(target.attempt) if target.attempt else NONE, float(target.attempt)),
        number_cell(NONE if elapsed is None else clock(elapsed), elapsed),
        cell(target.reason, class_="reason"),
        cell(target.element_name or target.title, class_="one"),
        cell(target.ifc_guid, class_="guid"),
        id=row_id(target),
        data_outcome=target.outcome.value,
        data_trade=target.trade,
        data_room=target.zone_name,
    )


def deferred_table(targets: Sequence[TargetResult]) -> Markup:
    """What a person has to decide, with what to do about it."""
    rows = (
        tag(
            "tr",
            tag("td", pill(t)),
            cell(f"{trade_title(t.trade)}, {t.zone_name}"),
            tag("td", tag("a", f"{t.element_name or t.title} #{t.index + 1}", href=f"#{row_id(t)}")),
            cell(f"{t.x:.2f}, {t.y:.2f}, {t.z:.2f}"),
            cell(t.reason or t.reason_code or "no reason recorded"),
            cell(remedy(t.reason_code, t.outcome)),
        )
        for t in targets
    )
    return table(("Outcome", "Where", "Element", "x, y, z in m", "Why", "What to do"), rows)


def robot_table(robots: Sequence[RobotTotals]) -> Markup:
    """Time and distance of each robot."""
    columns = ("Robot", "Kind", "#Done", "#Deferred", "#Distance, m", "#Driving", "#Working", "#Waiting", "#Charging",
               "#Stopped", "Share of time", "#Battery")  # fmt: skip
    return table(columns, (_robot_row(r) for r in robots))


def _robot_row(robot: RobotTotals) -> Markup:
    total = sum(robot.seconds.values()) or 1.0
    stack = (
        tag(
            "i",
            class_=a.value,
            style=f"width:{robot.seconds[a] / total:.2%}",
            title=f"{ACTIVITIES[a]} {robot.seconds[a] / total:.0%}",
        )
        for a in Activity
    )
    begin, end = robot.battery_begin, robot.battery_end
    return tag(
        "tr",
        cell(robot.robot_id),
        cell(robot.model or NONE),
        number_cell(str(robot.targets_done), float(robot.targets_done)),
        number_cell(str(robot.targets_deferred), float(robot.targets_deferred)),
        number_cell(f"{robot.distance:.1f}", robot.distance),
        *(number_cell(clock(robot.seconds[a]), robot.seconds[a]) for a in Activity),
        tag("td", tag("div", stack, class_="stack")),
        number_cell(NONE if begin is None or end is None else f"{begin:.0%} → {end:.0%}", end),
    )


def trade_table(trades: Sequence[TradeTotals]) -> Markup:
    """Places of work of each trade by outcome."""
    rows = (
        tag(
            "tr",
            cell(f"{trade_title(t.trade)}, {trade_unit(t.trade)}"),
            *(number_cell(str(t.counts.get(o, 0)), float(t.counts.get(o, 0))) for o in OUTCOMES),
        )
        for t in trades
    )
    return tag("div", table(("Work", *(f"#{label}" for _, label in OUTCOMES.values())), rows))


def event_table(events: Sequence[RunEvent]) -> Markup:
    """What the manager wrote down, oldest first."""
    rows = (
        tag(
            "tr",
            cell(e.time[11:19] or NONE, e.time),
            cell(SEVERITIES[min(max(e.severity, 0), 3)], str(e.severity)),
            cell(e.kind),
            cell(e.robot_id or NONE),
            cell(e.message),
        )
        for e in events
    )
    return tag("div", table(("Time, UTC", "Severity", "Event", "Robot", "What happened"), rows), class_="scroll")
