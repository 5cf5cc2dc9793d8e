"""The localisation node over DDS: lifecycle, the pose it publishes, and what it says of a lost one."""

import math
import time

import pytest
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from ros_domains import session_domain

from sitefleet_robot.common import qos
from sitefleet_robot.common.geometry import set_yaw, yaw_of
from sitefleet_robot.common.parameters import ParameterError
from sitefleet_robot.common.robot import RobotIdentityError
from sitefleet_robot.localisation.node import LocalisationNode

DOMAIN = session_domain(34)


class Bench:
    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.nodes = []
        self.node = self.add(rclpy.create_node("bench", namespace="/r1", context=self.context))
        self.odom = self.node.create_publisher(Odometry, "odom", qos.STREAM)
        self.fix = self.node.create_publisher(PoseWithCovarianceStamped, "fix", qos.STREAM)
        self.poses, self.health = [], []
        self.node.create_subscription(PoseWithCovarianceStamped, "pose", self.poses.append, qos.STREAM)
        self.node.create_subscription(DiagnosticArray, "diagnostics", self.health.append, qos.DIAGNOSTICS)

    def add(self, node):
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def localisation(self, namespace="/r1", **parameters) -> LocalisationNode:
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = LocalisationNode(namespace=namespace, context=self.context, parameter_overrides=overrides)
        return self.add(node)

    def until(self, condition, limit=10.0) -> None:
        end = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < end, "not in time"
            self.executor.spin_once(timeout_sec=0.01)

    def send(self, stamp: float, x: float, fix: float | None = None, yaw: float = 0.5, answered: bool = True) -> None:
        """Odometry and perhaps a fix; where they are to be answered by a pose, wait for it."""
        when = Time(sec=int(stamp), nanosec=round((stamp % 1) * 1e9))
        odom = Odometry()
        odom.header.stamp = when
        odom.pose.pose.position.x = x
        before = len(self.poses)
        if fix is not None:
            message = PoseWithCovarianceStamped()
            message.header.stamp = when
            message.pose.pose.position.x = fix
            set_yaw(message.pose.pose.orientation, yaw)
            message.pose.covariance[0] = message.pose.covariance[7] = 4e-6
            message.pose.covariance[35] = 4e-6
            self.fix.publish(message)
        self.odom.publish(odom)
        end = time.monotonic() + (5.0 if answered else 0.1)
        while len(self.poses) == before and time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)

    def close(self) -> None:
        self.executor.shutdown()
        for node in self.nodes:
            node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    it = Bench()
    yield it
    it.close()


def test_it_publishes_a_pose_with_the_stamp_of_each_odometry_from_the_first_fix_on(bench):
    node = bench.localisation()
    node.autostart()
    assert node.active
    bench.until(lambda: bench.odom.get_subscription_count() and bench.fix.get_subscription_count())
    for k in range(3):
        bench.send(100.0 + 0.05 * k, 0.0, answered=False)
    assert not bench.poses
    for k in range(3, 30):
        bench.send(100.0 + 0.05 * k, 0.0, fix=7.0)
    assert len(bench.poses) > 10
    pose = bench.poses[-1]
    assert pose.header.frame_id == "map"
    assert pose.header.stamp.sec + 1e-9 * pose.header.stamp.nanosec == pytest.approx(101.45, abs=0.11)
    assert pose.pose.pose.position.x == pytest.approx(7.0, abs=1e-6)
    assert yaw_of(pose.pose.pose.orientation) == pytest.approx(0.5, abs=1e-6)
    assert 0.0 < math.sqrt(pose.pose.covariance[0]) < 0.0015


def test_a_lost_pose_says_that_nobody_may_rely_on_it(bench):
    node = bench.localisation(outliers_lost=3)
    node.autostart()
    bench.until(lambda: bench.odom.get_subscription_count() and bench.fix.get_subscription_count())
    for k in range(20):
        bench.send(100.0 + 0.05 * k, 0.0, fix=7.0)
    for k in range(20, 30):
        bench.send(100.0 + 0.05 * k, 0.01 * k, fix=9.0)
    assert math.sqrt(bench.poses[-1].pose.covariance[0]) >= 10.0
    bench.health.clear()
    bench.until(lambda: any(s.message == "pose is lost" for m in bench.health for s in m.status), 5.0)


def test_an_inactive_node_is_silent_and_can_be_activated_again(bench):
    node = bench.localisation(autostart=False)
    node.autostart()
    assert not node.active
    node.trigger_configure()
    bench.until(lambda: bench.odom.get_subscription_count() and bench.fix.get_subscription_count())
    for k in range(6):
        bench.send(100.0 + 0.05 * k, 0.0, fix=7.0, answered=False)
    assert not bench.poses
    node.trigger_activate()
    bench.send(101.0, 0.0, answered=False)
    bench.until(lambda: bench.poses)
    node.trigger_deactivate()
    node.trigger_cleanup()
    node.trigger_configure()
    node.trigger_activate()
    assert node.active


def test_wrong_parameters_and_a_missing_namespace_are_errors_at_the_start(bench):
    with pytest.raises(ParameterError, match=r"/r1/localisation: gaet: unknown parameter"):
        bench.localisation(gaet=3.0)
    with pytest.raises(ParameterError, match=r"gate: 1000.0 is outside of 4.0 to 100.0"):
        bench.localisation(gate=1000.0)
    with pytest.raises(RobotIdentityError, match="namespace"):
        bench.localisation(namespace="/")
