"""A whole fleet without ROS: robots with journals, a wire that can be cut, and simple allocation and traffic.

Each robot obeys the contract of ExecuteTask: a known (task, attempt) joins or answers with what is recorded, cancel
ends after the step in hand, and no node is entered that was not released. What was physically done is counted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from fleet_manager.dispatch import Allocation, Assignment, Refusal
from fleet_manager.domain.access import AccessRules, AccessZone
from fleet_manager.domain.evidence import Receipt, Record, StoredRecord
from fleet_manager.domain.fleet import (
    ActAnswer,
    ActOrder,
    AttemptEnded,
    EventAck,
    FactsheetSeen,
    FleetNews,
    GoalAnswered,
    GoalUndelivered,
    RecordSeen,
    SafetyAct,
    StateSeen,
    TaskGoal,
    ZonesAnswered,
)
from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.jobs import ExecuteOutcome
from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.domain.work import AsBuiltRecord, Outcome, Task, WorkItem, WorkTarget
from fleet_manager.operations.core import StoreyWork
from fleet_manager.operations.ports import EvidenceUnavailableError
from fleet_manager.traffic import RoutePlan, RouteStep, TrafficStep

EPOCH = datetime(2030, 1, 1, tzinfo=timezone.utc)


class FakeClock:
    """Time that moves when told, s."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.set_by = 0.0
        """s that somebody has set the UTC clock by."""

    def __call__(self) -> float:
        return self.now

    def utc(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now + self.set_by)


def line_of_rooms(stances: int = 8, homes: int = 3) -> Roadmap:
    """A corridor w0..wn with a stance off each way node, and homes off its first node."""
    nodes, edges = [], []

    def add(node_id: str, x: float, y: float, kind: NodeKind, to: str | None) -> None:
        nodes.append(Node(node_id, x, y, kind, clearance=1.0, heading=0.0))
        if to:
            edges.append(Edge(f"{node_id}-{to}", node_id, to, length=1.0, clearance=1.0))

    for i in range(stances):
        add(f"w{i}", float(i), 0.0, NodeKind.WAY, f"w{i - 1}" if i else None)
        add(f"s{i}", float(i), 1.0, NodeKind.STANCE, f"w{i}")
    for i in range(homes):
        add(f"h{i}", -1.0, float(i), NodeKind.HOME, "w0")
    return Roadmap(nodes, edges)


def work_item(name: str, nodes: Sequence[str], trade: str = "drill", zone: str = "z1") -> WorkItem:
    """An item with a target on each node; '' is a target without a place to stand."""
    targets = tuple(
        WorkTarget(
            index=i,
            node_id=node,
            stance=Pose2(float(i), 1.0),
            heading_free=True,
            pose=Pose3(float(i), 1.0, 2.5),
            reachable=bool(node),
            reason="" if node else "a wall is too near",
        )
        for i, node in enumerate(nodes)
    )
    return WorkItem(name, trade, f"guid-{name}", name, zone, f"{trade} {name}", 0.01, {"depth": 0.05}, targets)


def storey(items: Sequence[WorkItem], roadmap: Roadmap | None = None, zones: Sequence[AccessZone] = ()) -> StoreyWork:
    """A storey with this work."""
    return StoreyWork("l1", roadmap or line_of_rooms(), {w.id: w for w in items}, tuple(zones))


def factsheet(robot_id: str, trades: Sequence[str] = ("drill",), home: str = "h0") -> RobotFactsheet:
    """An ordinary robot."""
    return RobotFactsheet(
        robot_id=robot_id,
        model="driller",
        map_id="l1",
        trades=tuple(trades),
        length=0.8,
        width=0.6,
        half_width=0.3,
        turning_radius=0.5,
        max_speed=0.5,
        max_payload=10.0,
        reach_min=1.0,
        reach_max=3.0,
        battery_reserve=0.3,
        home_node=home,
    )


@dataclass
class Entry:
    """One line of a robot's journal: an attempt with its records."""

    goal: TaskGoal
    records: dict[int, AsBuiltRecord] = field(default_factory=dict)
    outcome: int | None = None
    message: str = ""
    cancel: bool = False


@dataclass
class FakeRobot:
    """A robot that moves one released node a step and works one target a step."""

    sheet: RobotFactsheet
    node: str
    battery: float = 0.9
    safety: SafetyMode = SafetyMode.AUTO
    linked: bool = True
    powered: bool = True
    journal: dict[tuple[str, int], Entry] = field(default_factory=dict)
    current: tuple[str, int] | None = None
    route: deque[str] = field(default_factory=deque)
    plan: RoutePlan | None = None
    attached: set[tuple[str, int]] = field(default_factory=set)
    fail_with: int | None = None
    defer: set[tuple[str, int]] = field(default_factory=set)
    """(work item, target) found impossible."""
    steps: int = 0
    zones: AccessRules | None = None
    """What its supervisor works by."""
    deaf_to_zones: bool = False
    refuses_zones: str = ""

    @property
    def goal_node(self) -> str:
        """The node it needs next."""
        target = self._next_target()
        return target.node_id if target else ""

    def _next_target(self) -> WorkTarget | None:
        entry = self.journal[self.current] if self.current else None
        if entry is None:
            return None
        return next((t for t in entry.goal.targets if t.index not in entry.records), None)

    def snapshot(self) -> RobotSnapshot:
        """What it says of itself."""
        entry = self.journal[self.current] if self.current else None
        charging = self.node == self.sheet.home_node
        return RobotSnapshot(
            robot_id=self.sheet.robot_id,
            pose=Pose2(0.0, 0.0),
            battery=self.battery,
            charging=charging,
            safety=self.safety,
            route_id=self.plan.route_id if self.plan else "",
            route_update_id=self.plan.update_id if self.plan else 0,
            base_node_ids=(self.node, *self.route),
            at_base_end=not self.route,
            node_id=self.node,
            task_id=self.current[0] if self.current else "",
            attempt=self.current[1] if self.current else 0,
            goal_node=self.goal_node,
            targets_done=tuple(entry.records) if entry else (),
            distance_driven=float(self.steps),
            stamp=float(self.steps),
        )


class FakeFleet:
    """Satisfies `FleetPort`. `built` counts what was physically done, by (work item, target)."""

    def __init__(self, clock: FakeClock, robots: Sequence[FakeRobot]) -> None:
        self.clock = clock
        self.robots = {r.sheet.robot_id: r for r in robots}
        self.built: Counter[tuple[str, int]] = Counter()
        self.news: list[FleetNews] = []
        self.goals: list[TaskGoal] = []
        self.cancels: list[TaskGoal] = []
        self.routes: list[RoutePlan] = []
        self.asked: list[tuple[str, ActOrder]] = []
        self.acknowledged: list[EventAck] = []
        self.pushes: list[tuple[str, int]] = []
        self.mute_answer: ActAnswer | None = None
        self.duplicate = False
        for robot in robots:
            self.news.append(FactsheetSeen(robot.sheet))

    # -- the port

    def poll(self) -> list[FleetNews]:
        """News since the last call."""
        news, self.news = self.news, []
        return news * 2 if self.duplicate else news

    def send_task(self, goal: TaskGoal) -> None:
        """Deliver a goal, or not."""
        self.goals.append(goal)
        robot = self.robots[goal.robot_id]
        if not (robot.linked and robot.powered):
            self.news.append(GoalUndelivered(goal.robot_id, *goal.key, reason="no server"))
            return
        entry = robot.journal.get(goal.key)
        ended = entry is not None and entry.outcome is not None
        if not ended and robot.current not in {None, goal.key}:
            self.news.append(GoalAnswered(goal.robot_id, *goal.key, accepted=False))
            return
        if entry is None:
            entry = robot.journal[goal.key] = Entry(goal)
        if not ended:
            robot.current = goal.key
        robot.attached.add(goal.key)
        self.news.append(GoalAnswered(goal.robot_id, *goal.key, accepted=True))
        if entry.outcome is not None:
            self._result(robot, entry)

    def cancel_task(self, goal: TaskGoal) -> None:
        """Join and cancel."""
        self.cancels.append(goal)
        robot = self.robots[goal.robot_id]
        if goal.key not in robot.attached:
            self.send_task(goal)
        entry = robot.journal.get(goal.key)
        if robot.linked and robot.powered and entry is not None and goal.key in robot.attached:
            entry.cancel = True

    def send_route(self, plan: RoutePlan) -> None:
        """Deliver a route, or not."""
        self.routes.append(plan)
        robot = self.robots[plan.robot_id]
        if not (robot.linked and robot.powered):
            return
        base = [s.node_id for s in plan.steps if s.sequence_id <= plan.released_up_to]
        robot.plan = plan
        robot.route = deque(base[base.index(robot.node) + 1 :] if robot.node in base else [])

    def send_access(self, robot_id: str, rules: AccessRules) -> None:
        """The supervisor takes the zones up and says so, or not."""
        self.pushes.append((robot_id, rules.version))
        robot = self.robots[robot_id]
        if not (robot.linked and robot.powered) or robot.deaf_to_zones:
            return
        if not robot.refuses_zones:
            robot.zones = rules
        code = robot.refuses_zones
        self.news.append(ZonesAnswered(robot_id, rules.version, not code, code, f"it says {code}" if code else ""))

    def acknowledge_event(self, ack: EventAck) -> None:
        """Kept for the test."""
        self.acknowledged.append(ack)

    def ask(self, robot_id: str, order: ActOrder) -> Future[ActAnswer]:
        """The supervisor answers at once, or the robot is out of reach."""
        act = order.act
        self.asked.append((robot_id, order))
        answer: Future[ActAnswer] = Future()
        robot = self.robots[robot_id]
        if not robot.powered:
            answer.set_result(ActAnswer(robot_id, False, "OFFLINE", "its supervisor is not there"))
            return answer
        if not robot.linked:
            return answer
        wanted = {
            SafetyAct.STOP: SafetyMode.STOPPED,
            SafetyAct.RESET_PRESS: robot.safety,
            SafetyAct.RESET_RELEASE: SafetyMode.HOLD,
            SafetyAct.RESUME: SafetyMode.AUTO,
            SafetyAct.HOLD: SafetyMode.HOLD,
            SafetyAct.TELEOP: SafetyMode.TELEOP,
            SafetyAct.MUTE: robot.safety,
        }
        if act is SafetyAct.MUTE and self.mute_answer is not None:
            answer.set_result(self.mute_answer)
            return answer
        if act is SafetyAct.HOLD and robot.safety is SafetyMode.STOPPED:
            answer.set_result(ActAnswer(robot_id, False, "reset_first", "reset it first", robot.safety))
            return answer
        if act is SafetyAct.RESUME and robot.safety is not SafetyMode.HOLD:
            answer.set_result(ActAnswer(robot_id, False, "NOT_IN_HOLD", "reset it first", robot.safety))
            return answer
        robot.safety = wanted[act]
        answer.set_result(ActAnswer(robot_id, True, "OK", "", robot.safety))
        return answer

    # -- the world

    def manager_gone(self) -> None:
        """The manager died: what was on its way is lost, and so are all lines."""
        self.news = [FactsheetSeen(r.sheet) for r in self.robots.values() if r.linked and r.powered]
        for robot in self.robots.values():
            robot.attached.clear()

    def cut(self, robot_id: str) -> None:
        """The network to the robot is gone; it goes on alone."""
        self.robots[robot_id].linked = False
        self.robots[robot_id].attached.clear()

    def join(self, robot_id: str) -> None:
        """The network is back, and with it what is latched."""
        self.robots[robot_id].linked = True
        self.news.append(FactsheetSeen(self.robots[robot_id].sheet))

    def restart_executor(self, robot_id: str) -> None:
        """The robot's task process dies and comes back: its journal is on the disk, what it was about is not."""
        robot = self.robots[robot_id]
        robot.current = None
        robot.attached.clear()

    def step(self) -> None:
        """Each robot does one thing and says how it is."""
        for robot in self.robots.values():
            if not robot.powered:
                continue
            robot.steps += 1
            self._work(robot)
            if robot.linked:
                self.news.append(StateSeen(robot.snapshot(), self.clock.now))

    def _work(self, robot: FakeRobot) -> None:
        entry = robot.journal[robot.current] if robot.current else None
        if entry is not None and entry.cancel:
            self._end(robot, entry, ExecuteOutcome.CANCELED)
            return
        if entry is not None and robot.fail_with is not None:
            self._end(robot, entry, robot.fail_with)
            return
        if robot.safety is not SafetyMode.AUTO:
            return
        target = robot._next_target()
        if target is not None and target.node_id == robot.node:
            self._work_at(robot, entry, target)
        elif robot.route:
            robot.node = robot.route.popleft()
        if entry is not None and robot._next_target() is None:
            deferred = any(r.outcome is Outcome.DEFERRED for r in entry.records.values())
            self._end(robot, entry, ExecuteOutcome.COMPLETED_WITH_DEFERRALS if deferred else ExecuteOutcome.SUCCEEDED)

    def _work_at(self, robot: FakeRobot, entry: Entry | None, target: WorkTarget) -> None:
        assert entry is not None
        place = (entry.goal.work_item_id, target.index)
        record = as_built(entry.goal, target.index, robot.sheet.robot_id)
        if place in robot.defer:
            record = replace(
                record,
                outcome=Outcome.DEFERRED,
                passed=False,
                measured_depth=0.0,
                reason_code="BLOCKED",
                reason="a beam",
            )
        else:
            self.built[place] += 1
        entry.records[target.index] = record
        if robot.linked:
            self.news.append(RecordSeen(record))

    def _end(self, robot: FakeRobot, entry: Entry, outcome: int) -> None:
        entry.outcome, robot.current = int(outcome), None
        self._result(robot, entry)

    def _result(self, robot: FakeRobot, entry: Entry) -> None:
        if robot.linked and entry.goal.key in robot.attached:
            assert entry.outcome is not None
            records = tuple(entry.records.values())
            self.news.append(AttemptEnded(robot.sheet.robot_id, *entry.goal.key, entry.outcome, entry.message, records))


def as_built(goal: TaskGoal, index: int, robot_id: str) -> AsBuiltRecord:
    """A record of a target well done."""
    return AsBuiltRecord(
        task_id=goal.task_id,
        attempt=goal.attempt,
        robot_id=robot_id,
        work_item_id=goal.work_item_id,
        ifc_guid=goal.ifc_guid,
        target_index=index,
        outcome=Outcome.DONE,
        measured=Pose3(0.0, 0.0, 2.5),
        deviation=0.002,
        measured_depth=0.05,
        measured_value=0.0,
        passed=True,
        reason_code="",
        reason="",
        instrument="total station",
        evidence_uri="",
        stamp=1.0,
    )


class FirstFit:
    """Allocator: each free robot takes the first waiting task of its trade that it has not refused."""

    def allocate(
        self,
        tasks: Sequence[Task],
        free: Sequence[RobotSnapshot],
        factsheets: Mapping[str, RobotFactsheet],
        roadmap: Roadmap,
    ) -> Allocation:
        """Pairs, and refusals of tasks nobody has the trade for."""
        pairs, left = [], {r.robot_id for r in free}
        refusals = [
            Refusal(t.id, r, "NO_SKILL", f"{r} does not {t.item.trade}")
            for t in tasks
            for r, sheet in factsheets.items()
            if t.item.trade not in sheet.trades
        ]
        for task in tasks:
            able = [r for r in sorted(left - task.refused_by) if task.item.trade in factsheets[r].trades]
            if able:
                left.discard(able[0])
                pairs.append(Assignment(task.id, able[0], cost=1.0))
        return Allocation(tuple(pairs), tuple(refusals))


class ShortestWay:
    """Traffic: the shortest way, released for `ahead` nodes beyond where the robot stands; robots are points."""

    def __init__(self, roadmap: Roadmap, ahead: int = 2) -> None:
        self.roadmap = roadmap
        self.ahead = ahead
        self.goals: Mapping[str, str] = {}
        self.seen: Mapping[str, RobotSnapshot] = {}
        self._sent: dict[str, tuple[str, ...]] = {}
        self._count = 0

    def step(
        self,
        now: float,
        robots: Mapping[str, RobotSnapshot],
        factsheets: Mapping[str, RobotFactsheet],
        goals: Mapping[str, str],
        closed: Mapping[str, frozenset[str]] | None = None,
    ) -> TrafficStep:
        """Routes that changed."""
        self.goals, self.seen, self.closed = dict(goals), dict(robots), dict(closed or {})
        plans = []
        for robot_id, goal in goals.items():
            path = self._path(robots[robot_id].node_id, goal)
            if tuple(path) == self._sent.get(robot_id) or len(path) < 2:
                continue
            self._sent[robot_id] = tuple(path)
            self._count += 1
            steps = tuple(RouteStep(i, n, 0.0, 0.0, 0.5, 0.1) for i, n in enumerate(path))
            released = min(self.ahead, len(path) - 1)
            plans.append(RoutePlan(robot_id, f"r{self._count}", 1, steps, released))
        return TrafficStep(tuple(plans), ())

    def _path(self, start: str, goal: str) -> list[str]:
        before: dict[str, str] = {start: start}
        queue = deque([start])
        while queue and goal not in before:
            node = queue.popleft()
            for other, _ in self.roadmap.neighbours(node):
                if other not in before:
                    before[other] = node
                    queue.append(other)
        path = [goal]
        while path[-1] != start:
            path.append(before[path[-1]])
        return path[::-1]


class FakeEvidence:
    """An evidence log in memory; it survives the manager, as a disk does. `broken`: it cannot be written to."""

    log_id = "test-log"

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.broken = ""
        self.die_after_append = False
        """The process is killed when the records are on the disk, before anybody hears of it."""

    def _check(self) -> None:
        if self.broken:
            raise EvidenceUnavailableError(self.broken)

    def find(self, event_ids: Sequence[str]) -> dict[str, StoredRecord]:
        """Those that are there."""
        self._check()
        places = {r.event_id: (n, r) for n, r in enumerate(self.records)}
        return {
            i: StoredRecord(Receipt(i, places[i][0]), places[i][1].data)
            for i in dict.fromkeys(event_ids)
            if i in places
        }

    def append(self, records: Sequence[Record]) -> list[Receipt]:
        """All or none; an id twice is a mistake of the caller."""
        self._check()
        ids = [r.event_id for r in (*self.records, *records)]
        assert len(set(ids)) == len(ids), "the same event twice"
        first = len(self.records)
        self.records += records
        if self.die_after_append:
            self.die_after_append = False
            raise SystemExit("killed")
        return [Receipt(r.event_id, first + n) for n, r in enumerate(records)]

    def last_seq(self, robot_id: str) -> int:
        """Highest number of a series."""
        self._check()
        return max((r.seq for r in self.records if r.robot_id == robot_id), default=0)
