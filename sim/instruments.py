"""The site's simulated total station as a process, the same beside either simulator.

`python -m sim.instruments --robot drill_1:driller --seed 1` publishes `/drill_1/fix` and serves
`/instruments/measure_point`. The simulators' world frame is the site's frame `map`.
"""

from __future__ import annotations

import argparse
import functools
import logging
import math
import sys
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState
from sitefleet_interfaces.srv import MeasurePoint

from sim.expand import expand_model
from sim.paths import model_file
from sim.sdf import Model, SdfError, read_model
from sim.sdf.transform import Transform, rotation_from_quaternion
from sim.spinning import spin_until_signal
from sim.total_station import (
    FIX_STDDEV,
    HEADING_STDDEV,
    POINT_STDDEV,
    Fix,
    NotMeasurableError,
    TotalStation,
    TrackedRobot,
)

log = logging.getLogger("sim.instruments")

INSTRUMENT = "total_station_1"
MAP = "map"


class InstrumentsNode(Node):
    """Ground truth in, fixes and measured points out."""

    def __init__(self, models: dict[str, Model], seed: int, outages: list[tuple[float, float]]) -> None:
        """Track these robots."""
        # Every stamp here is that of a ground truth: listening to /clock would only cost time.
        super().__init__("instruments", parameter_overrides=[Parameter("use_sim_time", value=False)])
        self._station = TotalStation(models, seed, outages=outages)
        self._seen: dict[str, TrackedRobot] = {}
        self._joints: dict[str, dict[str, float]] = {robot: {} for robot in models}
        self._fixes = {robot: self.create_publisher(PoseWithCovarianceStamped, f"/{robot}/fix", 5) for robot in models}
        for robot in models:
            self.create_subscription(Odometry, f"/{robot}/ground_truth", functools.partial(self._on_truth, robot), 5)
            self.create_subscription(JointState, f"/{robot}/joint_states", functools.partial(self._on_joints, robot), 5)
        self.create_service(MeasurePoint, "/instruments/measure_point", self._on_measure)

    def _on_truth(self, robot: str, message: Odometry) -> None:
        position, q = message.pose.pose.position, message.pose.pose.orientation
        twist = message.twist.twist
        base = Transform(rotation_from_quaternion(q.w, q.x, q.y, q.z), np.array([position.x, position.y, position.z]))
        stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        seen = TrackedRobot(base, math.hypot(twist.linear.x, twist.linear.y), twist.angular.z, stamp)
        self._seen[robot] = seen
        fix = self._station.fix(robot, seen)
        if fix is not None:
            self._fixes[robot].publish(_fix_message(fix, message.header.stamp))

    def _on_joints(self, robot: str, message: JointState) -> None:
        self._joints[robot] = dict(zip(message.name, message.position, strict=False))

    def _on_measure(self, request: Any, response: Any) -> Any:
        point = np.array([request.point.x, request.point.y, request.point.z])
        robot = request.robot_id
        seen = self._seen.get(robot)
        if seen is not None:
            response.stamp.sec, response.stamp.nanosec = divmod(round(seen.stamp * 1e9), 1_000_000_000)
        response.instrument = INSTRUMENT
        try:
            place = self._station.measure(robot, request.frame_id, point, seen, self._joints.get(robot, {}))
        except NotMeasurableError as error:
            response.success, response.message = False, str(error)
            return response
        response.success = True
        response.standard_deviation = POINT_STDDEV
        response.position.x, response.position.y, response.position.z = (float(value) for value in place)
        return response


def _fix_message(fix: Fix, stamp: Any) -> PoseWithCovarianceStamped:
    message = PoseWithCovarianceStamped()
    message.header.stamp = stamp
    message.header.frame_id = MAP
    pose = message.pose.pose
    pose.position.x, pose.position.y = fix.x, fix.y
    pose.orientation.w, pose.orientation.z = math.cos(fix.yaw / 2), math.sin(fix.yaw / 2)
    message.pose.covariance[0] = message.pose.covariance[7] = FIX_STDDEV**2
    message.pose.covariance[35] = HEADING_STDDEV**2
    return message


def _robot(text: str) -> tuple[str, Model]:
    name, colon, model = text.partition(":")
    if not colon:
        raise ValueError(f"--robot {text}: expected ID:MODEL")
    return name, read_model(model_file(model), expand_model(model, name))


def _outage(text: str) -> tuple[float, float]:
    start, _, end = text.partition(":")
    return float(start), float(end)


def main(arguments: list[str] | None = None) -> int:
    """Run the process until SIGINT or SIGTERM; 2 for options that cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="sim.instruments", description="Simulated total station.")
    parser.add_argument("--robot", action="append", default=[], metavar="ID:MODEL")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--outage", action="append", default=[], metavar="START:END", help="s of simulated time")
    given = ["instruments", *(sys.argv[1:] if arguments is None else arguments)]
    rclpy.init(args=given, signal_handler_options=SignalHandlerOptions.NO)
    try:
        options = parser.parse_args(rclpy.utilities.remove_ros_args(given)[1:])
        models = dict(_robot(text) for text in options.robot)
        outages = [_outage(text) for text in options.outage]
    except (ValueError, SdfError) as error:
        log.error("%s", error)
        rclpy.try_shutdown()
        return 2
    return spin_until_signal(InstrumentsNode(models, options.seed, outages))


if __name__ == "__main__":
    raise SystemExit(main())
