"""Whatever happens in whatever order: nothing is lost, and no hole is drilled twice."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from manager_bench import Bench
from manager_fakes import FakeRobot, factsheet, work_item
from sqlalchemy import event
from thoroughness import thorough

from fleet_manager.domain.errors import RequestRefusedError
from fleet_manager.domain.robots import SafetyMode
from fleet_manager.domain.work import Outcome, TaskState
from fleet_manager.operations.limits import Limits
from fleet_manager.store.engine import migrate, open_engine

ROBOTS = st.sampled_from(["d1", "d2"])
ITEMS = [work_item("a", ["s1", "s2", "s3"]), work_item("b", ["s4", "s1"]), work_item("c", ["s5", "", "s2"])]
ALL = {(w.id, t.index) for w in ITEMS for t in w.targets if t.reachable}


def _fast(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # the machine's disk is not under test


class TaskLife(RuleBasedStateMachine):
    """Random troubles; at the end everything works again, people retry what ended, and all must be built once."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        engine = open_engine(str(Path(self.folder.name) / "store.db"))
        event.listen(engine, "connect", _fast)
        migrate(engine)
        robots = [FakeRobot(factsheet(n, home=h), node=h) for n, h in (("d1", "h0"), ("d2", "h1"))]
        self.bench = Bench(engine, ITEMS, robots, Limits(give_up_lost_after=8.0, give_up_stopped_after=10.0))
        self.job = self.bench.order()
        self.closed: set[tuple[str, int]] = set()

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 6.0, 14.0]))
    def time_passes(self, seconds: float) -> None:
        self.bench.step(seconds)

    @rule(robot=ROBOTS)
    def network_to_a_robot_fails(self, robot: str) -> None:
        self.bench.fleet.cut(robot)

    @rule(robot=ROBOTS)
    def network_to_a_robot_is_back(self, robot: str) -> None:
        self.bench.fleet.join(robot)

    @rule()
    def manager_is_killed_and_started(self) -> None:
        self.bench.restart()

    @rule(robot=ROBOTS)
    def task_process_of_a_robot_restarts(self, robot: str) -> None:
        self.bench.fleet.restart_executor(robot)

    @rule(robot=ROBOTS, mode=st.sampled_from([SafetyMode.AUTO, SafetyMode.STOPPED]))
    def robot_is_stopped_or_resumed(self, robot: str, mode: SafetyMode) -> None:
        self.bench.fleet.robots[robot].safety = mode

    @rule(robot=ROBOTS, code=st.sampled_from([100, 101, 200]))
    def attempt_fails(self, robot: str, code: int) -> None:
        self.bench.fleet.robots[robot].fail_with = code
        self.bench.step()
        self.bench.fleet.robots[robot].fail_with = None

    @rule(robot=ROBOTS, battery=st.sampled_from([0.1, 0.9]))
    def battery_changes(self, robot: str, battery: float) -> None:
        self.bench.fleet.robots[robot].battery = battery

    @rule(twice=st.booleans())
    def messages_come_twice_or_once(self, twice: bool) -> None:
        self.bench.fleet.duplicate = twice

    @rule(name=st.sampled_from(["pause", "resume", "cancel", "retry"]), whole=st.booleans(), n=st.integers(0, 2))
    def person_acts(self, name: str, whole: bool, n: int) -> None:
        with contextlib.suppress(RequestRefusedError):
            if whole:
                self.bench.operations.change_job(self.job, name, "me")
            else:
                self.bench.operations.change_task(self.bench.task(n).id, name, "me")

    @rule(n=st.integers(0, 2))
    def person_looks_at_a_held_target(self, n: int) -> None:
        task = self.bench.task(n)
        for index in sorted(task.held):
            if (task.item.id, index) in self.bench.fleet.built:
                self.bench.operations.decide_target(task.id, index, True, "me", "I looked")

    @invariant()
    def nothing_is_built_twice(self) -> None:
        assert all(count == 1 for count in self.bench.fleet.built.values()), self.bench.fleet.built

    @invariant()
    def what_is_closed_stays_closed_and_was_built(self) -> None:
        done = {(t.item.id, i) for t in self.bench.tasks() for i in t.done}
        assert self.closed <= done
        assert done <= set(self.bench.fleet.built)
        self.closed = done

    def teardown(self) -> None:
        bench = self.bench
        try:
            bench.fleet.duplicate = False
            for name, robot in bench.fleet.robots.items():
                bench.fleet.join(name)
                robot.safety, robot.battery = SafetyMode.AUTO, 0.9
            bench.step(3)
            for _ in range(3):
                for name in ("resume", "retry"):
                    with contextlib.suppress(RequestRefusedError):
                        bench.operations.change_job(self.job, name, "me")
                bench.until(lambda: all(t.state.terminal for t in bench.tasks()), 400.0)
            assert set(bench.fleet.built) == ALL
            self.nothing_is_built_twice()
            records = bench.queries.as_built(self.job)
            done = [(r.work_item_id, r.target_index) for r in records if r.outcome is Outcome.DONE]
            said = [(r.work_item_id, r.target_index) for r in records if r.reason_code == "CONFIRMED_BUILT"]
            assert len(done) == len(set(done))
            assert set(done) | set(said) == ALL
            assert bench.state(0) in {TaskState.SUCCEEDED, TaskState.DEFERRED}
            assert bench.state(2) is TaskState.DEFERRED, "it has a target without a place to stand"
            assert "target_done_twice" not in bench.kinds()
        finally:
            bench.engine.dispose()
            self.folder.cleanup()


TestTaskLife = TaskLife.TestCase
TestTaskLife.settings = settings(
    max_examples=thorough(4, 50),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
