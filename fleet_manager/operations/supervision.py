"""Each cycle: who is there, and whether each attempt is still on its way."""

from __future__ import annotations

from fleet_manager.domain.access import Denial
from fleet_manager.domain.events import EventKind
from fleet_manager.domain.jobs import Attempt, AttemptState
from fleet_manager.domain.work import TaskState
from fleet_manager.operations import attempts
from fleet_manager.operations.access import attempt_denial
from fleet_manager.operations.fleet_view import RobotView
from fleet_manager.operations.situation import Link, Situation

CANCEL_PATIENCE = 3
"""Repeats of a cancel that a robot not naming the task leaves unanswered before the attempt is given up."""
_ENDING = frozenset({TaskState.PAUSING, TaskState.CANCELING})


def watch_robots(world: Situation) -> None:
    """Online or lost, and charged or not."""
    for view in world.robots.values():
        heard = view.received is not None and world.now - view.received < world.limits.lost_after
        if heard and not view.online:
            view.online, view.lost_since = True, None
            world.ledger.note(EventKind.ROBOT_ONLINE, f"{view.robot_id} is online", robot_id=view.robot_id)
            _remember(world, view)
        elif not heard and (view.online or view.lost_since is None):
            if view.online:
                text = f"{view.robot_id} has not been heard of for {world.limits.lost_after:g} s"
                world.ledger.note(EventKind.ROBOT_LOST, text, robot_id=view.robot_id)
                _cut_lines(world, view)
            view.online, view.lost_since = False, world.now
            _remember(world, view)
        elif heard and world.now - view.remembered_at >= world.limits.remember_state_every:
            _remember(world, view)
        if view.online:
            _watch_battery(world, view)


def _cut_lines(world: Situation, view: RobotView) -> None:
    # What was on its way is lost, and so may the robot's process be: join everything anew when it is back.
    for attempt in world.ledger.open_attempts():
        if attempt.robot_id == view.robot_id:
            world.links.pop(attempt.key, None)


def _remember(world: Situation, view: RobotView) -> None:
    view.remembered_at = world.now
    world.ledger.put_robot(view.record())


def _watch_battery(world: Situation, view: RobotView) -> None:
    if view.snapshot is None or view.factsheet is None:
        return
    battery, reserve = view.snapshot.battery, view.factsheet.battery_reserve
    if not view.needs_charge and battery < reserve:
        view.needs_charge = True
        text = f"{view.robot_id} has {battery:.0%} left, its reserve is {reserve:.0%}: it goes to charge"
        world.ledger.note(EventKind.BATTERY_LOW, text, robot_id=view.robot_id, data={"battery": battery})
    elif view.needs_charge and battery >= max(reserve, world.limits.charge_until):
        view.needs_charge = False


def watch_attempts(world: Situation) -> None:
    """Send again what got no answer, end what should end, give up what is out of reach."""
    for attempt in world.ledger.open_attempts():
        view = world.robot(attempt.robot_id)
        if attempt.state is AttemptState.LOST:
            if view.online:
                _recover_lost(world, attempt)
        elif not view.online:
            since = world.now - (view.lost_since if view.lost_since is not None else world.started)
            if since >= world.limits.give_up_lost_after:
                attempts.lose(world, attempt, f"{attempt.robot_id} is out of reach")
        else:
            _keep_going(world, attempt, view)


def _keep_going(world: Situation, attempt: Attempt, view: RobotView) -> None:
    link, task = world.link(attempt), world.ledger.task(attempt.task_id)
    denial = attempt_denial(world, attempt, view)
    _note_denial(world, attempt, link, denial)
    stopped = view.stopped_since is not None and world.now - view.stopped_since >= world.limits.give_up_stopped_after
    if task.state in _ENDING or view.needs_charge or stopped or denial is not None or link.give_up:
        _ask_to_end(world, attempt, link)
        overdue = link.cancel_since is not None and (
            world.now - link.cancel_since >= CANCEL_PATIENCE * world.limits.repeat_after
        )
        if overdue and (stopped or not world.names(attempt)):
            attempts.lose(world, attempt, f"{attempt.robot_id} does not end it")
        return
    link.cancel_since = None
    if link.accepted_at is not None and not world.names(attempt):
        # In hand, says the robot's server, but its state names something else: after a while the line is dead.
        fresh = view.received is not None and view.received - link.accepted_at >= world.limits.repeat_after
        if fresh:
            link.accepted_at = None
    if link.accepted_at is None and world.now - link.sent_at >= world.limits.repeat_after:
        send_goal(world, attempt)


def _note_denial(world: Situation, attempt: Attempt, link: Link, denial: Denial | None) -> None:
    """Once an attempt: it is ended because zones or permits no longer allow it."""
    if denial is None or link.denied:
        return
    link.denied = True
    task = world.ledger.task(attempt.task_id)
    text = f"{attempt.robot_id} has to end {task.item.title}: {denial.message}"
    data = {"code": denial.code, "zone_id": denial.zone_id, "permit_id": denial.permit_id}
    world.ledger.note(EventKind.TASK_DENIED, text, robot_id=attempt.robot_id, task=task, data=data)


def send_goal(world: Situation, attempt: Attempt) -> None:
    """Send or join, after the commit."""
    world.link(attempt).sent_at = world.now
    goal = world.goal_of(attempt)
    world.ledger.send(lambda port: port.send_task(goal))


def _ask_to_end(world: Situation, attempt: Attempt, link: Link) -> None:
    if world.now - link.cancel_at < world.limits.repeat_after:
        return
    link.cancel_at = world.now
    if link.cancel_since is None:
        link.cancel_since = world.now
    goal = world.goal_of(attempt)
    world.ledger.send(lambda port: port.cancel_task(goal))


def _recover_lost(world: Situation, attempt: Attempt) -> None:
    """The robot is back: it ends the attempt and says what was done. Nothing held and nothing in hand: it is over."""
    link = world.link(attempt)
    if not attempt.held and not world.names(attempt):
        attempts.end(world, attempt, outcome=attempts.NOT_IN_HAND, message=attempt.message)
    elif link.rejections < attempts.MAX_REJECTIONS:
        _ask_to_end(world, attempt, link)
