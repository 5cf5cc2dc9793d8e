"""The robot's own measures: parameters that every node of a robot shares, and who the robot is.

They stand once in the `/**` section of a model's parameter file, so that no two nodes of a robot disagree.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rclpy.node import Node

from sitefleet_robot.common.parameters import Parameters, ParameterSpec

MODELS = ("driller", "printer", "hauler", "inspector", "painter")

ROBOT_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec("model", "driller", "Kind of robot", choices=MODELS),
    ParameterSpec("robot_id", "", "Robot's id; empty: the namespace of the node, which it must equal"),
    ParameterSpec("map_id", "", "Storey the robot works on, as the site package names it"),
    ParameterSpec("map_yaml", "", "Occupancy map of that storey (ROS map_server)"),
    ParameterSpec("home_node", "", "Node of the roadmap where the robot waits and charges"),
    ParameterSpec("state_dir", "", "Folder of what must survive a restart; empty: the user's XDG state folder"),
    ParameterSpec("footprint_length", 0.56, "Length over all, centred on base_link", "m", 0.2, 3.0),
    ParameterSpec("footprint_width", 0.50, "Width over all, centred on base_link", "m", 0.2, 2.0),
    ParameterSpec("max_speed", 0.8, "Highest speed, forwards and backwards", "m/s", 0.05, 3.0),
    ParameterSpec("max_turn_rate", 1.5, "Highest rate of turn", "rad/s", 0.1, 4.0),
    ParameterSpec("acceleration", 0.6, "Acceleration of the drive", "m/s^2", 0.05, 5.0),
    ParameterSpec("deceleration", 1.0, "Deceleration surely reached at full load on a level floor", "m/s^2", 0.1, 5.0),
    ParameterSpec("turn_acceleration", 2.0, "Acceleration of the rate of turn", "rad/s^2", 0.1, 10.0),
    ParameterSpec("turn_deceleration", 2.5, "Deceleration of the rate of turn, full load", "rad/s^2", 0.1, 10.0),
    ParameterSpec("lidar_x", 0.0, "Lidar's place in base_link, x", "m", -1.5, 1.5),
    ParameterSpec("lidar_y", 0.0, "Lidar's place in base_link, y", "m", -1.5, 1.5),
    ParameterSpec("lidar_yaw", 0.0, "Lidar's heading in base_link", "rad", -math.pi, math.pi),
)


@dataclass(frozen=True)
class RobotShape:
    """Footprint and drive of a robot; lengths in m, speeds in m/s and rad/s."""

    length: float
    width: float
    max_speed: float
    max_turn_rate: float
    acceleration: float
    deceleration: float
    turn_acceleration: float
    turn_deceleration: float

    @property
    def half_width(self) -> float:
        """Clearance needed to drive straight, m."""
        return 0.5 * self.width

    @property
    def turning_radius(self) -> float:
        """Circumscribed radius about base_link: clearance needed to turn on the spot, m."""
        return 0.5 * math.hypot(self.length, self.width)

    @classmethod
    def of(cls, parameters: Parameters) -> RobotShape:
        """The shape as the parameters of ROBOT_PARAMETERS give it."""
        p = parameters
        return cls(
            length=p.real("footprint_length"),
            width=p.real("footprint_width"),
            max_speed=p.real("max_speed"),
            max_turn_rate=p.real("max_turn_rate"),
            acceleration=p.real("acceleration"),
            deceleration=p.real("deceleration"),
            turn_acceleration=p.real("turn_acceleration"),
            turn_deceleration=p.real("turn_deceleration"),
        )


class RobotIdentityError(ValueError):
    """Nobody can tell which robot a node belongs to."""


def robot_id_of(node: Node, parameters: Parameters) -> str:
    """The robot's id is the namespace of its nodes. Raises RobotIdentityError."""
    robot_id: str = node.get_namespace().strip("/")
    if not robot_id or "/" in robot_id:
        raise RobotIdentityError(
            f"node {node.get_name()} runs in namespace {node.get_namespace()!r}; start it with "
            "--ros-args -r __ns:=/<robot_id>"
        )
    told = parameters.text("robot_id")
    if told not in {"", robot_id}:
        raise RobotIdentityError(f"node {node.get_name()}: robot_id is {told!r}, but its namespace is /{robot_id}")
    return robot_id


def state_folder(robot_id: str, parameters: Parameters) -> Path:
    """Folder on the robot's disk for what must survive a restart."""
    given = parameters.text("state_dir")
    if given:
        return Path(given).expanduser()
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "sitefleet" / robot_id


def software_version() -> str:
    """Version of this package, for records; `unknown` when it runs from a folder without being installed."""
    try:
        return metadata.version("sitefleet_robot")
    except metadata.PackageNotFoundError:
        return "unknown"
