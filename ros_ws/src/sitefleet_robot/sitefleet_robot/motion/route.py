"""The way a robot may go: joins route messages to what it holds, and never contains a node that is not released."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sitefleet_robot.motion.values import Pose2

ON_NODE = 0.10
"""m within which a robot counts as standing on a node."""
LEAVE_FROM = 0.03
"""m from a node up to which a robot may set out along another edge without returning to it."""
JOIN_DISTANCE = 1.0
"""m from its route within which a robot that holds none may start it."""


@dataclass(frozen=True, slots=True)
class RoutePoint:
    """A node of a route; speed (m/s) and allowed deviation (m) belong to the edge that leads to it."""

    sequence_id: int
    node_id: str
    x: float
    y: float
    max_speed: float
    allowed_deviation: float
    route_id: str = ""


@dataclass(frozen=True, slots=True)
class RouteUpdate:
    """One Route message: base up to `released_up_to`, horizon after it."""

    route_id: str
    update_id: int
    points: tuple[RoutePoint, ...]
    released_up_to: int

    def base(self) -> tuple[RoutePoint, ...]:
        """The released nodes."""
        return tuple(p for p in self.points if p.sequence_id <= self.released_up_to)


class RouteRefused(Exception):
    """A route message that cannot be followed: a stable code and a sentence. What the robot holds stays as it was."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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
        """The robot is not further than `within` m from the lines it holds."""
        if len(self.held) == 1 or self.approaching:
            return pose.distance_to(self.held[0].x, self.held[0].y) <= max(within, JOIN_DISTANCE)
        return any(_distance_to_segment(pose, a, b) <= within for a, b in pairwise(self.held))

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
        base = _checked_base(update)
        if update.route_id == self.route_id:
            if update.update_id <= self.update_id:
                return False
            held, approaching = self._extended(base, pose, moving)
        else:
            held, approaching = self._switched(base, pose, moving)
        if approaching and not (self.approaching and self.held and self.held[0].node_id == held[0].node_id):
            self._origin = (pose.x, pose.y)
        if update.route_id != self.route_id:
            self._first_sequence = base[0].sequence_id
        self.route_id, self.update_id = update.route_id, update.update_id
        self.held, self.approaching = held, approaching
        return True

    def _extended(self, base: Sequence[RoutePoint], pose: Pose2, moving: bool) -> tuple[tuple[RoutePoint, ...], bool]:
        """Held nodes of the same route, followed by those that the update adds."""
        if not self.held:
            return _joined_by_position(base, pose)
        own = {p.sequence_id: p for p in self.held if p.route_id == self.route_id}
        if not own:  # still on the route before this one: its end is where this one begins
            return self._switched(base, pose, moving)
        last = max(own)
        if base[0].sequence_id > last:
            raise RouteRefused("ROUTE_UNCONNECTED", f"update starts at {base[0].node_id}, beyond the released nodes")
        if base[-1].sequence_id < last:
            raise RouteRefused(
                "ROUTE_CHANGES_BASE", f"update ends before node {self.held[-1].node_id}, which is released"
            )
        for point in base:
            known = own.get(point.sequence_id)
            if known is not None and known.node_id != point.node_id:
                raise RouteRefused(
                    "ROUTE_CHANGES_BASE", f"update replaces released node {known.node_id} by {point.node_id}"
                )
        return self.held + tuple(p for p in base if p.sequence_id > last), self.approaching

    def _switched(self, base: Sequence[RoutePoint], pose: Pose2, moving: bool) -> tuple[tuple[RoutePoint, ...], bool]:
        """A new route: from the node last passed, from a node further along the base, or found by position."""
        if not self.held:
            return _joined_by_position(base, pose)
        ids = [p.node_id for p in self.held]
        names = [p.node_id for p in base]
        first = names[0]
        if first != ids[0] and first in ids:
            at = len(ids) - 1 - ids[::-1].index(first)
            # The last node passed keeps the old route's number until the new route's first node is reached.
            return (*self.held[:at], *base), self.approaching
        if first != ids[0]:
            if ids[0] not in names:
                raise RouteRefused(
                    "ROUTE_UNCONNECTED", f"route starts at {first}, which is not on the way held: {', '.join(ids)}"
                )
            base = base[names.index(ids[0]) :]  # the robot has meanwhile passed some of its nodes
        if self.approaching:
            return tuple(base), True
        if len(base) > 1 and len(ids) > 1 and base[1].node_id == ids[1]:
            return tuple(base), False  # along the same edge
        return tuple(base), moving or pose.distance_to(base[0].x, base[0].y) > LEAVE_FROM


def _checked_base(update: RouteUpdate) -> tuple[RoutePoint, ...]:
    """The released nodes of a well-formed update."""
    points = update.points
    if not update.route_id or not points:
        raise RouteRefused("ROUTE_INVALID", "route has no id or no nodes")
    for before, after in pairwise(points):
        if after.sequence_id != before.sequence_id + 1:
            raise RouteRefused("ROUTE_INVALID", f"sequence jumps from {before.sequence_id} to {after.sequence_id}")
    for point in points:
        numbers = (point.x, point.y, point.max_speed, point.allowed_deviation)
        if not point.node_id or not all(math.isfinite(n) for n in numbers):
            raise RouteRefused("ROUTE_INVALID", f"node {point.sequence_id} has no id or a number that is not finite")
    base = update.base()
    if not base:
        raise RouteRefused("ROUTE_INVALID", "no node of the route is released")
    return base


def _joined_by_position(base: Sequence[RoutePoint], pose: Pose2) -> tuple[tuple[RoutePoint, ...], bool]:
    """Where on the base a robot stands that holds nothing yet: the node it last passed, and what follows."""
    for index, point in enumerate(base):
        if pose.distance_to(point.x, point.y) <= ON_NODE:
            return tuple(base[index:]), False
    best, at = math.inf, 0
    for index in range(len(base) - 1):
        distance = _distance_to_segment(pose, base[index], base[index + 1])
        if distance < best:
            best, at = distance, index
    if best <= ON_NODE:
        return tuple(base[at:]), False
    to_first = pose.distance_to(base[0].x, base[0].y)
    if to_first <= JOIN_DISTANCE:
        return tuple(base), True
    raise RouteRefused("ROUTE_TOO_FAR", f"route starts {to_first:.2f} m away and does not lead past the robot")


def _distance_to_segment(pose: Pose2, a: RoutePoint, b: RoutePoint) -> float:
    """Distance of the robot to the straight line between two nodes, m."""
    dx, dy = b.x - a.x, b.y - a.y
    length2 = dx * dx + dy * dy
    share = 0.0 if length2 == 0.0 else max(0.0, min(1.0, ((pose.x - a.x) * dx + (pose.y - a.y) * dy) / length2))
    return math.hypot(pose.x - a.x - share * dx, pose.y - a.y - share * dy)
