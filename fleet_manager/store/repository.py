"""The store as the manager's operations use it: transactions, and what a start needs to go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, or_, select, update
from sqlalchemy.orm import Session

from fleet_manager.domain.access import AccessRules
from fleet_manager.domain.events import Event
from fleet_manager.domain.jobs import Attempt, AttemptState, Job, JobState
from fleet_manager.domain.kept import JobRecord, PendingDeed, RobotRecord, ZoneAck
from fleet_manager.domain.lease import Lease
from fleet_manager.domain.muting import Muting
from fleet_manager.domain.work import AsBuiltRecord, Outcome, Task, WorkItem
from fleet_manager.store import safety
from fleet_manager.store.safety import SafetyWriter
from fleet_manager.store.tables import AsBuiltRow, AttemptRow, EventRow, JobRow, RobotRow, SiteRow, TaskRow, WorkItemRow
from fleet_manager.store.values import (
    attempt_changes,
    attempt_from_row,
    chunks,
    factsheet_from_json,
    item_to_json,
    job_from_row,
    record_from_row,
    record_to_columns,
    snapshot_from_json,
    target_to_json,
    task_changes,
    task_from_row,
)

_OPEN_ATTEMPTS = (AttemptState.ASSIGNED.value, AttemptState.RUNNING.value, AttemptState.LOST.value)
_OPEN_JOBS = tuple(s.value for s in JobState if not s.terminal)
_CHUNK = 500


def register_site(
    engine: Engine,
    *,
    name: str,
    storey: str,
    source_file: str,
    source_sha256: str,
    items: Iterable[WorkItem],
    now: datetime,
) -> int:
    """Write down the storey and its catalogue of work items; returns the site's id. Safe to repeat.

    Tasks keep their own copy of the item, so a new import never changes work that was accepted.
    """
    with _session(engine, writes=True) as session:
        row = session.scalar(select(SiteRow).where(SiteRow.name == name, SiteRow.storey == storey))
        if row is None:
            row = SiteRow(name=name, storey=storey)
            session.add(row)
        row.source_file, row.source_sha256, row.loaded_at = source_file, source_sha256, now
        session.flush()
        known = {w.id: w for w in session.scalars(select(WorkItemRow).where(WorkItemRow.site_id == row.id))}
        for item in items:
            stored = known.pop(item.id, None)
            if stored is None:
                stored = WorkItemRow(site_id=row.id, id=item.id)
                session.add(stored)
            stored.trade, stored.ifc_guid, stored.element_name = item.trade, item.ifc_guid, item.element_name
            stored.zone_id, stored.title, stored.tolerance = item.zone_id, item.title, item.tolerance
            stored.parameters = dict(item.parameters)
            stored.targets = [target_to_json(t) for t in item.targets]
        for gone in known.values():
            session.delete(gone)
        return row.id


@contextmanager
def _session(engine: Engine, *, writes: bool = False) -> Iterator[Session]:
    connection: Connection
    with engine.connect().execution_options(writes=writes) as connection, Session(connection) as session:
        try:
            session.connection()  # begins at once: whoever may not write hears of it before any work is done
            yield session
            session.commit()
            connection.commit()
        except BaseException:
            session.rollback()
            raise


class StoreTransaction(SafetyWriter):
    """Changes of one transaction."""

    def add_job(self, job: Job, tasks: Sequence[Task]) -> None:
        """A new job with its tasks."""
        row = JobRow(
            id=job.id,
            site_id=self._site_id,
            name=job.name,
            state=job.state.value,
            priority=job.priority,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            requested_by=job.requested_by,
            idempotency_key=job.idempotency_key,
            request_digest=job.request_digest,
        )
        self._session.add(row)
        self._session.flush()
        for number, task in enumerate(tasks, start=1):
            self._session.add(
                TaskRow(
                    id=task.id,
                    job_id=job.id,
                    number=number,
                    work_item_id=task.item.id,
                    trade=task.item.trade,
                    zone_id=task.item.zone_id,
                    item=item_to_json(task.item),
                    target_count=len(task.item.targets),
                    unreachable=sorted(task.unreachable),
                    created_at=job.created_at,
                    updated_at=job.created_at,
                    ended_at=job.created_at if task.state.terminal else None,
                    **task_changes(task),
                )
            )
        self._session.flush()

    def put_job(self, job: Job) -> None:
        """State and times."""
        changes = {"state": job.state.value, "started_at": job.started_at, "ended_at": job.ended_at}
        self._session.execute(update(JobRow).where(JobRow.id == job.id).values(**changes))

    def put_task(self, task: Task, now: datetime) -> None:
        """Everything that changes in a task's life."""
        changes = {**task_changes(task), "updated_at": now, "ended_at": now if task.state.terminal else None}
        self._session.execute(update(TaskRow).where(TaskRow.id == task.id).values(**changes))

    def put_attempt(self, attempt: Attempt) -> None:
        """A new or changed attempt."""
        row = self._session.get(AttemptRow, attempt.key)
        if row is None:
            row = AttemptRow(task_id=attempt.task_id, number=attempt.number)
            self._session.add(row)
        for name, value in attempt_changes(attempt).items():
            setattr(row, name, value)
        self._session.flush()

    def add_record(self, record: AsBuiltRecord, now: datetime) -> bool:
        """Store it once. False: this very record, or a done one of the target, is there already."""
        query = select(AsBuiltRow.id).where(
            AsBuiltRow.task_id == record.task_id,
            AsBuiltRow.target_index == record.target_index,
            AsBuiltRow.outcome == record.outcome.value,
        )
        if record.outcome is not Outcome.DONE:
            query = query.where(AsBuiltRow.attempt == record.attempt)
        if self._session.scalar(query) is not None:
            return False
        self._session.add(AsBuiltRow(stored_at=now, **record_to_columns(record)))
        self._session.flush()
        return True

    def put_robot(self, robot: RobotRecord) -> None:
        """A new or changed robot."""
        row = self._session.get(RobotRow, robot.robot_id)
        if row is None:
            row = RobotRow(id=robot.robot_id)
            self._session.add(row)
        row.model = robot.factsheet.model
        row.online, row.last_seen = robot.online, robot.last_seen
        row.factsheet = asdict(robot.factsheet)
        row.snapshot = asdict(robot.snapshot) if robot.snapshot else {}
        row.base_node_ids = list(robot.base_node_ids)
        row.distance_driven = robot.distance_driven
        row.time_driving, row.time_working = robot.time_driving, robot.time_working
        self._session.flush()

    def add_event(self, event: Event) -> None:
        """One more event; of one source event only the first is kept."""
        source = event.source_event_id
        known = select(EventRow.id).where(EventRow.source_event_id == source)
        if source is not None and self._session.scalar(known) is not None:
            return
        self._session.add(
            EventRow(
                time=event.time,
                kind=event.kind,
                severity=event.severity,
                robot_id=event.robot_id,
                job_id=event.job_id,
                task_id=event.task_id,
                message=event.message,
                data=dict(event.data),
                source_event_id=source,
            )
        )
        self._session.flush()


class Store:
    """The store of one storey's operations. Satisfies `fleet_manager.operations.ports.StorePort`."""

    def __init__(self, engine: Engine, site_id: int) -> None:
        self.engine = engine
        self.site_id = site_id

    @contextmanager
    def transaction(self) -> Iterator[StoreTransaction]:
        """On the disk when the block has ended; nothing of it if it ends with an error."""
        with _session(self.engine, writes=True) as session:
            yield StoreTransaction(session, self.site_id)

    def unfinished_jobs(self) -> list[JobRecord]:
        """Jobs of this site with work left, or with an attempt that is not over."""
        in_hand = select(TaskRow.job_id).join(AttemptRow).where(AttemptRow.state.in_(_OPEN_ATTEMPTS))
        query = (
            select(JobRow)
            .where(JobRow.site_id == self.site_id, or_(JobRow.state.in_(_OPEN_JOBS), JobRow.id.in_(in_hand)))
            .order_by(JobRow.created_at, JobRow.id)
        )
        return self._job_records(query)

    def job_record(self, job_id: str) -> JobRecord | None:
        """One job, whatever its state."""
        found = self._job_records(select(JobRow).where(JobRow.site_id == self.site_id, JobRow.id == job_id))
        return found[0] if found else None

    def _job_records(self, query: Select[Any]) -> list[JobRecord]:
        with _session(self.engine) as session:
            return [self._job_record(session, row) for row in session.scalars(query).all()]

    @staticmethod
    def _job_record(session: Session, row: JobRow) -> JobRecord:
        tasks = session.scalars(select(TaskRow).where(TaskRow.job_id == row.id).order_by(TaskRow.number)).all()
        attempts = session.scalars(
            select(AttemptRow)
            .join(TaskRow)
            .where(TaskRow.job_id == row.id, AttemptRow.state.in_(_OPEN_ATTEMPTS))
            .order_by(AttemptRow.task_id, AttemptRow.number)
        ).all()
        return JobRecord(
            job_from_row(row), tuple(task_from_row(t) for t in tasks), tuple(attempt_from_row(a) for a in attempts)
        )

    def job_of_task(self, task_id: str) -> str | None:
        """Id of the task's job."""
        with _session(self.engine) as session:
            return session.scalar(select(TaskRow.job_id).where(TaskRow.id == task_id))

    def job_of_key(self, idempotency_key: str) -> Job | None:
        """The job a request with this key has made."""
        with _session(self.engine) as session:
            row = session.scalar(select(JobRow).where(JobRow.idempotency_key == idempotency_key))
            return job_from_row(row) if row else None

    def tasks_on_items(self, work_item_ids: Iterable[str]) -> Mapping[str, list[Task]]:
        """Every task of this site there ever was on these work items."""
        found: dict[str, list[Task]] = {}
        with _session(self.engine) as session:
            for ids in chunks(work_item_ids, _CHUNK):
                query = (
                    select(TaskRow)
                    .join(JobRow)
                    .where(JobRow.site_id == self.site_id, TaskRow.work_item_id.in_(ids))
                    .order_by(JobRow.created_at, TaskRow.number)
                )
                for row in session.scalars(query):
                    found.setdefault(row.work_item_id, []).append(task_from_row(row))
        return found

    def done_record(self, task_id: str, target_index: int) -> AsBuiltRecord | None:
        """The record that says that the target is done."""
        query = select(AsBuiltRow).where(
            AsBuiltRow.task_id == task_id,
            AsBuiltRow.target_index == target_index,
            AsBuiltRow.outcome == Outcome.DONE.value,
        )
        with _session(self.engine) as session:
            row = session.scalar(query)
            return record_from_row(row) if row else None

    def robot_records(self) -> list[RobotRecord]:
        """Robots met before."""
        with _session(self.engine) as session:
            rows = session.scalars(select(RobotRow).order_by(RobotRow.id)).all()
            return [
                RobotRecord(
                    robot_id=row.id,
                    factsheet=factsheet_from_json(row.factsheet),
                    snapshot=snapshot_from_json(row.snapshot) if row.snapshot else None,
                    online=row.online,
                    last_seen=row.last_seen,
                    base_node_ids=tuple(row.base_node_ids),
                    distance_driven=row.distance_driven,
                    time_driving=row.time_driving,
                    time_working=row.time_working,
                )
                for row in rows
            ]

    def access_rules(self) -> AccessRules:
        """Zones and permits of this storey."""
        with _session(self.engine) as session:
            return safety.access_rules(session, self.site_id)

    def zone_acks(self) -> dict[str, ZoneAck]:
        """What each robot last said to them."""
        with _session(self.engine) as session:
            return safety.zone_acks(session, self.site_id)

    def leases(self) -> dict[str, Lease]:
        """Control leases, by robot."""
        with _session(self.engine) as session:
            return safety.leases(session)

    def open_mutings(self) -> list[Muting]:
        """Mutings to which something may still happen."""
        with _session(self.engine) as session:
            return safety.mutings(session, only_open=True)

    def pending_deeds(self) -> list[PendingDeed]:
        """Records that are not known to be in the evidence log."""
        with _session(self.engine) as session:
            return safety.pending_deeds(session)
