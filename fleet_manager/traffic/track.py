"""What the controller holds of one robot: the places it occupies, the route it was sent, whether it can move."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.traffic.lanes import Lanes
from fleet_manager.traffic.settings import TrafficSettings
from fleet_manager.traffic.space import Segment, Space


@dataclass(slots=True)
class Recall:
    """A request to give back the base after one of its nodes, and the route that asks for it."""

    route_id: str
    node: int
    sequence_id: int
    sent_at: float = -math.inf


_STANDING = frozenset({SafetyMode.BOOT, SafetyMode.STOPPED, SafetyMode.FAULT, SafetyMode.TELEOP})


@dataclass
class Track:
    """One robot. `base[0]` is the node last passed, with sequence id `first_id`; `base[-1]` the end of the base."""

    robot_id: str
    sheet: RobotFactsheet
    lanes: Lanes
    space: Space
    snapshot: RobotSnapshot
    seen_at: float
    mode_since: float
    base: list[int] = field(default_factory=list)
    first_id: int = 1
    route_id: str = ""
    former: str = ""
    """Route that the robot has left for good, though it may still report it."""
    update_id: int = 0
    sent_at: float = -math.inf
    sent: tuple[int, tuple[int, ...]] = (0, ())
    """Sequence id of the end of the base, and the nodes planned after it, as last sent."""
    sent_again: int = 0
    taken_up: bool = True
    """The robot has reported the newest update."""
    known: bool = True
    """The robot has reported this route id: it cannot go back to nodes before its last one."""
    plan: list[int] = field(default_factory=list)
    """Planned nodes after the end of the base."""
    plan_for: int | None = None
    goal: int | None = None
    goal_since: float = 0.0
    yield_to: int | None = None
    blocked_since: float | None = None
    replanned_at: float = -math.inf
    failed_version: int = -1
    driven_by_hand: bool = False
    ghost: tuple[Segment, ...] = ()
    """What it may still hold from before it lost its route; until the new one is taken up."""
    recall: Recall | None = None
    """The robot is asked to give back what it has not driven."""
    renew: bool = False
    """A recall came too late: whatever became of it, the route is to be sent anew."""
    returning: bool = False
    """It drives back to the first node of its base, which it has given back the rest of."""
    anchors: tuple[Segment, ...] = ()
    """From where it really is to what it holds, if those differ."""
    fixed: bool = True
    dirty: bool = True
    _pieces: tuple[int, ...] = ()
    _loose: tuple[Segment, ...] = ()
    _mask: int = 0
    _closed: dict[float, int] = field(default_factory=dict)

    @property
    def end(self) -> int | None:
        """Node at the end of the base; None off the roadmap."""
        return self.base[-1] if self.base else None

    @property
    def end_id(self) -> int:
        """Sequence id of the end of the base."""
        return self.first_id + len(self.base) - 1

    @property
    def approaching(self) -> bool:
        """It drives to the first node of its base: it has not passed it yet, or returns to it."""
        shot = self.snapshot
        return self.returning or (shot.route_id == self.route_id and shot.last_sequence_id < self.first_id)

    @property
    def aim(self) -> int | None:
        """Where it should go now: aside, if it makes room, else to its goal."""
        return self.goal if self.yield_to is None else self.yield_to

    @property
    def wants(self) -> bool:
        """It has somewhere to go beyond its base."""
        return self.aim is not None and self.aim != self.end

    @property
    def busy(self) -> bool:
        """It stands (or will stand) where its task needs it: nobody asks it to leave."""
        return bool(self.snapshot.task_id) and self.end is not None and self.goal in (None, self.end)

    def ahead(self) -> float:
        """Length (m) of base that is still in front of the robot."""
        if len(self.base) < 2:
            return 0.0
        xy = [self.space.xy[n] for n in self.base]
        length = sum(math.dist(a, b) for a, b in itertools.pairwise(xy))
        pose = self.snapshot.pose
        done = min(math.dist(xy[0], (pose.x, pose.y)), math.dist(xy[0], xy[1]))
        return length - done

    def heading(self) -> float | None:
        """Where it will look at the end of its base, rad."""
        if len(self.base) >= 2:
            (ax, ay), (bx, by) = self.space.xy[self.base[-2]], self.space.xy[self.base[-1]]
            return math.atan2(by - ay, bx - ax)
        return self.snapshot.pose.yaw

    def judge(self, now: float, settings: TrafficSettings) -> None:
        """Set `fixed`: can the robot be expected to move by itself soon?"""
        mode = self.snapshot.safety
        age = now - self.mode_since
        fixed = (
            not self.base
            or now - self.seen_at > settings.lost_after
            or mode in _STANDING
            or (mode is SafetyMode.HOLD and age > settings.hold_patience)
            or (mode is SafetyMode.PROTECTIVE_STOP and age > settings.stop_patience)
        )
        if fixed is not self.fixed:
            self.fixed, self.dirty = fixed, True

    # What it holds ---------------------------------------------------------------------------------------------

    def touch(self) -> None:
        """Work out again what the robot holds, after base, anchors or ghost changed."""
        pieces: list[int] = []
        loose: list[Segment] = [*self.ghost]
        if len(self.base) == 1:
            pieces.append(self.space.node_piece(self.base[0]))
        for a, b in zip(self.base, self.base[1:], strict=False):
            edge = self.space.edge_between(a, b)
            if edge is None:
                loose.append(self.space.xy[a] + self.space.xy[b])
            else:
                pieces.append(edge)
        loose += self.anchors
        found = (tuple(pieces), tuple(loose))
        if found != (self._pieces, self._loose):
            self._pieces, self._loose = found
            self._closed.clear()
            self._mask = 0
            for piece in pieces:
                self._mask |= 1 << piece
            self.dirty = True

    @property
    def mask(self) -> int:
        """Set of pieces it holds (what is off the roadmap is not in it)."""
        return self._mask

    def segments(self) -> list[Segment]:
        """All that it holds, as segments of its centre."""
        return [self.space.segment(p) for p in self._pieces] + list(self._loose)

    @property
    def strays(self) -> bool:
        """It holds something off the roadmap."""
        return bool(self._loose)

    def closed(self, clearance: float) -> int:
        """Set of pieces where another robot's centre would be nearer than `clearance` (m) to what this one holds."""
        found = self._closed.get(clearance)
        if found is None:
            found = 0
            for piece in self._pieces:
                found |= self.space.near(piece, clearance)
            for segment in self._loose:
                found |= self.space.near_segment(segment, clearance)
            self._closed[clearance] = found
        return found
