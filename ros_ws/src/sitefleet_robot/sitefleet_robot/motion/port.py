"""What the executor asks of motion, in the same process: where the robot is, fine positioning, and the drive lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sitefleet_robot.motion.positioning import PositioningStatus, Stance
from sitefleet_robot.motion.values import Pose2


@dataclass(frozen=True, slots=True)
class MotionView:
    """State of motion at one pose. `stamp` is ROS time in s, `sigma` the standard deviation of the position in m."""

    stamp: float
    pose: Pose2
    sigma: float
    covariance: tuple[float, ...]
    speed: float
    turn_rate: float
    moving: bool
    route_id: str
    route_update_id: int
    last_sequence_id: int
    base_node_ids: tuple[str, ...]
    at_base_end: bool
    node_id: str
    obstructed: bool
    obstruction: str
    error: str


@dataclass
class Alignment:
    """Handle of one fine positioning; `error` is the last distance measured at rest, m."""

    stance: Stance
    status: PositioningStatus = PositioningStatus.RUNNING
    reason: str = ""
    error: float = 0.0


class MotionPort(Protocol):
    """Motion as the executor sees it."""

    def view(self) -> MotionView | None:
        """Newest state; None before the first pose."""
        ...

    def pose_age(self) -> float:
        """s of wall time since the last pose; infinite before the first."""
        ...

    def align(self, stance: Stance) -> Alignment:
        """Start to stand exactly on `stance`; takes the wheels from the route until it has ended or is cancelled."""
        ...

    def cancel_alignment(self) -> None:
        """Give the wheels back to the route; the handle becomes FAILED if it was running."""
        ...

    def lock_drive(self, reason: str) -> None:
        """Do not follow the route (a tool is out) until called with an empty reason. Fine positioning stays allowed."""
        ...

    def on_step(self, callback: Callable[[MotionView], None]) -> None:
        """Call this after each pose has been acted on."""
        ...
