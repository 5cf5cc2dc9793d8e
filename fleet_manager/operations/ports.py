"""What operations need of the outside: a fleet and a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from fleet_manager.domain.events import Event
from fleet_manager.domain.fleet import ActAnswer, FleetNews, SafetyAct, TaskGoal
from fleet_manager.domain.jobs import Attempt, Job
from fleet_manager.domain.kept import JobRecord, RobotRecord
from fleet_manager.domain.work import AsBuiltRecord, Task
from fleet_manager.traffic import RoutePlan


class FleetPort(Protocol):
    """The robots. Every method returns at once and may be called from any thread."""

    def poll(self) -> Sequence[FleetNews]:
        """News since the last call, in order; of states only the newest a robot."""
        ...

    def send_task(self, goal: TaskGoal) -> None:
        """Send the goal, or join it if it is known: answered by GoalAnswered, AttemptEnded or GoalUndelivered."""
        ...

    def cancel_task(self, goal: TaskGoal) -> None:
        """Ask for the end of the attempt; joins it first if the line to it is cut. Answered by AttemptEnded."""
        ...

    def send_route(self, plan: RoutePlan) -> None:
        """Publish a route."""
        ...

    def ask(self, robot_id: str, act: SafetyAct, requested_by: str, reason: str) -> Future[ActAnswer]:
        """Ask the robot's supervisor. The future answers or never: callers set their own limit."""
        ...


class Transaction(Protocol):
    """Changes that become durable together when the block ends without an error."""

    def add_job(self, job: Job, tasks: Sequence[Task]) -> None:
        """A new job."""
        ...

    def put_job(self, job: Job) -> None:
        """State and times of a job."""
        ...

    def put_task(self, task: Task, now: datetime) -> None:
        """Everything of a task that changes."""
        ...

    def put_attempt(self, attempt: Attempt) -> None:
        """A new or changed attempt."""
        ...

    def add_record(self, record: AsBuiltRecord, now: datetime) -> bool:
        """False: it is there already, or the target has been done before."""
        ...

    def put_robot(self, robot: RobotRecord) -> None:
        """A new or changed robot."""
        ...

    def add_event(self, event: Event) -> None:
        """One more event."""
        ...


class StorePort(Protocol):
    """What is kept."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin, and commit at the end of the block."""
        ...

    def unfinished_jobs(self) -> list[JobRecord]:
        """Jobs with work left, or with an attempt that is not over."""
        ...

    def job_record(self, job_id: str) -> JobRecord | None:
        """One job, whatever its state."""
        ...

    def job_of_task(self, task_id: str) -> str | None:
        """Id of the task's job."""
        ...

    def job_of_key(self, idempotency_key: str) -> Job | None:
        """The job a request with this key has made."""
        ...

    def tasks_on_items(self, work_item_ids: Iterable[str]) -> Mapping[str, list[Task]]:
        """Every task there ever was on these work items."""
        ...

    def done_record(self, task_id: str, target_index: int) -> AsBuiltRecord | None:
        """The record that says that the target is done."""
        ...

    def robot_records(self) -> list[RobotRecord]:
        """Robots met before."""
        ...
