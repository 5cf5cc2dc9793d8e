"""What the fleet says, taken in one piece of news at a time."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch

from fleet_manager.domain import life
from fleet_manager.domain.events import EventKind, Severity
from fleet_manager.domain.fleet import (
    AttemptEnded,
    ClockRead,
    FactsheetSeen,
    GoalAnswered,
    GoalUndelivered,
    RecordSeen,
    SafetyEventSeen,
    SafetySeen,
    StateSeen,
)
from fleet_manager.domain.jobs import AttemptState, ExecuteOutcome
from fleet_manager.domain.robots import SafetyMode
from fleet_manager.operations import attempts, clocks
from fleet_manager.operations.situation import Situation

_LATCHED = frozenset({SafetyMode.STOPPED, SafetyMode.FAULT})


@singledispatch
def take(news: object, world: Situation) -> None:
    """Take one piece of news in."""
    raise TypeError(f"no rule for {type(news).__name__}")


@take.register
def _(news: FactsheetSeen, world: Situation) -> None:
    view = world.robot(news.factsheet.robot_id)
    if view.factsheet != news.factsheet:
        view.factsheet = news.factsheet
        world.ledger.put_robot(view.record())


@take.register
def _(news: StateSeen, world: Situation) -> None:
    view = world.robot(news.snapshot.robot_id)
    before = view.snapshot
    view.see(news.snapshot, news.received, world.ledger.utc())
    now = news.snapshot.safety
    if before is None or before.safety is not now:
        text = f"{view.robot_id} is {now.name}" + (
            f": {news.snapshot.safety_reason}" if news.snapshot.safety_reason else ""
        )
        severity = Severity.WARNING if now in _LATCHED else Severity.INFO
        world.ledger.note(
            EventKind.ROBOT_SAFETY, text, severity=severity, robot_id=view.robot_id, data={"state": now.name.lower()}
        )


@take.register
def _(news: RecordSeen, world: Situation) -> None:
    attempts.record(world, news.record)


@take.register
def _(news: GoalAnswered, world: Situation) -> None:
    attempt = world.ledger.attempts.get((news.task_id, news.attempt))
    if attempt is None or attempt.robot_id != news.robot_id:
        return
    if not news.accepted:
        _rejected(news, world)
        return
    link = world.link(attempt)
    link.accepted_at, link.rejections = world.now, 0
    if attempt.state is AttemptState.ASSIGNED:
        task = world.ledger.task(attempt.task_id)
        world.ledger.put_attempt(replace(attempt, state=AttemptState.RUNNING, accepted_at=world.ledger.utc()))
        world.ledger.put_task(life.accepted(task))
        text = f"{news.robot_id} has started {task.item.title}"
        world.ledger.note(EventKind.TASK_STARTED, text, robot_id=news.robot_id, task=task)
    else:
        text = f"{news.robot_id} has attempt {attempt.number} of {attempt.task_id} in hand"
        task = world.ledger.task(attempt.task_id)
        world.ledger.note(EventKind.ATTEMPT_ATTACHED, text, robot_id=news.robot_id, task=task)


def _rejected(news: GoalAnswered, world: Situation) -> None:
    attempt = world.ledger.attempts[(news.task_id, news.attempt)]
    link = world.link(attempt)
    link.rejections += 1
    link.accepted_at = None
    if attempt.state is AttemptState.ASSIGNED and not world.names(attempt):
        attempts.end(world, attempt, ExecuteOutcome.TASK_REFUSED, f"{news.robot_id} refused the task")
    elif attempt.state is AttemptState.RUNNING and link.rejections >= attempts.MAX_REJECTIONS:
        attempts.lose(world, attempt, f"{news.robot_id} does not know of it any more")


@take.register
def _(news: GoalUndelivered, world: Situation) -> None:
    attempt = world.ledger.attempts.get((news.task_id, news.attempt))
    if attempt is not None:
        # Sent again after the usual wait; a cancel has to join first.
        world.link(attempt).accepted_at = None


@take.register
def _(news: AttemptEnded, world: Situation) -> None:
    attempt = world.ledger.attempts.get((news.task_id, news.attempt))
    if attempt is None or attempt.robot_id != news.robot_id:
        for record in news.records:
            attempts.record(world, record)
        return
    attempts.end(world, attempt, news.outcome, news.message, news.records)


@take.register
def _(news: SafetyEventSeen, world: Situation) -> None:
    task = world.ledger.find_task(news.task_id) if news.task_id else None
    data = {"event_id": news.event_id, "class": news.event_class, "seq": news.seq, **news.data}
    text = f"{news.robot_id}: {news.event_class}" + (f": {news.message}" if news.message else "")
    world.ledger.note(
        EventKind.SAFETY_EVENT,
        text,
        severity=news.severity,
        robot_id=news.robot_id,
        task=task,
        data=data,
        source_event_id=news.event_id,
    )


@take.register
def _(news: SafetySeen, world: Situation) -> None:
    view = world.robot(news.robot_id)
    view.lease_epoch, view.lease_holder = max(view.lease_epoch, news.lease_epoch), news.lease_holder
    view.speed_limit = news.speed_limit


@take.register
def _(news: ClockRead, world: Situation) -> None:
    step = world.robot(news.robot_id).clock.take(news.trip)
    if step:
        clocks.note_step(world, news.robot_id, step)
