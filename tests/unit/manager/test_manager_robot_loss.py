"""Robots that fail, vanish, stop or run low: their work goes on elsewhere, and no target is ever built twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from manager_fakes import FakeRobot, factsheet, work_item

from fleet_manager.domain.errors import RequestRefusedError
from fleet_manager.domain.robots import SafetyMode
from fleet_manager.domain.work import TaskState

Make = Callable[..., Any]
NODES = ["s1", "s2", "s3", "s4"]


def driller(name: str, home: str) -> FakeRobot:
    return FakeRobot(factsheet(name, home=home), node=home)


def two(bench: Make, nodes: list[str] = NODES, **limits: float) -> Any:
    return bench([work_item("a", nodes)], [driller("d1", "h0"), driller("d2", "h1")], **limits)


def once(nodes: list[str] = NODES) -> Counter[tuple[str, int]]:
    return Counter({("a", i): 1 for i in range(len(nodes))})


def test_a_robot_is_lost_after_three_seconds_of_silence_and_back_when_heard(bench: Make) -> None:
    b = two(bench)
    b.step(1)
    assert b.operations.robot("d1").online
    b.fleet.cut("d1")
    b.step(2.5)
    assert b.operations.robot("d1").online
    b.step(1)
    assert not b.operations.robot("d1").online
    b.fleet.join("d1")
    b.step()
    assert b.operations.robot("d1").online
    assert b.kinds().count("robot_lost") == 1


def test_targets_in_reach_of_a_lost_robot_are_held_and_the_others_go_to_another(bench: Make) -> None:
    b = two(bench)
    b.order()
    b.until(lambda: b.fleet.robots["d1"].node == "w2" and b.fleet.robots["d1"].route)
    assert list(b.fleet.robots["d1"].route)[-1] == "s2"
    b.fleet.cut("d1")
    b.until(lambda: b.task().robot_id == "d2")
    assert b.task().held == {1}
    assert [t.index for t in b.fleet.goals[-1].targets] == [2, 3]
    b.until(lambda: b.fleet.built[("a", 3)] == 1)
    b.step(10)
    assert b.fleet.built[("a", 1)] == 1, "the lost robot went on within its base"
    assert b.state() is TaskState.WAITING, "the held target keeps the task open"
    b.fleet.join("d1")
    b.until_state(TaskState.SUCCEEDED)
    assert b.fleet.built == once()
    assert "target_done_twice" not in b.kinds()


def test_a_held_target_the_robot_did_not_work_on_is_free_again_when_it_is_back(bench: Make) -> None:
    b = two(bench)
    b.order()
    b.until(lambda: "s2" in b.fleet.robots["d1"].route)
    b.fleet.robots["d1"].safety = SafetyMode.STOPPED
    b.fleet.cut("d1")
    b.until(lambda: b.fleet.built[("a", 3)] == 1)
    b.step(10)
    assert b.task().held == {1}
    b.fleet.join("d1")
    b.until_state(TaskState.SUCCEEDED)
    assert b.fleet.built == once()
    assert ("a", 1) in b.fleet.built


@pytest.mark.parametrize(("built", "state"), [(True, TaskState.DEFERRED), (False, TaskState.SUCCEEDED)])
def test_a_person_decides_on_a_held_target(bench: Make, built: bool, state: TaskState) -> None:
    b = two(bench)
    b.order()
    b.until(lambda: "s2" in b.fleet.robots["d1"].route)
    b.fleet.robots["d1"].powered = False
    b.until(lambda: b.fleet.built[("a", 3)] == 1)
    b.step(10)
    b.operations.decide_target(b.task().id, 1, built, "me", "I looked")
    b.until_state(state)
    assert b.fleet.built[("a", 1)] == (0 if built else 1)
    if built:
        with pytest.raises(RequestRefusedError):
            b.operations.change_task(b.task().id, "retry", "me")
        (record,) = [r for r in b.queries.as_built() if r.target_index == 1]
        assert (record.reason_code, record.passed) == ("CONFIRMED_BUILT", False)


def test_an_answer_by_a_robot_that_was_only_out_of_reach_for_a_moment_changes_nothing(bench: Make) -> None:
    b = two(bench)
    job = b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 1)
    b.fleet.cut("d1")
    b.step(8)
    b.fleet.join("d1")
    b.until(lambda: b.job_state(job) == "succeeded")
    assert {g.robot_id for g in b.fleet.goals} == {"d1"}
    assert b.fleet.built == once()
    assert len(b.queries.as_built(job)) == 4


def test_a_failed_attempt_goes_to_another_robot_with_the_open_targets_only(bench: Make) -> None:
    b = two(bench)
    b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 2)
    b.fleet.robots["d1"].fail_with = 200
    b.until_state(TaskState.SUCCEEDED)
    assert b.fleet.goals[-1].robot_id == "d2"
    assert b.fleet.built == once()
    assert "attempt_failed" in b.kinds()


def test_a_task_that_fails_everywhere_ends_as_failed_after_the_limit(bench: Make) -> None:
    b = two(bench, max_failures=3)
    for robot in b.fleet.robots.values():
        robot.fail_with = 200
    job = b.order()
    b.until(lambda: b.job_state(job) == "failed")
    assert b.task().attempt == 3
    for robot in b.fleet.robots.values():
        robot.fail_with = None
    b.operations.change_job(job, "retry", "me")
    b.until(lambda: b.job_state(job) == "succeeded")


def test_a_robot_that_stays_stopped_gives_its_targets_to_another(bench: Make) -> None:
    b = two(bench, give_up_stopped_after=20.0)
    b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 1)
    b.fleet.robots["d1"].safety = SafetyMode.STOPPED
    b.step(15)
    assert b.task().robot_id == "d1"
    b.until_state(TaskState.SUCCEEDED)
    assert b.fleet.robots["d1"].safety is SafetyMode.STOPPED
    assert b.fleet.built == once()


def test_a_robot_that_is_reset_in_time_keeps_its_task(bench: Make) -> None:
    b = two(bench, give_up_stopped_after=20.0)
    b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 1)
    b.fleet.robots["d1"].safety = SafetyMode.STOPPED
    b.step(10)
    b.fleet.robots["d1"].safety = SafetyMode.AUTO
    b.until_state(TaskState.SUCCEEDED)
    assert b.task().attempt == 1


def test_below_its_reserve_a_robot_ends_its_task_goes_home_and_works_again_when_charged(bench: Make) -> None:
    b = bench([work_item("a", NODES)], [driller("d1", "h0")], charge_until=0.8)
    robot = b.fleet.robots["d1"]
    b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 2)
    robot.battery = 0.25
    b.until(lambda: robot.node == "h0")
    assert b.state() is TaskState.WAITING
    robot.battery = 0.6
    b.step(20)
    assert b.state() is TaskState.WAITING
    robot.battery = 0.85
    b.until_state(TaskState.SUCCEEDED)
    assert b.fleet.built == once()


def test_a_robot_in_hold_gets_no_work(bench: Make) -> None:
    b = bench([work_item("a", NODES)], [driller("d1", "h0")])
    b.fleet.robots["d1"].safety = SafetyMode.HOLD
    b.order()
    b.step(20)
    assert b.fleet.goals == []


def test_a_restarted_manager_sends_the_same_attempt_to_the_same_robot(bench: Make) -> None:
    b = two(bench)
    b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 2)
    b.fleet.goals.clear()
    b.restart()
    b.until_state(TaskState.SUCCEEDED)
    assert {(g.robot_id, g.attempt) for g in b.fleet.goals} == {("d1", 1)}
    assert b.fleet.built == once()


def test_an_attempt_that_ended_while_the_manager_was_away_is_answered_from_the_journal(bench: Make) -> None:
    b = two(bench, ["s1"])
    b.order()
    b.until(lambda: "s1" in b.fleet.robots["d1"].route)
    b.fleet.manager_gone()
    for _ in range(20):
        b.fleet.step()
    assert b.fleet.built == once(["s1"])
    b.restart()
    b.until_state(TaskState.SUCCEEDED)
    assert b.fleet.built == once(["s1"])
    assert [r.target_index for r in b.queries.as_built()] == [0]


def test_a_goal_written_down_but_never_sent_is_sent_after_a_restart(bench: Make) -> None:
    b = two(bench)
    b.fleet.send_task = lambda goal: None
    b.order()
    b.until_state(TaskState.ASSIGNED)
    del b.fleet.send_task
    b.restart()
    b.until_state(TaskState.SUCCEEDED)
    assert b.task().attempt == 1


def test_after_a_restart_nobody_moves_until_known_robots_were_heard_or_the_grace_is_over(bench: Make) -> None:
    b = two(bench, startup_grace=5.0)
    b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 1)
    b.fleet.cut("d2")
    b.restart()
    b.fleet.routes.clear()
    b.step(4)
    assert b.fleet.routes == []
    b.step(4)
    assert b.fleet.routes != []
    held = b.traffic.seen["d2"]
    assert held.node_id == "h1", "traffic is told where the silent robot was last"


def test_a_store_that_fails_for_a_cycle_costs_nothing(bench: Make) -> None:
    b = two(bench)
    job = b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 1)
    broken = [True]
    original = b.store.transaction

    def transaction() -> Any:
        if broken[0]:
            raise OSError("disk full")
        return original()

    b.store.transaction = transaction
    for _ in range(10):
        b.clock.now += b.TICK
        b.fleet.step()
        try:
            b.operations.tick()
        except OSError:
            continue
    broken[0] = False
    b.until(lambda: b.job_state(job) == "succeeded")
    assert b.fleet.built == once()
    assert len(b.queries.as_built(job)) == 4


def test_a_load_is_dropped_by_the_robot_that_carries_it(bench: Make) -> None:
    robots = [FakeRobot(factsheet(n, trades=("transport",), home=h), node=h) for n, h in (("t1", "h0"), ("t2", "h1"))]
    b = bench(
        [work_item("a", ["s1", "s4"], trade="transport"), work_item("b", ["s2", "s3"], trade="transport")], robots
    )
    job = b.order(work_item_ids=("a",))
    b.until(lambda: b.fleet.built[("a", 0)] == 1)
    carrier = b.task().robot_id
    b.operations.change_job(job, "pause", "me")
    b.until(lambda: b.job_state(job) == "paused")
    b.operations.change_job(job, "resume", "me")
    b.until(lambda: b.job_state(job) == "succeeded")
    assert {g.robot_id for g in b.fleet.goals} == {carrier}
    assert b.fleet.built == Counter({("a", 0): 1, ("a", 1): 1})


def test_a_load_on_a_robot_that_is_gone_is_picked_up_anew_by_another(bench: Make) -> None:
    robots = [FakeRobot(factsheet(n, trades=("transport",), home=h), node=h) for n, h in (("t1", "h0"), ("t2", "h1"))]
    b = bench([work_item("a", ["s1", "s6"], trade="transport")], robots)
    job = b.order()
    b.until(lambda: b.fleet.built[("a", 0)] == 1)
    b.fleet.robots["t1"].powered = False
    b.until(lambda: b.job_state(job) == "succeeded")
    assert [t.index for t in b.fleet.goals[-1].targets] == [0, 1]
    assert b.fleet.built == Counter({("a", 0): 2, ("a", 1): 1})
    assert "target_done_twice" not in b.kinds()
