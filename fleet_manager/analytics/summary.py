"""Figures of a run as pure functions of what was recorded."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fleet_manager.analytics.activity import robot_totals
from fleet_manager.analytics.values import RunRecord, RunSummary, TargetOutcome, TargetResult, TradeTotals
from fleet_manager.domain.work import AsBuiltRecord, Outcome, Task, TaskState


def summarise(record: RunRecord) -> RunSummary:
    """All figures of the run. An empty run gives an empty summary, never an error."""
    targets = target_results(record.tasks, record.as_built, record.plan.zone_names())
    begin, end = _extent(record)
    counts = Counter(t.outcome for t in targets)
    complete = bool(record.tasks) and all(t.state in {TaskState.SUCCEEDED, TaskState.DEFERRED} for t in record.tasks)
    return RunSummary(
        record=record,
        targets=targets,
        counts=counts,
        trades=trade_totals(targets, begin),
        robots=robot_totals(record, targets, end),
        begin=begin,
        end=end,
        complete=complete,
        headline=headline(record, counts, complete),
    )


def target_results(
    tasks: Iterable[Task], as_built: Iterable[AsBuiltRecord], zone_names: Mapping[str, str]
) -> tuple[TargetResult, ...]:
    """One result for every target of every task, with the record that counts.

    A record of a done target counts before a deferred one; among equals the latest attempt does.
    """
    best: dict[tuple[str, int], AsBuiltRecord] = {}
    for built in as_built:
        key = (built.task_id, built.target_index)
        if key not in best or _rank(built) >= _rank(best[key]):
            best[key] = built
    results: list[TargetResult] = []
    for task in tasks:
        item = task.item
        for target in item.targets:
            record = best.get((task.id, target.index))
            outcome, reason = _outcome(task, target.reachable, target.reason, record)
            planned = TargetResult(
                work_item_id=item.id,
                task_id=task.id,
                trade=item.trade,
                title=item.title,
                ifc_guid=item.ifc_guid,
                element_name=item.element_name,
                zone_name=zone_names.get(item.zone_id, item.zone_id),
                index=target.index,
                x=target.pose.x,
                y=target.pose.y,
                z=target.pose.z,
                yaw=target.stance.yaw,
                tolerance=item.tolerance,
                outcome=outcome,
                reason=reason,
            )
            results.append(planned if record is None else _measured(planned, record))
    return tuple(results)


def _rank(built: AsBuiltRecord) -> tuple[bool, int, float]:
    return (built.outcome is Outcome.DONE, built.attempt, built.stamp)


def _outcome(task: Task, reachable: bool, obstacle: str, record: AsBuiltRecord | None) -> tuple[TargetOutcome, str]:
    if not reachable:
        return TargetOutcome.UNREACHABLE, obstacle
    if record is not None:
        done = record.outcome is Outcome.DONE and record.passed
        return (TargetOutcome.DONE if done else TargetOutcome.DEFERRED), record.reason
    if task.state is TaskState.FAILED:
        return TargetOutcome.FAILED, task.message
    return TargetOutcome.NOT_DONE, task.message


def _measured(planned: TargetResult, record: AsBuiltRecord) -> TargetResult:
    """The target with what the record says; a deviation only where something was built."""
    built = record.outcome is Outcome.DONE or record.measured_depth > 0.0
    error = (record.measured.x - planned.x, record.measured.y - planned.y)
    return replace(
        planned,
        deviation=_known(record.deviation) if built else None,
        error=error if built and math.isfinite(math.hypot(*error)) else None,
        depth=record.measured_depth if record.measured_depth > 0.0 else None,
        value=_known(record.measured_value),
        robot_id=record.robot_id,
        attempt=record.attempt,
        stamp=record.stamp,
        reason_code=record.reason_code,
        instrument=record.instrument,
    )


def _known(measure: float) -> float | None:
    """What was not measured is NaN in the domain."""
    return measure if math.isfinite(measure) else None


def trade_totals(targets: Sequence[TargetResult], begin: float) -> tuple[TradeTotals, ...]:
    """Counts and progress over time, trades in the order of their first appearance."""
    by_trade: dict[str, list[TargetResult]] = {}
    for target in targets:
        by_trade.setdefault(target.trade, []).append(target)
    totals = []
    for trade, own in by_trade.items():
        stamps = sorted(t.stamp for t in own if t.stamp is not None and t.outcome is not TargetOutcome.UNREACHABLE)
        steps = ((begin, 0), *((stamp, n) for n, stamp in enumerate(stamps, start=1)))
        totals.append(TradeTotals(trade, Counter(t.outcome for t in own), steps))
    return tuple(totals)


def headline(record: RunRecord, counts: Mapping[TargetOutcome, int], complete: bool) -> str:
    """The outcome in one sentence for a site manager."""
    total = sum(n for outcome, n in counts.items() if outcome is not TargetOutcome.UNREACHABLE)
    if not total:
        return "No work was dispatched."
    parts = [f"{counts.get(TargetOutcome.DONE, 0)} of {total} places of work are done"]
    for outcome, words in (
        (TargetOutcome.DEFERRED, "deferred with a reason"),
        (TargetOutcome.FAILED, "failed"),
        (TargetOutcome.NOT_DONE, "not done"),
    ):
        if counts.get(outcome, 0):
            parts.append(f"{counts[outcome]} {words}")
    sentence = ", ".join(parts)
    contacts = record.contact_check.contacts
    if contacts is not None:
        sentence += "; no contact" if contacts == 0 else f"; {contacts} contact{'s' if contacts != 1 else ''}"
    return sentence + ("." if complete else ". The run ended before the work did.")


def _extent(record: RunRecord) -> tuple[float, float]:
    """First and last instant of ROS time that anything was recorded at."""
    stamps = [s.stamp for s in record.samples] + [b.stamp for b in record.as_built]
    return (min(stamps), max(stamps)) if stamps else (0.0, 0.0)
