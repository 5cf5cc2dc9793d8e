"""Who has the right of way when robots wait for one another, and the watch over agreed moves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fleet_manager.traffic.fleet import Fleet
from fleet_manager.traffic.makeroom import MakeRoom, make_room
from fleet_manager.traffic.notices import Notices
from fleet_manager.traffic.planner import pieces_of
from fleet_manager.traffic.track import Track

_STALLED = 20.0
"""s without any movement after which an agreement is dropped and may be made anew."""
_RETRY = 2.0
"""s after which a robot that could not be helped is looked at again."""
_ALONE = 60.0
"""s after a stalled agreement in which there is one at a time: two may have stood in each other's way."""
_ENOUGH = 15.0
"""s after which a robot no longer hopes that those in its way drive on by themselves."""


class RightOfWay:
    """Agreements in force. A robot takes part in one at most; their ways do not touch."""

    def __init__(self, fleet: Fleet, notices: Notices) -> None:
        self._fleet = fleet
        self._notices = notices
        self._rooms: list[MakeRoom] = []
        self._tried: dict[str, float] = {}
        self._alone_until = -math.inf
        self._helpless: set[str] = set()
        """Robots that nobody could make room for when it was last tried: somebody works in their way."""

    # Asked at each release -----------------------------------------------------------------------------------------

    def takes_part(self, robot: str) -> bool:
        """Is the robot part of an agreement?"""
        return any(robot in room.robots for room in self._rooms)

    def may_go(self, track: Track) -> bool:
        """Until the last one has stepped aside, nobody of an agreement moves but the one whose turn it is."""
        for room in self._rooms:
            if track.robot_id in room.robots and track.yield_to is None and self._next_move(room) is not None:
                return False
        return True

    def kept_free(self, robot: str) -> int:
        """Pieces closed to a robot because somebody else has the right of way there."""
        mask = 0
        for room in self._rooms:
            if robot not in room.robots:
                mask |= self._kept_by(room, robot)
        return mask

    def _kept_by(self, room: MakeRoom, robot: str) -> int:
        """Pieces that an agreement closes to a robot that has no part in it."""
        fleet, mask = self._fleet, 0
        clearance = fleet.apart(robot, room.first)
        at = room.start
        for node in room.way:
            edge = fleet.space.edge_between(at, node)
            assert edge is not None
            mask |= fleet.space.near(edge, clearance)
            at = node
        for name, node in room.moves:
            mask |= fleet.space.near(fleet.space.node_piece(node), fleet.apart(robot, name))
        return mask

    # Once a step ------------------------------------------------------------------------------------------------

    def update(self, now: float) -> None:
        """End agreements that are fulfilled or pointless; start the next move of the others."""
        for room in list(self._rooms):
            if self._over(room, now):
                self._rooms.remove(room)
                for name in room.robots:
                    self._release(name)
                self._fleet.changed()
                continue
            move = self._next_move(room)
            if move is not None:
                self._send_aside(room, *move)
            else:
                self._let_back(room)

    def grant(self, ordered: Sequence[Track], now: float) -> bool:
        """Make one agreement for the robot that has waited longest and can be helped. True if one was looked for."""
        hopeful: set[str] = set()  # those whose turn comes: nobody later may send them aside
        tried = False
        for track in ordered:
            name = track.robot_id
            if track.blocked_since is None or track.fixed or self.takes_part(name) or track.goal is None:
                continue
            waited = now - track.blocked_since
            again = now - self._tried.get(name, -math.inf) >= _RETRY
            due = again and waited >= self._fleet.settings.yield_patience
            if tried or not due:
                if name not in self._helpless:
                    hopeful.add(name)
                continue
            tried = True  # one search a step
            self._tried[name] = now
            self._helpless.discard(name)
            room = make_room(self._fleet, name, now)
            if room is None:
                self._helpless.add(name)
                continue
            others = {n for n, _ in room.moves}
            if waited < _ENOUGH and any(self._progresses(self._fleet.tracks[n]) for n in others):
                hopeful.add(name)
                continue
            alone = now < self._alone_until and bool(self._rooms)
            if alone or others & hopeful or any(self._touch(room, other) for other in self._rooms):
                hopeful.add(name)
                continue
            self._begin(room, now)
        return tried

    # Inside ------------------------------------------------------------------------------------------------------

    def _begin(self, room: MakeRoom, now: float) -> None:
        self._rooms.append(room)
        room.progress_at = now
        for name in dict.fromkeys(n for n, _ in room.moves):
            self._notices.say("YIELDING", name, f"{name} makes room for {room.first}")
        if not room.moves:
            self._follow_way(room)
        self._fleet.changed()

    def _next_move(self, room: MakeRoom) -> tuple[str, int] | None:
        while room.moves_done < len(room.moves):
            name, node = room.moves[room.moves_done]
            if self._fleet.tracks[name].end != node:
                return name, node
            room.moves_done += 1
            if room.moves_done == len(room.moves):
                self._follow_way(room)
        return None

    def _send_aside(self, room: MakeRoom, name: str, node: int) -> None:
        track = self._fleet.tracks[name]
        if track.yield_to != node:
            track.yield_to = node
            track.plan, track.plan_for = [], None
            self._fleet.changed()

    def _follow_way(self, room: MakeRoom) -> None:
        """The first one drives, on exactly the way that was cleared."""
        first = self._fleet.tracks[room.first]
        first.yield_to = None
        if first.end == room.start:
            first.plan, first.plan_for = list(room.way), first.goal
        else:
            first.plan, first.plan_for = [], None
        self._fleet.changed()

    def _let_back(self, room: MakeRoom) -> None:
        """Those aside may come back once the first one is past the place they left."""
        first = self._fleet.tracks[room.first]
        rest = first.mask | pieces_of(self._fleet, first.base[-1], first.plan)
        for name, node in room.left.items():
            track = self._fleet.tracks[name]
            clearance = self._fleet.apart(name, room.first)
            place = self._fleet.space.node_piece(node)
            if name != room.first and track.yield_to is not None:
                if not first.plan or self._fleet.space.near(place, clearance) & rest:
                    continue
                self._release(name)
                self._fleet.changed()

    def _release(self, name: str) -> None:
        track = self._fleet.tracks[name]
        self._notices.clear("YIELDING", name)
        if track.yield_to is not None:
            track.yield_to = None
            track.plan, track.plan_for = [], None

    def _over(self, room: MakeRoom, now: float) -> bool:
        first = self._fleet.tracks[room.first]
        if first.fixed or first.goal != room.goal or (first.end == room.goal and self._next_move(room) is None):
            return True
        tracks = [self._fleet.tracks[n] for n in sorted(room.robots)]
        if any(t.fixed for t in tracks):
            return True
        key = tuple(v for t in tracks for v in (t.first_id, t.end_id))
        if key != room.progress_key:
            room.progress_key, room.progress_at = key, now
        if now - room.progress_at > _STALLED:
            self._alone_until = now + _ALONE
            return True
        return False

    def _progresses(self, track: Track) -> bool:
        return track.blocked_since is None and (track.wants or len(track.base) > 1)

    def _touch(self, one: MakeRoom, other: MakeRoom) -> bool:
        """They could wait for one another."""
        if one.robots & other.robots:
            return True
        return self._in_the_way(one, other) or self._in_the_way(other, one)

    def _in_the_way(self, one: MakeRoom, other: MakeRoom) -> bool:
        """Somebody in `other` needs a place that `one` keeps free."""
        wants = [(other.first, pieces_of(self._fleet, other.start, other.way))]
        wants += [(name, 1 << self._fleet.space.node_piece(node)) for name, node in other.moves]
        return any(self._kept_by(one, name) & pieces for name, pieces in wants)
