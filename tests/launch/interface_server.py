"""The other side of test_interfaces_over_dds: answers one service, one action and republishes one message."""

from __future__ import annotations

import signal
from typing import Any

import rclpy
from rclpy.action import ActionServer
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from sitefleet_interfaces.action import ExecuteTask
from sitefleet_interfaces.msg import AsBuilt, Route
from sitefleet_interfaces.srv import MeasurePoint


class InterfaceServer(Node):  # type: ignore[misc]
    """Echoes what it is sent, so that every field has been through DDS twice."""

    def __init__(self) -> None:
        super().__init__("interface_server")
        self._echo = self.create_publisher(Route, "route_echo", 10)
        self.create_subscription(Route, "route", self._echo.publish, 10)
        self.create_service(MeasurePoint, "/instruments/measure_point", self._measure)
        self._action = ActionServer(self, ExecuteTask, "execute_task", self._execute)

    def _measure(self, request: Any, response: Any) -> Any:
        response.success = True
        response.position = request.point
        response.instrument = f"{request.robot_id}:{request.frame_id}"
        return response

    def _execute(self, goal: Any) -> Any:
        task = goal.request.task
        records = [
            AsBuilt(task_id=task.task_id, attempt=task.attempt, target_index=target.index, outcome=AsBuilt.DONE)
            for target in task.targets
        ]
        goal.publish_feedback(ExecuteTask.Feedback(progress=1.0, phase="drilling", as_built=records))
        goal.succeed()
        return ExecuteTask.Result(outcome=ExecuteTask.Result.SUCCEEDED, as_built=records)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    rclpy.init()
    signal.signal(signal.SIGTERM, lambda *_: rclpy.try_shutdown())
    executor = SingleThreadedExecutor()
    executor.add_node(InterfaceServer())
    try:
        while rclpy.ok():
            executor.spin_once(timeout_sec=0.2)
    except (ExternalShutdownException, KeyboardInterrupt):
        pass


if __name__ == "__main__":
    main()
