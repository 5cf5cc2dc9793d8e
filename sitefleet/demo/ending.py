"""The end of a demo: what is printed, and the exit code."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from fleet_manager.analytics.values import Activity, RunSummary, TargetOutcome
from fleet_manager.analytics.wording import OUTCOMES, clock, trade_title
from sitefleet.cli.exit_codes import ExitCode
from sitefleet.demo.session import SessionEnd

BAD = frozenset({"failed", "canceled"})


def verdict(end: SessionEnd, summary: RunSummary) -> tuple[ExitCode, str]:
    """Exit code and the sentence that explains it: 0 only when every task ended without failure and without contact."""
    contacts = summary.record.contact_check.contacts
    if end.error is not None:
        return end.error.code, str(end.error)
    if end.job is None or end.work_seconds is None:
        return ExitCode.INTERRUPTED, "Interrupted before the work had ended."
    unwell = {state: n for state, n in end.job.tasks.items() if state in BAD and n}
    if unwell:
        return ExitCode.FAILED, "Tasks ended badly: " + ", ".join(f"{n} {state}" for state, n in unwell.items()) + "."
    if contacts is None:
        return ExitCode.FAILED, "The simulator left no report of contacts."
    if contacts:
        details = "; ".join(summary.record.contact_check.details)
        return ExitCode.FAILED, f"{contacts} contacts: {details}."
    return ExitCode.OK, "All work has ended, no task failed, and no robot touched anything."


def print_summary(console: Console, summary: RunSummary, end: SessionEnd, report: Path, sentence: str) -> None:
    """The figures of the run, and where its report is."""
    console.print()
    console.print(f"[bold]{summary.headline}[/bold]", highlight=False)
    if summary.targets:
        console.print(_trades(summary))
    if summary.robots:
        console.print(_robots(summary))
    for target in summary.deferred:
        where = f"{trade_title(target.trade)}, {target.zone_name}, {target.element_name} #{target.index + 1}"
        label = OUTCOMES[target.outcome][1].lower()
        console.print(f"  {label}: {where}: {target.reason}", markup=False, highlight=False, soft_wrap=True)
    if end.first_motion is not None:
        robot_id, seconds = end.first_motion
        console.print(f"First motion after {seconds:.1f} s ({robot_id}).", highlight=False)
    if end.work_seconds is not None:
        site_time = clock(end.site_seconds)
        console.print(f"All work ended after {end.work_seconds:.0f} s; site time {site_time}.", highlight=False)
    for reset in end.resets:
        console.print(f"  the operator reset {reset}", markup=False, highlight=False, soft_wrap=True)
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    console.print(f"Report: {report}", markup=False, highlight=False, soft_wrap=True)


def _trades(summary: RunSummary) -> Table:
    shown = [outcome for outcome in TargetOutcome if summary.counts.get(outcome, 0)]
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("work")
    for outcome in shown:
        table.add_column(OUTCOMES[outcome][1].lower(), justify="right")
    for trade in summary.trades:
        table.add_row(trade_title(trade.trade), *(str(trade.counts.get(outcome, 0)) for outcome in shown))
    return table


def _robots(summary: RunSummary) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("robot")
    for name in ("distance", "driving", "working", "waiting", "done", "deferred"):
        table.add_column(name, justify="right")
    for robot in summary.robots:
        times = (clock(robot.seconds[a]) for a in (Activity.DRIVING, Activity.WORKING, Activity.WAITING))
        table.add_row(
            robot.robot_id, f"{robot.distance:.0f} m", *times, str(robot.targets_done), str(robot.targets_deferred)
        )
    return table
