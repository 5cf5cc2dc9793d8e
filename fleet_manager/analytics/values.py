"""Values of a run: what was recorded (`RunRecord`) and what it amounts to (`RunSummary`). Lengths in m, times in s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from fleet_manager.domain.robots import RobotFactsheet
from fleet_manager.domain.work import AsBuiltRecord, Task


class TargetOutcome(str, Enum):
    """How a place of work ended; `UNREACHABLE` never became work because no robot can stand there."""

    DONE = "done"
    DEFERRED = "deferred"
    FAILED = "failed"
    NOT_DONE = "not done"
    UNREACHABLE = "unreachable"


class Activity(str, Enum):
    """What a robot's time went into."""

    DRIVING = "driving"
    WORKING = "working"
    WAITING = "waiting"
    CHARGING = "charging"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RobotSample:
    """A robot at one instant: s of ROS time, map frame; the totals are those since the robot's start."""

    robot_id: str
    stamp: float
    x: float
    y: float
    yaw: float = 0.0
    battery: float = 1.0
    charging: bool = False
    safety: str = ""
    phase: str = ""
    task_id: str = ""
    speed: float = 0.0
    distance_driven: float = 0.0
    time_driving: float = 0.0
    time_working: float = 0.0


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something the manager wrote down. `time` is ISO 8601 in UTC, severity 0 (info) to 3 (severe)."""

    time: str
    kind: str
    message: str
    severity: int = 0
    robot_id: str = ""
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class PlanFeature:
    """One thing to draw on a storey's plan: rings and lines as sequences of x, y in m."""

    kind: str
    geometry: str
    paths: tuple[tuple[tuple[float, float], ...], ...]
    name: str = ""
    guid: str = ""


@dataclass(frozen=True, slots=True)
class StoreyPlan:
    """What is drawn below the work: building parts and named zones."""

    parts: tuple[PlanFeature, ...] = ()
    zones: tuple[PlanFeature, ...] = ()

    def zone_names(self) -> Mapping[str, str]:
        """Zone id to the name that a person reads."""
        return {z.guid: z.name or z.guid for z in self.zones}


@dataclass(frozen=True, slots=True)
class ContactCheck:
    """What the simulator saw: contacts (None: it left no report) and least distances between robots and people."""

    contacts: int | None = None
    details: tuple[str, ...] = ()
    least_distances: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything a run left behind. `options`, `versions` and `facts` are shown as they are."""

    name: str
    started_at: str = ""
    ended_at: str = ""
    ended_because: str = ""
    tasks: Sequence[Task] = ()
    as_built: Sequence[AsBuiltRecord] = ()
    robots: Sequence[RobotFactsheet] = ()
    samples: Sequence[RobotSample] = ()
    events: Sequence[RunEvent] = ()
    plan: StoreyPlan = field(default_factory=StoreyPlan)
    contact_check: ContactCheck = field(default_factory=ContactCheck)
    options: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target of the run with the record that counts; planned and measured in m, map frame."""

    work_item_id: str
    task_id: str
    trade: str
    title: str
    ifc_guid: str
    element_name: str
    zone_name: str
    index: int
    x: float
    y: float
    z: float
    yaw: float
    tolerance: float
    outcome: TargetOutcome
    deviation: float | None = None
    error: tuple[float, float] | None = None
    depth: float | None = None
    value: float | None = None
    robot_id: str = ""
    attempt: int = 0
    stamp: float | None = None
    reason_code: str = ""
    reason: str = ""
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A robot did one thing from `begin` to `end`, s of ROS time."""

    activity: Activity
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class RobotTotals:
    """Time and distance of one robot over the run."""

    robot_id: str
    model: str
    trades: tuple[str, ...]
    distance: float
    seconds: Mapping[Activity, float]
    battery_begin: float | None
    battery_end: float | None
    targets_done: int
    targets_deferred: int
    spans: tuple[Span, ...]
    trace: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class TradeTotals:
    """Progress of one trade; `steps` are (s of ROS time, targets with a record so far)."""

    trade: str
    counts: Mapping[TargetOutcome, int]
    steps: tuple[tuple[float, int], ...]

    @property
    def total(self) -> int:
        """All targets of the trade that a robot could reach."""
        return sum(n for outcome, n in self.counts.items() if outcome is not TargetOutcome.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The figures of a run, ready to be shown."""

    record: RunRecord
    targets: tuple[TargetResult, ...]
    counts: Mapping[TargetOutcome, int]
    trades: tuple[TradeTotals, ...]
    robots: tuple[RobotTotals, ...]
    begin: float
    end: float
    complete: bool
    """Every task has ended, none failed or was cancelled."""
    headline: str

    @property
    def deferred(self) -> tuple[TargetResult, ...]:
        """Targets that a person should look at: deferred, failed or never reachable."""
        shown = {TargetOutcome.DEFERRED, TargetOutcome.FAILED, TargetOutcome.UNREACHABLE}
        return tuple(t for t in self.targets if t.outcome in shown)
