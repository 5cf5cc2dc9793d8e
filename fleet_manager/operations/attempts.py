"""How attempts end: with a result, by refusal, or lost with their robot; and what their records count for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fleet_manager.domain import life
from fleet_manager.domain.events import EventKind, Severity
from fleet_manager.domain.jobs import Attempt, AttemptState, ExecuteOutcome
from fleet_manager.domain.work import PICK_UP, SEQUENCED_TRADES, AsBuiltRecord, Outcome, Task, TaskState
from fleet_manager.operations.situation import Situation

MAX_REJECTIONS = 3
"""Times a robot may refuse to join an attempt before nothing more is expected of it."""
NOT_IN_HAND = int(ExecuteOutcome.CANCELED)
"""Outcome written for a lost attempt whose robot came back without it and cannot have done anything."""


def record(world: Situation, record: AsBuiltRecord) -> None:
    """Take an as-built record in, however often and whenever it comes."""
    ledger = world.ledger
    task = ledger.find_task(record.task_id)
    if task is None or all(t.index != record.target_index for t in task.item.targets):
        text = f"record of task {record.task_id!r}, target {record.target_index}, which this store does not have"
        ledger.note(EventKind.RECORD_UNKNOWN, text, robot_id=record.robot_id)
        return
    if record.outcome is Outcome.DONE and record.target_index in task.done:
        if task.item.trade in SEQUENCED_TRADES and record.target_index == PICK_UP:
            return  # a load may be picked up again; the first record stays
        _check_done_once(world, task, record)
        return
    attempt = ledger.attempts.get((task.id, record.attempt))
    if record.outcome is Outcome.DEFERRED:
        # A deferral speaks for its own attempt only: repeated after a retry, it must not close the target again.
        counts = attempt is not None and (attempt.active or record.target_index in attempt.held)
        if not counts or record.target_index in task.deferred:
            ledger.add_record(record)
            return
        text = f"{task.item.title}, target {record.target_index}: {record.reason}"
        data = {"target_index": record.target_index, "reason_code": record.reason_code}
        ledger.note(EventKind.TARGET_DEFERRED, text, robot_id=record.robot_id, task=task, data=data)
    ledger.add_record(record)
    if record.outcome is Outcome.DONE:
        ledger.remember_done(record)
    ledger.put_task(life.settled(life.recorded(task, record)))


def _check_done_once(world: Situation, task: Task, record: AsBuiltRecord) -> None:
    first = world.ledger.done_record(task.id, record.target_index)
    if first is not None and _same_work(first, record):
        return
    before = f"in attempt {first.attempt} by {first.robot_id}" if first else "by an earlier job"
    text = f"{task.item.title}, target {record.target_index} was done {before} and again in attempt {record.attempt}"
    data = {"target_index": record.target_index, "stamp": record.stamp, "deviation": repr(record.deviation)}
    world.ledger.note(EventKind.TARGET_DONE_TWICE, text, robot_id=record.robot_id, task=task, data=data)


def _same_work(first: AsBuiltRecord, second: AsBuiltRecord) -> bool:
    """The same record by another way; or a robot that was sent to a target it had done and says so again."""
    if first.robot_id != second.robot_id:
        return False
    return first.attempt == second.attempt or first.stamp == second.stamp


def end(world: Situation, attempt: Attempt, outcome: int, message: str, records: Iterable[AsBuiltRecord] = ()) -> None:
    """The robot is finished with the attempt."""
    for built in records:
        record(world, built)
    ledger, now = world.ledger, world.ledger.utc()
    was_lost = attempt.state is AttemptState.LOST
    task = ledger.task(attempt.task_id)
    finished = outcome in {ExecuteOutcome.SUCCEEDED, ExecuteOutcome.COMPLETED_WITH_DEFERRALS}
    ledger.put_attempt(
        replace(attempt, state=AttemptState.ENDED, outcome=outcome, message=message, held=frozenset(), ended_at=now)
    )
    world.links.pop(attempt.key, None)
    if was_lost:
        # Not recorded, and the robot does not claim it: nobody has worked there, so it is free again.
        free = frozenset[int]() if finished else attempt.held
        ledger.put_task(life.released(task, free))
        return
    if outcome == ExecuteOutcome.TRANSPORT_NO_LOAD:
        task = life.load_gone(task)
    ended = life.attempt_ended(task, outcome, message, attempt.targets, world.limits.max_failures)
    ledger.put_task(ended)
    _note_end(world, attempt, task, ended, outcome)


def _note_end(world: Situation, attempt: Attempt, before: Task, task: Task, outcome: int) -> None:
    note, robot = world.ledger.note, attempt.robot_id
    title = f"{task.item.title} ({robot}, attempt {attempt.number})"
    data = {"outcome": outcome, "attempt": attempt.number}
    if outcome >= ExecuteOutcome.TASK_REFUSED and outcome != ExecuteOutcome.SUPERSEDED:
        note(EventKind.ATTEMPT_FAILED, f"{title}: {task.message}", robot_id=robot, task=task, data=data)
    if task.state is TaskState.FAILED:
        note(EventKind.TASK_FAILED, f"{title}: {task.message}", robot_id=robot, task=task, data=data)
    elif task.state in {TaskState.SUCCEEDED, TaskState.DEFERRED}:
        text = f"{title}: {task.message or 'done'}"
        severity = Severity.INFO if task.state is TaskState.SUCCEEDED else Severity.WARNING
        note(EventKind.TASK_ENDED, text, robot_id=robot, task=task, data=data, severity=severity)
    elif task.state is TaskState.PAUSED:
        note(EventKind.TASK_PAUSED, title, robot_id=robot, task=task, data=data)
    elif task.state is TaskState.CANCELED:
        note(EventKind.TASK_CANCELED, title, robot_id=robot, task=task, data=data)
    if task.held - before.held:
        note(EventKind.TARGET_HELD, f"{title}: finished without a record of {sorted(task.held)}", task=task)


def lose(world: Situation, attempt: Attempt, why: str) -> None:
    """Give the attempt up without the robot's word. It may go on by itself, but only within the base it was given:
    targets there are held until it is seen again or a person decides, the others go to somebody else.
    """
    task = world.ledger.task(attempt.task_id)
    view = world.robots.get(attempt.robot_id)
    reach = frozenset(view.nodes_in_reach()) if view else None
    closed = task.done | task.deferred
    sent = [t for t in task.item.targets if t.index in attempt.targets and t.index not in closed]
    held = frozenset(t.index for t in sent if reach is None or not t.node_id or t.node_id in reach)
    if held and task.item.trade in SEQUENCED_TRADES:
        held = frozenset(t.index for t in sent)
    world.ledger.put_attempt(replace(attempt, state=AttemptState.LOST, held=held, message=why))
    world.links.pop(attempt.key, None)
    lost = life.attempt_lost(task, held, why)
    world.ledger.put_task(lost)
    text = f"{task.item.title}: attempt {attempt.number} of {attempt.robot_id} given up: {why}"
    data = {"held": sorted(held), "attempt": attempt.number}
    world.ledger.note(EventKind.ATTEMPT_LOST, text, robot_id=attempt.robot_id, task=lost, data=data)
    if held:
        text = f"{attempt.robot_id} may still be working on {task.item.title}, targets {sorted(held)}: held"
        world.ledger.note(EventKind.TARGET_HELD, text, robot_id=attempt.robot_id, task=lost, data=data)
