"""What the HTTP API takes and gives, version 1. Units SI, frame map, times UTC with offset."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Unit = Field(ge=0.0, le=1.0)


class Schema(BaseModel):
    """Base of all bodies: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Problem(Schema):
    """Problem details after RFC 9457; `code` is stable and meant for programs."""

    type: str = Field(description="URI of the kind of problem; its description is in docs/api.md")
    title: str
    status: int
    detail: str
    instance: str = Field(description="path of the request")
    code: str
    errors: list[dict[str, Any]] = Field(default_factory=list, description="per-field errors of a refused request")


class Health(Schema):
    """Whether the manager works."""

    status: Literal["ok", "degraded"]
    version: str
    instance: str = Field(description="which running manager this is; see the header Sitefleet-Instance")
    site: str
    storey: str
    uptime: float = Field(description="s")
    last_tick_age: float = Field(description="s since the operations loop last completed a cycle")
    robots_online: int
    robots_known: int
    problems: list[str] = Field(description="empty when ok")


class MapInfo(Schema):
    """Occupancy map of the storey."""

    resolution: float = Field(description="m a cell")
    origin_x: float = Field(description="m, map frame, lower left corner")
    origin_y: float
    width: float = Field(description="m")
    height: float = Field(description="m")


class SiteCounts(Schema):
    """How much there is."""

    work_items: int
    work_items_by_trade: dict[str, int]
    targets: int
    targets_unreachable: int
    zones: int
    nodes: int
    edges: int


class Site(Schema):
    """The storey the manager works on."""

    name: str
    storey: str
    source_file: str
    source_sha256: str
    map: MapInfo
    counts: SiteCounts


class SitePlan(Schema):
    """For drawing: GeoJSON feature collections in the map frame, m."""

    floorplan: dict[str, Any]
    zones: dict[str, Any]


class Pose2(Schema):
    """Pose in the plane."""

    x: float
    y: float
    yaw: float


class Pose3(Schema):
    """Pose in space."""

    x: float
    y: float
    z: float
    qx: float
    qy: float
    qz: float
    qw: float


class Target(Schema):
    """One place of work."""

    index: int
    node_id: str
    stance: Pose2
    heading_free: bool
    pose: Pose3
    reachable: bool
    reason: str


class WorkItem(Schema):
    """Work on one building element, as the model asks for it."""

    id: str
    trade: str
    ifc_guid: str
    element_name: str
    zone_id: str
    title: str
    tolerance: float
    parameters: dict[str, bool | int | float | str]
    targets: list[Target]


class WorkItemList(Schema):
    """Work items."""

    items: list[WorkItem]


class RobotTotals(Schema):
    """Over all restarts of the robot."""

    distance_driven: float = Field(description="m")
    time_driving: float = Field(description="s of ROS time")
    time_working: float = Field(description="s of ROS time")


class RobotClock(Schema):
    """Clock of a robot's machine against the manager's."""

    offset: float = Field(description="s, robot's clock minus manager's")
    error: float = Field(description="s, the most that the offset can be wrong by")
    measured_ago: float = Field(description="s")


class Robot(Schema):
    """A robot as last seen."""

    id: str
    model: str
    trades: list[str]
    online: bool
    last_seen: datetime | None
    pose: Pose2 | None = Field(description="null until the first state arrives")
    speed: float = Field(description="m/s")
    length: float = Field(description="m, footprint")
    width: float
    home_node: str
    battery: float = Unit
    battery_reserve: float = Unit
    charging: bool
    safety_state: str = Field(description="boot, hold, auto, teleop, protective_stop, stopped, fault")
    safety_reason: str
    activity: str = Field(
        description="offline, working, assigned, charging, going_home, idle; or the safety state that forbids work"
    )
    task_id: str | None
    attempt: int
    phase: str
    progress: float = Unit
    node_id: str
    goal_node: str
    base_node_ids: list[str]
    obstructed: bool
    obstruction: str
    errors: list[str]
    totals: RobotTotals
    software_version: str
    speed_limit: float | None = Field(default=None, description="m/s in force by its supervisor; null: not heard")
    clock: RobotClock | None = Field(default=None, description="null: not measured in the last two minutes")
    zones_version: int | None = Field(
        default=None, description="version of zones and permits it has accepted; null: none"
    )


class RobotList(Schema):
    """All robots the manager has met."""

    items: list[Robot]


class ActRequest(Schema):
    """A person's act: who, and why."""

    requested_by: str = Field(min_length=1, max_length=200)
    reason: str = Field(default="", max_length=1000)


class ResetRequest(ActRequest):
    """The reset button: sent once when it is pressed and once when it is released."""

    pressed: bool = Field(description="true: the button goes down; false: it comes up, which is when it acts")


class RobotActResult(Schema):
    """Answer of one robot."""

    robot_id: str
    success: bool
    code: str = Field(description="OK, OFFLINE, NO_ANSWER or the supervisor's own code")
    message: str
    safety_state: str | None
    answered_after: float | None = Field(description="s from the request to the robot's answer")


class FleetActResult(Schema):
    """Answers of all robots; `offline` names those that could not be asked."""

    results: list[RobotActResult]
    offline: list[str]
    success: bool = Field(description="every known robot answered with success")
    elapsed: float = Field(description="s")


class JobRequest(Schema):
    """Which work to do. All filters empty: everything. Filters narrow one another."""

    name: str = Field(min_length=1, max_length=200)
    work_item_ids: list[str] = Field(default_factory=list, max_length=100_000)
    trades: list[str] = Field(default_factory=list)
    zones: list[str] = Field(default_factory=list)
    priority: int = Field(default=50, ge=0, le=100, description="higher goes first")
    requested_by: str = Field(default="api", min_length=1, max_length=200)


class TargetCounts(Schema):
    """Targets by what became of them; they add up to `total`."""

    total: int
    done: int
    deferred: int = Field(description="not done, with a reason")
    open: int


class TradeProgress(Schema):
    """Progress of one trade in a job."""

    trade: str
    tasks: dict[str, int] = Field(description="number of tasks by state")
    targets: TargetCounts


class Job(Schema):
    """A job and how far it is."""

    id: str
    name: str
    state: str = Field(description="waiting, running, paused, succeeded, deferred, failed, canceled")
    priority: int
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    progress: float = Unit
    tasks: dict[str, int] = Field(description="number of tasks by state")
    targets: TargetCounts
    trades: list[TradeProgress]


class JobList(Schema):
    """Jobs, newest first."""

    items: list[Job]


class Task(Schema):
    """One work item of a job on its way."""

    id: str
    job_id: str
    work_item_id: str
    title: str
    trade: str
    zone_id: str
    ifc_guid: str
    state: str = Field(
        description="waiting, assigned, running, pausing, paused, canceling, succeeded, deferred, failed, canceled"
    )
    attempt: int
    robot_id: str | None
    priority: int
    targets: TargetCounts
    held_targets: list[int] = Field(
        description="indices nobody may work on until a robot out of reach is seen again or a person decides"
    )
    message: str
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class TaskList(Schema):
    """Tasks in the order of their jobs."""

    items: list[Task]


class AsBuilt(Schema):
    """What was really built or found at one target."""

    task_id: str
    attempt: int = Field(description="0: recorded by the manager itself")
    robot_id: str
    work_item_id: str
    ifc_guid: str
    target_index: int
    outcome: Literal["done", "deferred"]
    measured: Pose3 | None = Field(description="null, here and below: not measured")
    deviation: float | None = Field(description="m")
    measured_depth: float | None = Field(description="m")
    measured_value: float | None
    passed: bool
    reason_code: str
    reason: str
    instrument: str
    evidence_uri: str
    stamp: float = Field(description="s of ROS time")


class AsBuiltList(Schema):
    """As-built records in the order they were stored."""

    items: list[AsBuilt]


class Attempt(Schema):
    """One dispatch of a task to a robot."""

    number: int
    robot_id: str
    state: str = Field(description="assigned, running, ended, lost")
    targets: list[int]
    held: list[int]
    outcome: int | None = Field(description="ExecuteTask outcome")
    message: str
    assigned_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None


class TaskDetail(Task):
    """A task with everything known of it."""

    work_item: WorkItem
    attempts: list[Attempt]
    as_built: list[AsBuilt]


class TargetDecision(ActRequest):
    """A person's word on a held target: `not_built` frees it for work, `built` closes it as not measured."""

    decision: Literal["built", "not_built"]


class Event(Schema):
    """One thing that happened. Severity: 0 info, 1 warning, 2 serious, 3 severe."""

    id: int
    time: datetime
    kind: str
    severity: int = Field(ge=0, le=3)
    robot_id: str | None
    job_id: str | None
    task_id: str | None
    message: str
    data: dict[str, Any]


class EventPage(Schema):
    """Events in order; ask again with after=`last_id`."""

    items: list[Event]
    last_id: int
