"""Jobs: sets of tasks a person asked for, their attempts, and how far they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum

from fleet_manager.domain.work import Task, TaskState


class JobState(str, Enum):
    """State of a job, derived from its tasks."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    DEFERRED = "deferred"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def terminal(self) -> bool:
        """Nothing more happens to the job unless a person retries it."""
        return self in {JobState.SUCCEEDED, JobState.DEFERRED, JobState.FAILED, JobState.CANCELED}


@dataclass(frozen=True, slots=True)
class Job:
    """A set of tasks. Times are aware."""

    id: str
    name: str
    priority: int
    requested_by: str
    created_at: datetime
    state: JobState = JobState.WAITING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    idempotency_key: str | None = None
    request_digest: str = ""


class AttemptState(str, Enum):
    """Life of one dispatch. LOST: given up while the robot was out of reach; its records still count."""

    ASSIGNED = "assigned"
    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


class ExecuteOutcome(IntEnum):
    """Outcomes of ExecuteTask the manager tells apart; any other number from 100 up is a failure of its trade."""

    SUCCEEDED = 0
    COMPLETED_WITH_DEFERRALS = 1
    CANCELED = 2
    TASK_REFUSED = 100
    STANCE_UNREACHABLE = 101
    LOCALISATION_LOST = 102
    SAFETY_STOP = 103
    INSTRUMENT_FAILED = 104
    SUPERSEDED = 105
    TRANSPORT_NO_LOAD = 300


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dispatch of a task to a robot; `targets` were sent, `held` may still be in hand of a lost robot."""

    task_id: str
    number: int
    robot_id: str
    targets: tuple[int, ...]
    assigned_at: datetime
    state: AttemptState = AttemptState.ASSIGNED
    held: frozenset[int] = frozenset()
    cost: float = 0.0
    outcome: int | None = None
    message: str = ""
    accepted_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Name of the dispatch on the wire."""
        return (self.task_id, self.number)

    @property
    def active(self) -> bool:
        """The task counts on it."""
        return self.state in {AttemptState.ASSIGNED, AttemptState.RUNNING}


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """Targets by what became of them; they add up to `total`."""

    total: int
    done: int
    deferred: int
    open: int


def counts_of(total: int, unreachable: Set[int], done: Set[int], deferred: Set[int]) -> TargetCounts:
    """Counts of one task. A target done out of tolerance counts as deferred, and so does one nobody can stand at."""
    not_built = deferred | unreachable
    built = done - not_built
    return TargetCounts(total, len(built), len(not_built), total - len(built) - len(not_built))


def sum_of(counts: Iterable[TargetCounts]) -> TargetCounts:
    """All together."""
    total = done = deferred = open_ = 0
    for c in counts:
        total, done, deferred, open_ = total + c.total, done + c.done, deferred + c.deferred, open_ + c.open
    return TargetCounts(total, done, deferred, open_)


def progress_of(counts: TargetCounts) -> float:
    """Share of targets that are closed, 0..1."""
    return 1.0 if counts.total == 0 else (counts.total - counts.open) / counts.total


def state_of_job(tasks: Iterable[Task]) -> JobState:
    """State of the job that consists of these tasks."""
    states = Counter(t.state for t in tasks)
    unfinished = {s: n for s, n in states.items() if not s.terminal}
    if unfinished:
        if set(unfinished) <= {TaskState.PAUSED, TaskState.PAUSING}:
            return JobState.PAUSED
        return JobState.WAITING if set(states) == {TaskState.WAITING} else JobState.RUNNING
    if states[TaskState.FAILED]:
        return JobState.FAILED
    if states[TaskState.CANCELED]:
        return JobState.CANCELED
    return JobState.DEFERRED if states[TaskState.DEFERRED] else JobState.SUCCEEDED
