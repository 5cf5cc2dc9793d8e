"""Work behind a place where something stands: deferred with the reason after a while, and everything else goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from manager_fakes import FakeRobot, factsheet, work_item

from fleet_manager.domain.work import TaskState
from fleet_manager.traffic import ClosedOff

Make = Callable[..., Any]
WHY = "no way to the hall: something stands in the way at Door 2"


class Shut:
    """The bench's traffic, which also says what robots cannot get to, and does not lead them there."""

    def __init__(self, bench: Any) -> None:
        self.inner, self.closed_off = bench.traffic, dict[str, ClosedOff]()
        bench.operations._traffic = self

    def step(self, now: float, robots: Any, factsheets: Any, goals: Any, closed: Any = None) -> Any:
        possible = {r: g for r, g in goals.items() if r not in self.closed_off or g not in self.closed_off[r].nodes}
        answer = self.inner.step(now, robots, factsheets, possible, closed)
        return replace(answer, closed_off=dict(self.closed_off))

    def close(self, *nodes: str, given_up: bool = False, robots: tuple[str, ...] = ("d1",)) -> None:
        self.closed_off = {r: ClosedOff(frozenset(nodes), WHY, given_up) for r in robots}


def driller(name: str, home: str) -> FakeRobot:
    return FakeRobot(factsheet(name, ("drill", "transport"), home=home), node=home)


def reasons(bench: Any) -> set[tuple[str, int, str, str]]:
    rows = bench.queries.as_built()
    return {(r.work_item_id, r.target_index, r.reason_code, r.reason) for r in rows if r.outcome.value == "deferred"}


def test_targets_behind_the_closed_place_are_deferred_and_the_others_are_done(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s2", "s6", "s7"])], [driller("d1", "h0")])
    shut = Shut(b)
    b.order()
    b.until(lambda: b.fleet.built[("a", 0)] == 1)
    shut.close("s2", "s6")
    b.step(20)
    assert b.state() is TaskState.RUNNING, "it waits as long as traffic has not given the goal up"
    shut.close("s2", "s6", given_up=True)
    b.step(1)
    assert b.task().deferred == {1, 2}
    shut.close("s2", "s6")
    b.until_state(TaskState.DEFERRED)
    assert b.fleet.built == {("a", 0): 1, ("a", 3): 1}
    assert b.task().attempt == 2, "what was left went out as a new attempt"
    assert reasons(b) == {("a", 1, "STANCE_UNREACHABLE", WHY), ("a", 2, "STANCE_UNREACHABLE", WHY)}
    assert b.kinds().count("target_deferred") == 2
    assert "attempt_failed" not in b.kinds()


def test_other_work_comes_first_and_a_closed_place_makes_nothing_impossible(bench: Make) -> None:
    items = [work_item("far", ["s6", "s7"]), work_item("near", ["s1"])]
    b = bench(items, [driller("d1", "h0")], refusal_grace=5.0)
    shut = Shut(b)
    shut.close("s6", "s7")
    b.step(1)
    b.order()
    b.until_state(TaskState.SUCCEEDED, 1)
    b.step(30)
    assert b.state(0) is TaskState.WAITING
    shut.closed_off = {}
    b.until_state(TaskState.SUCCEEDED, 0)


def test_a_robot_that_can_get_there_takes_the_work(bench: Make) -> None:
    b = bench([work_item("a", ["s6"])], [driller("d1", "h0"), driller("d2", "h1")])
    shut = Shut(b)
    shut.close("s6", robots=("d1",))
    b.step(1)
    b.order()
    b.until_state(TaskState.SUCCEEDED)
    assert b.task().robot_id == "d2"


def test_a_load_is_given_up_as_a_whole(bench: Make) -> None:
    b = bench([work_item("load", ["s1", "s6"], trade="transport"), work_item("b", ["s2"])], [driller("d1", "h0")])
    shut = Shut(b)
    b.order()
    b.until(lambda: b.fleet.robots["d1"].current is not None)
    shut.close("s1", given_up=True)
    b.step(1)
    shut.close("s1")
    b.until_state(TaskState.DEFERRED, 0)
    assert b.task(0).deferred == {0, 1}
    b.until_state(TaskState.SUCCEEDED, 1)
    assert b.fleet.built == {("b", 0): 1}


def test_retried_work_is_done_when_the_way_is_free_again(bench: Make) -> None:
    b = bench([work_item("a", ["s6"])], [driller("d1", "h0")])
    shut = Shut(b)
    b.order()
    b.until(lambda: b.fleet.robots["d1"].current is not None)
    shut.close("s6", given_up=True)
    b.until_state(TaskState.DEFERRED)
    shut.closed_off = {}
    b.operations.change_task(b.task().id, "retry", "me")
    b.until_state(TaskState.SUCCEEDED)
    assert b.fleet.built == {("a", 0): 1}


def test_a_manager_that_dies_after_the_deferral_asks_for_the_end_again(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s6"]), work_item("b", ["s2"])], [driller("d1", "h0")])
    shut = Shut(b)
    b.order()
    b.until(lambda: b.fleet.built[("a", 0)] == 1)
    b.fleet.cancel_task = lambda goal: None  # type: ignore[method-assign]
    shut.close("s6", given_up=True)
    b.step(1)
    assert b.task(0).deferred == {1}
    del b.fleet.cancel_task
    b.restart()
    shut = Shut(b)
    shut.close("s6", given_up=True)
    b.until_state(TaskState.DEFERRED, 0)
    shut.close("s6")
    b.until_state(TaskState.SUCCEEDED, 1)
    assert len(reasons(b)) == 1
