"""`ReservationTraffic`: routes in base and horizon, released so that robots neither meet nor deadlock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fleet_manager.domain.geometry import Pose2
from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.traffic import TrafficStep
from fleet_manager.traffic.detours import Detours
from fleet_manager.traffic.fleet import Fleet
from fleet_manager.traffic.notices import Notices
from fleet_manager.traffic.planner import plan, replan_around
from fleet_manager.traffic.release import Hindrance, extend
from fleet_manager.traffic.rightofway import RightOfWay
from fleet_manager.traffic.routes import Routes
from fleet_manager.traffic.settings import TrafficSettings
from fleet_manager.traffic.track import Track

_DRIVES = frozenset({SafetyMode.AUTO, SafetyMode.PROTECTIVE_STOP})
_TASK_FIRST = 60.0
"""s of waiting that a robot with a task is ahead of one without."""
_REPLAN_EVERY = 2.0
"""s between two looks of a waiting robot for a way around."""
_UNKNOWN_RADIUS = 0.6
"""m: turning radius assumed of a robot whose factsheet has not been heard."""


class ReservationTraffic:
    """A `TrafficController` that holds places for robots; docs/traffic.md says how.

    `instance` names this run of the manager: route ids start with it, so they are never used twice.
    `names` gives readable names for doors and zones in notices.
    """

    def __init__(
        self,
        roadmap: Roadmap,
        *,
        instance: str,
        settings: TrafficSettings | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings or TrafficSettings()
        self._fleet = Fleet(roadmap, self.settings)
        self._routes = Routes(instance, self._fleet)
        self._notices = Notices(names or {})
        self._right_of_way = RightOfWay(self._fleet, self._notices)
        self._detours = Detours(self._fleet, self._routes, self._notices)
        self._started: float | None = None
        self._plans_left = 0

    def step(
        self,
        now: float,
        robots: Mapping[str, RobotSnapshot],
        factsheets: Mapping[str, RobotFactsheet],
        goals: Mapping[str, str],
        closed: Mapping[str, frozenset[str]] | None = None,
    ) -> TrafficStep:
        """One cycle; see `TrafficController.step`."""
        if self._started is None:
            self._started = now
        complete = self._observe(now, robots, factsheets)
        self._shut(closed or {})
        self._take_goals(now, goals)
        self._fleet.settle(now)
        if not complete and now - self._started < self.settings.settle:
            return TrafficStep((), self._notices.take())
        self._detours.update()
        self._right_of_way.update(now)
        ordered = sorted(self._fleet.tracks.values(), key=_rank)
        self._plans_left = self.settings.plans_per_step
        if self._right_of_way.grant(ordered, now):
            self._plans_left = 1
        for track in ordered:
            self._advance(track, now)
        routes = [self._routes.take(track, now) for track in self._fleet.tracks.values()]
        sent = tuple(r for r in routes if r is not None)
        return TrafficStep(sent, self._notices.take(), self._detours.closed_off())

    def held(self, robot_id: str) -> tuple[str, ...]:
        """Nodes a robot holds now, from the one last passed to the end of its base."""
        track = self._fleet.tracks.get(robot_id)
        return () if track is None else tuple(self._fleet.space.node_ids[n] for n in track.base)

    # Taking in ---------------------------------------------------------------------------------------------------

    def _observe(
        self, now: float, robots: Mapping[str, RobotSnapshot], factsheets: Mapping[str, RobotFactsheet]
    ) -> bool:
        """All snapshots; robots known only by their factsheet are taken to stand at home. True if there were none."""
        for robot_id in sorted(robots):
            self._fleet.observe(robots[robot_id], factsheets.get(robot_id) or _unknown(robot_id), now)
        unheard = [s for r, s in sorted(factsheets.items()) if r not in self._fleet.tracks]
        if self._started is not None and now - self._started >= self.settings.settle:
            for sheet in unheard:
                home = self._fleet.space.roadmap.nodes.get(sheet.home_node)
                if home is not None:
                    asleep = RobotSnapshot(sheet.robot_id, Pose2(home.x, home.y), 1.0, False, SafetyMode.BOOT)
                    self._fleet.observe(asleep, sheet, now)
        for track in self._fleet.tracks.values():
            if track.base:
                self._notices.clear("OFF_ROADMAP", track.robot_id)
            else:
                self._notices.say(
                    "OFF_ROADMAP",
                    track.robot_id,
                    f"{track.robot_id} is not within {self.settings.bootstrap_slow:.1f} m of a place on the roadmap "
                    "where it can turn: drive it there by hand",
                )
        return not unheard

    def _shut(self, closed: Mapping[str, frozenset[str]]) -> None:
        """Ground that is closed by zones: a plan that leads over it is given up, what is released stays released."""
        for name in self._fleet.shut(closed):
            track = self._fleet.tracks[name]
            if track.plan:
                self._routes.changed(track)
            track.plan, track.plan_for = [], None
            self._notices.clear("NO_PATH", name)

    def _take_goals(self, now: float, goals: Mapping[str, str]) -> None:
        space = self._fleet.space
        for name, track in self._fleet.tracks.items():
            wanted = goals.get(name)
            goal = None if wanted is None else space.index.get(wanted)
            if wanted is not None and goal is None:
                self._notices.say("NO_PATH", name, f"{name} cannot go to {wanted}: the roadmap has no such place")
            if goal != track.goal:
                track.goal, track.goal_since = goal, now
                if track.plan:
                    self._routes.changed(track)
                track.plan, track.plan_for = [], None
                track.dirty = True
                self._notices.clear("NO_PATH", name)

    # Moving on ---------------------------------------------------------------------------------------------------

    def _advance(self, track: Track, now: float) -> None:
        recalled = track.recall is not None
        if track.fixed or track.snapshot.safety not in _DRIVES or not track.wants or recalled:
            self._unblock(track)
            return
        if not self._right_of_way.may_go(track):
            return
        failed = track.failed_version == self._fleet.version
        if not failed and (not track.plan or track.plan_for != track.aim):
            self._make_plan(track)
        if not track.plan:
            return
        if failed or track.ahead() >= self.settings.ahead:
            self._still_blocked(track, now, None)
            return
        part = self._right_of_way.takes_part(track.robot_id)
        hindrance = extend(self._fleet, track, not part, self._right_of_way.kept_free(track.robot_id))
        if hindrance is None:
            self._unblock(track)
            self._routes.changed(track)
        else:
            track.failed_version = self._fleet.version
            self._still_blocked(track, now, hindrance)

    def _make_plan(self, track: Track) -> None:
        if self._plans_left <= 0:
            return  # in the next step
        self._plans_left -= 1
        name = track.robot_id
        self._routes.changed(track)
        if plan(self._fleet, track):
            self._notices.clear("NO_PATH", name)
        else:
            aim = self._fleet.space.node_ids[track.aim] if track.aim is not None else "?"
            track.failed_version = self._fleet.version
            self._notices.say("NO_PATH", name, f"{name} finds no way to {aim}{self._why(track)}")

    def _why(self, track: Track) -> str:
        """If it is somebody who cannot move, say who; or what is closed for a time."""
        for other in self._fleet.fixed():
            if other != track.robot_id and track.aim is not None and track.end is not None:
                rest = [n for n in self._fleet.fixed() if n != other]
                if track.lanes.reaches(track.end, track.aim, self._fleet.closed(track.robot_id, rest)):
                    return f": {other} stands in the way"
        if self._fleet.is_shut(track.robot_id):
            return ": zones close every way, or it is too narrow for it"
        if track.aim is not None and track.end is not None and self._fleet.closures.active:
            walls = self._fleet.held_against(track.robot_id, self._fleet.fixed())
            if track.lanes.reaches(track.end, track.aim, walls):
                return f": something stands in the way at {self._fleet.closures.names()}"
        return ": every way is too narrow for it"

    def _still_blocked(self, track: Track, now: float, hindrance: Hindrance | None) -> None:
        if track.ahead() > 0.3:
            return
        if track.blocked_since is None:
            track.blocked_since = now
        waited = now - track.blocked_since
        if hindrance is not None and waited >= 1.0 and hindrance.robots:
            where = self._notices.place(self._fleet, track.base[-1], track.plan)
            others = " and ".join(hindrance.robots)
            self._notices.say("BLOCKED", track.robot_id, f"{track.robot_id} waits for {others} at {where}")
        if waited >= self.settings.patience and now - track.replanned_at >= _REPLAN_EVERY and self._plans_left > 1:
            self._plans_left -= 2
            track.replanned_at = now
            track.failed_version = -1
            if not self._right_of_way.takes_part(track.robot_id) and replan_around(self._fleet, track, now):
                self._routes.changed(track)

    def _unblock(self, track: Track) -> None:
        if track.blocked_since is not None:
            track.blocked_since = None
            self._notices.clear("BLOCKED", track.robot_id)


def _rank(track: Track) -> tuple[float, str]:
    ahead = _TASK_FIRST if track.snapshot.task_id else 0.0
    return track.goal_since - ahead, track.robot_id


def _unknown(robot_id: str) -> RobotFactsheet:
    """A robot that has not said what it is: taken to be large, and to have no home."""
    r = _UNKNOWN_RADIUS
    return replace(_LARGE, robot_id=robot_id, length=2 * r, width=2 * r, half_width=r, turning_radius=r)


_LARGE = RobotFactsheet("", "", "", (), 1.2, 1.2, 0.6, 0.6, 0.3, 0.0, 0.0, 0.0, 1.0, "")
