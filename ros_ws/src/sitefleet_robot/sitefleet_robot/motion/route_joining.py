"""How a route message joins what a robot holds. Pure: each function answers with the nodes held then, and whether the
robot first has to get to the first of them (approaching). Raises RouteRefused where it cannot be followed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from sitefleet_robot.motion.route_points import RoutePoint, RouteRefused, RouteUpdate, distance_to_segment
from sitefleet_robot.motion.values import Pose2

ON_NODE = 0.10
"""m within which a robot counts as standing on a node."""
LEAVE_FROM = 0.03
"""m from a node up to which a robot may set out along another edge without returning to it."""
JOIN_DISTANCE = 1.0
"""m from its route within which a robot that holds none may start it."""

Held = tuple[RoutePoint, ...]


def checked_base(update: RouteUpdate) -> Held:
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


def extended(held: Held, route_id: str, approaching: bool, base: Held, pose: Pose2, moving: bool) -> tuple[Held, bool]:
    """Held nodes of the same route, followed by those that the update adds."""
    if not held:
        return _joined_by_position(base, pose)
    own = {p.sequence_id: p for p in held if p.route_id == route_id}
    if not own:  # still on the route before this one: its end is where this one begins
        return switched(held, approaching, base, pose, moving)
    last = max(own)
    if base[0].sequence_id > last:
        raise RouteRefused("ROUTE_UNCONNECTED", f"update starts at {base[0].node_id}, beyond the released nodes")
    if base[-1].sequence_id < last:
        raise RouteRefused("ROUTE_CHANGES_BASE", f"update ends before node {held[-1].node_id}, which is released")
    for point in base:
        known = own.get(point.sequence_id)
        if known is not None and known.node_id != point.node_id:
            raise RouteRefused(
                "ROUTE_CHANGES_BASE", f"update replaces released node {known.node_id} by {point.node_id}"
            )
    return held + tuple(p for p in base if p.sequence_id > last), approaching


def switched(held: Held, approaching: bool, base: Held, pose: Pose2, moving: bool) -> tuple[Held, bool]:
    """A new route: from the node last passed, from a node further along the base, or found by position."""
    if not held:
        return _joined_by_position(base, pose)
    ids = [p.node_id for p in held]
    names = [p.node_id for p in base]
    first = names[0]
    if first != ids[0] and first in ids:
        at = len(ids) - 1 - ids[::-1].index(first)
        # The last node passed keeps the old route's number until the new route's first node is reached.
        return (*held[:at], *base), approaching
    if first != ids[0]:
        if ids[0] not in names:
            raise RouteRefused(
                "ROUTE_UNCONNECTED", f"route starts at {first}, which is not on the way held: {', '.join(ids)}"
            )
        base = base[names.index(ids[0]) :]  # the robot has meanwhile passed some of its nodes
    if approaching:
        return base, True
    if len(base) > 1 and len(ids) > 1 and base[1].node_id == ids[1]:
        return base, False  # along the same edge
    return base, moving or pose.distance_to(base[0].x, base[0].y) > LEAVE_FROM


def _joined_by_position(base: Sequence[RoutePoint], pose: Pose2) -> tuple[Held, bool]:
    """Where on the base a robot stands that holds nothing yet: the node it last passed, and what follows."""
    for index, point in enumerate(base):
        if pose.distance_to(point.x, point.y) <= ON_NODE:
            return tuple(base[index:]), False
    best, at = math.inf, 0
    for index in range(len(base) - 1):
        distance = distance_to_segment(pose, base[index], base[index + 1])
        if distance < best:
            best, at = distance, index
    if best <= ON_NODE:
        return tuple(base[at:]), False
    to_first = pose.distance_to(base[0].x, base[0].y)
    if to_first <= JOIN_DISTANCE:
        return tuple(base), True
    raise RouteRefused("ROUTE_TOO_FAR", f"route starts {to_first:.2f} m away and does not lead past the robot")
