"""A message, a service and an action of sitefleet_interfaces between two processes, over real DDS."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rclpy
from geometry_msgs.msg import Point
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sitefleet_interfaces.action import ExecuteTask
from sitefleet_interfaces.msg import AsBuilt, Parameter, Route, RouteNode, Target, Task
from sitefleet_interfaces.srv import MeasurePoint

DEADLINE = 20.0


class Client:
    """A node with its own context and an executor that is spun by hand."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context)
        self.node = Node("interface_client", context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)

    def spin_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"no {what} within {DEADLINE} s"
            self._executor.spin_once(timeout_sec=0.1)

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def client() -> Iterator[Client]:
    server = subprocess.Popen([sys.executable, str(Path(__file__).with_name("interface_server.py"))], env=os.environ)
    side = Client()
    try:
        yield side
    finally:
        side.close()
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def test_a_route_arrives_as_it_was_sent(client: Client) -> None:
    received: list[Any] = []
    client.node.create_subscription(Route, "route_echo", received.append, 10)
    publisher = client.node.create_publisher(Route, "route", 10)
    client.spin_until(lambda: publisher.get_subscription_count() > 0, "subscriber")
    sent = Route(route_id="r1", update_id=7, released_up_to=2)
    sent.nodes = [RouteNode(sequence_id=i, node_id=f"n{i}", x=1.5 * i, y=-0.25, max_speed=0.8) for i in range(3)]

    def arrived() -> bool:
        publisher.publish(sent)
        return bool(received)

    client.spin_until(arrived, "echo of the route")
    assert received[0] == sent


def test_a_service_answers_with_what_was_asked(client: Client) -> None:
    service = client.node.create_client(MeasurePoint, "/instruments/measure_point")
    client.spin_until(service.service_is_ready, "service")
    future = service.call_async(MeasurePoint.Request(robot_id="r1", frame_id="bit", point=Point(x=1.0, y=2.0, z=2.7)))
    client.spin_until(future.done, "answer")
    assert future.result().position == Point(x=1.0, y=2.0, z=2.7)
    assert future.result().instrument == "r1:bit"


def test_an_action_gives_feedback_and_a_result_for_every_target(client: Client) -> None:
    action = ActionClient(client.node, ExecuteTask, "execute_task")
    client.spin_until(action.server_is_ready, "action server")
    task = Task(task_id="t1", attempt=2, trade="drill", tolerance=0.005)
    task.targets = [Target(index=4, node_id="s4"), Target(index=9, node_id="s9")]
    task.parameters = [Parameter(name="depth", type=Parameter.DOUBLE, double_value=0.06)]
    feedback: list[Any] = []
    accepted = action.send_goal_async(ExecuteTask.Goal(task=task), feedback_callback=feedback.append)
    client.spin_until(accepted.done, "acceptance")
    result = accepted.result().get_result_async()
    client.spin_until(lambda: result.done() and bool(feedback), "result and feedback")
    records = result.result().result.as_built
    assert [(record.target_index, record.attempt, record.outcome) for record in records] == [
        (4, 2, AsBuilt.DONE),
        (9, 2, AsBuilt.DONE),
    ]
    assert feedback[0].feedback.phase == "drilling"
    action.destroy()
