"""The view as a screen that renews itself, drawn with rich."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fleet_manager.analytics.wording import clock, trade_title
from sitefleet.demo.client import DOCS
from sitefleet.demo.view import Bar, RobotLine, View

EVENTS_SHOWN = 7
LOW_BATTERY = 0.25


def screen(view: View) -> RenderableType:
    """Everything, top to bottom."""
    parts: list[RenderableType] = [_head(view)]
    if view.overall is not None:
        parts.append(Panel(_bars(view), title="work", title_align="left", border_style="dim"))
    if view.robots:
        parts.append(Panel(_robots(view), title="robots", title_align="left", border_style="dim"))
    if view.events:
        log = Text("\n".join(view.events[-EVENTS_SHOWN:]), overflow="ellipsis", no_wrap=True)
        parts.append(Panel(log, title="events", title_align="left", border_style="dim"))
    parts.append(Text(f" {view.api}{DOCS}   Ctrl-C stops the robots first, then everything else", style="dim"))
    return Group(*parts)


def _head(view: View) -> Table:
    head = Table.grid(expand=True, padding=(0, 1))
    head.add_column(ratio=1)
    head.add_column(justify="right", no_wrap=True)
    times = f"{clock(view.wall_seconds)} elapsed"
    if view.sim_speed:
        times = f"site time {clock(view.site_seconds)}, {view.sim_speed:.1f} times real time, {times}"
    head.add_row(Text.assemble((f" {view.title}", "bold"), ("   " + view.stage, "cyan")), Text(times, style="dim"))
    return head


def _bars(view: View) -> Table:
    table = Table.grid(expand=True, padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    if view.overall is not None:
        _add_bar(table, view.overall, "bold", "all work")
    for bar in view.trades:
        _add_bar(table, bar, "", trade_title(bar.label).lower())
    return table


def _add_bar(table: Table, bar: Bar, style: str, label: str) -> None:
    ended = bar.done + bar.deferred
    colour = "green" if ended == bar.total else "cyan"
    note = f"{bar.deferred} deferred" if bar.deferred else ""
    table.add_row(
        Text(label, style=style),
        ProgressBar(total=max(bar.total, 1), completed=ended, complete_style=colour, finished_style="green"),
        f"{ended} of {bar.total}",
        Text(note, style="yellow"),
    )


def _robots(view: View) -> Table:
    table = Table(box=None, expand=True, padding=(0, 2, 0, 0), header_style="dim")
    for name, ratio in (("robot", None), ("doing", 2), ("task", 1)):
        table.add_column(name, ratio=ratio, no_wrap=True)
    for name in ("battery", "speed"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("safety", no_wrap=True)
    for robot in view.robots:
        table.add_row(*_robot(robot))
    return table


def _robot(robot: RobotLine) -> tuple[RenderableType, ...]:
    battery = f"{robot.battery:.0%}{'+' if robot.charging else ''}"
    safety = "red" if robot.alarm else "green" if robot.safety == "auto" else "yellow"
    return (
        Text(robot.robot_id, style="bold"),
        Text(robot.doing, style="red" if robot.alarm else ""),
        ProgressBar(total=1.0, completed=robot.progress, complete_style="cyan", finished_style="green"),
        Text(battery, style="red" if robot.battery < LOW_BATTERY else ""),
        f"{robot.speed:.2f} m/s",
        Text(robot.safety, style=safety),
    )
