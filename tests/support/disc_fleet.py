"""A fleet of kinematic discs that obeys routes, over a network that delays, loses and doubles; and its referee.

Shares no code with the controller: footprints are measured from true positions, and what was released is kept
from the messages alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fleet_manager.domain.geometry import Pose2
from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.traffic import RoutePlan, RouteStep, TrafficController


def sheet(robot_id: str, home: str, radius: float, half_width: float | None = None) -> RobotFactsheet:
    """A factsheet of which only the size, the speed and the home matter here."""
    half = radius * 0.8 if half_width is None else half_width
    return RobotFactsheet(
        robot_id, "disc", "storey", ("drill",), 2 * half, 2 * half, half, radius, 0.8, 50.0, 0.0, 3.0, 0.2, home
    )


@dataclass
class Box:
    """Something round that no plan knows: where, m, and from when to when, s. It is put down where there is room."""

    x: float
    y: float
    radius: float
    since: float
    until: float
    there: bool = False

    def pass_time(self, now: float, discs: Sequence[Disc]) -> None:
        """Put it down when it is time and nobody is near; take it away."""
        if now >= self.until:
            self.there = False
        elif now >= self.since and not self.there:
            room = self.radius + 0.3
            self.there = all(math.hypot(d.x - self.x, d.y - self.y) > d.sheet.turning_radius + room for d in discs)


@dataclass
class Disc:
    """One robot: takes routes up, drives the base, works at its goals for a while, and goes home."""

    sheet: RobotFactsheet
    x: float
    y: float
    goals: list[tuple[str, float]]
    """Nodes to visit, each with the s to work there."""
    rng: random.Random
    yaw: float = 0.0
    mode: SafetyMode = SafetyMode.AUTO
    route: RoutePlan | None = None
    passed: int = 0
    paused_until: float = -1.0
    work_until: float | None = None
    stopped_until: float = -1.0
    visited: int = 0
    approaching: bool = False
    """It has not reached the first node of its route yet, or returns to it."""
    blocked_since: float | None = None
    """Its way has not been free since then."""
    obstructed_at: float = -math.inf
    """When it last said so."""
    given_back: int = 0
    """Times it has given the rest of its base back."""

    @property
    def goal(self) -> str:
        return self.goals[0][0] if self.goals else self.sheet.home_node

    @property
    def base(self) -> list[RouteStep]:
        if self.route is None:
            return []
        return [s for s in self.route.steps if self.passed <= s.sequence_id <= self.route.released_up_to]

    @property
    def node(self) -> str:
        base = self.base
        if base and math.hypot(base[0].x - self.x, base[0].y - self.y) < 0.1:
            return base[0].node_id
        return ""

    @property
    def done(self) -> bool:
        return not self.goals and self.node == self.sheet.home_node and len(self.base) == 1

    def take_up(self, route: RoutePlan) -> None:
        """A new route or update; what had been released must still be. A robot without a route joins by position."""
        ids = [s.sequence_id for s in route.steps]
        assert ids == list(range(ids[0], ids[0] + len(ids))), f"numbers do not grow by one: {ids}"
        assert ids[0] <= route.released_up_to <= ids[-1], "released node is not part of the route"
        old, base = self.route, self.base
        if old is None:
            self._join_by_place(route)
            return
        if old.route_id == route.route_id:
            if route.update_id <= old.update_id:
                return
            new = {s.sequence_id: s.node_id for s in route.steps if s.sequence_id <= route.released_up_to}
            mine = {s.sequence_id: s.node_id for s in base}
            assert mine.items() <= new.items(), f"{self.sheet.robot_id}: base taken back: {mine} then {new}"
            assert route.released_up_to >= old.released_up_to
            self.route = route
            return
        names = [s.node_id for s in route.steps if s.sequence_id <= route.released_up_to]
        held = [s.node_id for s in base]
        if held[0] not in names:
            return  # not connected to where it is: refused
        at = names.index(held[0])
        if len(names) == 1 and len(held) > 1:  # asked to give the rest back, as only an obstructed robot is
            assert route.steps[0].sequence_id > old.released_up_to, "a recall goes on with the numbers"
            assert self.obstructed_at > -math.inf, f"{self.sheet.robot_id}: asked to give back {held} for nothing"
            self.route, self.passed, self.given_back = route, ids[0], self.given_back + 1
            self.approaching = math.hypot(base[0].x - self.x, base[0].y - self.y) > 0.03
            return
        assert names[at : at + len(held)] == held, f"{self.sheet.robot_id}: base taken back: {held} then {names}"
        self.route, self.passed = route, ids[at]

    def _join_by_place(self, route: RoutePlan) -> None:
        """On a line of the base: from there on. Beside its first node: to that. Elsewhere: not at all."""
        base = [s for s in route.steps if s.sequence_id <= route.released_up_to]
        for a, b in zip(base, base[1:] or base, strict=False):
            length = math.hypot(b.x - a.x, b.y - a.y)
            by_way = math.hypot(self.x - a.x, self.y - a.y) + math.hypot(self.x - b.x, self.y - b.y)
            if by_way - length < 0.01:
                self.route, self.passed, self.approaching = route, a.sequence_id, False
                return
        if math.hypot(base[0].x - self.x, base[0].y - self.y) <= 1.0:
            self.route, self.passed, self.approaching = route, base[0].sequence_id, True

    def restart(self) -> None:
        """The robot's process dies and comes back: it stands where it is and knows no route."""
        self.route, self.passed = None, 0
        self.mode = SafetyMode.AUTO

    def sees(self, box: Box, target: RouteStep) -> bool:
        """The box is in the corridor to the target, so near that the robot halts."""
        away = math.hypot(target.x - self.x, target.y - self.y)
        if not box.there or away < 1e-6:
            return False
        ux, uy = (target.x - self.x) / away, (target.y - self.y) / away
        dx, dy = box.x - self.x, box.y - self.y
        along, beside = dx * ux + dy * uy, abs(dy * ux - dx * uy)
        half, reach = self.sheet.half_width, box.radius + self.sheet.half_width
        return beside < reach and 0.0 < along < min(reach + 0.25, away + half + box.radius)

    def obstructed(self, now: float) -> bool:
        """It wants to move, and its way has not been free for a while."""
        return self.blocked_since is not None and now - self.blocked_since > 1.0

    def drive(self, now: float, dt: float, boxes: Sequence[Box] = ()) -> None:
        """Move along the base, with hesitation; halt before boxes; work at goals."""
        if self.mode is not SafetyMode.AUTO:
            if now >= self.stopped_until:
                self.mode = SafetyMode.AUTO
            return
        if self.goals and self.node == self.goals[0][0] and len(self.base) == 1:
            if self.work_until is None:
                self.work_until = now + self.goals[0][1]
            if now >= self.work_until:
                self.goals.pop(0)
                self.visited += 1
                self.work_until = None
            return
        if now < self.paused_until or len(self.base) == 0:
            return
        if self.rng.random() < 0.02:
            self.paused_until = now + self.rng.uniform(0.5, 6.0)
        left = self.sheet.max_speed * self.rng.uniform(0.5, 1.0) * dt
        while left > 0.0:
            base = self.base
            first = base[0]
            at_first = math.hypot(first.x - self.x, first.y - self.y)
            target = first if len(base) == 1 or self.approaching else base[1]
            if len(base) == 1 and at_first < 0.01:
                self.blocked_since = None
                return
            if any(self.sees(b, target) for b in boxes):
                self.blocked_since = now if self.blocked_since is None else self.blocked_since
                self.obstructed_at = now if self.obstructed(now) else self.obstructed_at
                return
            self.blocked_since = None
            away = math.hypot(target.x - self.x, target.y - self.y)
            if away > 1e-9:
                self.yaw = math.atan2(target.y - self.y, target.x - self.x)
            step = min(left, away)
            if away > 1e-9:
                self.x += (target.x - self.x) * step / away
                self.y += (target.y - self.y) * step / away
            left -= max(step, 0.02)
            if math.hypot(target.x - self.x, target.y - self.y) < 0.04:
                self.passed = max(self.passed, target.sequence_id)
                self.approaching = False

    def snapshot(self, now: float) -> RobotSnapshot:
        """What it reports."""
        base = self.base
        return RobotSnapshot(
            self.sheet.robot_id,
            Pose2(self.x + self.rng.gauss(0, 0.01), self.y + self.rng.gauss(0, 0.01), self.yaw),
            0.9,
            False,
            self.mode,
            route_id=self.route.route_id if self.route else "",
            route_update_id=self.route.update_id if self.route else 0,
            last_sequence_id=max(0, self.passed - 1) if self.approaching else self.passed,
            base_node_ids=tuple(s.node_id for s in base),
            at_base_end=len(base) <= 1,
            node_id=self.node,
            obstructed=self.obstructed(now),
            task_id="work" if self.goals else "",
            goal_node=self.goal if self.goals else "",
            stamp=1000.0 + now,
        )


@dataclass
class Network:
    """Delays of both directions in s; snapshots may be lost, doubled or overtaken; routes only late."""

    snapshot_delay: float = 0.8
    loss: float = 0.2
    doubled: float = 0.1
    route_delay: float = 0.6


QUIET = Network(0.0, 0.0, 0.0, 0.0)


@dataclass
class Run:
    """One run: the referee's findings and figures."""

    finished: bool
    time: float
    least_gap: float
    visited: int
    notices: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)


def run(
    roadmap: Roadmap,
    discs: Sequence[Disc],
    controller: TrafficController,
    *,
    seed: int,
    limit: float,
    network: Network | None = None,
    dt: float = 0.2,
    stop_rate: float = 0.0,
    restart_rate: float = 0.0,
    successor: Callable[[int], TrafficController] | None = None,
    trace: list[str] | None = None,
    boxes: Sequence[Box] = (),
) -> Run:
    """Drive until everybody has been everywhere and is home, or `limit` s are over. Raises on any overlap."""
    net = network or Network()
    rng = random.Random(seed)
    sheets = {d.sheet.robot_id: d.sheet for d in discs}
    on_the_way: list[tuple[float, RobotSnapshot]] = []
    routes: list[tuple[float, str, RoutePlan]] = []
    known: dict[str, RobotSnapshot] = {d.sheet.robot_id: d.snapshot(0.0) for d in discs}
    by_id = {d.sheet.robot_id: d for d in discs}
    result = Run(False, 0.0, math.inf, 0)
    now = 0.0
    last_route_at = dict.fromkeys(by_id, 0.0)
    generation = 0
    while now < limit:
        for box in boxes:
            box.pass_time(now, discs)
        for disc in discs:
            disc.drive(now, dt, boxes)
            if stop_rate and disc.mode is SafetyMode.AUTO and rng.random() < stop_rate * dt:
                disc.mode, disc.stopped_until = SafetyMode.STOPPED, now + rng.uniform(3.0, 25.0)
            if restart_rate and rng.random() < restart_rate * dt and _near_a_node(roadmap, disc):
                disc.restart()
            shot = disc.snapshot(now)
            for _ in range(2 if rng.random() < net.doubled else 1):
                if rng.random() >= net.loss:
                    on_the_way.append((now + rng.uniform(0.0, net.snapshot_delay), shot))
        _referee(discs, result, now)
        now += dt
        due = [m for m in on_the_way if m[0] <= now]
        on_the_way = [m for m in on_the_way if m[0] > now]
        for _, shot in sorted(due, key=lambda m: m[0]):
            known[shot.robot_id] = shot
        if successor is not None and rng.random() < 0.01 * dt:
            generation += 1
            controller = successor(generation)
            # A new manager hears everybody anew; what the old one sent has arrived by then or never will.
            for _, robot_id, route in routes:
                by_id[robot_id].take_up(route)
            routes.clear()
            on_the_way.clear()
            known = {d.sheet.robot_id: d.snapshot(now) for d in discs}
        goals = {d.sheet.robot_id: d.goal for d in discs}
        answer = controller.step(now, dict(known), sheets, goals)
        for route in answer.routes:
            at = max(last_route_at[route.robot_id], now + rng.uniform(0.0, net.route_delay))
            last_route_at[route.robot_id] = at
            routes.append((at, route.robot_id, route))
        for notice in answer.notices:
            result.notices.append(notice.message)
            if trace is not None:
                trace.append(f"{now:7.1f} {notice.code:9} {notice.message}")
        arrived = [m for m in routes if m[0] <= now]
        routes = [m for m in routes if m[0] > now]
        for _, robot_id, route in arrived:
            by_id[robot_id].take_up(route)
        if all(d.done for d in discs):
            result.finished = True
            break
    result.time = now
    result.visited = sum(d.visited for d in discs)
    result.where = [
        f"{d.sheet.robot_id} at {[s.node_id for s in d.base]} ({d.x:.2f},{d.y:.2f}) wants {d.goal} {d.mode.name}"
        for d in discs
    ]
    return result


def _near_a_node(roadmap: Roadmap, disc: Disc) -> bool:
    """Farther away only a person can help."""
    return any(math.hypot(n.x - disc.x, n.y - disc.y) < 0.9 for n in roadmap.nodes.values())


def _referee(discs: Sequence[Disc], result: Run, now: float) -> None:
    for i, one in enumerate(discs):
        for other in discs[i + 1 :]:
            centres = math.hypot(one.x - other.x, one.y - other.y)
            gap = centres - one.sheet.turning_radius - other.sheet.turning_radius
            result.least_gap = min(result.least_gap, gap)
            assert gap > 0.0, f"{one.sheet.robot_id} and {other.sheet.robot_id} overlap by {-gap:.3f} m at {now:.1f} s"
