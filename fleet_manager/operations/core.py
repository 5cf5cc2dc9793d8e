"""The manager's operations: one cycle at a time, one request at a time, each a transaction of its own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone

from fleet_manager.dispatch import Allocator
from fleet_manager.domain.errors import RequestRefusedError, conflict, not_found
from fleet_manager.domain.events import EventKind
from fleet_manager.domain.fleet import ActAnswer, SafetyAct
from fleet_manager.domain.jobs import Job
from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.work import Task, WorkItem
from fleet_manager.operations import news, requests, routing, supervision
from fleet_manager.operations.allocation import AllocationMemory, allocate
from fleet_manager.operations.fleet_view import RobotView, view_of
from fleet_manager.operations.ledger import Ledger
from fleet_manager.operations.limits import Limits
from fleet_manager.operations.ports import FleetPort, StorePort
from fleet_manager.operations.situation import Situation
from fleet_manager.traffic import TrafficController

_ACT_EVENTS = {
    SafetyAct.STOP: EventKind.PERSON_STOP,
    SafetyAct.RESET: EventKind.PERSON_RESET,
    SafetyAct.RESUME: EventKind.PERSON_RESUME,
}


def utc_now() -> datetime:
    """Now, with its time zone."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class StoreyWork:
    """What operations need of a storey: its map id, where robots may drive, and what is to be done."""

    map_id: str
    roadmap: Roadmap
    work_items: Mapping[str, WorkItem]


class Operations:
    """Thread-safe: cycles and requests take one lock. `now` is s of a monotonic clock everywhere."""

    def __init__(
        self,
        storey: StoreyWork,
        store: StorePort,
        port: FleetPort,
        allocator: Allocator,
        *,
        traffic: Callable[[], TrafficController],
        clock: Callable[[], float],
        utc: Callable[[], datetime] = utc_now,
        limits: Limits | None = None,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:12],
    ) -> None:
        self.storey = storey
        self._store = store
        self._port = port
        self._allocator = allocator
        self._new_traffic = traffic
        self._clock = clock
        self._utc = utc
        self._new_id = new_id
        self._lock = threading.RLock()
        self._limits = limits or Limits()
        self._robots: dict[str, RobotView] = {r.robot_id: view_of(r) for r in store.robot_records()}
        self._world = self._load()
        with self._unit_of_work():
            unfinished = len(self._world.ledger.attempts)
            text = "the manager has started" + (f"; {unfinished} attempts to re-attach" if unfinished else "")
            self._world.ledger.note(EventKind.MANAGER_STARTED, text)

    def _load(self) -> Situation:
        """Everything from the store; every line to a robot is made anew."""
        self._traffic = self._new_traffic()
        self._memory = AllocationMemory()
        self._damaged = False
        now = self._clock()
        ledger = Ledger(self._store, self._utc)
        return Situation(
            ledger, self._robots, self._limits, self.storey.map_id, self.storey.roadmap, started=now, now=now
        )

    @contextmanager
    def _unit_of_work(self) -> Iterator[Situation]:
        """Changes that are committed together. After any error but a refusal, memory is loaded from the store again."""
        with self._lock:
            if self._damaged:
                self._world = self._load()
            world = self._world
            world.now = self._clock()
            try:
                yield world
                world.ledger.commit(self._port)
            except RequestRefusedError:
                raise
            except BaseException:
                self._damaged = True
                raise

    def tick(self) -> None:
        """One cycle: news, supervision, allocation, traffic; then commit and send."""
        with self._unit_of_work() as world:
            for piece in self._port.poll():
                news.take(piece, world)
            supervision.watch_robots(world)
            supervision.watch_attempts(world)
            allocate(world, self._allocator, self._memory)
            routing.route(world, self._traffic)

    def close(self) -> None:
        """Write down the last state of every robot; a later start goes on from here."""
        with self._unit_of_work() as world:
            for view in world.robots.values():
                world.ledger.put_robot(view.record())
            world.ledger.note(EventKind.MANAGER_STOPPED, "the manager was stopped")

    # -- requests of people; what they return is in the store

    def create_job(self, order: requests.JobOrder, idempotency_key: str | None = None) -> tuple[Job, bool]:
        """The job, and whether it is new. The same key with the same order gives the same job again."""
        with self._unit_of_work() as world:
            if idempotency_key is not None:
                known = self._store.job_of_key(idempotency_key)
                if known is not None and known.request_digest != order.digest():
                    text = f"idempotency key {idempotency_key!r} was used for another request; take a new one"
                    raise conflict("IDEMPOTENCY_KEY_REUSED", text)
                if known is not None:
                    return known, False
            items = self.storey.work_items
            job = requests.create_job(
                world, self._store, items, order, job_id=self._new_id(), idempotency_key=idempotency_key
            )
        return job, True

    def change_job(self, job_id: str, name: str, by: str, reason: str = "") -> None:
        """`name`: pause, resume, cancel or retry."""
        with self._unit_of_work() as world:
            requests.change_job(world, self._store, job_id, name, by=by, reason=reason)

    def change_task(self, task_id: str, name: str, by: str, reason: str = "") -> Task:
        """`name`: pause, resume, cancel or retry."""
        with self._unit_of_work() as world:
            return requests.change_task(world, self._store, world.ledger.task(task_id), name, by=by, reason=reason)

    def decide_target(self, task_id: str, index: int, built: bool, by: str, reason: str) -> Task:
        """A person's word on a held target."""
        with self._unit_of_work() as world:
            return requests.decide_target(world, world.ledger.task(task_id), index, built, by=by, reason=reason)

    # -- robots

    def robots(self) -> list[RobotView]:
        """Every robot met, by id. The views are live: read, never change."""
        with self._lock:
            return [self._robots[r] for r in sorted(self._robots)]

    def robot(self, robot_id: str) -> RobotView:
        """One robot; raises RequestRefusedError ROBOT_NOT_FOUND."""
        view = self._robots.get(robot_id)
        if view is None:
            raise not_found("robot", robot_id)
        return view

    def activity(self, view: RobotView) -> str:
        """One word for what the robot is about."""
        with self._lock:
            return _activity(self._world, view)

    def ask(self, robot_id: str, act: SafetyAct, requested_by: str, reason: str) -> Future[ActAnswer]:
        """Ask a robot's supervisor. Takes no lock and waits for nothing: a stop is never held up."""
        return self._port.ask(robot_id, act, requested_by, reason)

    def note_act(self, act: SafetyAct, requested_by: str, reason: str, answers: list[ActAnswer]) -> None:
        """Write a person's act and its answers down."""
        with self._unit_of_work() as world:
            for answer in answers:
                text = f"{act.value} of {answer.robot_id} by {requested_by}" + (f" ({reason})" if reason else "")
                text += ": done" if answer.success else f": {answer.code} {answer.message}".rstrip()
                data = {"by": requested_by, "reason": reason, "success": answer.success, "code": answer.code}
                world.ledger.note(_ACT_EVENTS[act], text, robot_id=answer.robot_id, data=data)


def _activity(world: Situation, view: RobotView) -> str:
    snapshot = view.snapshot
    if not view.online or snapshot is None:
        return "offline"
    safety = snapshot.safety.name.lower()
    if safety in {"stopped", "fault", "hold", "boot", "teleop"}:
        return safety
    if snapshot.task_id:
        return "working"
    if world.ledger.active_attempt_of(view.robot_id):
        return "assigned"
    if snapshot.charging:
        return "charging"
    home = view.factsheet.home_node if view.factsheet else ""
    return "idle" if snapshot.node_id == home else "going_home"
