"""What stops a robot in the middle of its base: since when, where, and whether it is only another robot.

A robot says that something is in its way, not what or where. It halts shortly before it, so the thing is within a few
decimetres ahead of its outline on the line to the node it drives to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from fleet_manager.domain.robots import SafetyMode
from fleet_manager.traffic.settings import TrafficSettings
from fleet_manager.traffic.space import Segment, segment_gap
from fleet_manager.traffic.track import Track

_DRIVES = frozenset({SafetyMode.AUTO, SafetyMode.PROTECTIVE_STOP})
_AHEAD = 0.6
"""m ahead of the outline within which a robot halts before things: half a metre from people."""
_SAME_PLACE = 0.25
"""m a robot may move and still stand before the same thing."""
_FORGET = 1.5
"""s without the robot's complaint after which the way counts as free."""


@dataclass(frozen=True, slots=True)
class Obstruction:
    """One thing in one robot's way. Times are s of ROS time, by the robot's own stamps."""

    since: float
    seen: float
    x: float
    y: float
    leg: tuple[int, int]
    """Nodes between which the robot is; twice the same if it returns to a node."""
    where: Segment
    """Where the middle of the thing may be."""

    def lasts(self, after: float) -> bool:
        """It has been there for so long (s)."""
        return self.seen - self.since >= after


def watch(track: Track, before: Obstruction | None, others: Iterable[Track]) -> Obstruction | None:
    """What is in the robot's way by its newest snapshot, after `before`."""
    shot = track.snapshot
    if shot.safety not in _DRIVES or not track.base:
        return None
    leg = (track.base[0], track.base[0] if len(track.base) == 1 or track.approaching else track.base[1])
    if before is not None and before.leg != leg:
        before = None
    if not shot.obstructed:
        return before if before is not None and 0.0 <= shot.stamp - before.seen <= _FORGET else None
    where = _ahead(track, leg[1])
    if any(_stands_at(other, where, track) for other in others if other is not track):
        return None
    if before is not None and math.dist((before.x, before.y), (shot.pose.x, shot.pose.y)) <= _SAME_PLACE:
        return replace(before, seen=max(before.seen, shot.stamp), where=where)
    return Obstruction(shot.stamp, shot.stamp, shot.pose.x, shot.pose.y, leg, where)


def is_real(obstruction: Obstruction | None, settings: TrafficSettings) -> bool:
    """It has lasted long enough to act."""
    return obstruction is not None and obstruction.lasts(settings.reroute_after)


def _ahead(track: Track, to: int) -> Segment:
    pose = track.snapshot.pose
    x, y = track.space.xy[to]
    away = math.dist((x, y), (pose.x, pose.y))
    ux, uy = ((x - pose.x) / away, (y - pose.y) / away) if away > 0.05 else (math.cos(pose.yaw), math.sin(pose.yaw))
    near, far = 0.5 * track.sheet.length, 0.5 * track.sheet.length + _AHEAD
    a, b = (round(v, 2) for v in (pose.x + near * ux, pose.y + near * uy))
    c, d = (round(v, 2) for v in (pose.x + far * ux, pose.y + far * uy))
    return a, b, c, d


def _stands_at(other: Track, where: Segment, track: Track) -> bool:
    """What the robot sees there may be that other robot."""
    pose = other.snapshot.pose
    reach = other.sheet.turning_radius + track.sheet.half_width
    return segment_gap([where], [(pose.x, pose.y, pose.x, pose.y)]) < reach
