"""Jobs, tasks and attempts in memory, and what of them has changed since the last commit.

A change is made in memory first, committed with everything else that belongs to it, and only then told to anybody:
goals, cancels and routes wait in the `outbox` until the commit is through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from fleet_manager.domain.errors import not_found
from fleet_manager.domain.events import Event, EventKind, Severity
from fleet_manager.domain.jobs import Attempt, AttemptState, Job, JobState, state_of_job
from fleet_manager.domain.kept import JobRecord, RobotRecord
from fleet_manager.domain.work import AsBuiltRecord, Task
from fleet_manager.operations.book import SafetyBook
from fleet_manager.operations.ports import FleetPort, StorePort


class Ledger:
    """Everything unfinished, indexed; finished jobs are fetched when somebody asks for them again."""

    def __init__(self, store: StorePort, utc: Callable[[], datetime]) -> None:
        self._store = store
        self.utc = utc
        self.book = SafetyBook(store, utc)
        self.jobs: dict[str, Job] = {}
        self.tasks: dict[str, Task] = {}
        self.attempts: dict[tuple[str, int], Attempt] = {}
        """Attempts that are not over: active ones, and lost ones whose robot has not been seen again."""
        self._tasks_of: dict[str, list[str]] = {}
        self._new_jobs: list[str] = []
        self._changed: dict[str, set[str]] = {"jobs": set(), "tasks": set()}
        self._changed_attempts: dict[tuple[str, int], Attempt] = {}
        self._robots: dict[str, RobotRecord] = {}
        self._records: list[AsBuiltRecord] = []
        self._events: list[Event] = []
        self._outbox: list[Callable[[FleetPort], None]] = []
        self._done: dict[tuple[str, int], AsBuiltRecord] = {}
        for record in store.unfinished_jobs():
            self._take(record)

    def _take(self, record: JobRecord) -> None:
        self.jobs[record.job.id] = record.job
        self._tasks_of[record.job.id] = [t.id for t in record.tasks]
        self.tasks.update((t.id, t) for t in record.tasks)
        self.attempts.update((a.key, a) for a in record.attempts)

    # -- reading

    def find_task(self, task_id: str) -> Task | None:
        """The task, from the store if its job is finished."""
        if task_id not in self.tasks:
            job_id = self._store.job_of_task(task_id)
            record = self._store.job_record(job_id) if job_id else None
            if record is None:
                return None
            self._take(record)
        return self.tasks.get(task_id)

    def task(self, task_id: str) -> Task:
        """The task; raises RequestRefusedError TASK_NOT_FOUND."""
        task = self.find_task(task_id)
        if task is None:
            raise not_found("task", task_id)
        return task

    def job_tasks(self, job_id: str) -> list[Task]:
        """Tasks of a job in order; raises RequestRefusedError JOB_NOT_FOUND."""
        if job_id not in self.jobs:
            record = self._store.job_record(job_id)
            if record is None:
                raise not_found("job", job_id)
            self._take(record)
        return [self.tasks[t] for t in self._tasks_of[job_id]]

    def active_attempt_of(self, robot_id: str) -> Attempt | None:
        """What the robot is counted on for."""
        return next((a for a in self.attempts.values() if a.robot_id == robot_id and a.active), None)

    def active_attempt(self, task: Task) -> Attempt | None:
        """The attempt that is under way for the task."""
        attempt = self.attempts.get((task.id, task.attempt))
        return attempt if attempt and attempt.active else None

    def open_attempts(self) -> Iterator[Attempt]:
        """All attempts that are not over; safe against changes in between."""
        yield from list(self.attempts.values())

    def done_record(self, task_id: str, target_index: int) -> AsBuiltRecord | None:
        """The record that says the target is done; None if none of this task does."""
        key = (task_id, target_index)
        if key not in self._done:
            record = self._store.done_record(task_id, target_index)
            if record is None:
                return None
            self._done[key] = record
        return self._done[key]

    # -- changing

    def add_job(self, job: Job, tasks: list[Task]) -> None:
        """A new job."""
        self._take(JobRecord(job, tuple(tasks)))
        self._new_jobs.append(job.id)
        self._changed["jobs"].add(job.id)

    def put_task(self, task: Task) -> None:
        """The next state of a task."""
        if self.tasks.get(task.id) != task:
            self.tasks[task.id] = task
            self._changed["tasks"].add(task.id)
            self._changed["jobs"].add(task.job_id)

    def put_attempt(self, attempt: Attempt) -> None:
        """The next state of an attempt; an ended one is dropped from memory after the commit."""
        self._changed_attempts[attempt.key] = attempt
        if attempt.state is AttemptState.ENDED:
            self.attempts.pop(attempt.key, None)
        else:
            self.attempts[attempt.key] = attempt

    def add_record(self, record: AsBuiltRecord) -> None:
        """An as-built record; the store drops it if it has it."""
        self._records.append(record)

    def remember_done(self, record: AsBuiltRecord) -> None:
        """Take this record as the one that counts for its target."""
        self._done[(record.task_id, record.target_index)] = record

    def put_robot(self, record: RobotRecord | None) -> None:
        """What to keep of a robot."""
        if record is not None:
            self._robots[record.robot_id] = record

    def note(
        self,
        kind: EventKind,
        message: str,
        *,
        severity: Severity | int | None = None,
        robot_id: str | None = None,
        task: Task | None = None,
        job_id: str | None = None,
        data: Mapping[str, object] | None = None,
        source_event_id: str | None = None,
    ) -> None:
        """Write an event down."""
        self._events.append(
            Event(
                time=self.utc(),
                kind=kind.word,
                severity=int(kind.severity if severity is None else severity),
                message=message,
                robot_id=robot_id,
                job_id=task.job_id if task else job_id,
                task_id=task.id if task else None,
                data=data or {},
                source_event_id=source_event_id,
            )
        )

    def send(self, message: Callable[[FleetPort], None]) -> None:
        """Tell a robot, after the commit."""
        self._outbox.append(message)

    # -- committing

    def commit(self, port: FleetPort) -> None:
        """Make all changes durable, then send what waits. Raises what the store raises; then nothing is sent."""
        now = self.utc()
        self._settle_jobs(now)
        if self._dirty():
            with self._store.transaction() as tx:
                for job_id in self._new_jobs:
                    tx.add_job(self.jobs[job_id], self.job_tasks(job_id))
                for job_id in sorted(self._changed["jobs"] - set(self._new_jobs)):
                    tx.put_job(self.jobs[job_id])
                for task_id in sorted(self._changed["tasks"]):
                    tx.put_task(self.tasks[task_id], now)
                for attempt in self._changed_attempts.values():
                    tx.put_attempt(attempt)
                for record in self._records:
                    tx.add_record(record, now)
                for robot in self._robots.values():
                    tx.put_robot(robot)
                for event in self._events:
                    tx.add_event(event)
                self.book.write(tx)
        self._forget()
        outbox, self._outbox = self._outbox, []
        for message in outbox:
            message(port)

    def _dirty(self) -> bool:
        return any(
            (
                self._changed["jobs"],
                self._changed["tasks"],
                self._changed_attempts,
                self._records,
                self._robots,
                self._events,
                self.book.dirty,
            )
        )

    def _settle_jobs(self, now: datetime) -> None:
        for job_id in sorted(self._changed["jobs"]):
            job, tasks = self.jobs[job_id], self.job_tasks(job_id)
            state = state_of_job(tasks)
            if state is job.state and not (job_id in self._new_jobs and state.terminal):
                continue
            started = job.started_at
            if started is None and state is not JobState.WAITING and any(t.attempt for t in tasks):
                started = now
                self.note(EventKind.JOB_STARTED, f"job {job.name!r} has started", job_id=job_id)
            if state.terminal:
                self.note(EventKind.JOB_ENDED, f"job {job.name!r} has ended: {state.value}", job_id=job_id)
            self.jobs[job_id] = replace(job, state=state, started_at=started, ended_at=now if state.terminal else None)

    def _forget(self) -> None:
        self._new_jobs.clear()
        for changed in self._changed.values():
            changed.clear()
        self._changed_attempts.clear()
        self._records.clear()
        self._robots.clear()
        self._events.clear()
        self.book.committed()
        busy = {self.tasks[a.task_id].job_id for a in self.attempts.values()}
        for job_id in [j.id for j in self.jobs.values() if j.state.terminal and j.id not in busy]:
            for task_id in self._tasks_of.pop(job_id):
                for target in self.tasks.pop(task_id).item.targets:
                    self._done.pop((task_id, target.index), None)
            del self.jobs[job_id]
