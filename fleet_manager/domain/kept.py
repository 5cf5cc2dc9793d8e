"""What is kept of jobs and robots from one run of the manager to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fleet_manager.domain.jobs import Attempt, Job
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot
from fleet_manager.domain.work import Task


@dataclass(frozen=True, slots=True)
class RobotRecord:
    """What is kept of a robot; totals over all its restarts: m and s of ROS time."""

    robot_id: str
    factsheet: RobotFactsheet
    snapshot: RobotSnapshot | None = None
    online: bool = False
    last_seen: datetime | None = None
    base_node_ids: tuple[str, ...] = ()
    """Nodes released to it that it may still be using, oldest first."""
    distance_driven: float = 0.0
    time_driving: float = 0.0
    time_working: float = 0.0


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job with its tasks in order, and those of its attempts that are not over."""

    job: Job
    tasks: tuple[Task, ...]
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneAck:
    """What a robot last said to a version of zones and permits; `code` and `message` say why it does not accept it."""

    robot_id: str
    version: int
    accepted: bool
    code: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PendingDeed:
    """A record on its way to the evidence log; it gets its number there."""

    event_id: str
    record: Mapping[str, object]
