"""What operations need of the outside: a fleet, a store and an evidence log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from fleet_manager.domain.access import AccessRules, AccessZone, Permit
from fleet_manager.domain.events import Event
from fleet_manager.domain.evidence import Receipt, Record, StoredRecord
from fleet_manager.domain.fleet import ActAnswer, ActOrder, EventAck, FleetNews, TaskGoal
from fleet_manager.domain.jobs import Attempt, Job
from fleet_manager.domain.kept import JobRecord, PendingDeed, RobotRecord, ZoneAck
from fleet_manager.domain.lease import Lease
from fleet_manager.domain.muting import Muting
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

    def ask(self, robot_id: str, order: ActOrder) -> Future[ActAnswer]:
        """Ask the robot's supervisor. The future answers or never: callers set their own limit."""
        ...

    def send_access(self, robot_id: str, rules: AccessRules) -> None:
        """Give the robot zones and permits; its supervisor answers by ZonesAnswered."""
        ...

    def acknowledge_event(self, ack: EventAck) -> None:
        """Tell the robot that an event is in the evidence log."""
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
        """One more event; of one source event only the first is kept."""
        ...

    def put_zone(self, zone: AccessZone) -> None:
        """A new or changed zone."""
        ...

    def put_permit(self, permit: Permit) -> None:
        """A new or changed permit."""
        ...

    def put_version(self, version: int) -> None:
        """The version that zones and permits now have."""
        ...

    def put_zone_ack(self, ack: ZoneAck) -> None:
        """What a robot said to a version."""
        ...

    def put_lease(self, lease: Lease) -> None:
        """A new or changed lease."""
        ...

    def put_muting(self, muting: Muting) -> None:
        """A new or changed muting."""
        ...

    def add_deed(self, deed: PendingDeed) -> None:
        """A record for the evidence log, to be appended after the commit."""
        ...

    def remove_deeds(self, event_ids: Iterable[str]) -> None:
        """These are in the evidence log."""
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

    def access_rules(self) -> AccessRules:
        """Zones and permits of the storey."""
        ...

    def zone_acks(self) -> dict[str, ZoneAck]:
        """What each robot last said to them."""
        ...

    def leases(self) -> dict[str, Lease]:
        """Control leases, by robot."""
        ...

    def open_mutings(self) -> list[Muting]:
        """Mutings to which something may still happen."""
        ...

    def pending_deeds(self) -> list[PendingDeed]:
        """Deeds that are not known to be in the evidence log, oldest first."""
        ...


class EvidenceUnavailableError(Exception):
    """The evidence log cannot be read or written to now; the message says why."""


class EvidenceStore(Protocol):
    """The evidence log. Every method raises EvidenceUnavailableError."""

    @property
    def log_id(self) -> str:
        """Id of the key its heads are signed with."""
        ...

    def find(self, event_ids: Sequence[str]) -> Mapping[str, StoredRecord]:
        """Those of these records that are in the log."""
        ...

    def append(self, records: Sequence[Record]) -> list[Receipt]:
        """Append records that are new; they are on the disk when this returns. All or none."""
        ...

    def last_seq(self, robot_id: str) -> int:
        """Highest number in the series of this robot; 0 when there is none."""
        ...
