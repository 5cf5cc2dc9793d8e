"""Reads the store of a run back into values of the domain; it only ever reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from fleet_manager.analytics.values import RunEvent
from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.robots import RobotFactsheet
from fleet_manager.domain.work import AsBuiltRecord, Outcome, Task, TaskState, WorkItem, WorkTarget
from fleet_manager.store.tables import AsBuiltRow, EventRow, RobotRow, TaskRow


def read_store(
    path: Path,
) -> tuple[tuple[Task, ...], tuple[AsBuiltRecord, ...], tuple[RobotFactsheet, ...], tuple[RunEvent, ...]]:
    """Tasks, as-built records, robots and events of an SQLite store, in the order they were made.

    Raises:
        FileNotFoundError: there is no such file (it is never created here).
    """
    if not path.is_file():
        raise FileNotFoundError(f"no store at {path}")
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    try:
        with Session(engine) as session:
            tasks = tuple(_task(r) for r in session.scalars(select(TaskRow).order_by(TaskRow.job_id, TaskRow.number)))
            built = tuple(_as_built(r) for r in session.scalars(select(AsBuiltRow).order_by(AsBuiltRow.id)))
            robots = tuple(_factsheet(r) for r in session.scalars(select(RobotRow).order_by(RobotRow.id)))
            events = tuple(_event(r) for r in session.scalars(select(EventRow).order_by(EventRow.id)))
    finally:
        engine.dispose()
    return tasks, built, robots, events


def work_item_of(value: Mapping[str, Any]) -> WorkItem:
    """A work item from its work_items.json form."""
    return WorkItem(
        id=value["id"],
        trade=value["trade"],
        ifc_guid=value["ifc_guid"],
        element_name=value["element_name"] or "",
        zone_id=value["zone_id"] or "",
        title=value["title"],
        tolerance=value["tolerance"],
        parameters=dict(value["parameters"]),
        targets=tuple(
            WorkTarget(
                index=t["index"],
                node_id=t["node_id"] or "",
                stance=Pose2(**(t["stance"] or {"x": t["pose"]["x"], "y": t["pose"]["y"]})),
                heading_free=t["heading_free"],
                pose=Pose3(**t["pose"]),
                reachable=t["reachable"],
                reason=t["reason"] or "",
            )
            for t in value["targets"]
        ),
    )


def _task(row: TaskRow) -> Task:
    return Task(
        id=row.id,
        job_id=row.job_id,
        item=work_item_of(row.item),
        state=TaskState(row.state),
        attempt=row.attempt,
        robot_id=row.robot_id,
        priority=row.priority,
        done=frozenset(row.done),
        refused_by=frozenset(row.refused_by),
        message=row.message,
    )


def _as_built(row: AsBuiltRow) -> AsBuiltRecord:
    return AsBuiltRecord(
        task_id=row.task_id,
        attempt=row.attempt,
        robot_id=row.robot_id,
        work_item_id=row.work_item_id,
        ifc_guid=row.ifc_guid,
        target_index=row.target_index,
        outcome=Outcome(row.outcome),
        measured=Pose3(**row.measured),
        deviation=row.deviation,
        measured_depth=row.measured_depth,
        measured_value=row.measured_value,
        passed=row.passed,
        reason_code=row.reason_code,
        reason=row.reason,
        instrument=row.instrument,
        evidence_uri=row.evidence_uri,
        stamp=row.stamp,
    )


def _factsheet(row: RobotRow) -> RobotFactsheet:
    known = {f.name for f in fields(RobotFactsheet)}
    values = {k: v for k, v in row.factsheet.items() if k in known}
    return RobotFactsheet(**{**values, "trades": tuple(values["trades"])})


def _event(row: EventRow) -> RunEvent:
    return RunEvent(row.time.isoformat(), row.kind, row.message, row.severity, row.robot_id or "", row.task_id or "")
