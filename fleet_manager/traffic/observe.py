"""From what robots report to what they hold. Only news moves a robot forward; nothing moves it back."""

from __future__ import annotations

import itertools
import math

from fleet_manager.domain.robots import RobotSnapshot, SafetyMode
from fleet_manager.traffic import recall
from fleet_manager.traffic.settings import TrafficSettings
from fleet_manager.traffic.track import Track

_CLOCK_RESET = 30.0
"""s by which a stamp must be older than the last one to mean that time began again, and not a late message."""

_TRIES = 3
"""Times a route is sent again before the robot is believed to have no use for it."""


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
    driven, track.driven_by_hand = track.driven_by_hand, snapshot.safety is SafetyMode.TELEOP
    if not track.route_id:
        # Never sent a route by this manager. That of an earlier one counts on: its numbers are continued.
        if snapshot.base_node_ids and snapshot.route_id != track.former:
            _adopt(track, snapshot)
        elif not snapshot.base_node_ids and _away(track) > settings.bootstrap_slow:
            track.base = []
    elif recall.take_in(track, snapshot):
        pass  # it holds no more than it says
    elif snapshot.route_id == track.route_id and snapshot.base_node_ids:
        track.known, track.ghost, track.sent_again = True, (), 0
        track.taken_up = track.taken_up or snapshot.route_update_id >= track.update_id
        _pass(track, snapshot.last_sequence_id)
        track.returning = track.returning and snapshot.last_sequence_id < track.first_id
        if driven and not track.driven_by_hand and _away(track) > settings.bootstrap_slow:
            _restart(track, settings)
    elif now - track.sent_at < 1.0 or track.driven_by_hand:
        pass  # it may not have heard of the route yet; or a person drives, and it starts anew afterwards
    elif track.known and not snapshot.base_node_ids:
        _restart(track, settings)
    elif track.sent_again >= _TRIES:
        # It does not take the route up: build the next one on what it says it has.
        _restart(track, settings)
        if snapshot.base_node_ids:
            _adopt(track, snapshot)


def _pass(track: Track, last_id: int) -> None:
    while len(track.base) > 1 and track.first_id < last_id:
        track.base.pop(0)
        track.first_id += 1


def _adopt(track: Track, snapshot: RobotSnapshot) -> None:
    nodes = [track.space.index[n] for n in snapshot.base_node_ids if n in track.space.index]
    if len(nodes) == len(snapshot.base_node_ids):
        track.base, track.first_id = nodes, max(snapshot.last_sequence_id, 0)


def _restart(track: Track, settings: TrafficSettings) -> None:
    """The robot has no route any more (or left it by hand): a new one starts where it is."""
    track.ghost = tuple(track.segments())
    track.first_id = track.end_id + 1
    track.base, track.plan, track.plan_for = [], [], None
    track.former, track.route_id, track.known, track.taken_up = track.route_id, "", True, True
    track.sent_again = 0
    track.recall, track.returning, track.renew = None, False, False
    place(track, settings)


def _away(track: Track) -> float:
    """Distance (m) of the robot from the line of its base."""
    p = (track.snapshot.pose.x, track.snapshot.pose.y)
    return math.dist(p, nearest_point(p, [track.space.xy[n] for n in track.base]))


def _anchor(track: Track, settings: TrafficSettings) -> None:
    """A robot off the line of its base (or off the roadmap) holds where it is, and the way back."""
    p = (round(track.snapshot.pose.x, 2), round(track.snapshot.pose.y, 2))
    track.anchors = ()
    if not track.base:
        track.anchors = (p + p,)
        return
    first = track.space.xy[track.base[0]]
    if track.returning and math.dist(p, first) > settings.deviation:
        track.anchors = (p + first,)
    foot = nearest_point(p, [track.space.xy[n] for n in track.base])
    away = math.dist(p, foot)
    if away > settings.deviation:
        # A robot that says that it holds a base drives to it, from however far; another one stays.
        drives = away <= settings.bootstrap_slow or bool(track.snapshot.base_node_ids)
        track.anchors += (p + foot if drives else p + p,)


def nearest_point(p: tuple[float, float], line: list[tuple[float, float]]) -> tuple[float, float]:
    """Point of a polyline nearest to p."""
    best, least = line[0], math.dist(p, line[0])
    for (ax, ay), (bx, by) in itertools.pairwise(line):
        squared = (bx - ax) ** 2 + (by - ay) ** 2
        if squared == 0.0:
            continue
        t = min(1.0, max(0.0, ((p[0] - ax) * (bx - ax) + (p[1] - ay) * (by - ay)) / squared))
        foot = (ax + t * (bx - ax), ay + t * (by - ay))
        away = math.dist(p, foot)
        if away < least:
            best, least = foot, away
    return best
