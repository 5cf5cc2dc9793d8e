"""Plain values of the work: an order, what the robot sees, what a trade wants, what was built. SI units, map frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from sitefleet_robot.common.parameters import ParameterValue
from sitefleet_robot.motion.positioning import PositioningStatus, Stance
from sitefleet_robot.motion.values import Pose2


@dataclass(frozen=True, slots=True)
class Pose3:
    """Pose in space: m, orientation as unit quaternion x, y, z, w."""

    x: float
    y: float
    z: float
    qx: float = 0.0
    qy: float = 0.0
    qz: float = 0.0
    qw: float = 1.0


@dataclass(frozen=True, slots=True)
class WorkTarget:
    """One place of work; the robot stands on roadmap node `node_id`, its base at `stance`."""

    index: int
    node_id: str
    stance: Pose2
    heading_free: bool
    pose: Pose3


@dataclass(frozen=True, slots=True)
class Order:
    """A task as a goal brought it; (task_id, attempt) names it."""

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
        """What names this dispatch."""
        return self.task_id, self.attempt

    def number(self, name: str, default: float) -> float:
        """A numeric parameter."""
        value = self.parameters.get(name, default)
        return float(value)


class Outcome(str, Enum):
    """Outcome at one target."""

    DONE = "done"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Record:
    """What was built or found at one target; `stamp` is s of ROS time."""

    target_index: int
    outcome: Outcome
    measured: Pose3
    deviation: float = 0.0
    depth: float = 0.0
    value: float = 0.0
    passed: bool = False
    reason_code: str = ""
    reason: str = ""
    instrument: str = ""
    evidence_uri: str = ""
    stamp: float = 0.0


@dataclass(frozen=True, slots=True)
class Joint:
    """State of a tool joint: m or rad, and their rate."""

    position: float
    velocity: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """Answer of the site's instrument to one request."""

    serial: int
    success: bool
    message: str = ""
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    sigma: float = 0.0
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """One lidar scan with the pose it was taken at. Ranges in m, `angles` in rad in base_link, invalid ranges NaN."""

    stamp: float
    pose: Pose2
    ranges: NDArray[np.float64]
    angles: NDArray[np.float64]
    range_max: float


@dataclass(frozen=True, slots=True)
class RobotView:
    """What a trade sees at one step. `now` counts s of ROS time in which the robot was allowed to act."""

    now: float
    stamp: float
    pose: Pose2
    node_id: str = ""
    at_base_end: bool = True
    moving: bool = False
    obstructed: bool = False
    obstruction: str = ""
    joints: Mapping[str, Joint] = field(default_factory=dict)
    alignment: PositioningStatus | None = None
    alignment_reason: str = ""
    measurement: Measurement | None = None
    scan: Scan | None = None
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """Ask the instrument where the origin of a frame of the robot is. A new serial is a new request."""

    serial: int
    frame: str


@dataclass
class Wants:
    """What the trade wants now; it changes this between steps, and the executor makes it so."""

    phase: str = "starting"
    goal_node: str = ""
    drive: bool = False
    align: Stance | None = None
    joints: dict[str, float] = field(default_factory=dict)
    measure: MeasureRequest | None = None
    scan: bool = False
    begin: int | None = None
    """Target whose irreversible step is next: on the robot's disk before this step's setpoints reach the tool."""
