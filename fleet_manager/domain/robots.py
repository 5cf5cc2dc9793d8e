"""What the fleet knows of a robot: what it is (factsheet) and how it is (snapshot)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from fleet_manager.domain.geometry import Pose2


class SafetyMode(IntEnum):
    """State of the robot's safety supervisor; the numbers are those of sitefleet_interfaces/SafetyState."""

    BOOT = 0
    HOLD = 1
    AUTO = 2
    TELEOP = 3
    PROTECTIVE_STOP = 4
    STOPPED = 5
    FAULT = 6


@dataclass(frozen=True, slots=True)
class RobotFactsheet:
    """Lengths in m, speeds in m/s, payload in kg; reach is above the floor; battery_reserve is 0..1."""

    robot_id: str
    model: str
    map_id: str
    trades: tuple[str, ...]
    length: float
    width: float
    half_width: float
    turning_radius: float
    max_speed: float
    max_payload: float
    reach_min: float
    reach_max: float
    battery_reserve: float
    home_node: str
    software_version: str = ""


@dataclass(frozen=True, slots=True)
class RobotSnapshot:
    """One RobotState as the domain sees it. Fields as in sitefleet_interfaces/RobotState."""

    robot_id: str
    pose: Pose2
    battery: float
    charging: bool
    safety: SafetyMode
    safety_reason: str = ""
    route_id: str = ""
    route_update_id: int = 0
    last_sequence_id: int = 0
    base_node_ids: tuple[str, ...] = ()
    at_base_end: bool = True
    node_id: str = ""
    obstructed: bool = False
    obstruction: str = ""
    task_id: str = ""
    attempt: int = 0
    phase: str = ""
    progress: float = 0.0
    goal_node: str = ""
    targets_done: tuple[int, ...] = ()
    distance_driven: float = 0.0
    time_driving: float = 0.0
    time_working: float = 0.0
    speed: float = 0.0
    errors: tuple[str, ...] = field(default=())
    stamp: float = 0.0
    """s of ROS time."""
