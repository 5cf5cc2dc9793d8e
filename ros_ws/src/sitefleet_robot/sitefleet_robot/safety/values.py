"""Values that go into and come out of the supervisor's core; SI units, no ROS types."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from sitefleet_robot.safety.ground import ZoneSet
from sitefleet_robot.safety.muting import MuteRequest
from sitefleet_robot.safety.scan import ScanPoints
from sitefleet_robot.safety.separation import Person
from sitefleet_robot.safety.states import State, Trigger


@dataclass(frozen=True)
class Twist2:
    """Motion of base_link: ahead in m/s, turn to the left in rad/s."""

    linear: float = 0.0
    angular: float = 0.0

    @property
    def is_zero(self) -> bool:
        """Neither drives nor turns."""
        return self.linear == 0.0 and self.angular == 0.0

    def scaled(self, share: float) -> Twist2:
        """The same arc, slower."""
        return Twist2(self.linear * share, self.angular * share)


ZERO = Twist2()


@dataclass(frozen=True)
class Proposal:
    """What autonomy wants to do."""

    twist: Twist2


@dataclass(frozen=True)
class Control:
    """What a remote operator wants; `sent` is the sender's clock in s."""

    robot_id: str
    epoch: int
    sequence: int
    sent: float
    held: bool
    twist: Twist2


@dataclass(frozen=True)
class Scan:
    """A lidar scan. `repeated`: bit for bit the one before, although it saw something."""

    points: ScanPoints
    repeated: bool = False


@dataclass(frozen=True)
class Odometry:
    """Measured motion of the base, and where it has come to by its own reckoning, m."""

    twist: Twist2
    x: float = math.nan
    y: float = math.nan


@dataclass(frozen=True)
class Pose:
    """Pose in the map: m, rad, and the largest standard deviation of x and y in m."""

    x: float
    y: float
    yaw: float
    sigma: float
    stamp: float = 0.0
    """ROS time, s; 0: not known."""


@dataclass(frozen=True)
class Bumper:
    """Contact sensor."""

    pressed: bool


@dataclass(frozen=True)
class Tick:
    """Time passes; `utc` in s since 1970, for what holds from a moment to another."""

    utc: float = 0.0


@dataclass(frozen=True)
class Alive:
    """A right answer to a heartbeat's challenge."""

    source: str


@dataclass(frozen=True)
class HardwareStop:
    """The input of the emergency stop circuit; `open` when somebody has pressed."""

    open: bool


@dataclass(frozen=True)
class Attitude:
    """How far the robot leans from the vertical, rad."""

    tilt: float


@dataclass(frozen=True)
class Battery:
    """Charge, 0 to 1; NaN when not known."""

    charge: float


@dataclass(frozen=True)
class ToolFault:
    """The executor cannot bring the tool to where the robot may drive; empty: it can."""

    fault: str


@dataclass(frozen=True)
class Evidence:
    """Whether events reach the robot's disk; a sentence when they do not."""

    fault: str


@dataclass(frozen=True)
class People:
    """All people that personnel detection sees now."""

    people: tuple[Person, ...]


@dataclass(frozen=True)
class StopRequest:
    """Remote stop."""

    by: str
    reason: str


@dataclass(frozen=True)
class ResetRequest:
    """The reset button is pressed, or released, which acknowledges a latched stop."""

    by: str
    reason: str
    pressed: bool = False


@dataclass(frozen=True)
class ResumeRequest:
    """Let autonomy drive."""

    by: str
    reason: str


@dataclass(frozen=True)
class ModeRequest:
    """TELEOP under a lease, or HOLD; `mode` is a number of SafetyState."""

    mode: int
    by: str
    epoch: int


@dataclass(frozen=True)
class Failure:
    """The supervisor itself is broken."""

    message: str


Input = (
    Proposal
    | Control
    | Scan
    | Odometry
    | Pose
    | Bumper
    | Tick
    | Alive
    | HardwareStop
    | Attitude
    | Battery
    | ToolFault
    | Evidence
    | People
    | ZoneSet
    | StopRequest
    | ResetRequest
    | ResumeRequest
    | ModeRequest
    | MuteRequest
    | Failure
)


@dataclass(frozen=True)
class Answer:
    """Answer to a request: a stable code and a sentence for a person."""

    success: bool
    code: str
    message: str
    lasts: float = 0.0
    """s that what was granted lasts; 0: no end."""


@dataclass(frozen=True)
class Cause:
    """Why a stop is latched."""

    trigger: Trigger
    sentence: str
    by: str = ""


@dataclass(frozen=True)
class Transition:
    """A change of state, or a further cause of a stop that is already latched, or a note; becomes one SafetyEvent.

    `number` counts them while the process lives; `about` is the number of the one that this belongs to.
    """

    number: int
    before: State
    after: State
    trigger: Trigger
    sentence: str
    by: str
    lease_holder: str
    twist: Twist2
    pose: Pose | None
    latency: float
    """s from the cause to the zero command; NaN where nothing had to stop."""
    separation: float
    """m to the nearest lidar point beyond the footprint, NaN when not known."""
    stop_distance: float = math.nan
    """m that the robot went on, NaN when not measured."""
    about: int = 0


@dataclass
class Effect:
    """What an input leads to. `publish` says that the command must go out at once."""

    publish: bool = False
    transitions: list[Transition] = field(default_factory=list)
    answer: Answer | None = None
    remember: bool = False
    """What must survive a restart has changed."""


def separation(points: ScanPoints | None, length: float, width: float) -> float:
    """m from the footprint to the nearest point outside of it, NaN when no scan is known."""
    if points is None or len(points.points) == 0:
        return math.nan
    past = np.maximum(np.abs(points.points) - (0.5 * length, 0.5 * width), 0.0)
    distance = np.hypot(past[:, 0], past[:, 1])
    outside = distance[distance > 0.0]
    return float(outside.min()) if len(outside) else math.nan
