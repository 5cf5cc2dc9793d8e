"""What passes between the manager and its robots, whatever the wire: goals out, news in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from fleet_manager.domain.clocks import RoundTrip
from fleet_manager.domain.evidence import canonical
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
    RESET_PRESS = "reset_press"
    """The reset button goes down."""
    RESET_RELEASE = "reset_release"
    """The reset button comes up again: this is when it acts."""
    RESUME = "resume"
    HOLD = "hold"
    TELEOP = "teleop"
    MUTE = "mute"


@dataclass(frozen=True, slots=True)
class MuteOrder:
    """Mute a protective field for `duration` s; 0 ends it."""

    field: str
    co_signed_by: str
    duration: float


@dataclass(frozen=True, slots=True)
class ActOrder:
    """A person's act with all that belongs to it. `epoch`: of the lease, for TELEOP; `mute`: for MUTE."""

    act: SafetyAct
    requested_by: str
    reason: str = ""
    epoch: int = 0
    mute: MuteOrder | None = None


@dataclass(frozen=True, slots=True)
class ActAnswer:
    """What a robot's supervisor answered. `code`: its own, or OK, OFFLINE, NO_ANSWER."""

    robot_id: str
    success: bool
    code: str
    message: str
    state: SafetyMode | None = None
    until: datetime | None = None
    """End of a muting, by the robot's clock."""


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
    """A robot reports an event of its class, `severity` 0..3. `record` is all it says, field by field."""

    robot_id: str
    event_id: str
    event_class: str
    severity: int
    task_id: str
    message: str
    data: Mapping[str, object]
    seq: int
    record: Mapping[str, object]

    @property
    def key(self) -> tuple[str, bytes]:
        """Tells two events apart that have one id but not one content."""
        return self.event_id, canonical(self.record)


@dataclass(frozen=True, slots=True)
class EventAck:
    """An event is in the evidence log for good."""

    robot_id: str
    event_id: str
    seq: int
    log_id: str
    leaf_index: int
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class ZonesAnswered:
    """A robot's supervisor works by this version of zones and permits, or says why not."""

    robot_id: str
    version: int
    accepted: bool
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ClockRead:
    """A round trip with the clock of a robot's machine."""

    robot_id: str
    trip: RoundTrip


@dataclass(frozen=True, slots=True)
class SafetySeen:
    """What the supervisor says of the lease it obeys."""

    robot_id: str
    lease_epoch: int
    lease_holder: str
    speed_limit: float


FleetNews = (
    FactsheetSeen
    | StateSeen
    | RecordSeen
    | GoalAnswered
    | GoalUndelivered
    | AttemptEnded
    | SafetyEventSeen
    | ZonesAnswered
    | ClockRead
    | SafetySeen
)
"""Anything that comes in from the fleet."""
