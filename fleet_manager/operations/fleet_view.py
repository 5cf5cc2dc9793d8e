"""The fleet as the manager sees it: who is there, how fresh the news is, where each may be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from fleet_manager.domain.clocks import RobotClock
from fleet_manager.domain.kept import RobotRecord
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.traffic import RoutePlan

_STOPPED = frozenset({SafetyMode.STOPPED, SafetyMode.FAULT})


@dataclass
class Totals:
    """Totals over all restarts of a robot, which itself counts from zero each time."""

    distance_driven: float = 0.0
    time_driving: float = 0.0
    time_working: float = 0.0

    def add(self, before: RobotSnapshot | None, now: RobotSnapshot) -> None:
        """Add what was driven and worked between two states; a counter that fell started again from zero."""
        for name in ("distance_driven", "time_driving", "time_working"):
            new = getattr(now, name)
            old = getattr(before, name) if before else 0.0
            setattr(self, name, getattr(self, name) + (new - old if new >= old else new))


@dataclass
class RobotView:
    """One robot. Times are s of the monotonic clock; `last_seen` is UTC for people."""

    robot_id: str
    factsheet: RobotFactsheet | None = None
    snapshot: RobotSnapshot | None = None
    received: float | None = None
    """When the last state came; None: not since the manager started."""
    last_seen: datetime | None = None
    online: bool = False
    lost_since: float | None = None
    stopped_since: float | None = None
    needs_charge: bool = False
    remembered_at: float = float("-inf")
    totals: Totals = field(default_factory=Totals)
    lease_epoch: int = 0
    """Newest lease its supervisor has obeyed."""
    lease_holder: str = ""
    speed_limit: float | None = None
    """m/s in force, as its supervisor says; None: not heard."""
    clock: RobotClock = field(default_factory=RobotClock)
    route: RoutePlan | None = None
    base: dict[str, None] = field(default_factory=dict)
    """Nodes it may be using: all that was released since it last confirmed a route (an ordered set)."""

    def see(self, snapshot: RobotSnapshot, received: float, now: datetime) -> None:
        """A state came in."""
        self.totals.add(self.snapshot, snapshot)
        self.snapshot, self.received, self.last_seen = snapshot, received, now
        if snapshot.safety not in _STOPPED:
            self.stopped_since = None
        elif self.stopped_since is None:
            self.stopped_since = received
        confirmed = self.route and (snapshot.route_id, snapshot.route_update_id) == (
            self.route.route_id,
            self.route.update_id,
        )
        if confirmed:
            self.base = {}

    def release(self, plan: RoutePlan) -> None:
        """A route is about to be sent."""
        self.route = plan
        for step in plan.steps:
            if step.sequence_id <= plan.released_up_to:
                self.base[step.node_id] = None

    def nodes_in_reach(self) -> tuple[str, ...]:
        """Every node the robot can get to without hearing from the manager again."""
        nodes = dict(self.base)
        if self.snapshot:
            nodes.update(dict.fromkeys(self.snapshot.base_node_ids))
            if self.snapshot.node_id:
                nodes[self.snapshot.node_id] = None
        return tuple(nodes)

    def for_traffic(self) -> RobotSnapshot | None:
        """The snapshot, with every node in reach in its base when the robot has not been heard of lately."""
        if self.snapshot is None or self.online:
            return self.snapshot
        return replace(self.snapshot, base_node_ids=self.nodes_in_reach())

    def record(self) -> RobotRecord | None:
        """What to keep; nothing before the factsheet is known."""
        if self.factsheet is None:
            return None
        return RobotRecord(
            robot_id=self.robot_id,
            factsheet=self.factsheet,
            snapshot=self.snapshot,
            online=self.online,
            last_seen=self.last_seen,
            base_node_ids=self.nodes_in_reach(),
            distance_driven=self.totals.distance_driven,
            time_driving=self.totals.time_driving,
            time_working=self.totals.time_working,
        )


def view_of(record: RobotRecord) -> RobotView:
    """A robot known from an earlier run of the manager: offline until it is heard of."""
    return RobotView(
        robot_id=record.robot_id,
        factsheet=record.factsheet,
        snapshot=record.snapshot,
        last_seen=record.last_seen,
        totals=Totals(record.distance_driven, record.time_driving, record.time_working),
        base=dict.fromkeys(record.base_node_ids),
    )
