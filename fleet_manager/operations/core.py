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
from fleet_manager.domain.access import AccessRules, AccessZone
from fleet_manager.domain.clocks import SECOND, ClockOffset, SteadyWatch
from fleet_manager.domain.errors import RequestRefusedError, conflict, not_found
from fleet_manager.domain.events import EventKind
from fleet_manager.domain.fleet import ActAnswer, ActOrder, EventAck, SafetyAct, SafetyEventSeen, ZonesAnswered
from fleet_manager.domain.jobs import Job
from fleet_manager.domain.kept import ZoneAck
from fleet_manager.domain.lease import Lease
from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.work import Task, WorkItem
from fleet_manager.operations import access, clocks, control, news, requests, routing, supervision
from fleet_manager.operations.access import AccessMemory
from fleet_manager.operations.allocation import AllocationMemory, allocate
from fleet_manager.operations.evidence import EvidenceDesk
from fleet_manager.operations.fleet_view import RobotView, view_of
from fleet_manager.operations.ledger import Ledger
from fleet_manager.operations.limits import Limits
from fleet_manager.operations.ports import EvidenceStore, FleetPort, StorePort
from fleet_manager.operations.situation import Situation
from fleet_manager.traffic import TrafficController

_ACT_EVENTS = {
    SafetyAct.STOP: EventKind.PERSON_STOP,
    SafetyAct.RESET_PRESS: EventKind.PERSON_RESET,
    SafetyAct.RESET_RELEASE: EventKind.PERSON_RESET,
    SafetyAct.RESUME: EventKind.PERSON_RESUME,
    SafetyAct.HOLD: EventKind.PERSON_HOLD,
    SafetyAct.TELEOP: EventKind.PERSON_TELEOP,
}


def utc_now() -> datetime:
    """Now, with its time zone."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class StoreyWork:
    """What operations need of a storey: its map id, where robots may drive, what is to be done, its first zones."""

    map_id: str
    roadmap: Roadmap
    work_items: Mapping[str, WorkItem]
    zones: tuple[AccessZone, ...] = ()


class Operations:
    """Thread-safe: cycles and requests take one lock. `now` is s of a monotonic clock everywhere."""

    def __init__(
        self,
        storey: StoreyWork,
        store: StorePort,
        port: FleetPort,
        allocator: Allocator,
        evidence: EvidenceStore,
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
        self.evidence = EvidenceDesk(evidence, utc)
        self._own_clock = SteadyWatch()
        self._robots: dict[str, RobotView] = {r.robot_id: view_of(r) for r in store.robot_records()}
        self._world = self._load()
        with self._unit_of_work():
            unfinished = len(self._world.ledger.attempts)
            text = "the manager has started" + (f"; {unfinished} attempts to re-attach" if unfinished else "")
            self._world.ledger.note(EventKind.MANAGER_STARTED, text)
            access.first_zones(self._world, storey.zones)

    def _load(self) -> Situation:
        """Everything from the store; every line to a robot is made anew."""
        self._traffic = self._new_traffic()
        self._memory = AllocationMemory()
        self._access = AccessMemory()
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
                self._log_deeds(world)
            except RequestRefusedError:
                raise
            except BaseException:
                self._damaged = True
                raise

    def _log_deeds(self, world: Situation) -> None:
        """What people did is committed: now it goes into the evidence log. What fails is tried with each cycle."""
        book = world.ledger.book
        logged = self.evidence.take_deeds(book.pending)
        if logged:
            with self._store.transaction() as tx:
                tx.remove_deeds(logged)
            book.logged(logged)

    def tick(self) -> None:
        """One cycle: news, supervision, allocation, traffic; then commit and send."""
        with self._unit_of_work() as world:
            clocks.watch_own(world, self._own_clock, self._clock)
            events: list[SafetyEventSeen] = []
            for piece in self._port.poll():
                if isinstance(piece, ZonesAnswered):
                    access.answered(world, self._access, piece)
                    continue
                if isinstance(piece, SafetyEventSeen):
                    events.append(piece)
                news.take(piece, world)
            self._take_events(world, events)
            supervision.watch_robots(world)
            supervision.watch_attempts(world)
            control.watch_mutings(world)
            allocate(world, self._allocator, self._memory)
            access.push(world, self._access)
            routing.route(world, self._traffic, access.closures(world, self._access))

    def _take_events(self, world: Situation, events: list[SafetyEventSeen]) -> None:
        """Into the evidence log; acknowledged after the commit, so that the store has them too."""
        fault = self.evidence.fault
        for ack in self.evidence.take(events, self._offset_of):
            world.ledger.send(_acknowledge(ack))
        if self.evidence.fault and self.evidence.fault != fault:
            text = f"the evidence log cannot be written to: {self.evidence.fault}; robots keep their events"
            world.ledger.note(EventKind.EVIDENCE_FAULT, text)

    def _offset_of(self, robot_id: str) -> ClockOffset | None:
        view = self._robots.get(robot_id)
        return None if view is None else view.clock.offset(round(self._clock() * SECOND))

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
        """Every robot met, by id. The views are live: read, never change. Takes no lock: a stop asks for it."""
        robots = dict(self._robots)  # one step of the interpreter, whoever adds to it
        return [robots[r] for r in sorted(robots)]

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

    def utc(self) -> datetime:
        """Now, as people count time."""
        return self._utc()

    def now(self) -> float:
        """s of the manager's monotonic clock."""
        return self._clock()

    def lease(self, robot_id: str) -> Lease:
        """The robot's control lease. Takes no lock: it is looked at where nothing may be held up."""
        return self._world.ledger.book.lease(robot_id)

    def zone_acks(self) -> dict[str, ZoneAck]:
        """What each robot last said to zones and permits."""
        with self._lock:
            return dict(self._world.ledger.book.acks)

    def zones_version(self, robot_id: str) -> int | None:
        """Version of zones and permits that the robot has accepted."""
        ack = self._world.ledger.book.acks.get(robot_id)
        return ack.version if ack is not None and ack.accepted else None

    def clock_offset(self, view: RobotView) -> ClockOffset | None:
        """Robot's clock minus the manager's, if it was measured lately."""
        return self._offset_of(view.robot_id)

    def ask(self, robot_id: str, order: ActOrder) -> Future[ActAnswer]:
        """Ask a robot's supervisor. Takes no lock and waits for nothing: a stop is never held up."""
        return self._port.ask(robot_id, order)

    @contextmanager
    def desk(self) -> Iterator[Situation]:
        """For requests about safety: what is changed inside is committed and in the evidence log after it."""
        with self._unit_of_work() as world:
            yield world

    def rules(self) -> AccessRules:
        """Zones and permits as they are now."""
        with self._lock:
            return self._world.ledger.book.rules

    def note_act(self, act: SafetyAct, requested_by: str, reason: str, answers: list[ActAnswer]) -> None:
        """Write a person's act and its answers down."""
        with self._unit_of_work() as world:
            for answer in answers:
                text = f"{act.value.replace('_', ' ')} of {answer.robot_id} by {requested_by}" + (
                    f" ({reason})" if reason else ""
                )
                text += ": done" if answer.success else f": {answer.code} {answer.message}".rstrip()
                data = {"by": requested_by, "reason": reason, "success": answer.success, "code": answer.code}
                world.ledger.note(_ACT_EVENTS[act], text, robot_id=answer.robot_id, data=data)


def _acknowledge(ack: EventAck) -> Callable[[FleetPort], None]:
    return lambda port: port.acknowledge_event(ack)


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
