"""Reads the store of a run back into values of the domain; it only ever reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from fleet_manager.analytics.values import RunEvent
from fleet_manager.domain.robots import RobotFactsheet
from fleet_manager.domain.work import AsBuiltRecord, Task
from fleet_manager.store.tables import AsBuiltRow, EventRow, RobotRow, TaskRow
from fleet_manager.store.values import factsheet_from_json, record_from_row, task_from_row


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What a store holds, each in the order it was made."""

    tasks: tuple[Task, ...] = ()
    as_built: tuple[AsBuiltRecord, ...] = ()
    robots: tuple[RobotFactsheet, ...] = ()
    events: tuple[RunEvent, ...] = ()


def read_store(path: Path) -> StoredRun:
    """Everything of an SQLite store that the report shows.

    Raises:
        FileNotFoundError: there is no such file (it is never created here).
    """
    if not path.is_file():
        raise FileNotFoundError(f"no store at {path}")
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    try:
        with Session(engine) as session:
            tasks = session.scalars(select(TaskRow).order_by(TaskRow.job_id, TaskRow.number))
            built = session.scalars(select(AsBuiltRow).order_by(AsBuiltRow.id))
            robots = session.scalars(select(RobotRow).order_by(RobotRow.id))
            events = session.scalars(select(EventRow).order_by(EventRow.id))
            return StoredRun(
                tuple(task_from_row(r) for r in tasks),
                tuple(record_from_row(r) for r in built),
                tuple(factsheet_from_json(r.factsheet) for r in robots),
                tuple(_event(r) for r in events),
            )
    finally:
        engine.dispose()


def _event(row: EventRow) -> RunEvent:
    return RunEvent(row.time.isoformat(), row.kind, row.message, row.severity, row.robot_id or "", row.task_id or "")
