"""Everything the rules of operations look at and change, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet_manager.domain.fleet import TaskGoal
from fleet_manager.domain.jobs import Attempt, AttemptState
from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.work import Task
from fleet_manager.operations.fleet_view import RobotView
from fleet_manager.operations.ledger import Ledger
from fleet_manager.operations.limits import Limits
from fleet_manager.traffic import ClosedOff

NEVER = float("-inf")


@dataclass
class Link:
    """The line to a robot about one attempt; not kept: after a start every attempt is sent again. Monotonic s."""

    sent_at: float = NEVER
    accepted_at: float | None = None
    cancel_at: float = NEVER
    cancel_since: float | None = None
    rejections: int = 0
    denied: bool = False
    """It was written down that zones or permits no longer allow it."""
    give_up: bool = False
    """What the robot is about to do there was deferred without it: it is asked to end the attempt."""


@dataclass
class Situation:
    """The manager's world at one moment of its monotonic clock `now`, s."""

    ledger: Ledger
    robots: dict[str, RobotView]
    limits: Limits
    map_id: str
    roadmap: Roadmap
    started: float
    now: float
    links: dict[tuple[str, int], Link] = field(default_factory=dict)
    closed_off: Mapping[str, ClosedOff] = field(default_factory=dict)
    """What robots cannot get to at present, by robot; as traffic said last."""

    def link(self, attempt: Attempt) -> Link:
        """The line for this attempt."""
        return self.links.setdefault(attempt.key, Link())

    def robot(self, robot_id: str) -> RobotView:
        """The robot's view, made when it is first heard of."""
        return self.robots.setdefault(robot_id, RobotView(robot_id))

    def names(self, attempt: Attempt) -> bool:
        """The robot says that it has this attempt in hand."""
        snapshot = self.robot(attempt.robot_id).snapshot
        return snapshot is not None and (snapshot.task_id, snapshot.attempt) == attempt.key

    def goal_of(self, attempt: Attempt) -> TaskGoal:
        """The goal as it goes over the wire. Of a lost attempt only what nobody else may have got since."""
        task: Task = self.ledger.task(attempt.task_id)
        wanted = attempt.held if attempt.state is AttemptState.LOST and attempt.held else frozenset(attempt.targets)
        item = task.item
        return TaskGoal(
            robot_id=attempt.robot_id,
            task_id=task.id,
            attempt=attempt.number,
            trade=item.trade,
            work_item_id=item.id,
            ifc_guid=item.ifc_guid,
            zone_id=item.zone_id,
            map_id=self.map_id,
            targets=tuple(t for t in item.targets if t.index in wanted),
            parameters=item.parameters,
            tolerance=item.tolerance,
        )
