"""Waiting tasks to free robots, through the allocator; written down before the robot hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from fleet_manager.dispatch import Allocation, Allocator, Assignment
from fleet_manager.domain import life
from fleet_manager.domain.events import EventKind
from fleet_manager.domain.jobs import Attempt
from fleet_manager.domain.robots import RobotFactsheet, SafetyMode
from fleet_manager.domain.work import PICK_UP, SEQUENCED_TRADES, Task, TaskState
from fleet_manager.operations import unreachable
from fleet_manager.operations.access import denials
from fleet_manager.operations.fleet_view import RobotView
from fleet_manager.operations.situation import NEVER, Situation
from fleet_manager.operations.supervision import send_goal


@dataclass
class AllocationMemory:
    """What the last allocation looked at, so that the same question is not asked every cycle."""

    asked: tuple[object, ...] = ()
    asked_at: float = NEVER
    refused_since: dict[str, float] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)
    """Tasks that no robot may be sent to now, with why."""


def is_free(world: Situation, view: RobotView) -> bool:
    """Idle, driving itself, charged, of this storey, and with nothing of an earlier attempt left to clear up."""
    snapshot, sheet = view.snapshot, view.factsheet
    if not view.online or snapshot is None or sheet is None or view.needs_charge:
        return False
    if snapshot.safety is not SafetyMode.AUTO or snapshot.task_id or snapshot.battery < sheet.battery_reserve:
        return False
    if sheet.map_id not in {"", world.map_id}:
        return False
    return all(a.robot_id != view.robot_id for a in world.ledger.open_attempts())


def allocate(world: Situation, allocator: Allocator, memory: AllocationMemory) -> None:
    """One round; skipped while neither tasks nor robots have changed, but for a slow repeat."""
    waiting = _waiting(world)
    free = [v.snapshot for v in world.robots.values() if v.snapshot and is_free(world, v)]
    sheets = {v.robot_id: v.factsheet for v in world.robots.values() if v.factsheet}
    question = (tuple(t.id for t in waiting), tuple(s.robot_id for s in free), tuple(sheets))
    unchanged = question == memory.asked and world.now - memory.asked_at < world.limits.allocate_every
    if not waiting or unchanged:
        return
    memory.asked, memory.asked_at = question, world.now
    waiting = [_with_its_load(world, _second_round(world, t, sheets.values())) for t in waiting]
    waiting = [t for t in (_where_allowed(world, t, sheets.values(), memory) for t in waiting) if t is not None]
    behind = {t.id: unreachable.shut_out(world, t) for t in waiting}
    asked = [replace(t, refused_by=t.refused_by | behind[t.id]) for t in waiting]
    answer = allocator.allocate(asked, free, sheets, world.roadmap)
    idle = {s.robot_id for s in free}
    for assignment in answer.assignments:
        if assignment.robot_id in idle:
            idle.discard(assignment.robot_id)
            _assign(world, assignment)
    # What is only behind a place that is closed for a time is not impossible.
    _refuse(world, answer, [t for t in waiting if not behind[t.id]], set(sheets), memory)


def _waiting(world: Situation) -> list[Task]:
    tasks = [t for t in world.ledger.tasks.values() if t.state is TaskState.WAITING and t.open_targets()]
    return sorted(tasks, key=lambda t: (-t.priority, world.ledger.jobs[t.job_id].created_at))


def _second_round(world: Situation, task: Task, sheets: Iterable[RobotFactsheet]) -> Task:
    """When every robot of the trade has failed once, each may try again, up to the limit of failures."""
    able = {s.robot_id for s in sheets if task.item.trade in s.trades}
    if able and able <= task.refused_by:
        task = replace(task, refused_by=frozenset())
        world.ledger.put_task(task)
    return task


def _with_its_load(world: Situation, task: Task) -> Task:
    """A load that was picked up is dropped by the robot that carries it, as long as that one can be expected to.
    Otherwise the next robot picks up anew. What is said here of others is for this allocation only.
    """
    if task.item.trade not in SEQUENCED_TRADES or PICK_UP not in task.done:
        return task
    picked = world.ledger.done_record(task.id, PICK_UP)
    carrier = world.robots.get(picked.robot_id) if picked else None
    if carrier is not None and carrier.online and carrier.stopped_since is None:
        others = frozenset(world.robots) - {carrier.robot_id}
        return replace(task, refused_by=task.refused_by | others)
    task = life.load_gone(task)
    world.ledger.put_task(task)
    return task


def _where_allowed(
    world: Situation, task: Task, sheets: Iterable[RobotFactsheet], memory: AllocationMemory
) -> Task | None:
    """The task, kept from robots that zones or permits keep out; None when they keep everybody out."""
    sheets = tuple(sheets)
    denied = denials(world, task, sheets)
    able = {s.robot_id for s in sheets if task.item.trade in s.trades}
    if not able or able - set(denied):
        _let_go(world, task, memory)
        return replace(task, refused_by=task.refused_by | frozenset(denied)) if denied else task
    denial = denied[min(denied)]
    if memory.denied.get(task.id) != denial.message:
        memory.denied[task.id] = denial.message
        kept = replace(world.ledger.task(task.id), message=denial.message)
        world.ledger.put_task(kept)
        data = {"code": denial.code, "zone_id": denial.zone_id, "permit_id": denial.permit_id}
        world.ledger.note(EventKind.TASK_DENIED, f"{task.item.title} waits: {denial.message}", task=kept, data=data)
    return None


def _let_go(world: Situation, task: Task, memory: AllocationMemory) -> None:
    said = memory.denied.pop(task.id, None)
    known = world.ledger.task(task.id)
    if said is not None and known.message == said:
        world.ledger.put_task(replace(known, message=""))


def _assign(world: Situation, assignment: Assignment) -> None:
    ledger = world.ledger
    task = life.assigned(ledger.task(assignment.task_id), assignment.robot_id)
    attempt = Attempt(
        task_id=task.id,
        number=task.attempt,
        robot_id=assignment.robot_id,
        targets=tuple(t.index for t in task.open_targets()),
        assigned_at=ledger.utc(),
        cost=assignment.cost,
    )
    ledger.put_task(task)
    ledger.put_attempt(attempt)
    text = f"{task.item.title} goes to {assignment.robot_id}"
    data = {"attempt": attempt.number, "cost": assignment.cost, "targets": list(attempt.targets)}
    ledger.note(EventKind.TASK_ASSIGNED, text, robot_id=assignment.robot_id, task=task, data=data)
    send_goal(world, attempt)


def _refuse(
    world: Situation, answer: Allocation, waiting: Sequence[Task], known: set[str], memory: AllocationMemory
) -> None:
    """A task that every known robot refuses waits a while for another robot, then ends as failed."""
    reasons: dict[str, dict[str, str]] = {}
    for refusal in answer.refusals:
        reasons.setdefault(refusal.task_id, {})[refusal.robot_id] = refusal.message
    for task in waiting:
        why = reasons.get(task.id, {})
        if not known or not ("" in why or known <= set(why)):
            memory.refused_since.pop(task.id, None)
            continue
        since = memory.refused_since.setdefault(task.id, world.now)
        if world.now - since < world.limits.refusal_grace:
            continue
        del memory.refused_since[task.id]
        text = "; ".join(dict.fromkeys(why.values())) or "no robot can do it"
        failed = life.impossible(world.ledger.task(task.id), text)
        world.ledger.put_task(failed)
        world.ledger.note(EventKind.TASK_REFUSED, f"{task.item.title}: {text}", task=failed)
