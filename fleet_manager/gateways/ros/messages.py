"""Messages of sitefleet_interfaces to domain values and back. Those of zones and permits are in `zones.py`."""

from __future__ import annotations

import math
from typing import Any

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Pose
from sitefleet_interfaces.msg import AsBuilt, Parameter, Route, RouteNode, Target
from sitefleet_interfaces.msg import Task as TaskMessage

from fleet_manager.domain.fleet import SafetyEventSeen, TaskGoal
from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.domain.work import AsBuiltRecord, Outcome, ParameterValue, WorkTarget
from fleet_manager.traffic import RoutePlan

_OUTCOMES = {AsBuilt.DONE: Outcome.DONE, AsBuilt.DEFERRED: Outcome.DEFERRED}


class UnusableMessageError(ValueError):
    """A message whose content cannot be worked with; the text says what is wrong."""


def seconds(stamp: Time) -> float:
    """s of a ROS time."""
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def yaw_of(pose: Pose) -> float:
    """Heading of an upright body, rad."""
    q = pose.orientation
    return math.atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z))


def factsheet_from(message: Any) -> RobotFactsheet:
    """From Factsheet."""
    return RobotFactsheet(
        robot_id=message.robot_id,
        model=message.model,
        map_id=message.map_id,
        trades=tuple(message.trades),
        length=message.length,
        width=message.width,
        half_width=message.half_width,
        turning_radius=message.turning_radius,
        max_speed=message.max_speed,
        max_payload=message.max_payload,
        reach_min=message.reach_min,
        reach_max=message.reach_max,
        battery_reserve=message.battery_reserve,
        home_node=message.home_node,
        software_version=message.software_version,
    )


def snapshot_from(message: Any) -> RobotSnapshot:
    """From RobotState. Raises UnusableMessageError for a pose that is not finite or a state nobody knows.

    A battery that is not known counts as empty: such a robot goes home and gets no work.
    """
    pose = message.pose.pose
    yaw = yaw_of(pose)
    if not all(map(math.isfinite, (pose.position.x, pose.position.y, yaw))):
        raise UnusableMessageError(f"state of {message.robot_id!r} has a pose that is not finite")
    try:
        safety = SafetyMode(message.safety_state)
    except ValueError as error:
        raise UnusableMessageError(f"{message.robot_id!r} names safety state {message.safety_state}") from error
    twist = message.twist.linear
    return RobotSnapshot(
        robot_id=message.robot_id,
        pose=Pose2(pose.position.x, pose.position.y, yaw),
        battery=_finite(message.battery),
        charging=message.charging,
        safety=safety,
        safety_reason=message.safety_reason,
        route_id=message.route_id,
        route_update_id=message.route_update_id,
        last_sequence_id=message.last_sequence_id,
        base_node_ids=tuple(message.base_node_ids),
        at_base_end=message.at_base_end,
        node_id=message.node_id,
        obstructed=message.obstructed,
        obstruction=message.obstruction,
        task_id=message.task_id,
        attempt=message.attempt,
        phase=message.phase,
        progress=_finite(message.progress),
        goal_node=message.goal_node,
        targets_done=tuple(message.targets_done),
        distance_driven=_finite(message.distance_driven),
        time_driving=_finite(message.time_driving),
        time_working=_finite(message.time_working),
        speed=_finite(math.hypot(twist.x, twist.y)),
        errors=tuple(message.errors),
        stamp=seconds(message.header.stamp),
    )


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def record_from(message: Any) -> AsBuiltRecord:
    """From AsBuilt. Raises UnusableMessageError for an outcome nobody knows."""
    outcome = _OUTCOMES.get(message.outcome)
    if outcome is None:
        raise UnusableMessageError(f"as-built record of {message.robot_id!r} with outcome {message.outcome}")
    return AsBuiltRecord(
        task_id=message.task_id,
        attempt=message.attempt,
        robot_id=message.robot_id,
        work_item_id=message.work_item_id,
        ifc_guid=message.ifc_guid,
        target_index=message.target_index,
        outcome=outcome,
        measured=pose3_from(message.measured_pose),
        deviation=message.deviation,
        measured_depth=message.measured_depth,
        measured_value=message.measured_value,
        passed=message.passed,
        reason_code=message.reason_code,
        reason=message.reason,
        instrument=message.instrument,
        evidence_uri=message.evidence_uri,
        stamp=seconds(message.stamp),
    )


def safety_event_from(message: Any) -> SafetyEventSeen:
    """From SafetyEvent; what people look at first goes along as data. Raises UnusableMessageError without an id."""
    if not message.event_id or not message.robot_id:
        raise UnusableMessageError(f"safety event without id or robot from {message.robot_id!r}")
    data: dict[str, object] = {
        "seq": message.seq,
        "trigger": message.trigger,
        "mode": message.mode,
        "zone_id": message.zone_id,
        "x": _known(message.pose.position.x),
        "y": _known(message.pose.position.y),
        "min_separation": _known(message.min_separation),
        "stop_latency_ms": _known(message.stop_latency_ms),
        "stop_distance": _known(message.stop_distance),
        "people": message.people,
    }
    record = plain(message)
    assert isinstance(record, dict)
    return SafetyEventSeen(
        robot_id=message.robot_id,
        event_id=message.event_id,
        event_class=message.event_class,
        severity=min(message.severity, 3),
        task_id=message.task_id,
        message=message.narrative or message.trigger,
        data=data,
        seq=message.seq,
        record=record,
    )


def plain(value: Any) -> Any:
    """A message as it stands in records: fields by name, NaN and infinity as null (JSON knows neither)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, bytes):
        return list(value)
    if hasattr(value, "get_fields_and_field_types"):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    return [plain(item) for item in (value.tolist() if hasattr(value, "tolist") else value)]


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def pose3_from(message: Pose) -> Pose3:
    """From Pose."""
    p, q = message.position, message.orientation
    return Pose3(p.x, p.y, p.z, q.x, q.y, q.z, q.w)


def pose3_to(pose: Pose3) -> Pose:
    """To Pose."""
    message = Pose()
    message.position.x, message.position.y, message.position.z = pose.x, pose.y, pose.z
    q = message.orientation
    q.x, q.y, q.z, q.w = pose.qx, pose.qy, pose.qz, pose.qw
    return message


def pose2_to(pose: Pose2) -> Pose:
    """To Pose, upright on the floor."""
    half = 0.5 * pose.yaw
    return pose3_to(Pose3(pose.x, pose.y, 0.0, 0.0, 0.0, math.sin(half), math.cos(half)))


def task_to(goal: TaskGoal) -> TaskMessage:
    """To Task."""
    return TaskMessage(
        task_id=goal.task_id,
        attempt=goal.attempt,
        trade=goal.trade,
        work_item_id=goal.work_item_id,
        ifc_guid=goal.ifc_guid,
        zone_id=goal.zone_id,
        map_id=goal.map_id,
        targets=[target_to(t) for t in goal.targets],
        parameters=[parameter_to(name, value) for name, value in sorted(goal.parameters.items())],
        tolerance=float(goal.tolerance),
    )


def target_to(target: WorkTarget) -> Target:
    """To Target."""
    return Target(
        index=target.index,
        node_id=target.node_id,
        stance=pose2_to(target.stance),
        heading_free=target.heading_free,
        pose=pose3_to(target.pose),
    )


def parameter_to(name: str, value: ParameterValue) -> Parameter:
    """To Parameter; a bool is not an integer here."""
    if isinstance(value, bool):
        return Parameter(name=name, type=Parameter.BOOL, bool_value=value)
    if isinstance(value, int):
        # Lengths and masses are written without a point now and then; robots read both.
        return Parameter(name=name, type=Parameter.INTEGER, integer_value=value, double_value=float(value))
    if isinstance(value, float):
        return Parameter(name=name, type=Parameter.DOUBLE, double_value=value)
    return Parameter(name=name, type=Parameter.STRING, string_value=value)


def route_to(plan: RoutePlan, stamp: Time) -> Route:
    """To Route."""
    route = Route(route_id=plan.route_id, update_id=plan.update_id, released_up_to=plan.released_up_to)
    route.header.frame_id = "map"
    route.header.stamp = stamp
    route.nodes = [
        RouteNode(
            sequence_id=s.sequence_id,
            node_id=s.node_id,
            x=s.x,
            y=s.y,
            max_speed=s.max_speed,
            allowed_deviation=s.allowed_deviation,
        )
        for s in plan.steps
    ]
    return route
