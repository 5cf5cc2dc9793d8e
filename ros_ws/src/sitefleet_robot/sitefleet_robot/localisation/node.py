"""The localisation node: odometry and fixes in, `pose` out at each odometry message."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry

from sitefleet_robot.common import qos
from sitefleet_robot.common.diagnostics import Health, Level
from sitefleet_robot.common.geometry import set_yaw, yaw_of
from sitefleet_robot.common.lifecycle import RobotLifecycleNode
from sitefleet_robot.common.parameters import Parameters, ParameterSpec
from sitefleet_robot.localisation.ekf import Fix, MotionNoise
from sitefleet_robot.localisation.estimator import EstimatorSettings, PoseEstimator, Quality

PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec("distance_noise", 0.006, "Odometry's error of distance a root of m", "m/sqrt(m)", 0.0, 0.5),
    ParameterSpec("sideways_noise", 0.003, "Odometry's error to the side a root of m", "m/sqrt(m)", 0.0, 0.5),
    ParameterSpec("turn_noise", 0.025, "Odometry's error of heading a root of m", "rad/sqrt(m)", 0.0, 1.0),
    ParameterSpec("turn_noise_by_turn", 0.012, "Odometry's error of heading a root of rad", "rad/sqrt(rad)", 0.0, 1.0),
    ParameterSpec("distance_noise_by_turn", 0.002, "Odometry's shift a root of rad turned", "m/sqrt(rad)", 0.0, 0.5),
    ParameterSpec("standing_noise", 0.0002, "What a standing robot may move a root of s", "m/sqrt(s)", 1e-6, 0.1),
    ParameterSpec("scale_sigma", 0.005, "Scale error of the odometry's distance at the start", "", 0.0, 0.2),
    ParameterSpec("curve_sigma", 0.02, "Turn that the odometry misses at the start", "rad/m", 0.0, 0.5),
    ParameterSpec("history", 2.0, "How late a fix may be", "s", 0.1, 30.0),
    ParameterSpec("gate", 16.3, "Squared Mahalanobis distance of an outlier", "", 4.0, 100.0),
    ParameterSpec("outliers_lost", 10, "Outliers in a row after which the pose is lost", "", 2, 1000),
    ParameterSpec("fix_min_sigma", 0.0005, "Standard deviation that a fix is not believed to beat", "m", 1e-5, 0.1),
    ParameterSpec("good_sigma", 0.02, "Position's standard deviation of a good pose, at most", "m", 0.001, 1.0),
    ParameterSpec("good_yaw_sigma", 0.03, "Heading's standard deviation of a good pose, at most", "rad", 0.001, 1.0),
    ParameterSpec("lost_sigma", 0.30, "Position's standard deviation of a lost pose, at least", "m", 0.01, 2.0),
    ParameterSpec("lost_yaw_sigma", 0.30, "Heading's standard deviation of a lost pose, at least", "rad", 0.01, 3.0),
)

LOST_SIGMA = 10.0
"""m: what the covariance of a lost pose says at least, so that nobody relies on it."""
MAX_YAW_VARIANCE = 1.0
"""rad^2: a fix whose heading is worse than this, or zero, measured the position only."""
_PLANAR = (0, 1, 5)
"""Rows of x, y and yaw in a 6 x 6 covariance."""


def settings_of(p: Parameters) -> EstimatorSettings:
    """The estimator's settings from the node's parameters."""
    noise = MotionNoise(
        distance=p.real("distance_noise"),
        sideways=p.real("sideways_noise"),
        turn_by_distance=p.real("turn_noise"),
        turn_by_turn=p.real("turn_noise_by_turn"),
        distance_by_turn=p.real("distance_noise_by_turn"),
        standing=p.real("standing_noise"),
        scale_sigma=p.real("scale_sigma"),
        curve_sigma=p.real("curve_sigma"),
    )
    return EstimatorSettings(
        noise=noise,
        history=p.real("history"),
        gate=p.real("gate"),
        outliers_lost=p.integer("outliers_lost"),
        good_sigma=p.real("good_sigma"),
        good_yaw_sigma=p.real("good_yaw_sigma"),
        lost_sigma=p.real("lost_sigma"),
        lost_yaw_sigma=p.real("lost_yaw_sigma"),
    )


def seconds(stamp: Time) -> float:
    """A stamp in s."""
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def fix_of(message: PoseWithCovarianceStamped, min_sigma: float) -> Fix:
    """A fix from its message; standard deviations below `min_sigma` m are not believed."""
    pose = message.pose.pose
    full = np.asarray(message.pose.covariance, dtype=np.float64).reshape(6, 6)
    covariance = full[np.ix_(_PLANAR, _PLANAR)]
    has_yaw = 0.0 < covariance[2, 2] < MAX_YAW_VARIANCE
    if not has_yaw:
        covariance[2, :] = covariance[:, 2] = 0.0
        covariance[2, 2] = MAX_YAW_VARIANCE
    for axis in (0, 1):
        covariance[axis, axis] = max(covariance[axis, axis], min_sigma**2)
    return Fix(
        seconds(message.header.stamp), pose.position.x, pose.position.y, yaw_of(pose.orientation), covariance, has_yaw
    )


class LocalisationNode(RobotLifecycleNode):
    """Publishes `pose` (frame map) with the stamp of each odometry message, from the first fix on."""

    PARAMETERS: ClassVar[Sequence[ParameterSpec]] = PARAMETERS

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("localisation", **node_arguments)

    def configure(self) -> None:
        """Subscribe and make the publisher."""
        self.estimator = PoseEstimator(settings_of(self.params))
        self._publisher = self.create_publisher(PoseWithCovarianceStamped, "pose", qos.STREAM)
        self._subscriptions_made = [
            self.create_subscription(Odometry, "odom", self._on_odometry, qos.STREAM),
            self.create_subscription(PoseWithCovarianceStamped, "fix", self._on_fix, qos.STREAM),
        ]

    def cleanup(self) -> None:
        """Undo `configure`."""
        for subscription in self._subscriptions_made:
            self.destroy_subscription(subscription)
        self.destroy_publisher(self._publisher)

    def health(self) -> Health:
        """Quality of the pose, its uncertainty, and what became of the fixes."""
        if not self.active:
            return super().health()
        belief, quality = self.estimator.belief, self.estimator.quality
        values: dict[str, object] = dict(sorted(self.estimator.counts.items()))
        if belief is None:
            return Health(Level.ERROR, "no pose: waits for odometry and a first fix with a heading", values)
        values |= {"sigma [m]": belief.sigma, "yaw sigma [rad]": belief.yaw_sigma}
        level = {Quality.GOOD: Level.OK, Quality.DEGRADED: Level.WARN, Quality.LOST: Level.ERROR}[quality]
        return Health(level, f"pose is {quality.value}", values)

    def _on_odometry(self, message: Odometry) -> None:
        pose = message.pose.pose
        odom = (pose.position.x, pose.position.y, yaw_of(pose.orientation))
        self.estimator.odometry(seconds(message.header.stamp), odom)
        belief = self.estimator.belief
        if self.active and belief is not None:
            self._publish(message.header.stamp)

    def _on_fix(self, message: PoseWithCovarianceStamped) -> None:
        self.estimator.fix(fix_of(message, self.params.real("fix_min_sigma")))

    def _publish(self, stamp: Time) -> None:
        belief = self.estimator.belief
        if belief is None:
            return
        message = PoseWithCovarianceStamped()
        message.header.stamp = stamp
        message.header.frame_id = "map"
        x, y, yaw = belief.pose
        message.pose.pose.position.x, message.pose.pose.position.y = x, y
        set_yaw(message.pose.pose.orientation, yaw)
        full = np.zeros((6, 6))
        full[np.ix_(_PLANAR, _PLANAR)] = belief.covariance[:3, :3]
        if self.estimator.quality is Quality.LOST:
            full[0, 0] = full[1, 1] = max(LOST_SIGMA**2, full[0, 0], full[1, 1])
            full[5, 5] = math.pi**2
        message.pose.covariance = full.ravel()
        self._publisher.publish(message)
