"""What people and programs ask the store: jobs, tasks, records, events. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, Select, func, select
from sqlalchemy.orm import Session

from fleet_manager.domain.events import Event, EventKind
from fleet_manager.domain.jobs import Attempt, Job, TargetCounts, counts_of, sum_of
from fleet_manager.domain.muting import Muting
from fleet_manager.domain.work import AsBuiltRecord, Task
from fleet_manager.store import safety
from fleet_manager.store.tables import AsBuiltRow, AttemptRow, EventRow, JobRow, TaskRow
from fleet_manager.store.values import attempt_from_row, event_from_row, job_from_row, record_from_row, task_from_row


@dataclass(frozen=True, slots=True)
class TradeCounts:
    """Tasks by state and targets of one trade."""

    trade: str
    tasks: dict[str, int]
    targets: TargetCounts


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job with its figures."""

    job: Job
    trades: tuple[TradeCounts, ...]

    @property
    def tasks(self) -> dict[str, int]:
        """Number of tasks by state."""
        total: Counter[str] = Counter()
        for trade in self.trades:
            total.update(trade.tasks)
        return dict(total)

    @property
    def targets(self) -> TargetCounts:
        """Targets of all trades."""
        return sum_of(t.targets for t in self.trades)


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with its times."""

    task: Task
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class Queries:
    """Questions to the store; each answers from one consistent snapshot. Thread-safe."""

    def __init__(self, engine: Engine, site_id: int) -> None:
        self._engine = engine
        self._site_id = site_id

    def jobs(self) -> list[JobSummary]:
        """Jobs of the site, newest first."""
        with Session(self._engine) as session:
            query = select(JobRow).where(JobRow.site_id == self._site_id).order_by(JobRow.created_at.desc(), JobRow.id)
            rows = session.scalars(query).all()
            trades = _trades(session, [r.id for r in rows])
            return [JobSummary(job_from_row(r), trades.get(r.id, ())) for r in rows]

    def job(self, job_id: str) -> JobSummary | None:
        """One job."""
        with Session(self._engine) as session:
            row = session.scalar(select(JobRow).where(JobRow.id == job_id, JobRow.site_id == self._site_id))
            return JobSummary(job_from_row(row), _trades(session, [job_id]).get(job_id, ())) if row else None

    def tasks(self, job_id: str | None = None, states: Sequence[str] = ()) -> list[StoredTask]:
        """Tasks in the order of their jobs."""
        query = self._own_tasks().order_by(JobRow.created_at, JobRow.id, TaskRow.number)
        if job_id is not None:
            query = query.where(TaskRow.job_id == job_id)
        if states:
            query = query.where(TaskRow.state.in_(states))
        with Session(self._engine) as session:
            return [_stored(row) for row in session.scalars(query)]

    def task(self, task_id: str) -> StoredTask | None:
        """One task."""
        with Session(self._engine) as session:
            row = session.scalar(self._own_tasks().where(TaskRow.id == task_id))
            return _stored(row) if row else None

    def _own_tasks(self) -> Select[Any]:
        return select(TaskRow).join(JobRow).where(JobRow.site_id == self._site_id)

    def attempts(self, task_id: str) -> list[Attempt]:
        """Every dispatch of a task."""
        query = select(AttemptRow).where(AttemptRow.task_id == task_id).order_by(AttemptRow.number)
        with Session(self._engine) as session:
            return [attempt_from_row(row) for row in session.scalars(query)]

    def as_built(self, job_id: str | None = None, task_id: str | None = None) -> list[AsBuiltRecord]:
        """Records in the order they were stored."""
        query = select(AsBuiltRow).join(TaskRow).join(JobRow).where(JobRow.site_id == self._site_id)
        if job_id is not None:
            query = query.where(TaskRow.job_id == job_id)
        if task_id is not None:
            query = query.where(AsBuiltRow.task_id == task_id)
        with Session(self._engine) as session:
            return [record_from_row(row) for row in session.scalars(query.order_by(AsBuiltRow.id))]

    def events(self, after: int, limit: int) -> list[Event]:
        """Events with a higher number, in order."""
        query = select(EventRow).where(EventRow.id > after).order_by(EventRow.id).limit(limit)
        with Session(self._engine) as session:
            return [event_from_row(row) for row in session.scalars(query)]

    def safety_events(self, after: int, limit: int, robot_id: str | None = None) -> list[Event]:
        """What robots' supervisors reported, in order."""
        query = select(EventRow).where(EventRow.id > after, EventRow.source_event_id.is_not(None))
        if robot_id is not None:
            query = query.where(EventRow.robot_id == robot_id)
        with Session(self._engine) as session:
            return [event_from_row(row) for row in session.scalars(query.order_by(EventRow.id).limit(limit))]

    def safety_event(self, event_id: str) -> Event | None:
        """One of them, by the robot's own id of it."""
        with Session(self._engine) as session:
            row = session.scalar(select(EventRow).where(EventRow.source_event_id == event_id))
            return event_from_row(row) if row else None

    def reviews(self, event_ids: Sequence[str]) -> dict[str, list[Event]]:
        """What people said to these events, in order."""
        wanted, found = set(event_ids), dict[str, list[Event]]()
        query = select(EventRow).where(EventRow.kind == EventKind.EVENT_REVIEWED.word).order_by(EventRow.id)
        with Session(self._engine) as session:
            for row in session.scalars(query):
                if row.data.get("reviewed") in wanted:
                    found.setdefault(row.data["reviewed"], []).append(event_from_row(row))
        return found

    def mutings(self, robot_id: str) -> list[Muting]:
        """Every muting there ever was of this robot, oldest first."""
        with Session(self._engine) as session:
            return safety.mutings(session, robot_id)

    def last_event_id(self) -> int:
        """Number of the newest event, 0 if there is none."""
        with Session(self._engine) as session:
            return session.scalar(select(func.max(EventRow.id))) or 0


def _stored(row: TaskRow) -> StoredTask:
    return StoredTask(task_from_row(row), row.created_at, row.updated_at, row.ended_at)


def _trades(session: Session, job_ids: Sequence[str]) -> dict[str, tuple[TradeCounts, ...]]:
    # Narrow columns: the work items of a big job are megabytes, and this is asked several times a second.
    query = select(
        TaskRow.job_id,
        TaskRow.trade,
        TaskRow.state,
        TaskRow.target_count,
        TaskRow.unreachable,
        TaskRow.done,
        TaskRow.deferred,
    ).where(TaskRow.job_id.in_(job_ids))
    rows: dict[str, dict[str, list[Row[Any]]]] = {}
    for row in session.execute(query):
        rows.setdefault(row.job_id, {}).setdefault(row.trade, []).append(row)
    return {
        job: tuple(
            TradeCounts(trade, dict(Counter(r.state for r in of_trade)), sum_of(_counts(of_trade)))
            for trade, of_trade in sorted(by_trade.items())
        )
        for job, by_trade in rows.items()
    }


def _counts(rows: Iterable[Row[Any]]) -> Iterable[TargetCounts]:
    return (counts_of(r.target_count, set(r.unreachable), set(r.done), set(r.deferred)) for r in rows)
