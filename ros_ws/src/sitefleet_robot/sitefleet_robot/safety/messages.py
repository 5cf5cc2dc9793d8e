"""ROS messages to the core's values and back; nothing is decided here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, PoseWithCovarianceStamped, Quaternion, Twist, Vector3
from geometry_msgs.msg import Pose as PoseMessage
from nav_msgs.msg import Odometry as OdometryMessage
from sensor_msgs.msg import LaserScan
from sitefleet_interfaces.msg import ControlCommand, SafetyEvent, SafetyState

from sitefleet_robot.common.geometry import set_yaw, yaw_of
from sitefleet_robot.safety.events import EVENT_KINDS
from sitefleet_robot.safety.scan import ScanConverter
from sitefleet_robot.safety.supervisor import Supervisor
from sitefleet_robot.safety.values import Control, Odometry, Pose, Scan, Transition, Twist2

_XX, _XY, _YY = 0, 1, 7
"""Indices of x and y in a 6 x 6 covariance."""


def twist_of(message: Twist) -> Twist2:
    """The two components that a differential drive has."""
    return Twist2(message.linear.x, message.angular.z)


def twist_message(twist: Twist2) -> Twist:
    """The command for the drive."""
    return Twist(linear=Vector3(x=twist.linear), angular=Vector3(z=twist.angular))


class ScanReader:
    """Scans as points in base_link; notices a lidar, or a driver, that repeats itself."""

    def __init__(self, converter: ScanConverter) -> None:
        self._converter = converter
        self._last: tuple[bytes, tuple[int, int]] = (b"", (0, 0))

    def __call__(self, message: LaserScan) -> Scan:
        """One scan. The ranges of a real lidar never are the same twice, bit for bit, while something is seen."""
        ranges = np.asarray(message.ranges, dtype=np.float64)
        points = self._converter.convert(
            ranges, message.angle_min, message.angle_increment, message.range_min, message.range_max
        )
        raw, stamp = ranges.tobytes(), (message.header.stamp.sec, message.header.stamp.nanosec)
        before, self._last = self._last, (raw, stamp)
        same = raw == before[0] and len(points.points) > 0
        return Scan(points, same or (stamp == before[1] and stamp != (0, 0)))


def odometry_of(message: OdometryMessage) -> Odometry:
    """Measured motion."""
    at = message.pose.pose.position
    return Odometry(twist_of(message.twist.twist), at.x, at.y)


def pose_of(message: PoseWithCovarianceStamped) -> Pose:
    """Pose with its largest planar standard deviation."""
    pose, covariance = message.pose.pose, message.pose.covariance
    sigma = largest_sigma(covariance[_XX], covariance[_XY], covariance[_YY])
    return Pose(pose.position.x, pose.position.y, yaw_of(pose.orientation), sigma, seconds(message.header.stamp))


def seconds(stamp: Time) -> float:
    """A stamp in s."""
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def largest_sigma(xx: float, xy: float, yy: float) -> float:
    """Standard deviation in the worst direction of a planar covariance; infinite where it is none."""
    variance = 0.5 * (xx + yy) + math.hypot(0.5 * (xx - yy), xy)
    # A negative or NaN variance is no knowledge at all.
    return math.sqrt(variance) if min(xx, yy) >= 0.0 and variance < math.inf else math.inf


def control_of(message: ControlCommand) -> Control:
    """An operator's command."""
    return Control(
        robot_id=message.robot_id,
        epoch=message.lease_epoch,
        sequence=message.sequence,
        sent=seconds(message.header.stamp),
        held=message.hold_to_run,
        twist=twist_of(message.twist),
    )


def state_message(supervisor: Supervisor, stamp: Time) -> SafetyState:
    """What the rest of the world is told of the supervisor."""
    message = SafetyState(
        robot_id=supervisor.settings.robot_id,
        state=supervisor.state.number,
        reason_code=supervisor.reason.trigger.value,
        reason=supervisor.reason.sentence,
        latched=supervisor.state.latched,
        lease_epoch=supervisor.teleop.epoch,
        lease_holder=supervisor.teleop.holder,
        speed_limit=supervisor.speed_limit,
    )
    message.header.stamp = stamp
    return message


@dataclass(frozen=True)
class RecordContext:
    """What an event's record carries beyond the transition. Clocks in ns; `version` of the software.

    `about` and `about_class`: id and class of the event that this one belongs to, or empty.
    """

    event_id: str
    t_utc_ns: int
    t_mono_ns: int
    robot_id: str
    version: str
    configuration_hash: str
    about: str = ""
    about_class: str = ""


def event_message(transition: Transition, context: RecordContext) -> SafetyEvent:
    """One record of the site's memory; its number is given when it is kept."""
    kind = EVENT_KINDS[transition.trigger]
    message = SafetyEvent(
        event_id=context.event_id,
        event_class=kind.event_class or context.about_class or "RESET",
        severity=kind.severity,
        t_utc=Time(sec=context.t_utc_ns // 10**9, nanosec=context.t_utc_ns % 10**9),
        t_mono_ns=context.t_mono_ns,
        clock_offset_ns=context.t_utc_ns - context.t_mono_ns,
        robot_id=context.robot_id,
        software_version=context.version,
        configuration_hash=context.configuration_hash,
        mode=transition.after.number,
        lease_holder=transition.lease_holder,
        velocity=twist_message(transition.twist),
        trigger=transition.trigger.value,
        min_separation=transition.separation,
        stop_latency_ms=1000.0 * transition.latency,
        stop_distance=transition.stop_distance,
        narrative=f"{transition.before.label} to {transition.after.label}: {transition.sentence}",
        action=_action(transition, context),
    )
    if transition.pose is not None:
        message.pose = PoseMessage(position=Point(x=transition.pose.x, y=transition.pose.y), orientation=Quaternion())
        set_yaw(message.pose.orientation, transition.pose.yaw)
    return message


def _action(transition: Transition, context: RecordContext) -> str:
    if context.about:
        return f"measurement of event {context.about}"
    return "motion permitted" if transition.after.moves else "zero velocity commanded"
