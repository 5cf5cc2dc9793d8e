"""The motion node: proposes a velocity for each pose, and never leaves the supervisor without a fresh proposal."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from geometry_msgs.msg import PoseWithCovarianceStamped, TwistStamped
from sensor_msgs.msg import LaserScan
from sitefleet_interfaces.msg import RobotState, Route, SafetyState

from sitefleet_robot.common import qos
from sitefleet_robot.common.diagnostics import Health, Level
from sitefleet_robot.common.lifecycle import RobotLifecycleNode
from sitefleet_robot.common.timers import every
from sitefleet_robot.motion import parameters as config
from sitefleet_robot.motion.follower import Follower
from sitefleet_robot.motion.messages import pose_2d, position_sigma, route_update, seconds
from sitefleet_robot.motion.obstacles import Array, LidarMount, ScanGeometry
from sitefleet_robot.motion.pilot import Pilot
from sitefleet_robot.motion.port import Alignment, MotionView
from sitefleet_robot.motion.positioning import Stance
from sitefleet_robot.motion.route import RouteRefused, RouteUpdate
from sitefleet_robot.motion.strangers import Plan
from sitefleet_robot.motion.values import STAND, Drive, Pose2, clamp
from sitefleet_robot.sitemap import MapError, SiteMap

KEEP_ALIVE = 0.05
"""s of wall time after which a proposal is repeated: the supervisor's watchdog counts wall time."""
REPEAT_LIMIT = 0.6
"""s of wall time without a pose after which the robot is proposed to stand."""
DELAY_LIMIT = 0.4
"""s of ROS time up to which a late pose is predicted forward."""


class MotionNode(RobotLifecycleNode):
    """Follows the released route and positions the robot; serves `MotionPort` to the executor of its process."""

    PARAMETERS: ClassVar = config.MOTION_PARAMETERS

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("motion", **node_arguments)
        limits = config.drive_limits(self.params, self.shape)
        outline = config.footprint(self.shape)
        self._drive_lag = self.params.real("drive_lag")
        follower = Follower(limits, outline, config.follower_tuning(self.params))
        corridor = self.shape.half_width + self.params.real("corridor_margin")
        self.pilot = Pilot(follower, config.positioning_tuning(self.params), limits, corridor)
        self.pilot.lock = ""
        p = self.params
        mount = LidarMount(p.real("lidar_x"), p.real("lidar_y"), p.real("lidar_yaw"))
        self._geometry = ScanGeometry(mount, outline)
        self._auto = self._protective = False
        self._pending: RouteUpdate | None = None
        self._view: MotionView | None = None
        self._drive = STAND
        self._message = TwistStamped()
        self._message.header.frame_id = "base_link"
        self._listeners: list[Callable[[MotionView], None]] = []
        self._pose_wall = self._sent_wall = -math.inf

    # MotionPort ------------------------------------------------------------------------------------------------

    def view(self) -> MotionView | None:
        """Newest state; None before the first pose."""
        return self._view

    def pose_age(self) -> float:
        """s of wall time since the last pose."""
        return time.monotonic() - self._pose_wall

    def align(self, stance: Stance) -> Alignment:
        """Start fine positioning."""
        return self.pilot.align(stance)

    def cancel_alignment(self) -> None:
        """Give the wheels back to the route."""
        self.pilot.cancel_alignment()

    def lock_drive(self, reason: str) -> None:
        """Do not follow the route for this reason; empty: do."""
        self.pilot.lock = reason

    def on_step(self, callback: Callable[[MotionView], None]) -> None:
        """Call this after each pose."""
        self._listeners.append(callback)

    # node ------------------------------------------------------------------------------------------------------

    def configure(self) -> None:
        """Publishers, subscriptions and the keep-alive timer."""
        self._publisher = self.create_publisher(TwistStamped, "cmd_vel_auto", qos.COMMAND)
        self._subscriptions_made = [
            self.create_subscription(PoseWithCovarianceStamped, "pose", self._on_pose, qos.STREAM),
            self.create_subscription(LaserScan, "scan", self._on_scan, qos.SCAN),
            self.create_subscription(Route, "route", self._on_route, qos.LATCHED),
            self.create_subscription(SafetyState, "safety_state", self._on_safety, qos.LATCHED),
        ]
        if self._read_plan():
            make = self.create_subscription
            self._subscriptions_made.append(make(RobotState, "/fleet/robot_state", self._on_peer, qos.SCAN))
        self._timer = every(self, KEEP_ALIVE, self._keep_alive)

    def _read_plan(self) -> bool:
        """The site's map, for telling people from walls. Without one the robot drives, and keeps less from people."""
        path = self.params.text("map_yaml")
        if not path or self.params.real("people_clearance") == 0.0:
            return False
        try:
            self.pilot.strangers.plan = Plan(SiteMap.load(Path(path)))
        except MapError as fault:
            self.get_logger().warning(f"people are not told from walls: {fault}")
            return False
        return True

    def deactivate(self) -> None:
        """Stand still."""
        self._drive = self.pilot.follower.rest()

    def cleanup(self) -> None:
        """Undo `configure`."""
        self._timer.close()
        for subscription in self._subscriptions_made:
            self.destroy_subscription(subscription)
        self.destroy_publisher(self._publisher)

    def on_exit(self) -> None:
        """Leave with a proposal to stand."""
        if self.active:
            self._propose(STAND)

    def health(self) -> Health:
        """What motion is doing."""
        if not self.active:
            return Health(Level.WARN, "inactive")
        pilot = self.pilot
        values = {
            "status": pilot.follower.status.value,
            "route": pilot.route.route_id,
            "nodes_held": len(pilot.route.held),
            "lock": pilot.lock,
            "pose_age": self.pose_age(),
        }
        if pilot.error:
            return Health(Level.WARN, pilot.error, values)
        return Health(Level.WARN if pilot.obstructed else Level.OK, pilot.obstruction or "ready", values)

    def _on_safety(self, message: Any) -> None:
        before = self._auto or self._protective
        self._auto = message.state == SafetyState.AUTO
        # A protective stop of teleoperation is none of autonomy's business.
        self._protective = message.state == SafetyState.PROTECTIVE_STOP and before

    def _on_peer(self, message: Any) -> None:
        if message.robot_id != self.robot_id:
            place = message.pose.pose.position
            self.pilot.strangers.heard(message.robot_id, place.x, place.y, seconds(message.header.stamp))

    def _on_route(self, message: Any) -> None:
        self._pending = route_update(message)
        self._take_pending()

    def _take_pending(self) -> None:
        update = self._pending
        if update is None or self._view is None:
            return
        self._pending = None
        try:
            self.pilot.take_route(update)
        except RouteRefused as refused:
            self.get_logger().warning(f"route {update.route_id} update {update.update_id} refused: {refused}")

    def _on_scan(self, message: Any) -> None:
        def points() -> Array:
            ranges = np.asarray(message.ranges, dtype=np.float64)
            return self._geometry.points(
                ranges, message.angle_min, message.angle_increment, message.range_min, message.range_max
            )

        self.pilot.take_scan(points, seconds(message.header.stamp))

    def _on_pose(self, message: Any) -> None:
        self._pose_wall = time.monotonic()
        stamp = seconds(message.header.stamp)
        self._message.header.stamp = message.header.stamp
        pose = pose_2d(message.pose.pose)
        covariance = message.pose.covariance
        sigma = position_sigma(covariance)
        before = self._view
        if before is None:
            # The pilot needs one pose before it can place a route.
            self.pilot.step(pose, sigma, stamp, 0.0, False)
        now = 1e-9 * self.get_clock().now().nanoseconds
        delay = clamp(now - stamp, 0.0, DELAY_LIMIT) + self._drive_lag
        stood = self._drive.at_rest
        auto, protective = self._auto and self.active, self._protective and self.active
        self._drive = self.pilot.step(pose, sigma, stamp, delay, auto, protective)
        # A robot that goes on standing needs no proposal at each pose: the keep-alive says so often enough.
        if self.active and not (stood and self._drive.at_rest):
            self._propose(self._drive)
        self._view = self._make_view(pose, sigma, stamp, covariance)
        self._take_pending()
        for listener in self._listeners:
            listener(self._view)

    def _make_view(self, pose: Pose2, sigma: float, stamp: float, covariance: Any) -> MotionView:
        pilot = self.pilot
        route = pilot.route
        drive = STAND if self._protective else self._drive  # what is proposed in a protective stop is not driven yet
        return MotionView(
            stamp=stamp,
            pose=pose,
            sigma=sigma,
            covariance=covariance,
            speed=drive.v,
            turn_rate=drive.w,
            moving=not drive.at_rest,
            route_id=route.route_id,
            route_update_id=route.update_id,
            last_sequence_id=route.last_sequence_id,
            base_node_ids=route.base_node_ids,
            at_base_end=route.at_end(pose),
            node_id=route.node_under(pose),
            obstructed=pilot.obstructed,
            obstruction=pilot.obstruction,
            error=pilot.error,
        )

    def _keep_alive(self) -> None:
        """Poses come slower than the supervisor's watchdog allows (slow simulation, or none at all)."""
        wall = time.monotonic()
        if not self.active or wall - self._sent_wall < 0.8 * KEEP_ALIVE:
            return
        if wall - self._pose_wall > REPEAT_LIMIT:
            self._drive = self.pilot.follower.rest()
        self._propose(self._drive)

    def _propose(self, drive: Drive) -> None:
        """Stamped with the pose that the proposal answers, also when it is repeated."""
        self._message.twist.linear.x = float(drive.v)
        self._message.twist.angular.z = float(drive.w)
        self._publisher.publish(self._message)
        self._sent_wall = time.monotonic()
