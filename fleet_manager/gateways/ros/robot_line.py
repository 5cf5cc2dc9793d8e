"""Lines to one robot's motion and executor: its route, its task server. Used in the ROS thread only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sitefleet_interfaces.action import ExecuteTask
from sitefleet_interfaces.msg import Route

from fleet_manager.domain.fleet import (
    AttemptEnded,
    FleetNews,
    GoalAnswered,
    GoalUndelivered,
    RecordSeen,
    TaskGoal,
)
from fleet_manager.domain.jobs import ExecuteOutcome
from fleet_manager.domain.work import AsBuiltRecord
from fleet_manager.gateways.ros.messages import UnusableMessageError, record_from, route_to, task_to
from fleet_manager.traffic import RoutePlan

ROUTE_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class RobotLine:
    """Publishers and clients of one robot. `tell` takes news for operations; it must be thread-safe."""

    def __init__(self, node: Node, robot_id: str, tell: Callable[[FleetNews], None]) -> None:
        self._node = node
        self._robot_id = robot_id
        self._tell = tell
        self._routes = node.create_publisher(Route, f"/{robot_id}/route", ROUTE_QOS)
        self._tasks = ActionClient(node, ExecuteTask, f"/{robot_id}/execute_task")
        self._handles: dict[tuple[str, int], Any] = {}
        self._newest: dict[tuple[str, int], int] = {}
        """Number of the newest goal sent for an attempt: a newer one takes over, an older one's end means nothing."""
        self._cancel_wanted: set[tuple[str, int]] = set()
        self._count = 0

    def publish(self, plan: RoutePlan) -> None:
        """Latched, so that a robot that comes late gets its newest route."""
        self._routes.publish(route_to(plan, self._node.get_clock().now().to_msg()))

    # -- tasks

    def send(self, goal: TaskGoal) -> None:
        """Send, or join the work in hand."""
        if not self._tasks.server_is_ready():
            self._undelivered(goal, f"no task server at /{self._robot_id}/execute_task")
            return
        self._count += 1
        number = self._newest[goal.key] = self._count
        future = self._tasks.send_goal_async(
            ExecuteTask.Goal(task=task_to(goal)), feedback_callback=lambda m: self._records(m.feedback.as_built)
        )
        future.add_done_callback(lambda f: self._answered(goal, number, f))

    def cancel(self, goal: TaskGoal) -> None:
        """Ask for the end of the attempt; without a handle, join it first."""
        handle = self._handles.get(goal.key)
        if handle is None:
            self._cancel_wanted.add(goal.key)
            self.send(goal)
        else:
            self._cancel(goal, handle)

    def _cancel(self, goal: TaskGoal, handle: Any) -> None:
        def answered(future: Any) -> None:
            if not future.result().goals_canceling and self._handles.get(goal.key) is handle:
                # The server does not know this handle any more: the next cancel joins anew.
                del self._handles[goal.key]
                self._undelivered(goal, "the task server does not know the goal")

        handle.cancel_goal_async().add_done_callback(answered)

    def _answered(self, goal: TaskGoal, number: int, future: Any) -> None:
        if self._newest.get(goal.key) != number:
            return
        handle = future.result()
        self._tell(GoalAnswered(goal.robot_id, *goal.key, accepted=bool(handle.accepted)))
        if not handle.accepted:
            return
        self._handles[goal.key] = handle
        handle.get_result_async().add_done_callback(lambda f: self._ended(goal, number, f))
        if goal.key in self._cancel_wanted:
            self._cancel_wanted.discard(goal.key)
            self._cancel(goal, handle)

    def _ended(self, goal: TaskGoal, number: int, future: Any) -> None:
        result = future.result().result
        records = self._records(result.as_built)
        if self._newest.get(goal.key) != number:
            return
        self._handles.pop(goal.key, None)
        if result.outcome == ExecuteOutcome.SUPERSEDED:
            self._undelivered(goal, "somebody else joined the attempt")
            return
        del self._newest[goal.key]
        self._cancel_wanted.discard(goal.key)
        self._tell(AttemptEnded(goal.robot_id, *goal.key, int(result.outcome), result.message, records))

    def _records(self, messages: Any) -> tuple[AsBuiltRecord, ...]:
        records = []
        for message in messages:
            try:
                records.append(record_from(message))
            except UnusableMessageError as error:
                self._node.get_logger().error(str(error))
        for record in records:
            self._tell(RecordSeen(record))
        return tuple(records)

    def _undelivered(self, goal: TaskGoal, reason: str) -> None:
        self._tell(GoalUndelivered(goal.robot_id, *goal.key, reason=reason))
