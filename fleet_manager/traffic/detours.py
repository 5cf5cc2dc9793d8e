"""What happens when things that no plan knows stand in the way: close the place, take the base back, go another way."""

from __future__ import annotations

from fleet_manager.domain.robots import SafetyMode
from fleet_manager.traffic import ClosedOff
from fleet_manager.traffic.fleet import Fleet
from fleet_manager.traffic.notices import Notices
from fleet_manager.traffic.obstruction import Obstruction, is_real, watch
from fleet_manager.traffic.planner import pieces_of
from fleet_manager.traffic.routes import Routes
from fleet_manager.traffic.track import Track

_CLOCK_RESET = 30.0
"""s by which ROS time must fall to have begun again."""
_CODES = ("DETOUR", "OBSTRUCTED")


class Detours:
    """Looks at obstructed robots once a step, before anything is released."""

    def __init__(self, fleet: Fleet, routes: Routes, notices: Notices) -> None:
        self._fleet = fleet
        self._routes = routes
        self._notices = notices
        self._time = 0.0
        self._last: dict[str, int] = {}
        """Node each robot was last known to have passed."""
        self._cut_off: dict[str, tuple[int, float]] = {}
        """Goals behind closed places, and since when (s of ROS time)."""
        self._beyond: dict[str, tuple[tuple[int, int], frozenset[str]]] = {}

    def update(self) -> None:
        """Take in what robots see, close and open places, and take back what cannot be driven."""
        fleet = self._fleet
        time = max((t.snapshot.stamp for t in fleet.tracks.values()), default=0.0)
        began_anew = time < self._time - _CLOCK_RESET
        self._time = time
        changed = fleet.closures.clear() if began_anew else fleet.closures.expire(time)
        for track in fleet.tracks.values():
            changed |= self._look(track)
        if changed:
            fleet.changed()
            self._drop_plans()
        for track in fleet.tracks.values():
            if track.renew:
                track.renew, track.sent = False, (0, ())
                self._routes.changed(track)
            if is_real(fleet.obstructions.get(track.robot_id), fleet.settings):
                self._go_another_way(track, fleet.obstructions[track.robot_id])

    def closed_off(self) -> dict[str, ClosedOff]:
        """What each robot cannot get to at present because of closed places."""
        fleet = self._fleet
        if not fleet.closures.active:
            self._cut_off.clear()
            self._beyond.clear()
            return {}
        found = {}
        for name, track in fleet.tracks.items():
            nodes = self._nodes_beyond(track) if track.base and not track.fixed else frozenset[str]()
            goal = None if track.goal is None else fleet.space.node_ids[track.goal]
            if track.goal is None or goal not in nodes:
                self._cut_off.pop(name, None)
            elif self._cut_off.get(name, (None, 0.0))[0] != track.goal:
                self._cut_off[name] = (track.goal, self._time)
            if nodes:
                waited = self._time - self._cut_off[name][1] if name in self._cut_off else 0.0
                own = fleet.obstructions.get(name)
                where = self._place(own) if own and is_real(own, fleet.settings) else fleet.closures.names()
                message = f"no way to {self._goal_name(track)}: something stands in the way at {where}"
                found[name] = ClosedOff(nodes, message, waited >= fleet.settings.give_up_after)
        return found

    # Inside ------------------------------------------------------------------------------------------------------

    def _look(self, track: Track) -> bool:
        """What this robot sees and where it has got through; True if that closes or opens anything."""
        fleet, name = self._fleet, track.robot_id
        before = fleet.obstructions.get(name)
        now = watch(track, before, fleet.tracks.values())
        if now is None:
            fleet.obstructions.pop(name, None)
        else:
            fleet.obstructions[name] = now
        changed = is_real(before, fleet.settings) is not is_real(now, fleet.settings)
        at = track.base[0] if track.base else None
        last, self._last[name] = self._last.get(name), at if at is not None else -1
        if last is not None and at is not None and last != at:
            changed |= self._found_free(last, at)
        free = now is None and track.snapshot.safety is SafetyMode.AUTO and not track.snapshot.obstructed
        if before is not None and free and is_real(before, fleet.settings) and before.leg[:2] == tuple(track.base[:2]):
            changed |= self._found_free(*before.leg)
        if now is None or not is_real(now, fleet.settings):
            for code in _CODES:
                self._notices.clear(code, name)
            return changed
        edge = fleet.space.edge_between(*now.leg)
        return fleet.closures.close(edge, now.where, self._place(now), self._time) or changed

    def _found_free(self, a: int, b: int) -> bool:
        edge = self._fleet.space.edge_between(a, b)
        return edge is not None and self._fleet.closures.open_edge(edge, self._time)

    def _drop_plans(self) -> None:
        """Plans that lead through closed places, and none at all where there may be a way again."""
        fleet = self._fleet
        for track in fleet.tracks.values():
            track.failed_version = -1
            if not track.base or not track.plan:
                continue
            if pieces_of(fleet, track.base[-1], track.plan) & fleet.closures.mask(track.sheet.half_width):
                track.plan, track.plan_for = [], None
                self._routes.changed(track)

    def _go_another_way(self, track: Track, obstruction: Obstruction) -> None:
        """If there is another way from the node last passed, take back what lies ahead; otherwise say so."""
        fleet, name = self._fleet, track.robot_id
        aim = track.aim
        if track.recall is not None or aim is None or track.fixed:
            return
        start, place = track.base[0], self._place(obstruction)
        if not track.lanes.reaches(start, aim, fleet.closed(name, fleet.fixed())):
            self._notices.say(
                "OBSTRUCTED",
                name,
                f"{name} finds something in its way at {place} and no other way to {self._goal_name(track)}: it waits",
            )
            return
        if len(track.base) < 2 or not track.taken_up or not track.route_id:
            return
        if fleet.open_situation().no_worse(name, start, with_goals=False):
            self._routes.take_back(track)
            self._notices.clear("OBSTRUCTED", name)
            self._notices.say(
                "DETOUR",
                name,
                f"{name} finds something in its way at {place} and goes to {self._goal_name(track)} another way",
            )

    def _place(self, obstruction: Obstruction) -> str:
        start, to = obstruction.leg
        return self._notices.place(self._fleet, start, [to] if to != start else [])

    def _goal_name(self, track: Track) -> str:
        return "anywhere" if track.aim is None else self._notices.name(self._fleet, track.aim)

    def _nodes_beyond(self, track: Track) -> frozenset[str]:
        """Nodes that the robot could get to if nothing were closed for a time."""
        fleet, name = self._fleet, track.robot_id
        start = fleet.place_of(name)
        key = (fleet.version, start)
        known = self._beyond.get(name)
        if known is None or known[0] != key:
            walls = fleet.held_against(name, fleet.fixed())
            free = {n for _, n in track.lanes.outward(start, walls)}
            left = {n for _, n in track.lanes.outward(start, fleet.closed(name, fleet.fixed()))}
            known = self._beyond[name] = (key, frozenset(fleet.space.node_ids[n] for n in free - left))
        return known[1]
