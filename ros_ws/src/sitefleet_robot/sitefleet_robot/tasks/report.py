"""What the executor tells the fleet: factsheet, robot state, and the totals in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sitefleet_interfaces.msg import Factsheet, RobotState

from sitefleet_robot.common.geometry import set_yaw
from sitefleet_robot.common.parameters import Parameters
from sitefleet_robot.common.robot import RobotShape
from sitefleet_robot.motion.port import MotionView
from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.tasks.executor import TaskExecutor
from sitefleet_robot.tasks.messages import set_stamp
from sitefleet_robot.tasks.parameters import names

STEP = 0.05
"""m that count as driven at once: what is shorter may be the noise of a robot at rest."""


@dataclass
class Totals:
    """Since the start of the process: m, and s of ROS time."""

    distance: float = 0.0
    driving: float = 0.0
    working: float = 0.0
    _anchor: Pose2 | None = None
    _stamp: float | None = None

    def add(self, view: MotionView, busy: bool) -> None:
        """One pose: moving counts as driving, standing with a task as working."""
        dt = 0.0 if self._stamp is None else min(max(0.0, view.stamp - self._stamp), 1.0)
        self._stamp = view.stamp
        if view.moving:
            self.driving += dt
        elif busy:
            self.working += dt
        if self._anchor is None:
            self._anchor = view.pose
        moved = self._anchor.distance_to(view.pose.x, view.pose.y)
        if moved >= STEP:
            self.distance += moved
            self._anchor = view.pose


@dataclass
class Surroundings:
    """What the executor hears beside motion."""

    battery: float = 1.0
    charging: bool = False
    safety_state: int = 0
    safety_reason: str = ""


def factsheet(robot_id: str, params: Parameters, shape: RobotShape, cruise_speed: float) -> Any:
    """What this robot is."""
    return Factsheet(
        robot_id=robot_id,
        model=params.text("model"),
        map_id=params.text("map_id"),
        trades=list(names(params.text("trades"))),
        length=shape.length,
        width=shape.width,
        half_width=shape.half_width,
        turning_radius=shape.turning_radius,
        max_speed=min(cruise_speed, shape.max_speed),
        max_payload=params.real("max_payload"),
        reach_min=params.real("reach_min"),
        reach_max=params.real("reach_max"),
        battery_reserve=params.real("battery_reserve"),
        home_node=params.text("home_node"),
        software_version=_version(),
    )


class StateReport:
    """Fills one RobotState message again and again; `changed` says that something happened which cannot wait."""

    def __init__(self, robot_id: str, map_id: str) -> None:
        self.message = RobotState(robot_id=robot_id, map_id=map_id)
        self.message.header.frame_id = "map"
        self._key: tuple[object, ...] = ()

    def fill(self, view: MotionView, executor: TaskExecutor, around: Surroundings, totals: Totals) -> Any:
        """The message with the present state."""
        m = self.message
        set_stamp(m.header.stamp, view.stamp)
        position = m.pose.pose.position
        position.x, position.y = view.pose.x, view.pose.y
        set_yaw(m.pose.pose.orientation, view.pose.yaw)
        m.pose.covariance = view.covariance
        m.twist.linear.x, m.twist.angular.z = float(view.speed), float(view.turn_rate)
        m.battery, m.charging = around.battery, around.charging
        m.safety_state, m.safety_reason = around.safety_state, around.safety_reason
        m.route_id, m.route_update_id, m.last_sequence_id = view.route_id, view.route_update_id, view.last_sequence_id
        m.base_node_ids = list(view.base_node_ids)
        m.at_base_end, m.node_id = view.at_base_end, view.node_id
        m.obstructed, m.obstruction = view.obstructed, view.obstruction
        attempt = executor.attempt
        m.task_id = attempt.order.task_id if attempt else ""
        m.attempt = attempt.order.attempt if attempt else 0
        m.progress = float(attempt.progress) if attempt else 0.0
        m.targets_done = sorted(attempt.records) if attempt else []
        m.phase, m.goal_node = executor.wants.phase, executor.wants.goal_node
        m.distance_driven, m.time_driving, m.time_working = totals.distance, totals.driving, totals.working
        m.errors = list(_errors(view, executor))
        return m

    def changed(self, view: MotionView, executor: TaskExecutor, around: Surroundings) -> bool:
        """Whether anything but numbers has changed since the last call."""
        attempt = executor.attempt
        key = (
            view.route_id,
            view.route_update_id,
            view.base_node_ids,
            view.at_base_end,
            view.node_id,
            view.obstructed,
            view.error,
            attempt.order.key if attempt else None,
            len(attempt.records) if attempt else 0,
            executor.wants.phase,
            executor.wants.goal_node,
            executor.errors,
            around.safety_state,
            around.charging,
        )
        if key == self._key:
            return False
        self._key = key
        return True


def _errors(view: MotionView, executor: TaskExecutor) -> Sequence[str]:
    return (view.error, *executor.errors) if view.error else executor.errors


def _version() -> str:
    """Version of the installed package; empty when it runs from a folder that is not installed."""
    try:
        return version("sitefleet_robot")
    except PackageNotFoundError:
        return ""
