"""The way a robot may go: what it holds of the route released to it, and never a node that is not released."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from sitefleet_robot.motion.route_joining import JOIN_DISTANCE, LEAVE_FROM, ON_NODE, checked_base, extended, switched
from sitefleet_robot.motion.route_points import RoutePoint, RouteRefused, RouteUpdate, distance_to_segment
from sitefleet_robot.motion.values import Pose2

__all__ = ["LEAVE_FROM", "ON_NODE", "FollowedRoute", "RoutePoint", "RouteRefused", "RouteUpdate"]


class FollowedRoute:
    """Base that a robot holds, from the node it last passed to the last one released to it.

    `held[0]` is the node last passed and `held[1]` the one it drives to. After a new route that leads back, or before
    the first node is reached, the robot drives to `held[0]` (`approaching`).
    """

    def __init__(self) -> None:
        self.route_id = ""
        self.update_id = 0
        self.held: tuple[RoutePoint, ...] = ()
        self.approaching = False
        self._origin: tuple[float, float] = (0.0, 0.0)
        self._first_sequence = 0

    @property
    def next_point(self) -> RoutePoint | None:
        """The node to drive to now; None when the robot has reached the end of its base."""
        index = 0 if self.approaching else 1
        return self.held[index] if len(self.held) > index else None

    @property
    def following_point(self) -> RoutePoint | None:
        """The released node after the next one."""
        index = 1 if self.approaching else 2
        return self.held[index] if len(self.held) > index else None

    @property
    def segment_start(self) -> tuple[float, float]:
        """Where the straight line to the next node begins, m."""
        if self.approaching or not self.held:
            return self._origin
        return self.held[0].x, self.held[0].y

    @property
    def base_node_ids(self) -> tuple[str, ...]:
        """Ids of what is held, from the node last passed on."""
        return tuple(p.node_id for p in self.held)

    @property
    def last_sequence_id(self) -> int:
        """Sequence number of the node last passed, in the numbering of `route_id`.

        While the last node passed still belongs to an earlier route this is one less than the first number of the
        present route (0 at least), so that nothing counts as passed which is not.
        """
        if not self.held:
            return 0
        if self.held[0].route_id != self.route_id or self.approaching:
            return max(0, self._first_sequence - 1)
        return self.held[0].sequence_id

    def at_end(self, pose: Pose2) -> bool:
        """The robot has passed the last released node and stands on it (or holds nothing)."""
        if not self.held:
            return True
        last = self.held[-1]
        return self.next_point is None and pose.distance_to(last.x, last.y) <= ON_NODE

    def node_under(self, pose: Pose2) -> str:
        """Id of the node of the base that the robot stands on; empty while between nodes."""
        for point in self.held[:2]:
            if pose.distance_to(point.x, point.y) <= ON_NODE:
                return point.node_id
        return ""

    def on_way(self, pose: Pose2, within: float) -> bool:
        """The robot is not further than `within` m from the lines it holds, or not far from the node it stands on or
        drives to.
        """
        if not self.held:
            return False
        lines = [*pairwise(self.held)]
        if self.approaching:
            to = self.held[0]
            lines.append((replace(to, x=self._origin[0], y=self._origin[1]), to))
        near_node = len(self.held) == 1 or self.approaching
        if near_node and pose.distance_to(self.held[0].x, self.held[0].y) <= max(within, JOIN_DISTANCE):
            return True
        return any(distance_to_segment(pose, a, b) <= within for a, b in lines)

    def arrive(self) -> None:
        """The next node is reached."""
        if self.next_point is None:
            raise ValueError("there is no next node to arrive at")
        if self.approaching:
            self.approaching = False
        else:
            self.held = self.held[1:]

    def go_back(self, pose: Pose2) -> None:
        """The node last passed was overrun: return to it before going on."""
        self.approaching, self._origin = True, (pose.x, pose.y)

    def stay_on_line(self) -> None:
        """Take back `go_back`: the robot is still on the way from the node last passed to the next one."""
        self.approaching = False

    def drop(self) -> None:
        """Give the route up, for example because somebody moved the robot off it. Its update stays known as used."""
        self.held = ()
        self.approaching = False

    def accept(self, update: RouteUpdate, pose: Pose2, moving: bool = False) -> bool:
        """Take over an update at a pose, standing or `moving`. Returns False if it brings nothing new.

        Raises RouteRefused if it cannot be followed.
        """
        base = checked_base(update)
        if update.route_id == self.route_id:
            if update.update_id <= self.update_id:
                return False
            held, approaching = extended(self.held, self.route_id, self.approaching, base, pose, moving)
        else:
            held, approaching = switched(self.held, self.approaching, base, pose, moving)
        if approaching and not (self.approaching and self.held and self.held[0].node_id == held[0].node_id):
            self._origin = (pose.x, pose.y)
        if update.route_id != self.route_id:
            self._first_sequence = base[0].sequence_id
        self.route_id, self.update_id = update.route_id, update.update_id
        self.held, self.approaching = held, approaching
        return True
