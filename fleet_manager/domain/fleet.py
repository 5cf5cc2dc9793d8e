"""What passes between the manager and its robots, whatever the wire: goals out, news in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.domain.work import AsBuiltRecord, ParameterValue, WorkTarget


@dataclass(frozen=True, slots=True)
class TaskGoal:
    """One dispatch as a robot gets it. The same (task_id, attempt) sent again joins the work in hand."""

    robot_id: str
    task_id: str
    attempt: int
    trade: str
    work_item_id: str
    ifc_guid: str
    zone_id: str
    map_id: str
    targets: tuple[WorkTarget, ...]
    parameters: Mapping[str, ParameterValue]
    tolerance: float

    @property
    def key(self) -> tuple[str, int]:
        """Name of the dispatch."""
        return (self.task_id, self.attempt)


class SafetyAct(str, Enum):
    """A person's act on a robot's safety supervisor."""

    STOP = "stop"
    RESET = "reset"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class ActAnswer:
    """What a robot's supervisor answered. `code`: its own, or OK, OFFLINE, NO_ANSWER."""

    robot_id: str
    success: bool
    code: str
    message: str
    state: SafetyMode | None = None


@dataclass(frozen=True, slots=True)
class FactsheetSeen:
    """A robot introduced itself."""

    factsheet: RobotFactsheet


@dataclass(frozen=True, slots=True)
class StateSeen:
    """Newest state of a robot; `received` is s of the manager's monotonic clock."""

    snapshot: RobotSnapshot
    received: float


@dataclass(frozen=True, slots=True)
class RecordSeen:
    """An as-built record, by whichever way it came; the same one may come several times."""

    record: AsBuiltRecord


@dataclass(frozen=True, slots=True)
class GoalAnswered:
    """The robot took the goal, or would not."""

    robot_id: str
    task_id: str
    attempt: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class GoalUndelivered:
    """The goal could not be sent, or the line to it is cut: send it again."""

    robot_id: str
    task_id: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """Result of a dispatch, with every record of it."""

    robot_id: str
    task_id: str
    attempt: int
    outcome: int
    message: str
    records: tuple[AsBuiltRecord, ...]


@dataclass(frozen=True, slots=True)
class SafetyEventSeen:
    """A robot's supervisor reports an event of its class, `severity` 0..3."""

    robot_id: str
    event_id: str
    event_class: str
    severity: int
    task_id: str
    message: str
    data: Mapping[str, object]


FleetNews = FactsheetSeen | StateSeen | RecordSeen | GoalAnswered | GoalUndelivered | AttemptEnded | SafetyEventSeen
"""Anything that comes in from the fleet."""
