"""All robots together: who holds what, and what is closed to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot
from fleet_manager.traffic.closures import Closures
from fleet_manager.traffic.lanes import Lanes
from fleet_manager.traffic.observe import observe, place
from fleet_manager.traffic.obstruction import Obstruction, is_real
from fleet_manager.traffic.settings import TrafficSettings
from fleet_manager.traffic.situation import Situation
from fleet_manager.traffic.space import Space, segment_gap
from fleet_manager.traffic.track import Track


class Fleet:
    """The tracks of all robots on one roadmap. `version` grows whenever anything changes that a release depends on."""

    def __init__(self, roadmap: Roadmap, settings: TrafficSettings) -> None:
        self.space = Space(roadmap)
        self.settings = settings
        self.tracks: dict[str, Track] = {}
        self.version = 0
        self.closures = Closures(self.space, settings)
        self.obstructions: dict[str, Obstruction] = {}
        self._lanes: dict[tuple[float, float], Lanes] = {}
        self._nearer: dict[tuple[str, str], float] = {}
        self._situation: Situation | None = None
        self._shut: dict[str, int] = {}
        self._open_situation: Situation | None = None

    def lanes(self, sheet: RobotFactsheet) -> Lanes:
        """Lanes for a robot's size; robots of one size share them."""
        key = (sheet.half_width, sheet.turning_radius)
        if key not in self._lanes:
            self._lanes[key] = Lanes(self.space, *key)
        return self._lanes[key]

    def observe(self, snapshot: RobotSnapshot, sheet: RobotFactsheet, now: float) -> None:
        """Take in a snapshot; a robot seen for the first time is put on the roadmap."""
        track = self.tracks.get(snapshot.robot_id)
        if track is None:
            track = Track(snapshot.robot_id, sheet, self.lanes(sheet), self.space, snapshot, now, now)
            self.tracks[snapshot.robot_id] = track
            self.tracks = dict(sorted(self.tracks.items()))
        elif sheet != track.sheet:
            track.sheet, track.lanes, track.dirty = sheet, self.lanes(sheet), True
        observe(track, snapshot, now, self.settings)
        if not track.base:
            place(track, self.settings)

    def settle(self, now: float) -> None:
        """After all snapshots of a step: who is fixed, and who stands nearer to whom than the margin allows."""
        for track in self.tracks.values():
            track.judge(now, self.settings)
        if any(t.dirty for t in self.tracks.values()):
            self.changed()
            self._measure()

    def changed(self) -> None:
        """Something that releases depend on is different now."""
        self.version += 1
        self._situation = self._open_situation = None
        for track in self.tracks.values():
            track.dirty = False

    def apart(self, one: str, other: str) -> float:
        """m that the centres of two robots keep. Robots that already stand nearer may only not come nearer still."""
        nearer = self._nearer.get((one, other) if one < other else (other, one))
        return self.nominal(one, other) if nearer is None else nearer

    def nominal(self, one: str, other: str) -> float:
        """Both turning radii and the margin, m."""
        radii = self.tracks[one].sheet.turning_radius + self.tracks[other].sheet.turning_radius
        return round(radii + self.settings.margin, 4)

    def _measure(self) -> None:
        self._nearer.clear()
        names = list(self.tracks)
        for i, one in enumerate(names):
            for other in names[i + 1 :]:
                a, b = self.tracks[one], self.tracks[other]
                clearance = self.nominal(one, other)
                if not (a.mask & b.closed(clearance) or b.mask & a.closed(clearance) or (a.strays and b.strays)):
                    continue
                gap = segment_gap(a.segments(), b.segments())
                if gap < clearance:
                    self._nearer[(one, other)] = max(0.0, int(gap * 100.0 - 0.5) / 100.0)

    def held_against(self, mover: str, by: Iterable[str] | None = None) -> int:
        """Pieces closed to a robot by what others hold now (`by`: only those)."""
        mask = self._shut.get(mover, 0)
        for name in self.tracks if by is None else by:
            if name != mover:
                mask |= self.tracks[name].closed(self.apart(mover, name))
        return mask

    def shut(self, closed: Mapping[str, frozenset[str]]) -> list[str]:
        """Take in the edges that zones close to each robot; names of robots for which that has changed."""
        now = {name: self.space.edge_mask(closed.get(name, frozenset())) for name in self.tracks}
        changed = [name for name, mask in now.items() if mask != self._shut.get(name, 0)]
        self._shut = now
        for name in changed:
            self.tracks[name].dirty = True
        return changed

    def is_shut(self, mover: str) -> bool:
        """Zones close some of the roadmap to this robot."""
        return bool(self._shut.get(mover))

    def closed(self, mover: str, by: Iterable[str] | None = None) -> int:
        """The same, with the places that are closed for a time."""
        return self.held_against(mover, by) | self.closures.mask(self.tracks[mover].sheet.half_width)

    def blockers(self, mover: str, pieces: int) -> list[str]:
        """Robots that hold something in the way of these pieces."""
        return [n for n, t in self.tracks.items() if n != mover and t.closed(self.apart(mover, n)) & pieces]

    def fixed(self) -> list[str]:
        """Robots that cannot move."""
        return [n for n, t in self.tracks.items() if t.fixed]

    def movers(self) -> list[str]:
        """Robots that can."""
        return [n for n, t in self.tracks.items() if not t.fixed and t.base]

    def place_of(self, mover: str) -> int:
        """Node where a robot can be counted on: the end of its base, or the last one passed if it cannot go on."""
        track = self.tracks[mover]
        return track.base[0] if is_real(self.obstructions.get(mover), self.settings) else track.base[-1]

    def situation(self) -> Situation:
        """The check's view of now; kept until something changes."""
        if self._situation is None:
            movers = self.movers()
            walls = {m: self.closed(m, self.fixed()) for m in movers}
            self._situation = self._make_situation({m: self.place_of(m) for m in movers}, walls)
        return self._situation

    def open_situation(self) -> Situation:
        """The same as if no place were closed for a time: so it will be again, and robots must not block one another
        then either.
        """
        if not self.closures.active and not self.obstructions:
            return self.situation()
        if self._open_situation is None:
            movers = self.movers()
            walls = {m: self.held_against(m, self.fixed()) for m in movers}
            self._open_situation = self._make_situation({m: self.tracks[m].base[-1] for m in movers}, walls)
        return self._open_situation

    def no_worse(self, mover: str, node: int, with_goals: bool) -> bool:
        """May the robot end its base at a node? Not if anybody loses the way home (or to its goal) by it."""
        now, later = self.situation(), self.open_situation()
        return now.no_worse(mover, node, with_goals) and (later is now or later.no_worse(mover, node, with_goals))

    def _make_situation(self, at: dict[str, int], walls: dict[str, int]) -> Situation:
        lanes = {m: self.tracks[m].lanes for m in at}

        def possible(mover: str, node: int | None) -> int | None:
            """The node, if the robot could get there with all others out of the way."""
            if node is None or not lanes[mover].reaches(at[mover], node, walls[mover]):
                return None
            return node

        return Situation(
            space=self.space,
            at=at,
            lanes=lanes,
            apart=self.apart,
            walls=walls,
            goal={m: possible(m, self.tracks[m].goal) for m in at},
            home={m: possible(m, self.space.index.get(self.tracks[m].sheet.home_node)) for m in at},
            busy=frozenset(m for m in at if self.tracks[m].busy),
        )
