"""ROS messages to the values of motion, and back."""

from __future__ import annotations

import math
from typing import Any

from sitefleet_robot.common.geometry import yaw_of
from sitefleet_robot.motion.route import RoutePoint, RouteUpdate
from sitefleet_robot.motion.values import Pose2


def route_update(message: Any) -> RouteUpdate:
    """A Route message as a value."""
    return RouteUpdate(
        message.route_id,
        message.update_id,
        tuple(
            RoutePoint(n.sequence_id, n.node_id, n.x, n.y, n.max_speed, n.allowed_deviation, message.route_id)
            for n in message.nodes
        ),
        message.released_up_to,
    )


def pose_2d(message: Any) -> Pose2:
    """A geometry_msgs/Pose in the plane."""
    position = message.position
    return Pose2(position.x, position.y, yaw_of(message.orientation))


def position_sigma(covariance: Any) -> float:
    """Standard deviation of the position along its worst direction, m, of a 6x6 pose covariance in row order."""
    xx, xy, yy = covariance[0], covariance[1], covariance[7]
    return math.sqrt(max(0.0, 0.5 * (xx + yy) + math.hypot(0.5 * (xx - yy), xy)))


def seconds(stamp: Any) -> float:
    """builtin_interfaces/Time in s."""
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)
