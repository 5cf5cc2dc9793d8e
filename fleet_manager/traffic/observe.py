"""From what robots report to what they hold. Only news moves a robot forward; nothing moves it back."""

from __future__ import annotations

import math

from fleet_manager.domain.robots import RobotSnapshot, SafetyMode
from fleet_manager.traffic.settings import TrafficSettings
from fleet_manager.traffic.space import Segment, Space
from fleet_manager.traffic.track import Track

_CLOCK_RESET = 30.0
"""s by which a stamp must be older than the last one to mean that time began again, and not a late message."""


def observe(track: Track, snapshot: RobotSnapshot, now: float, settings: TrafficSettings) -> None:
    """Take in one snapshot; a late one changes nothing."""
    previous = track.snapshot
    late = previous.stamp - snapshot.stamp
    if 0.0 < late < _CLOCK_RESET:
        return
    if snapshot != previous or snapshot.stamp == 0.0:
        track.seen_at = now
    if snapshot.safety is not previous.safety:
        track.mode_since = now
    if snapshot.safety is SafetyMode.TELEOP:
        track.driven_by_hand = True
    if snapshot.task_id != previous.task_id:
        track.dirty = True
    track.snapshot = snapshot
    if track.base:
        _progress(track, snapshot, now, settings)
    _anchor(track, settings)
    track.touch()


def place(track: Track, settings: TrafficSettings) -> bool:
    """Put a robot on the roadmap from its snapshot alone; False if it is on none of its nodes."""
    snapshot, space = track.snapshot, track.space
    reported = [space.index[n] for n in snapshot.base_node_ids if n in space.index]
    if reported and len(reported) == len(snapshot.base_node_ids) and snapshot.route_id != track.former:
        track.base, track.first_id = reported, max(snapshot.last_sequence_id, 0)
    else:
        nearest = space.nearest_node(snapshot.pose.x, snapshot.pose.y, track.lanes.nodes)
        if nearest is not None and nearest[1] <= settings.bootstrap_slow:
            track.base = [nearest[0]]
    _anchor(track, settings)
    track.touch()
    return bool(track.base)


def _progress(track: Track, snapshot: RobotSnapshot, now: float, settings: TrafficSettings) -> None:
    if snapshot.route_id == track.route_id and track.route_id:
        if not track.known:
            track.known, track.ghost = True, ()
        if snapshot.route_update_id >= track.update_id:
            track.taken_up = True
        _pass(track, snapshot.last_sequence_id)
    elif not track.route_id:
        # The route of an earlier manager: its numbers go on to count.
        if snapshot.route_id and snapshot.route_id != track.former and snapshot.base_node_ids:
            _adopt(track, snapshot)
        elif not snapshot.base_node_ids and len(track.base) == 1:
            _follow_by_hand(track, settings)
    elif track.known and not snapshot.base_node_ids and snapshot.stamp > 0.0 and now - track.sent_at > 1.0:
        _restart(track, settings)
    if track.driven_by_hand and snapshot.safety in (SafetyMode.AUTO, SafetyMode.HOLD):
        track.driven_by_hand = False
        if _distance_to(track.base, track.space, snapshot) > settings.bootstrap:
            _restart(track, settings)


def _pass(track: Track, last_id: int) -> None:
    while len(track.base) > 1 and track.first_id < last_id:
        track.base.pop(0)
        track.first_id += 1


def _adopt(track: Track, snapshot: RobotSnapshot) -> None:
    nodes = [track.space.index[n] for n in snapshot.base_node_ids if n in track.space.index]
    if len(nodes) == len(snapshot.base_node_ids):
        track.base, track.first_id = nodes, snapshot.last_sequence_id


def _follow_by_hand(track: Track, settings: TrafficSettings) -> None:
    """A robot that never had a route is where it is: pushed or driven, it belongs to another node."""
    pose = track.snapshot.pose
    x, y = track.space.xy[track.base[0]]
    if math.hypot(x - pose.x, y - pose.y) > settings.bootstrap_slow:
        track.base = []


def _restart(track: Track, settings: TrafficSettings) -> None:
    """The robot has no route any more (or left it by hand): a new one starts where it is."""
    track.ghost = tuple(track.segments())
    track.first_id = track.end_id + 1
    track.base, track.plan, track.plan_for = [], [], None
    track.former, track.route_id, track.known, track.taken_up = track.route_id, "", True, True
    place(track, settings)


def _distance_to(base: list[int], space: Space, snapshot: RobotSnapshot) -> float:
    p = (snapshot.pose.x, snapshot.pose.y)
    foot = nearest_point(p, [space.xy[n] for n in base])
    return math.dist(p, foot)


def _anchor(track: Track, settings: TrafficSettings) -> None:
    """A robot off the line of its base (or off the roadmap) holds where it is, and the way back."""
    p = (round(track.snapshot.pose.x, 2), round(track.snapshot.pose.y, 2))
    anchor: Segment | None
    if not track.base:
        anchor = p + p
    else:
        foot = nearest_point(p, [track.space.xy[n] for n in track.base])
        anchor = p + foot if math.dist(p, foot) > settings.deviation else None
    track.anchor = anchor


def nearest_point(p: tuple[float, float], line: list[tuple[float, float]]) -> tuple[float, float]:
    """Point of a polyline nearest to p."""
    best, least = line[0], math.dist(p, line[0])
    for (ax, ay), (bx, by) in zip(line, line[1:], strict=False):
        squared = (bx - ax) ** 2 + (by - ay) ** 2
        if squared == 0.0:
            continue
        t = min(1.0, max(0.0, ((p[0] - ax) * (bx - ax) + (p[1] - ay) * (by - ay)) / squared))
        foot = (ax + t * (bx - ax), ay + t * (by - ay))
        away = math.dist(p, foot)
        if away < least:
            best, least = foot, away
    return best
