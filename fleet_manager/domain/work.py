"""Work: items taken from the building model, jobs made of them, tasks given to robots, and what was built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from fleet_manager.domain.geometry import Pose2, Pose3

CONFIRMED_BUILT = "CONFIRMED_BUILT"
"""Reason code of a target that a person says is built, and that no instrument has measured."""
MARKING_CODES = frozenset({CONFIRMED_BUILT, "TRANSPORT_OUT_OF_TOLERANCE"})
"""Reason codes of deferred targets where something stands or was built all the same."""
NO_STANCE = "NO_STANCE"
"""Reason code of a target without a place to stand."""
REPEATABLE_TRADES = frozenset({"inspect"})
"""Trades that change nothing in the building: the same work item may be done again by another job."""
SEQUENCED_TRADES = frozenset({"transport"})
"""Trades whose targets belong together: a load is picked up (`PICK_UP`) and dropped by the same robot."""
PICK_UP = 0
"""Index of the target of a transport where the load is picked up."""

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
    """What was really built at one target; lengths in m, NaN where not measured, stamp in s of ROS time."""

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

    @property
    def left_a_mark(self) -> bool:
        """The building was changed: whatever the outcome, no robot may work here again by itself."""
        return self.outcome is Outcome.DONE or self.measured_depth > 0.0 or self.reason_code in MARKING_CODES


@dataclass(frozen=True, slots=True)
class Task:
    """One work item on its way. `attempt` counts dispatches, `done` are targets with a record that needs no more."""

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
    deferred: frozenset[int] = frozenset()
    """Targets not done, or done and not passed, in this round; a retry opens again those that may be worked again."""
    held: frozenset[int] = frozenset()
    """Targets a robot out of reach may be working on: nobody may, until it is seen again or a person decides."""
    failures: int = 0
    """Attempts of this round that failed."""

    def open_targets(self) -> tuple[WorkTarget, ...]:
        """Reachable targets that still need work and that a robot may be sent to."""
        closed = self.done | self.deferred | self.held
        return tuple(t for t in self.item.targets if t.reachable and t.index not in closed)

    @property
    def unreachable(self) -> frozenset[int]:
        """Targets no robot can stand at."""
        return frozenset(t.index for t in self.item.targets if not t.reachable)
