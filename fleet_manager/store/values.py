"""Domain values to rows and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from fleet_manager.domain.events import Event
from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.jobs import Attempt, AttemptState, Job, JobState
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.domain.work import AsBuiltRecord, Outcome, Task, TaskState, WorkItem, WorkTarget
from fleet_manager.store.tables import AsBuiltRow, AttemptRow, EventRow, JobRow, TaskRow, WorkItemRow

T = TypeVar("T")
_MEASURES = ("deviation", "measured_depth", "measured_value")


def _finite(value: float) -> float | None:
    # Neither JSON nor SQLite has a NaN: what was not measured is null there.
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def target_to_json(target: WorkTarget) -> dict[str, Any]:
    """As in work_items.json."""
    return asdict(target)


def target_from_json(data: Mapping[str, Any]) -> WorkTarget:
    """From work_items.json."""
    stance, pose = Pose2(**data["stance"]), Pose3(**data["pose"])
    return WorkTarget(**{**data, "stance": stance, "pose": pose})


def item_to_json(item: WorkItem) -> dict[str, Any]:
    """As in work_items.json."""
    return {
        "id": item.id,
        "trade": item.trade,
        "ifc_guid": item.ifc_guid,
        "element_name": item.element_name,
        "zone_id": item.zone_id,
        "title": item.title,
        "tolerance": item.tolerance,
        "parameters": dict(item.parameters),
        "targets": [target_to_json(t) for t in item.targets],
    }


def item_from_json(data: Mapping[str, Any]) -> WorkItem:
    """From work_items.json."""
    return WorkItem(**{**data, "targets": tuple(target_from_json(t) for t in data["targets"])})


def item_from_row(row: WorkItemRow) -> WorkItem:
    """A work item of the catalogue."""
    return WorkItem(
        row.id,
        row.trade,
        row.ifc_guid,
        row.element_name,
        row.zone_id,
        row.title,
        row.tolerance,
        row.parameters,
        tuple(target_from_json(t) for t in row.targets),
    )


def job_from_row(row: JobRow) -> Job:
    """A job without its tasks."""
    return Job(
        id=row.id,
        name=row.name,
        priority=row.priority,
        requested_by=row.requested_by,
        created_at=row.created_at,
        state=JobState(row.state),
        started_at=row.started_at,
        ended_at=row.ended_at,
        idempotency_key=row.idempotency_key,
        request_digest=row.request_digest,
    )


def task_from_row(row: TaskRow) -> Task:
    """A task with its work item as it was when the job was accepted."""
    return Task(
        id=row.id,
        job_id=row.job_id,
        item=item_from_json(row.item),
        state=TaskState(row.state),
        attempt=row.attempt,
        robot_id=row.robot_id,
        priority=row.priority,
        done=frozenset(row.done),
        refused_by=frozenset(row.refused_by),
        message=row.message,
        deferred=frozenset(row.deferred),
        held=frozenset(row.held),
        failures=row.failures,
    )


def task_changes(task: Task) -> dict[str, Any]:
    """Columns of a task that change in its life."""
    return {
        "state": task.state.value,
        "attempt": task.attempt,
        "robot_id": task.robot_id,
        "priority": task.priority,
        "done": sorted(task.done),
        "deferred": sorted(task.deferred),
        "held": sorted(task.held),
        "refused_by": sorted(task.refused_by),
        "failures": task.failures,
        "message": task.message,
    }


def attempt_from_row(row: AttemptRow) -> Attempt:
    """One dispatch."""
    return Attempt(
        task_id=row.task_id,
        number=row.number,
        robot_id=row.robot_id,
        targets=tuple(row.targets),
        assigned_at=row.assigned_at,
        state=AttemptState(row.state),
        held=frozenset(row.held),
        cost=row.cost,
        outcome=row.outcome,
        message=row.message,
        accepted_at=row.accepted_at,
        ended_at=row.ended_at,
    )


def attempt_changes(attempt: Attempt) -> dict[str, Any]:
    """Columns of an attempt but its key."""
    return {
        "robot_id": attempt.robot_id,
        "state": attempt.state.value,
        "targets": list(attempt.targets),
        "held": sorted(attempt.held),
        "cost": attempt.cost,
        "outcome": attempt.outcome,
        "message": attempt.message,
        "assigned_at": attempt.assigned_at,
        "accepted_at": attempt.accepted_at,
        "ended_at": attempt.ended_at,
    }


def record_to_columns(record: AsBuiltRecord) -> dict[str, Any]:
    """Columns of an as-built record."""
    columns = {f.name: getattr(record, f.name) for f in fields(record)}
    columns["outcome"] = record.outcome.value
    columns["measured"] = {k: _finite(v) for k, v in asdict(record.measured).items()}
    for name in _MEASURES:
        columns[name] = _finite(columns[name])
    return columns


def record_from_row(row: AsBuiltRow) -> AsBuiltRecord:
    """What was built at one target."""
    columns = {f.name: getattr(row, f.name) for f in fields(AsBuiltRecord)}
    columns["outcome"] = Outcome(row.outcome)
    columns["measured"] = Pose3(**{k: _number(v) for k, v in row.measured.items()})
    for name in _MEASURES:
        columns[name] = _number(columns[name])
    return AsBuiltRecord(**columns)


def event_from_row(row: EventRow) -> Event:
    """One event with its number."""
    return Event(
        time=row.time,
        kind=row.kind,
        severity=row.severity,
        message=row.message,
        robot_id=row.robot_id,
        job_id=row.job_id,
        task_id=row.task_id,
        data=row.data,
        id=row.id,
        source_event_id=row.source_event_id,
    )


def snapshot_from_json(data: Mapping[str, Any]) -> RobotSnapshot:
    """A snapshot as it was stored; fields this version does not know are left out."""
    values = known_fields(RobotSnapshot, data)
    values["pose"] = Pose2(**values["pose"])
    values["safety"] = SafetyMode(values["safety"])
    return RobotSnapshot(**values)


def factsheet_from_json(data: Mapping[str, Any]) -> RobotFactsheet:
    """A factsheet as it was stored."""
    return RobotFactsheet(**known_fields(RobotFactsheet, data))


def known_fields(kind: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Those entries the class has fields for; JSON's lists become tuples again."""
    names = {f.name for f in fields(kind)}
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in names}


def chunks(values: Iterable[T], size: int) -> Iterable[list[T]]:
    """Pieces of at most `size`: databases limit the number of parameters of a statement."""
    piece: list[T] = []
    for value in values:
        piece.append(value)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece
