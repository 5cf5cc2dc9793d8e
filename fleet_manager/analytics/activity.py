"""What each robot did with its time, from its samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from fleet_manager.analytics.values import (
    Activity,
    RobotSample,
    RobotTotals,
    RunRecord,
    Span,
    TargetOutcome,
    TargetResult,
)

MOVING = 0.02
"""m/s; below it a robot stands."""
WAITING_PHASES = frozenset({"", "idle", "waiting", "driving", "paused", "done"})
"""Phases in which a robot that stands waits: for work, for a released route, or for a free path."""
STOPPED_STATES = frozenset({"hold", "protective_stop", "stopped", "fault", "boot"})
TRACE_STEP = 0.05
"""m; a trace keeps a point each time the robot has gone this far."""


def activity_of(sample: RobotSample) -> Activity:
    """What the robot is doing at this instant."""
    if sample.safety.lower() in STOPPED_STATES:
        return Activity.STOPPED
    if abs(sample.speed) > MOVING:
        return Activity.DRIVING
    if sample.charging and not sample.task_id:
        return Activity.CHARGING
    return Activity.WAITING if sample.phase.lower() in WAITING_PHASES else Activity.WORKING


def spans_of(samples: Sequence[RobotSample], end: float) -> tuple[Span, ...]:
    """Samples of one robot in order of time, joined into spans of one activity each."""
    spans: list[Span] = []
    stops = [s.stamp for s in samples[1:]] + [max(end, samples[-1].stamp)] if samples else []
    for sample, stop in zip(samples, stops, strict=True):
        activity = activity_of(sample)
        if spans and spans[-1].activity is activity:
            spans[-1] = Span(activity, spans[-1].begin, stop)
        else:
            spans.append(Span(activity, sample.stamp, stop))
    return tuple(spans)


def seconds_of(spans: Sequence[Span]) -> dict[Activity, float]:
    """Seconds of each activity; they add up to the time the robot was seen."""
    return {a: sum(s.end - s.begin for s in spans if s.activity is a) for a in Activity}


def trace_of(samples: Sequence[RobotSample]) -> tuple[tuple[float, float], ...]:
    """Where the robot drove, thinned to `TRACE_STEP`."""
    trace: list[tuple[float, float]] = []
    for sample in samples:
        if not trace or abs(sample.x - trace[-1][0]) + abs(sample.y - trace[-1][1]) >= TRACE_STEP:
            trace.append((sample.x, sample.y))
    return tuple(trace)


def robot_totals(record: RunRecord, targets: Sequence[TargetResult], end: float) -> tuple[RobotTotals, ...]:
    """Totals of every robot that is known by its factsheet or by a sample."""
    sheets = {f.robot_id: f for f in record.robots}
    by_robot: dict[str, list[RobotSample]] = {robot_id: [] for robot_id in sheets}
    for sample in record.samples:
        by_robot.setdefault(sample.robot_id, []).append(sample)
    totals = []
    for robot_id, unsorted in by_robot.items():
        samples = sorted(unsorted, key=lambda s: s.stamp)
        spans = spans_of(samples, end)
        own = [t for t in targets if t.robot_id == robot_id]
        sheet = sheets.get(robot_id)
        totals.append(
            RobotTotals(
                robot_id=robot_id,
                model=sheet.model if sheet else "",
                trades=sheet.trades if sheet else (),
                distance=_grown([s.distance_driven for s in samples]),
                seconds=seconds_of(spans),
                battery_begin=samples[0].battery if samples else None,
                battery_end=samples[-1].battery if samples else None,
                targets_done=sum(t.outcome is TargetOutcome.DONE for t in own),
                targets_deferred=sum(t.outcome is TargetOutcome.DEFERRED for t in own),
                spans=spans,
                trace=trace_of(samples),
            )
        )
    return tuple(totals)


def _grown(counter: Sequence[float]) -> float:
    """How far a counter went up; it starts again at zero when a robot's process does."""
    return sum(b - a if b >= a else b for a, b in pairwise(counter)) + (counter[0] if counter else 0.0)
