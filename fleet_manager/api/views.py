"""Domain values as the API shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

from fleet_manager.api import schemas
from fleet_manager.domain.clocks import SECOND
from fleet_manager.domain.events import Event
from fleet_manager.domain.geometry import Pose3
from fleet_manager.domain.jobs import Attempt, TargetCounts, counts_of, progress_of
from fleet_manager.domain.work import AsBuiltRecord, WorkItem
from fleet_manager.operations.core import Operations
from fleet_manager.operations.fleet_view import RobotView
from fleet_manager.store.queries import JobSummary, StoredTask


def work_item(item: WorkItem) -> schemas.WorkItem:
    """A work item with its targets."""
    return schemas.WorkItem.model_validate(item)


def counts(value: TargetCounts) -> schemas.TargetCounts:
    """Targets by what became of them."""
    return schemas.TargetCounts.model_validate(value)


def job(summary: JobSummary) -> schemas.Job:
    """A job with its figures."""
    value = summary.job
    trades = [schemas.TradeProgress(trade=t.trade, tasks=t.tasks, targets=counts(t.targets)) for t in summary.trades]
    return schemas.Job(
        id=value.id,
        name=value.name,
        state=value.state.value,
        priority=value.priority,
        requested_by=value.requested_by,
        created_at=value.created_at,
        started_at=value.started_at,
        ended_at=value.ended_at,
        progress=progress_of(summary.targets),
        tasks=summary.tasks,
        targets=counts(summary.targets),
        trades=trades,
    )


def task(stored: StoredTask) -> schemas.Task:
    """A task without its details."""
    value = stored.task
    return schemas.Task(
        id=value.id,
        job_id=value.job_id,
        work_item_id=value.item.id,
        title=value.item.title,
        trade=value.item.trade,
        zone_id=value.item.zone_id,
        ifc_guid=value.item.ifc_guid,
        state=value.state.value,
        attempt=value.attempt,
        robot_id=value.robot_id,
        priority=value.priority,
        targets=counts(counts_of(len(value.item.targets), value.unreachable, value.done, value.deferred)),
        held_targets=sorted(value.held),
        message=value.message,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        ended_at=stored.ended_at,
    )


def task_detail(
    stored: StoredTask, attempts: Sequence[Attempt], records: Sequence[AsBuiltRecord]
) -> schemas.TaskDetail:
    """A task with everything known of it."""
    return schemas.TaskDetail(
        **task(stored).model_dump(),
        work_item=work_item(stored.task.item),
        attempts=[attempt(a) for a in attempts],
        as_built=[as_built(r) for r in records],
    )


def attempt(value: Attempt) -> schemas.Attempt:
    """One dispatch."""
    return schemas.Attempt(
        number=value.number,
        robot_id=value.robot_id,
        state=value.state.value,
        targets=list(value.targets),
        held=sorted(value.held),
        outcome=value.outcome,
        message=value.message,
        assigned_at=value.assigned_at,
        accepted_at=value.accepted_at,
        ended_at=value.ended_at,
    )


def _measured(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pose(value: Pose3) -> schemas.Pose3 | None:
    parts = asdict(value)
    return schemas.Pose3(**parts) if all(map(math.isfinite, parts.values())) else None


def as_built(record: AsBuiltRecord) -> schemas.AsBuilt:
    """One record; what was not measured is null."""
    return schemas.AsBuilt(
        task_id=record.task_id,
        attempt=record.attempt,
        robot_id=record.robot_id,
        work_item_id=record.work_item_id,
        ifc_guid=record.ifc_guid,
        target_index=record.target_index,
        outcome=record.outcome.value,
        measured=_pose(record.measured),
        deviation=_measured(record.deviation),
        measured_depth=_measured(record.measured_depth),
        measured_value=_measured(record.measured_value),
        passed=record.passed,
        reason_code=record.reason_code,
        reason=record.reason,
        instrument=record.instrument,
        evidence_uri=record.evidence_uri,
        stamp=record.stamp,
    )


def event(value: Event) -> schemas.Event:
    """One event."""
    return schemas.Event.model_validate(value)


def robot(view: RobotView, operations: Operations) -> schemas.Robot:
    """A robot as last seen; before its factsheet or first state arrives, the missing parts are empty."""
    sheet, state = view.factsheet, view.snapshot
    return schemas.Robot(
        id=view.robot_id,
        model=sheet.model if sheet else "",
        trades=list(sheet.trades) if sheet else [],
        online=view.online,
        last_seen=view.last_seen,
        pose=schemas.Pose2.model_validate(state.pose) if state else None,
        speed=state.speed if state else 0.0,
        length=sheet.length if sheet else 0.0,
        width=sheet.width if sheet else 0.0,
        home_node=sheet.home_node if sheet else "",
        battery=min(max(state.battery, 0.0), 1.0) if state else 0.0,
        battery_reserve=sheet.battery_reserve if sheet else 0.0,
        charging=bool(state and state.charging),
        safety_state=state.safety.name.lower() if state else "boot",
        safety_reason=state.safety_reason if state else "",
        activity=operations.activity(view),
        task_id=(state.task_id or None) if state else None,
        attempt=state.attempt if state else 0,
        phase=state.phase if state else "",
        progress=min(max(state.progress, 0.0), 1.0) if state else 0.0,
        node_id=state.node_id if state else "",
        goal_node=state.goal_node if state else "",
        base_node_ids=list(state.base_node_ids) if state else [],
        obstructed=bool(state and state.obstructed),
        obstruction=state.obstruction if state else "",
        errors=list(state.errors) if state else [],
        totals=schemas.RobotTotals.model_validate(view.totals),
        software_version=sheet.software_version if sheet else "",
        speed_limit=view.speed_limit,
        clock=_clock(view, operations),
        zones_version=operations.zones_version(view.robot_id),
    )


def _clock(view: RobotView, operations: Operations) -> schemas.RobotClock | None:
    found = operations.clock_offset(view)
    if found is None:
        return None
    ago = operations.now() - found.measured_mono / SECOND
    return schemas.RobotClock(offset=found.offset / SECOND, error=found.error / SECOND, measured_ago=ago)
