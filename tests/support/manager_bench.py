"""A manager with a real store and a fake fleet, on a clock the test moves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from manager_fakes import FakeClock, FakeEvidence, FakeFleet, FakeRobot, FirstFit, ShortestWay, storey
from sqlalchemy import Engine

from fleet_manager.domain.access import AccessZone
from fleet_manager.domain.work import Task, TaskState, WorkItem
from fleet_manager.operations.core import Operations
from fleet_manager.operations.limits import Limits
from fleet_manager.operations.requests import JobOrder
from fleet_manager.store.queries import Queries
from fleet_manager.store.repository import Store, register_site

MakeBench = Callable[..., "Bench"]


class Bench:
    """The manager under test; `restart` is a kill -9 and a new start on the same store."""

    TICK = 0.5

    def __init__(
        self,
        engine: Engine,
        items: Sequence[WorkItem],
        robots: Sequence[FakeRobot],
        limits: Limits,
        zones: Sequence[AccessZone] = (),
    ) -> None:
        self.engine, self.limits = engine, limits
        self.clock = FakeClock()
        self.fleet = FakeFleet(self.clock, robots)
        self.storey = storey(items, zones=zones)
        site = register_site(
            engine, name="S", storey="L1", source_file="m.ifc", source_sha256="0", items=items, now=self.clock.utc()
        )
        self.store, self.queries = Store(engine, site), Queries(engine, site)
        self.evidence = FakeEvidence()
        self._ids = (f"job{n}" for n in itertools.count(1))
        self.operations = self.start()

    def start(self) -> Operations:
        return Operations(
            self.storey,
            self.store,
            self.fleet,
            FirstFit(),
            self.evidence,
            traffic=self.new_traffic,
            clock=self.clock,
            utc=self.clock.utc,
            limits=self.limits,
            new_id=lambda: next(self._ids),
        )

    def new_traffic(self) -> ShortestWay:
        self.traffic = ShortestWay(self.storey.roadmap)
        return self.traffic

    def restart(self) -> None:
        self.fleet.manager_gone()
        self.operations = self.start()

    def restart_after_kill(self) -> None:
        """The process died in the middle of a cycle."""
        self.evidence.broken, self.evidence.die_after_append = "", False
        self.restart()

    def order(self, **fields: object) -> str:
        job, _ = self.operations.create_job(JobOrder(**{"name": "job", "requested_by": "me", **fields}))  # type: ignore[arg-type]
        return job.id

    def step(self, seconds: float = 0.0) -> None:
        """One cycle, or as many as fill the time."""
        for _ in range(max(1, round(seconds / self.TICK))):
            self.clock.now += self.TICK
            self.fleet.step()
            self.operations.tick()

    def until(self, done: Callable[[], bool], seconds: float = 200.0) -> None:
        for _ in range(round(seconds / self.TICK)):
            if done():
                return
            self.step()
        raise AssertionError(f"not within {seconds} s; tasks: {[(t.id, t.state, t.message) for t in self.tasks()]}")

    def tasks(self, job_id: str | None = None) -> list[Task]:
        return [s.task for s in self.queries.tasks(job_id)]

    def task(self, n: int = 0) -> Task:
        return self.tasks()[n]

    def state(self, n: int = 0) -> TaskState:
        return self.task(n).state

    def until_state(self, state: TaskState, n: int = 0) -> None:
        self.until(lambda: self.state(n) is state)

    def job_state(self, job_id: str) -> str:
        summary = self.queries.job(job_id)
        assert summary is not None
        return summary.job.state.value

    def kinds(self) -> list[str]:
        return [e.kind for e in self.queries.events(0, 10_000)]


def bench_maker(engine: Engine) -> MakeBench:
    """What the fixture `bench` gives to a test: call it with work items, robots and limits."""

    def make(
        items: Sequence[WorkItem], robots: Sequence[FakeRobot], zones: Sequence[AccessZone] = (), **limits: float
    ) -> Bench:
        return Bench(engine, items, robots, Limits(**limits), zones)  # type: ignore[arg-type]

    return make
