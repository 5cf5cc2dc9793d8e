"""Work: items taken from the building model, jobs made of them, tasks given to robots, and what was built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from fleet_manager.domain.geometry import Pose2, Pose3

ParameterValue = bool | int | float | str


@dataclass(frozen=True, slots=True)
class WorkTarget:
    """One place of work. `node_id` is the roadmap node the robot stands on; empty if there is none."""

    index: int
    node_id: str
    stance: Pose2
    heading_free: bool
    pose: Pose3
    reachable: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Work on one building element, as the model asks for it. Tolerance in m."""

    id: str
    trade: str
    ifc_guid: str
    element_name: str
    zone_id: str
    title: str
    tolerance: float
    parameters: Mapping[str, ParameterValue]
    targets: tuple[WorkTarget, ...]


class TaskState(str, Enum):
    """Life of a task. Terminal: SUCCEEDED, DEFERRED (ended with open targets), FAILED, CANCELED."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    DEFERRED = "deferred"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def terminal(self) -> bool:
        """Nothing more happens to the task unless a person retries it."""
        return self in {TaskState.SUCCEEDED, TaskState.DEFERRED, TaskState.FAILED, TaskState.CANCELED}


class Outcome(str, Enum):
    """Outcome at one target."""

    DONE = "done"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class AsBuiltRecord:
    """What was really built at one target; lengths in m, stamp in s of ROS time."""

    task_id: str
    attempt: int
    robot_id: str
    work_item_id: str
    ifc_guid: str
    target_index: int
    outcome: Outcome
    measured: Pose3
    deviation: float
    measured_depth: float
    measured_value: float
    passed: bool
    reason_code: str
    reason: str
    instrument: str
    evidence_uri: str
    stamp: float


@dataclass(frozen=True, slots=True)
class Task:
    """One work item on its way. `attempt` counts dispatches; `done` are targets with a record that needs no more work."""

    id: str
    job_id: str
    item: WorkItem
    state: TaskState = TaskState.WAITING
    attempt: int = 0
    robot_id: str | None = None
    priority: int = 50
    done: frozenset[int] = frozenset()
    refused_by: frozenset[str] = frozenset()
    message: str = ""

    def open_targets(self) -> tuple[WorkTarget, ...]:
        """Reachable targets that still need work."""
        return tuple(t for t in self.item.targets if t.reachable and t.index not in self.done)
