"""The table of what is recorded. Read TOPICS first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Keep(Enum):
    """How a topic is taken and kept."""

    STREAM = "stream"
    """Best effort: a publisher never waits for the recorder. The oldest messages leave the ring."""
    LATCHED = "latched"
    """The value in force is kept for good and stands at the start of every file."""


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, thousands of times a second
class Topic:
    """One topic; names without a leading slash are in the robot's namespace.

    `own_only`: it is shared by all robots, and only messages that carry this robot's id are kept.
    """

    name: str
    type_name: str
    keep: Keep = Keep.STREAM
    own_only: bool = False

    @property
    def latched(self) -> bool:
        """The value in force is kept for good."""
        return self.keep is Keep.LATCHED


CAMERA = Topic("camera/image", "sensor_msgs/msg/Image")
"""Subscribed to only when the camera is to be recorded: a subscriber makes the simulator render."""
CAMERA_JPEG = Topic("camera/image/compressed", "sensor_msgs/msg/CompressedImage")
"""What of the camera is kept."""
CLOCK = Topic("/clock", "rosgraph_msgs/msg/Clock")
"""Not kept: it gives every message its time when time is simulated."""

TOPICS: tuple[Topic, ...] = (
    Topic("safety_state", "sitefleet_interfaces/msg/SafetyState", Keep.LATCHED),
    Topic("zones", "sitefleet_interfaces/msg/ZoneSet", Keep.LATCHED),
    Topic("route", "sitefleet_interfaces/msg/Route", Keep.LATCHED),
    Topic("/fleet/factsheet", "sitefleet_interfaces/msg/Factsheet", Keep.LATCHED, own_only=True),
    Topic("/fleet/robot_state", "sitefleet_interfaces/msg/RobotState", own_only=True),
    Topic("cmd_vel", "geometry_msgs/msg/Twist"),
    Topic("cmd_vel_auto", "geometry_msgs/msg/TwistStamped"),
    Topic("control", "sitefleet_interfaces/msg/ControlCommand"),
    Topic("odom", "nav_msgs/msg/Odometry"),
    Topic("pose", "geometry_msgs/msg/PoseWithCovarianceStamped"),
    Topic("fix", "geometry_msgs/msg/PoseWithCovarianceStamped"),
    Topic("imu", "sensor_msgs/msg/Imu"),
    Topic("scan", "sensor_msgs/msg/LaserScan"),
    Topic("person_tracks", "sitefleet_interfaces/msg/PersonTracks"),
    Topic("bumper", "std_msgs/msg/Bool"),
    Topic("hardware_stop", "std_msgs/msg/Bool"),
    Topic("battery", "sensor_msgs/msg/BatteryState"),
    Topic("joint_states", "sensor_msgs/msg/JointState"),
    Topic("heartbeat_challenge", "sitefleet_interfaces/msg/Heartbeat"),
    Topic("heartbeat_response", "sitefleet_interfaces/msg/Heartbeat"),
    Topic("diagnostics", "diagnostic_msgs/msg/DiagnosticArray"),
)
