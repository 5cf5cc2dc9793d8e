"""Nodes of one process tell the same simulated time from one subscription to `/clock`."""

import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from ros_domains import session_domain
from rosgraph_msgs.msg import Clock

from sitefleet_robot.common.clock import share_clock

DOMAIN = session_domain(61)


@pytest.fixture
def context():
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    yield context
    rclpy.shutdown(context=context)


def nodes_of(context, simulated):
    return [
        Node(name, context=context, parameter_overrides=[Parameter("use_sim_time", value=simulated)])
        for name in ("first", "second", "third")
    ]


def listens(node):
    return "/clock" in [subscription.topic_name for subscription in node.subscriptions]


def test_one_node_listens_and_every_clock_follows(context):
    nodes = nodes_of(context, simulated=True)
    assert all(listens(node) for node in nodes)
    share_clock(nodes)
    assert [listens(node) for node in nodes] == [True, False, False]
    assert all(node.get_parameter("use_sim_time").value for node in nodes)
    simulator = Node("simulator", context=context)
    publisher = simulator.create_publisher(Clock, "/clock", 1)
    executor = SingleThreadedExecutor(context=context)
    for node in (*nodes, simulator):
        executor.add_node(node)
    deadline = time.monotonic() + 20.0
    for second in (5, 9):
        message = Clock()
        message.clock.sec = second
        while any(node.get_clock().now().nanoseconds != second * 10**9 for node in nodes):
            assert time.monotonic() < deadline, [node.get_clock().now().nanoseconds for node in nodes]
            publisher.publish(message)
            executor.spin_once(timeout_sec=0.05)
    executor.shutdown()
    for node in (*nodes, simulator):
        node.destroy_node()


def test_without_simulated_time_nothing_changes(context):
    nodes = nodes_of(context, simulated=False)
    share_clock(nodes)
    assert not any(listens(node) for node in nodes)
    for node in nodes:
        assert abs(node.get_clock().now().nanoseconds * 1e-9 - time.time()) < 5.0
        node.destroy_node()
