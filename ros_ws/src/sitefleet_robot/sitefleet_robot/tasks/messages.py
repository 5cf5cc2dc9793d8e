"""ROS messages to the values of the work, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from sitefleet_interfaces.msg import AsBuilt, Parameter

from sitefleet_robot.common.parameters import ParameterValue
from sitefleet_robot.motion.messages import pose_2d, seconds
from sitefleet_robot.motion.obstacles import LidarMount
from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.tasks.values import Order, Outcome, Pose3, Record, Scan, WorkTarget


def order_of(task: Any) -> Order:
    """A Task message as a value."""
    return Order(
        task_id=task.task_id,
        attempt=task.attempt,
        trade=task.trade,
        work_item_id=task.work_item_id,
        ifc_guid=task.ifc_guid,
        zone_id=task.zone_id,
        map_id=task.map_id,
        targets=tuple(_target(t) for t in task.targets),
        parameters={p.name: _value(p) for p in task.parameters},
        tolerance=task.tolerance,
    )


def _target(message: Any) -> WorkTarget:
    p, q = message.pose.position, message.pose.orientation
    pose = Pose3(p.x, p.y, p.z, q.x, q.y, q.z, q.w)
    return WorkTarget(message.index, message.node_id, pose_2d(message.stance), message.heading_free, pose)


def _value(message: Any) -> ParameterValue:
    if message.type == Parameter.BOOL:
        return bool(message.bool_value)
    if message.type == Parameter.INTEGER:
        return int(message.integer_value)
    if message.type == Parameter.DOUBLE:
        return float(message.double_value)
    return str(message.string_value)


def as_built_of(record: Record, order: Order, robot_id: str) -> Any:
    """A record as an AsBuilt message."""
    message = AsBuilt(
        robot_id=robot_id,
        task_id=order.task_id,
        attempt=order.attempt,
        work_item_id=order.work_item_id,
        ifc_guid=order.ifc_guid,
        target_index=record.target_index,
        outcome=AsBuilt.DONE if record.outcome is Outcome.DONE else AsBuilt.DEFERRED,
        deviation=float(record.deviation),
        measured_depth=float(record.depth),
        measured_value=float(record.value),
        passed=bool(record.passed),
        reason_code=record.reason_code,
        reason=record.reason,
        instrument=record.instrument,
        evidence_uri=record.evidence_uri,
    )
    set_stamp(message.stamp, record.stamp)
    measured = record.measured
    position, orientation = message.measured_pose.position, message.measured_pose.orientation
    position.x, position.y, position.z = float(measured.x), float(measured.y), float(measured.z)
    orientation.x, orientation.y = float(measured.qx), float(measured.qy)
    orientation.z, orientation.w = float(measured.qz), float(measured.qw)
    return message


def set_stamp(stamp: Any, time: float) -> None:
    """Write s into a builtin_interfaces/Time."""
    stamp.sec = int(time)
    stamp.nanosec = int((time - int(time)) * 1e9)


def scan_of(message: Any, pose: Pose2, mount: LidarMount) -> Scan:
    """A LaserScan taken at `pose`. The lidar is taken to stand over base_link's origin but for its heading."""
    ranges = np.asarray(message.ranges, dtype=np.float64)
    valid = np.isfinite(ranges) & (ranges >= message.range_min) & (ranges <= message.range_max)
    angles = message.angle_min + mount.yaw + message.angle_increment * np.arange(len(ranges))
    return Scan(seconds(message.header.stamp), pose, np.where(valid, ranges, np.nan), angles, message.range_max)
