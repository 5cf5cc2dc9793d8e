"""Who has the wheels: fine positioning, the released route, or nobody. Pure; the node only moves messages."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sitefleet_robot.motion.escape import Escape, Line, Situation
from sitefleet_robot.motion.follower import Follower
from sitefleet_robot.motion.freespace import OPEN, FreeSpace
from sitefleet_robot.motion.obstacles import Array, beside, free_length, nearest, passage
from sitefleet_robot.motion.phases import FollowStatus
from sitefleet_robot.motion.port import Alignment
from sitefleet_robot.motion.positioning import Positioner, PositioningStatus, PositioningTuning, Stance
from sitefleet_robot.motion.route import FollowedRoute, RouteRefused, RouteUpdate
from sitefleet_robot.motion.strangers import Strangers, polite_way
from sitefleet_robot.motion.sweep import gaps, seen_from, turning_room
from sitefleet_robot.motion.turning import TURN_SPARE
from sitefleet_robot.motion.values import STAND, Drive, DriveLimits, Pose2, clamp

SCAN_LIMIT = 0.6
"""s of ROS time after which a scan says nothing about the present."""
DT_LIMITS = (0.005, 0.2)
"""s, plausible time between two poses."""


class Pilot:
    """Turns poses into velocities. `lock` names why the route must not be followed; empty: it may be."""

    def __init__(self, follower: Follower, tuning: PositioningTuning, limits: DriveLimits, corridor: float) -> None:
        self.follower = follower
        self.route = FollowedRoute()
        self.lock = "starting"
        self.error = ""
        self.alignment: Alignment | None = None
        self.escape = Escape(follower.footprint)
        self._tuning = tuning
        self._limits = limits
        self._half = corridor
        self._positioner: Positioner | None = None
        self._stamp = -math.inf
        self._pose: Pose2 | None = None
        self._scan: Callable[[], Array] | None = None
        self._scan_stamp = -math.inf
        self._scan_pose = Pose2(0.0, 0.0)
        self._points: Array | None = None
        self._space = OPEN
        self._space_key: object = None
        self.strangers = Strangers()
        self._sigma = math.inf
        self._waited_for: Array = np.empty((0, 2))
        """Strangers, in base_link at the scan's pose, that can be passed when they have been waited for in vain."""

    def take_route(self, update: RouteUpdate) -> bool:
        """Hand over a route message once a pose is known. Raises RouteRefused, and remembers it as the active error."""
        if self._pose is None:
            raise RouteRefused("ROUTE_TOO_FAR", "the robot does not know yet where it is")
        try:
            changed = self.route.accept(update, self._pose, abs(self.follower.last.v) > 0.02)
        except RouteRefused as refused:
            self.error = refused.code
            raise
        self.error = ""
        self._space_key = None
        return changed

    def take_scan(self, points: Callable[[], Array], stamp: float) -> None:
        """A new scan; `points` computes it when it is needed."""
        if self._pose is not None:
            self._scan, self._scan_stamp, self._scan_pose = points, stamp, self._pose
            self._points = None

    def align(self, stance: Stance) -> Alignment:
        """Start fine positioning; one that runs is given up."""
        self.cancel_alignment()
        self.alignment = Alignment(stance)
        self._positioner = Positioner(stance, self._limits, self._tuning)
        self.follower.rest()
        return self.alignment

    def cancel_alignment(self) -> None:
        """Give up fine positioning that runs."""
        if self.alignment is not None and self._positioner is not None:
            self.alignment.status, self.alignment.reason = PositioningStatus.FAILED, "cancelled"
        self._positioner = None

    def step(
        self, pose: Pose2, sigma: float, stamp: float, delay: float, auto: bool, protective: bool = False
    ) -> Drive:
        """Velocity to propose at a pose. `auto`: the safety supervisor lets autonomy drive.

        `protective`: it does not just now, because something is near, but will when the proposed motion is free.
        """
        dt = clamp(stamp - self._stamp, *DT_LIMITS)
        self._pose, self._stamp, self._sigma = pose, stamp, sigma
        away = self._get_away(pose, stamp, protective and not auto) if auto or protective else None
        if not auto and not protective:
            self.escape.reset()
        if away is not None:
            self.follower.rest()
            if self._positioner is not None:
                self._positioner.hold()
            return away
        if not auto:
            if self._positioner is not None:
                self._positioner.hold()
            self._leave_route_if_moved(pose)
            return self.follower.rest()
        if self._positioner is not None:
            return self._position(self._positioner, pose, sigma, dt, delay)
        if self.lock or self.route.next_point is None:
            return self.follower.rest()
        drive = self.follower.step(pose, self.route, self._free_space(), dt, delay)
        if self.follower.courtesy.in_vain and len(self._waited_for):
            self.strangers.know(self._waited_for, self._scan_pose, stamp)
            self._space_key = None
        if self.follower.status is FollowStatus.OFF_ROUTE:
            self._drop_route()
        return drive

    @property
    def obstructed(self) -> bool:
        """Wants to move, and cannot."""
        return self.follower.obstructed or bool(self.escape.sentence)

    @property
    def obstruction(self) -> str:
        """What is in the way, for a person."""
        if self.escape.sentence:
            return self.escape.sentence
        point = self.route.next_point
        if not self.obstructed or point is None:
            return ""
        if not self._scan_fresh():
            return f"no lidar scan, cannot drive to node {point.node_id}"
        distance = self.follower.obstacle_distance
        return f"something is {distance:.2f} m ahead on the way to node {point.node_id}"

    def _get_away(self, pose: Pose2, stamp: float, protective: bool) -> Drive | None:
        """The way out of a place where something that does not move keeps the robot; None: no need, or none known."""
        wants = self._positioner is not None or (not self.lock and self.route.next_point is not None)
        held = protective or self.escape.active or (self._positioner is None and self.follower.blocked)
        if not (wants and held and self._scan_fresh()):
            self.escape.reset()
            return None
        was_active = self.escape.active
        points = seen_from(self._newest_points(), self._scan_pose, pose)
        now = Situation(stamp, self._scan_stamp, pose, points, self._line_held(), protective)
        drive = self.escape.step(now)
        if was_active and drive is None and self._positioner is None:
            self._space_key = None
            self.follower.realign(pose, self.route, self._free_space())
        return drive

    def _line_held(self) -> Line | None:
        """Where and how the robot would like to stand after an escape."""
        if self._positioner is not None:
            stance = self._positioner.stance
            return Line(stance.x, stance.y, stance.yaw)
        point = self.route.next_point
        if point is None:
            return None
        x, y = self.route.segment_start
        return Line(x, y, math.atan2(point.y - y, point.x - x))

    def _position(self, positioner: Positioner, pose: Pose2, sigma: float, dt: float, delay: float) -> Drive:
        drive = positioner.step(pose, sigma, dt, delay)
        assert self.alignment is not None
        self.alignment.status, self.alignment.reason = positioner.status, positioner.reason
        self.alignment.error = positioner.error
        if positioner.status is not PositioningStatus.RUNNING:
            self._positioner = None
            return STAND
        return drive

    def _leave_route_if_moved(self, pose: Pose2) -> None:
        """While autonomy does not drive somebody else may: the route is void once the robot is off its lines."""
        if self.route.held and not self.route.on_way(pose, self.follower.tuning.off_route):
            self._drop_route()

    def _drop_route(self) -> None:
        self.route.drop()
        self.error = "ROUTE_LOST"

    def _scan_fresh(self) -> bool:
        return self._stamp - self._scan_stamp <= SCAN_LIMIT

    def _free_space(self) -> FreeSpace:
        """What the newest scan says of the line to the next node; computed once for each scan and line."""
        if self._scan is None or not self._scan_fresh():
            return FreeSpace(0.0, 0.0)
        point = self.route.next_point
        assert point is not None
        key = (self._scan_stamp, point.sequence_id, point.route_id, self.route.approaching)
        if key != self._space_key:
            points, start, end = self._newest_points(), self.route.segment_start, (point.x, point.y)
            outline = self.follower.footprint
            ahead = free_length(points, self._scan_pose, start, end, self._half)
            narrow = passage(points, self._scan_pose, start, end, outline)
            close = nearest(points)
            left = right = 0.0
            if close < outline.turning_radius + TURN_SPARE:
                left, right = turning_room(points, outline, 1.0), turning_room(points, outline, -1.0)
            polite, stranger = self._courtesy_way(points, start, end)
            self._space = FreeSpace(ahead, close, narrow, beside(points, outline), left, right, polite, stranger)
            self._space_key = key
        return self._space

    def _courtesy_way(self, points: Array, start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
        """How far the nose may go for the sake of strangers, along the line, and how near the nearest is, m."""
        tuning, outline, pose = self.follower.tuning.courtesy, self.follower.footprint, self._scan_pose
        strangers, unknown = self.strangers.among(points, pose, self._sigma, self._scan_stamp)
        if len(strangers) == 0:
            self._waited_for = unknown
            return math.inf, math.inf
        onward = self.route.following_point
        line = [start, end] if onward is None else [start, end, (onward.x, onward.y)]
        polite, self._waited_for = polite_way(unknown, pose, line, outline, tuning.clearance)
        least, _ = polite_way(strangers, pose, line, outline, min(tuning.least, tuning.clearance))
        if not math.isinf(least):
            self._waited_for = unknown[:0]  # there is no room to pass them, however long they are waited for
        return min(polite, least), float(gaps(strangers, outline).min())

    def _newest_points(self) -> Array:
        assert self._scan is not None
        if self._points is None:
            self._points = self._scan()
        return self._points
