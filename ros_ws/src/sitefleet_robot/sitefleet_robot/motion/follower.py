"""Follows the released route: regulated pursuit on its legs, turning on the spot at their corners.

This module says which phase has the robot and when a node is reached; what a phase does is in its own module.
"""

from __future__ import annotations

import math

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.corners import Corners
from sitefleet_robot.motion.courtesy import Courtesy
from sitefleet_robot.motion.freespace import FreeSpace
from sitefleet_robot.motion.leg import Leg
from sitefleet_robot.motion.narrow import NarrowPlaces
from sitefleet_robot.motion.phases import FollowerTuning, FollowStatus, Step
from sitefleet_robot.motion.pursuit import Pursuit
from sitefleet_robot.motion.route import LEAVE_FROM, FollowedRoute
from sitefleet_robot.motion.turning import AT_REST, Turning
from sitefleet_robot.motion.values import STAND, Drive, DriveLimits, Footprint, Pose2

OBSTRUCTED_AFTER = 1.0
"""s that the way must be blocked before it is reported."""
ARRIVES_AT = 0.12
"""m/s: at a halt the robot arrives slower than this, unless the halt came as a surprise."""
GIVE_UP_RETURN = 2.0
"""s of a way that is not free after which the robot does not return for the sake of alignment."""


class Follower:
    """Velocity for each pose. Keeps the last velocity and which phase the robot is in; everything else is given."""

    def __init__(self, limits: DriveLimits, footprint: Footprint, tuning: FollowerTuning | None = None) -> None:
        self.limits = limits
        self.footprint = footprint
        self.tuning = tuning or FollowerTuning()
        self.status = FollowStatus.IDLE
        self.last = STAND
        self.obstacle_distance = math.inf
        """m to what blocks the way, while something does."""
        self._narrow = NarrowPlaces(footprint)
        self._turning = Turning(limits, footprint, self._narrow)
        self.courtesy = Courtesy(self.tuning.courtesy, limits.decel, 0.5 * footprint.length)
        self._pursuit = Pursuit(limits, footprint, self.tuning, self._narrow, self.courtesy)
        self._corners = Corners()
        self._blocked_for = 0.0
        self._returning = False

    @property
    def blocked(self) -> bool:
        """Its way was not free at the last step."""
        return self._blocked_for > 0.0

    @property
    def obstructed(self) -> bool:
        """The robot wants to move, and its way has not been free for longer than a person passing takes."""
        return self._blocked_for > OBSTRUCTED_AFTER

    def rest(self) -> Drive:
        """Somebody else has the wheels, or nothing is to be done: start from a standstill next time."""
        self.status, self.last = FollowStatus.IDLE, STAND
        self._turning.reset()
        self._blocked_for = 0.0
        return STAND

    def step(self, pose: Pose2, route: FollowedRoute, space: FreeSpace, dt: float, delay: float = 0.0) -> Drive:
        """Velocity at `pose` (as old as `delay` s), `dt` s after the last step. Marks nodes of the route as reached."""
        pose = pose.moved(self.last.v * delay, self.last.w * delay)
        self._turning.backwards = self._turning.backwards and route.approaching
        # Each turn of the loop reaches a node or returns; the bound is for a route that says otherwise.
        for _ in range(2 * len(route.held) + 2):
            if route.next_point is None:
                break
            leg = self._corners.known_in_time(Leg.of(route), pose)
            if leg.approach and abs(self.last.v) < AT_REST and leg.astray(pose) > LEAVE_FROM:
                route.go_back(pose)  # it was moving when it was told: the line begins where it has come to rest
                continue
            if not leg.reached(pose):
                return self._on(leg, pose, route, space, dt)
            if leg.halt and abs(self.last.v) > ARRIVES_AT:
                # a new route asked for a halt that came too late to make
                return self._take(Step(self._pursuit.brake(self.last, dt), FollowStatus.DRIVING))
            route.arrive()
            if leg.halt and leg.remaining(pose) < -LEAVE_FROM:
                route.go_back(pose)
            self._turning.active = self._turning.active or leg.halt
        return self.rest()

    def realign(self, pose: Pose2, route: FollowedRoute, space: FreeSpace) -> bool:
        """Return to the node last passed if the robot is too far beside its line to enter a narrow place on it.

        Says whether it does.
        """
        if route.next_point is None:
            return False
        if route.approaching:
            route.go_back(pose)  # the line to the node begins where the robot is now
            return True
        leg = Leg.of(route)
        if not self._narrow.return_helps(leg, pose, space):
            return False
        self._narrow.count_return(leg)
        self._returning = True
        route.go_back(pose)
        return True

    def _on(self, leg: Leg, pose: Pose2, route: FollowedRoute, space: FreeSpace, dt: float) -> Drive:
        """One step on a leg, unless it has to be left."""
        must_return = abs(self.last.v) < AT_REST and self._narrow.must_return(leg, pose, space)
        if must_return and self.realign(pose, route, space):
            return self.rest()  # the free space is that of another line
        if self._cannot_return(route):
            route.stay_on_line()
            return self.rest()
        if abs(leg.beside(pose)) > max(self.tuning.off_route, leg.end.allowed_deviation) and not leg.approach:
            self.rest()
            self.status = FollowStatus.OFF_ROUTE
            return STAND
        step = self._phase(leg, pose, space, dt)
        self._blocked_for = self._blocked_for + dt if step.status is FollowStatus.BLOCKED else 0.0
        self.courtesy.step(space, self.blocked, dt)
        return self._take(step)

    def _phase(self, leg: Leg, pose: Pose2, space: FreeSpace, dt: float) -> Step:
        if leg.approach and self._turning.goes_back(leg, pose, self.last):
            return self._pursuit.step_back(leg, pose, space, self.last, dt)
        if self._turning.wanted(leg, pose, space, self.last):
            return self._turning.step(wrap_angle(leg.yaw - pose.yaw), space, self.last, dt)
        return self._pursuit.step(leg, pose, space, self.last, dt)

    def _take(self, step: Step) -> Drive:
        self.status, self.last, self.obstacle_distance = step.status, step.drive, step.obstacle
        return step.drive

    def _cannot_return(self, route: FollowedRoute) -> bool:
        """It wanted to go back only to stand better, and something is in the way there."""
        self._returning = self._returning and route.approaching
        return self._returning and self._blocked_for > GIVE_UP_RETURN
