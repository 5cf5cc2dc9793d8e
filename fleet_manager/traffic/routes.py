"""From tracks to routes as robots get them: ids that are never used twice, numbers that only grow."""

from __future__ import annotations

import math

from fleet_manager.traffic import RoutePlan, RouteStep, recall
from fleet_manager.traffic.fleet import Fleet
from fleet_manager.traffic.track import Recall, Track

_NARROW = 0.10
"""m beside the robot below which it drives at half speed."""


class Routes:
    """Routes of one instance of the manager."""

    def __init__(self, instance: str, fleet: Fleet) -> None:
        self._instance = instance
        self._fleet = fleet
        self._count = 0
        self._changed: set[str] = set()

    def changed(self, track: Track) -> None:
        """The robot's base or horizon is different now."""
        self._changed.add(track.robot_id)

    def take(self, track: Track, now: float) -> RoutePlan | None:
        """The route to send now: a changed one, the first one, or one that the robot has not reported for long."""
        if not track.base or track.fixed:
            return None
        if track.recall is not None:
            return self._recall(track, track.recall, now)
        first = not track.route_id and (track.aim is not None or bool(track.ghost))
        again = (
            bool(track.route_id)
            and not track.taken_up
            and track.seen_at > track.sent_at
            and now - track.sent_at >= self._fleet.settings.resend_after
        )
        content = (track.end_id, tuple(track.plan))
        changed = track.robot_id in self._changed and not (track.route_id and content == track.sent)
        self._changed.discard(track.robot_id)
        if not (first or changed or again):
            return None
        track.sent = content
        if not track.route_id:
            track.route_id = self._new_id(track)
            track.update_id, track.known = 1, False
            track.sent_again = 0
        elif changed:
            track.update_id += 1
        else:
            track.sent_again += 1
        track.taken_up, track.sent_at = False, now
        return self._compose(track)

    def take_back(self, track: Track) -> None:
        """Ask the robot for what it has not driven of its base."""
        recall.begin(track, self._new_id(track))

    def _new_id(self, track: Track) -> str:
        self._count += 1
        return f"{self._instance}-{track.robot_id}-{self._count}"

    def _recall(self, track: Track, asked: Recall, now: float) -> RoutePlan | None:
        """The route that ends at the node last passed, until the robot answers."""
        if now - asked.sent_at < self._fleet.settings.resend_after:
            return None
        asked.sent_at = now
        node = self._fleet.space.node_ids[asked.node]
        x, y = self._fleet.space.xy[asked.node]
        step = RouteStep(asked.sequence_id, node, x, y, track.sheet.max_speed, self._fleet.settings.deviation)
        return RoutePlan(track.robot_id, asked.route_id, 1, (step,), asked.sequence_id)

    def _compose(self, track: Track) -> RoutePlan:
        space, sheet, settings = self._fleet.space, track.sheet, self._fleet.settings
        steps: list[RouteStep] = []
        before: int | None = None
        for offset, node in enumerate([*track.base, *track.plan]):
            x, y = space.xy[node]
            speed, deviation = sheet.max_speed, settings.deviation
            if before is None:
                pose = track.snapshot.pose
                if not track.known and math.dist((x, y), (pose.x, pose.y)) > settings.bootstrap:
                    speed = min(speed, settings.slow)
            else:
                edge = space.edge_between(before, node)
                if edge is None or space.edges[edge].clearance - sheet.half_width < _NARROW:
                    speed, deviation = 0.5 * speed, settings.narrow_deviation
            steps.append(RouteStep(track.first_id + offset, space.node_ids[node], x, y, speed, deviation))
            before = node
        return RoutePlan(track.robot_id, track.route_id, track.update_id, tuple(steps), track.end_id)
