"""What people ask for: jobs, and pause, resume, cancel, retry of jobs and tasks. Checked whole, then changed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from fleet_manager.domain import life
from fleet_manager.domain.errors import RequestRefusedError, conflict, invalid
from fleet_manager.domain.events import EventKind
from fleet_manager.domain.geometry import Pose3
from fleet_manager.domain.jobs import Job
from fleet_manager.domain.work import (
    CONFIRMED_BUILT,
    NO_STANCE,
    REPEATABLE_TRADES,
    AsBuiltRecord,
    Outcome,
    Task,
    TaskState,
    WorkItem,
    WorkTarget,
)
from fleet_manager.operations.ledger import Ledger
from fleet_manager.operations.ports import StorePort
from fleet_manager.operations.situation import Situation

_UNMEASURED = Pose3(*[math.nan] * 7)
_NAMED = 5
"""Names at most in an error message."""


@dataclass(frozen=True, slots=True)
class JobOrder:
    """Which work a person wants done. Empty filters: everything; several narrow one another."""

    name: str
    requested_by: str
    work_item_ids: tuple[str, ...] = ()
    trades: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    priority: int = 50

    def digest(self) -> str:
        """SHA-256 of the order."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def choose_items(order: JobOrder, catalogue: Mapping[str, WorkItem]) -> list[WorkItem]:
    """Work items of the order. Raises RequestRefusedError for names that do not exist and for an empty choice."""
    unknown = [i for i in order.work_item_ids if i not in catalogue]
    if unknown:
        raise invalid("WORK_ITEM_UNKNOWN", f"no such work item: {_some(unknown)}")
    for what, given, known in (
        ("trade", order.trades, {w.trade for w in catalogue.values()}),
        ("zone", order.zones, {w.zone_id for w in catalogue.values()}),
    ):
        strange = [g for g in given if g not in known]
        if strange:
            text = f"no work in {what} {_some(strange)}; there is work in {_some(sorted(known))}"
            raise invalid(f"{what.upper()}_UNKNOWN", text)
    ids = dict.fromkeys(order.work_item_ids) if order.work_item_ids else catalogue
    chosen = [catalogue[i] for i in ids]
    chosen = [w for w in chosen if not order.trades or w.trade in order.trades]
    chosen = [w for w in chosen if not order.zones or w.zone_id in order.zones]
    if not chosen:
        raise invalid("NO_WORK_CHOSEN", "no work item meets all filters of the request")
    return chosen


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(n) for n in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def built_before(store: StorePort, items: Iterable[WorkItem], but: str = "") -> dict[str, frozenset[int]]:
    """Targets that earlier tasks have built, by work item: nothing is built twice.

    Raises RequestRefusedError WORK_ITEM_BUSY when another task still has one of the items in work or on hold.
    """
    once = [w.id for w in items if w.trade not in REPEATABLE_TRADES]
    built: dict[str, frozenset[int]] = {}
    busy: list[str] = []
    for item_id, tasks in store.tasks_on_items(once).items():
        others = [t for t in tasks if t.id != but]
        if any(not t.state.terminal or t.held for t in others):
            busy.append(item_id)
        built[item_id] = frozenset[int]().union(*(t.done for t in others))
    if busy:
        raise conflict("WORK_ITEM_BUSY", f"another job still works on {_some(busy)}; wait for it or cancel it first")
    return built


def create_job(
    world: Situation,
    store: StorePort,
    catalogue: Mapping[str, WorkItem],
    order: JobOrder,
    *,
    job_id: str,
    idempotency_key: str | None,
) -> Job:
    """Accept the order; the caller commits before it answers."""
    items = choose_items(order, catalogue)
    built = built_before(store, items)
    ledger = world.ledger
    job = Job(
        id=job_id,
        name=order.name,
        priority=order.priority,
        requested_by=order.requested_by,
        created_at=ledger.utc(),
        idempotency_key=idempotency_key,
        request_digest=order.digest(),
    )
    tasks = [
        life.settled(
            Task(f"{job_id}-{n:04d}", job_id, item, priority=order.priority, done=built.get(item.id, frozenset()))
        )
        for n, item in enumerate(items, start=1)
    ]
    ledger.add_job(job, tasks)
    text = f"job {job.name!r} with {len(tasks)} tasks accepted from {job.requested_by}"
    ledger.note(EventKind.JOB_ACCEPTED, text, job_id=job_id)
    for task in tasks:
        for target in task.item.targets:
            if not target.reachable:
                _defer_unreachable(ledger, task, target)
    return job


def _defer_unreachable(ledger: Ledger, task: Task, target: WorkTarget) -> None:
    reason = target.reason or "there is no place to stand"
    ledger.add_record(_manager_record(task, target.index, NO_STANCE, reason))
    data = {"target_index": target.index, "reason_code": NO_STANCE}
    ledger.note(EventKind.TARGET_DEFERRED, f"{task.item.title}, target {target.index}: {reason}", task=task, data=data)


def _manager_record(task: Task, index: int, code: str, reason: str, instrument: str = "") -> AsBuiltRecord:
    return AsBuiltRecord(
        task_id=task.id,
        attempt=0,
        robot_id="",
        work_item_id=task.item.id,
        ifc_guid=task.item.ifc_guid,
        target_index=index,
        outcome=Outcome.DEFERRED,
        measured=_UNMEASURED,
        deviation=math.nan,
        measured_depth=math.nan,
        measured_value=math.nan,
        passed=False,
        reason_code=code,
        reason=reason,
        instrument=instrument,
        evidence_uri="",
        stamp=0.0,
    )


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """What a person may ask of a task: the rule, what it is called, and what is written down."""

    rule: Callable[[Task], Task]
    event: EventKind
    verb: str


REQUESTS: Mapping[str, TaskRequest] = {
    "pause": TaskRequest(life.pause, EventKind.TASK_PAUSED, "paused"),
    "resume": TaskRequest(life.resume, EventKind.TASK_RESUMED, "resumed"),
    "cancel": TaskRequest(life.cancel, EventKind.TASK_CANCELED, "canceled"),
    "retry": TaskRequest(life.retry, EventKind.TASK_RETRIED, "retried"),
}


def change_task(world: Situation, store: StorePort, task: Task, name: str, *, by: str, reason: str) -> Task:
    """Pause, resume, cancel or retry one task. Raises RequestRefusedError when its state forbids it."""
    request = REQUESTS[name]
    changed = request.rule(task)
    if name == "retry":
        built = built_before(store, [task.item], but=task.id).get(task.item.id, frozenset[int]())
        changed = replace(changed, done=changed.done | built)
    _write_change(world, task, changed, request, by=by, reason=reason)
    return changed


def change_job(world: Situation, store: StorePort, job_id: str, name: str, *, by: str, reason: str) -> None:
    """The same for each task of a job that allows it. Raises RequestRefusedError when none does."""
    request, changes, refusal = REQUESTS[name], [], None
    for task in world.ledger.job_tasks(job_id):
        try:
            changed = request.rule(task)
        except RequestRefusedError as error:
            refusal = refusal or error
        else:
            changes.append((task, changed))
    if not changes:
        code = refusal.code if refusal else "NOTHING_TO_DO"
        raise conflict(code, f"no task of job {job_id} can be {request.verb}: {refusal}")
    if name == "retry":
        built = [built_before(store, [t.item], but=t.id).get(t.item.id, frozenset[int]()) for t, _ in changes]
        changes = [(t, replace(c, done=c.done | b)) for (t, c), b in zip(changes, built, strict=True)]
    for task, changed in changes:
        _write_change(world, task, changed, request, by=by, reason=reason)


def _write_change(world: Situation, task: Task, changed: Task, request: TaskRequest, *, by: str, reason: str) -> None:
    if changed == task:
        return
    world.ledger.put_task(life.settled(changed))
    text = f"{task.item.title}: {request.verb} by {by}" + (f": {reason}" if reason else "")
    if changed.state in {TaskState.PAUSING, TaskState.CANCELING}:
        text += f"; {task.robot_id} ends the step in hand first"
    world.ledger.note(request.event, text, task=changed, data={"by": by, "reason": reason})


def decide_target(world: Situation, task: Task, index: int, built: bool, *, by: str, reason: str) -> Task:
    """A person says what became of a held target. Raises RequestRefusedError TARGET_NOT_HELD."""
    if index not in task.held:
        raise conflict("TARGET_NOT_HELD", f"target {index} of task {task.id} is not held; nothing needs to be decided")
    text = f"{task.item.title}, target {index}: {'built' if built else 'not built'}, says {by}: {reason}"
    for attempt in world.ledger.open_attempts():
        if attempt.task_id == task.id and index in attempt.held:
            world.ledger.put_attempt(replace(attempt, held=attempt.held - {index}))
    if built:
        note = f"{by} says it is built; nobody has measured it"
        record = _manager_record(task, index, CONFIRMED_BUILT, note, instrument=f"person: {by}")
        world.ledger.add_record(record)
        changed = life.settled(life.recorded(task, record))
    else:
        changed = life.released(task, [index])
    world.ledger.put_task(changed)
    world.ledger.note(EventKind.TARGET_DECIDED, text, task=changed, data={"target_index": index, "built": built})
    return changed
