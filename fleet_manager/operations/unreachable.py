"""Work behind a place where something stands: not begun meanwhile, and deferred when a robot has waited long enough."""

from __future__ import annotations

import math

from fleet_manager.domain.geometry import Pose3
from fleet_manager.domain.jobs import Attempt
from fleet_manager.domain.work import SEQUENCED_TRADES, AsBuiltRecord, Outcome, Task, WorkTarget
from fleet_manager.operations import attempts
from fleet_manager.operations.situation import Situation

STANCE_UNREACHABLE = "STANCE_UNREACHABLE"
"""Reason code, the robots' own word for it."""


def shut_out(world: Situation, task: Task) -> frozenset[str]:
    """Robots that can get to none of the task's open targets at present (for a load: not to all)."""
    shut = set()
    for robot_id, closed in world.closed_off.items():
        beyond = [t.node_id in closed.nodes for t in task.open_targets()]
        if any(beyond) if task.item.trade in SEQUENCED_TRADES else all(beyond):
            shut.add(robot_id)
    return frozenset(shut)


def give_up(world: Situation) -> None:
    """Defer what a robot in vain waits to get to, and let it end the attempt: its other targets are given out anew."""
    for robot_id, closed in world.closed_off.items():
        attempt = world.ledger.active_attempt_of(robot_id)
        if not closed.given_up or attempt is None or not world.names(attempt):
            continue
        link = world.link(attempt)
        if link.give_up:
            continue
        task = world.ledger.task(attempt.task_id)
        targets = [t for t in task.open_targets() if t.index in attempt.targets]
        behind = [t for t in targets if t.node_id in closed.nodes]
        if behind and task.item.trade in SEQUENCED_TRADES:
            behind = targets
        for target in behind:
            attempts.record(world, _deferral(world, attempt, task, target, closed.message))
        link.give_up = True


def _deferral(world: Situation, attempt: Attempt, task: Task, target: WorkTarget, why: str) -> AsBuiltRecord:
    """The record of a target that was not tried."""
    snapshot = world.robot(attempt.robot_id).snapshot
    return AsBuiltRecord(
        task_id=task.id,
        attempt=attempt.number,
        robot_id=attempt.robot_id,
        work_item_id=task.item.id,
        ifc_guid=task.item.ifc_guid,
        target_index=target.index,
        outcome=Outcome.DEFERRED,
        measured=Pose3(0.0, 0.0, 0.0),
        deviation=math.nan,
        measured_depth=0.0,
        measured_value=math.nan,
        passed=False,
        reason_code=STANCE_UNREACHABLE,
        reason=why,
        instrument="",
        evidence_uri="",
        stamp=snapshot.stamp if snapshot else 0.0,
    )
