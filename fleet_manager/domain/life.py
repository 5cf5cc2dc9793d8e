"""Life of a task, as pure transitions: each takes a task and gives the next one.

Pausing and canceling a task that a robot has in hand are two steps: the attempt is asked to end (PAUSING, CANCELING),
and what it got done is kept when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fleet_manager.domain.errors import conflict
from fleet_manager.domain.jobs import ExecuteOutcome
from fleet_manager.domain.work import PICK_UP, AsBuiltRecord, Outcome, Task, TaskState

IN_HAND = frozenset({TaskState.ASSIGNED, TaskState.RUNNING, TaskState.PAUSING, TaskState.CANCELING})
"""A robot has an attempt of the task."""


def assigned(task: Task, robot_id: str) -> Task:
    """The next attempt goes to this robot."""
    if task.state is not TaskState.WAITING or not task.open_targets():
        raise conflict("TASK_NOT_WAITING", f"task {task.id} is {task.state.value} and cannot be assigned")
    return replace(task, state=TaskState.ASSIGNED, attempt=task.attempt + 1, robot_id=robot_id, message="")


def accepted(task: Task) -> Task:
    """The robot took the goal; a pause or cancel already asked for stays."""
    return replace(task, state=TaskState.RUNNING) if task.state is TaskState.ASSIGNED else task


def recorded(task: Task, record: AsBuiltRecord) -> Task:
    """A record arrived: from any attempt, in any state, also after the end."""
    index = frozenset({record.target_index})
    done = task.done | index if record.left_a_mark else task.done
    passed = record.outcome is Outcome.DONE and record.passed
    deferred = task.deferred - index if passed else task.deferred | index
    if record.target_index in task.done and not passed:
        deferred = task.deferred  # a later failure does not undo what is built
    return replace(task, done=done, deferred=deferred, held=task.held - index)


def settled(task: Task) -> Task:
    """Ends a task that has nothing left to do and nothing held, whatever it was waiting for."""
    if task.state in IN_HAND or task.open_targets() or task.held:
        return task
    left = task.deferred | task.unreachable
    state = TaskState.DEFERRED if left else TaskState.SUCCEEDED
    message = f"{len(left)} of {len(task.item.targets)} targets deferred" if left else ""
    return replace(task, state=state, message=message)


def attempt_ended(task: Task, outcome: int, message: str, sent: Iterable[int], max_failures: int) -> Task:
    """The robot is finished with the attempt, and its records are in. Targets it calls finished without a record are
    held: they may be built, and nothing may be built twice.
    """
    held = task.held
    finished = outcome in {ExecuteOutcome.SUCCEEDED, ExecuteOutcome.COMPLETED_WITH_DEFERRALS}
    if finished:
        held = held | (frozenset(sent) - task.done - task.deferred)
    return _put_down(replace(task, held=held), outcome, message, max_failures)


def attempt_lost(task: Task, held: Iterable[int], message: str) -> Task:
    """The robot is out of reach: what it may still be working on is held, the rest is free for others."""
    task = replace(task, held=task.held | (frozenset(held) - task.done - task.deferred))
    return _put_down(task, ExecuteOutcome.CANCELED, message, max_failures=1)


def _put_down(task: Task, outcome: int, message: str, max_failures: int) -> Task:
    robot = task.robot_id
    failed = outcome >= ExecuteOutcome.TASK_REFUSED and outcome != ExecuteOutcome.SUPERSEDED
    failures = task.failures + (1 if failed else 0)
    refused = task.refused_by | {robot} if failed and robot else task.refused_by
    idle = replace(task, state=TaskState.WAITING, message=message, failures=failures, refused_by=refused)
    ended = settled(idle)
    if ended.state.terminal:
        return ended
    if task.state is TaskState.CANCELING:
        return replace(idle, state=TaskState.CANCELED, message="canceled")
    if task.state is TaskState.PAUSING:
        return replace(idle, state=TaskState.PAUSED, robot_id=None)
    if failures >= max_failures and failed:
        return replace(idle, state=TaskState.FAILED)
    return replace(idle, robot_id=None)


def released(task: Task, targets: Iterable[int]) -> Task:
    """Held targets are known not to be built: they are open again."""
    return settled(replace(task, held=task.held - frozenset(targets)))


def load_gone(task: Task) -> Task:
    """The load is on no robot that could drop it: it has to be picked up again, together with the drop."""
    pick_up = frozenset({PICK_UP})
    return replace(task, done=task.done - pick_up, deferred=task.deferred - pick_up)


def impossible(task: Task, message: str) -> Task:
    """No robot can ever do it."""
    return replace(task, state=TaskState.FAILED, message=message)


def pause(task: Task) -> Task:
    """A person pauses the task. What is done stays done."""
    if task.state in {TaskState.PAUSED, TaskState.PAUSING}:
        return task
    if task.state in {TaskState.ASSIGNED, TaskState.RUNNING}:
        return replace(task, state=TaskState.PAUSING)
    if task.state is TaskState.WAITING:
        return replace(task, state=TaskState.PAUSED)
    raise conflict("TASK_NOT_PAUSABLE", f"task {task.id} is {task.state.value}; only unfinished tasks can be paused")


def resume(task: Task) -> Task:
    """A person lets a paused task go on, as a new attempt."""
    if task.state is TaskState.PAUSED:
        return replace(task, state=TaskState.WAITING, message="")
    if task.state is TaskState.PAUSING:
        return replace(task, state=TaskState.RUNNING)  # the attempt may end all the same; another follows it
    raise conflict("TASK_NOT_PAUSED", f"task {task.id} is {task.state.value}; only paused tasks can be resumed")


def cancel(task: Task) -> Task:
    """A person gives the task up. What is done stays done."""
    if task.state in {TaskState.CANCELED, TaskState.CANCELING}:
        return task
    if task.state.terminal:
        raise conflict("TASK_ENDED", f"task {task.id} has already ended as {task.state.value}")
    if task.state in IN_HAND:
        return replace(task, state=TaskState.CANCELING)
    return replace(task, state=TaskState.CANCELED, message="canceled")


def retry(task: Task) -> Task:
    """A person wants the open and deferred targets tried again, by any robot."""
    if not task.state.terminal:
        raise conflict("TASK_NOT_ENDED", f"task {task.id} is {task.state.value}; only ended tasks can be retried")
    again = replace(
        task,
        state=TaskState.WAITING,
        robot_id=None,
        deferred=task.deferred & task.done,
        refused_by=frozenset(),
        failures=0,
        message="",
    )
    if not again.open_targets() and not again.held:
        raise conflict("NOTHING_TO_RETRY", f"task {task.id} has no target that can be worked on again")
    return again
