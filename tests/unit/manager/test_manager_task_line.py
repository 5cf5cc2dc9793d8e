"""Work from the order to the as-built record, and what people may do to it on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from manager_fakes import FakeRobot, factsheet, work_item

from fleet_manager.domain.errors import RequestRefusedError
from fleet_manager.domain.work import TaskState

Make = Callable[..., Any]


def driller(name: str = "d1", home: str = "h0") -> FakeRobot:
    return FakeRobot(factsheet(name, home=home), node=home)


def test_a_job_is_done_target_by_target_and_the_robot_goes_home(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s3"]), work_item("b", ["s2"])], [driller()])
    job = b.order()
    b.until(lambda: b.job_state(job) == "succeeded")
    assert b.fleet.built == Counter({("a", 0): 1, ("a", 1): 1, ("b", 0): 1})
    assert {(r.work_item_id, r.target_index) for r in b.queries.as_built(job)} == set(b.fleet.built)
    b.until(lambda: b.fleet.robots["d1"].node == "h0")


def test_the_assignment_is_in_the_store_before_the_robot_hears_of_it(bench: Make) -> None:
    b = bench([work_item("a", ["s1"])], [driller()])
    b.order()
    heard = []
    original = b.fleet.send_task
    b.fleet.send_task = lambda goal: (heard.append((b.state(), b.task().attempt, goal.attempt)), original(goal))
    b.until_state(TaskState.RUNNING)
    assert heard[0] == (TaskState.ASSIGNED, 1, 1)


def test_a_goal_that_was_answered_is_not_sent_again(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s2", "s3", "s4", "s5", "s6", "s7"])], [driller()], repeat_after=1.0)
    b.order()
    b.until_state(TaskState.SUCCEEDED)
    assert len(b.fleet.goals) == 1


def test_a_goal_without_an_answer_is_sent_again(bench: Make) -> None:
    b = bench([work_item("a", ["s1"])], [driller()], repeat_after=2.0)
    tried = []
    b.fleet.send_task = tried.append
    b.order()
    b.step(7)
    assert len(tried) >= 3
    assert {g.key for g in tried} == {("job1-0001", 1)}


def test_released_nodes_are_in_the_store_before_the_robot_hears_of_them(bench: Make) -> None:
    b = bench([work_item("a", ["s3"])], [driller()])
    b.order()
    missing = []
    original = b.fleet.send_route

    def send(plan: Any) -> None:
        kept = set(b.store.robot_records()[0].base_node_ids)
        missing.extend(s.node_id for s in plan.steps if s.sequence_id <= plan.released_up_to and s.node_id not in kept)
        original(plan)

    b.fleet.send_route = send
    b.until_state(TaskState.SUCCEEDED)
    assert b.fleet.routes
    assert missing == []


def test_every_record_delivered_twice_is_stored_once(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s2", "s3"])], [driller()])
    b.fleet.duplicate = True
    job = b.order()
    b.until(lambda: b.job_state(job) == "succeeded")
    assert sorted(r.target_index for r in b.queries.as_built(job)) == [0, 1, 2]
    assert "target_done_twice" not in b.kinds()


def test_targets_without_a_stance_are_deferred_with_their_reason(bench: Make) -> None:
    b = bench([work_item("a", ["s1", ""])], [driller()])
    job = b.order()
    b.until(lambda: b.job_state(job) == "deferred")
    deferred = [r for r in b.queries.as_built(job) if r.outcome.value == "deferred"]
    assert [(r.target_index, r.reason_code, r.reason) for r in deferred] == [(1, "NO_STANCE", "a wall is too near")]
    assert all(t.index == 0 for g in b.fleet.goals for t in g.targets)


def test_a_task_of_unreachable_targets_only_ends_at_once(bench: Make) -> None:
    b = bench([work_item("a", ["", ""])], [driller()])
    job = b.order()
    assert b.job_state(job) == "deferred"
    assert b.task().state is TaskState.DEFERRED


def test_pause_keeps_what_is_done_and_resume_sends_only_the_rest(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s2", "s3", "s4"])], [driller()])
    b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 2)
    b.operations.change_task(b.task().id, "pause", "me")
    assert b.state() is TaskState.PAUSING
    b.until_state(TaskState.PAUSED)
    done = set(b.task().done)
    assert {0, 1} <= done
    b.step(20)
    assert b.state() is TaskState.PAUSED
    b.operations.change_task(b.task().id, "resume", "me")
    b.until_state(TaskState.SUCCEEDED)
    second = next(g for g in b.fleet.goals if g.attempt == 2)
    assert {t.index for t in second.targets} == {0, 1, 2, 3} - done
    assert set(b.fleet.built.values()) == {1}


def test_resume_while_still_pausing_goes_on_after_the_attempt_has_ended(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s2", "s3"])], [driller()])
    job = b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 1)
    b.operations.change_job(job, "pause", "me")
    b.operations.change_job(job, "resume", "me")
    b.until(lambda: b.job_state(job) == "succeeded")
    assert set(b.fleet.built.values()) == {1}


def test_a_paused_job_starts_nothing(bench: Make) -> None:
    b = bench([work_item("a", ["s1"]), work_item("b", ["s2"])], [driller()])
    job = b.order()
    b.operations.change_job(job, "pause", "me")
    b.step(20)
    assert b.job_state(job) == "paused"
    assert b.fleet.goals == []


def test_cancel_ends_the_attempt_and_keeps_the_records(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s2", "s3", "s4"])], [driller()])
    job = b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 2)
    b.operations.change_job(job, "cancel", "me", "wrong room")
    b.until(lambda: b.job_state(job) == "canceled")
    assert b.fleet.robots["d1"].current is None
    assert len(b.queries.as_built(job)) == sum(b.fleet.built.values())


def test_retry_tries_the_deferred_targets_again(bench: Make) -> None:
    robot = driller()
    robot.defer = {("a", 1)}
    b = bench([work_item("a", ["s1", "s2"])], [robot])
    job = b.order()
    b.until(lambda: b.job_state(job) == "deferred")
    robot.defer = set()
    b.operations.change_job(job, "retry", "me")
    b.until(lambda: b.job_state(job) == "succeeded")
    assert b.fleet.built == Counter({("a", 0): 1, ("a", 1): 1})
    assert [r.outcome.value for r in b.queries.as_built(job)] == ["done", "deferred", "done"]


def test_a_deferral_repeated_after_a_retry_does_not_close_the_target_again(bench: Make) -> None:
    robot = driller()
    robot.defer = {("a", 0)}
    b = bench([work_item("a", ["s1"])], [robot])
    job = b.order()
    b.until(lambda: b.job_state(job) == "deferred")
    (old,) = robot.journal[("job1-0001", 1)].records.values()
    robot.defer = set()
    b.operations.change_job(job, "retry", "me")
    from fleet_manager.domain.fleet import RecordSeen

    b.fleet.news.append(RecordSeen(old))
    b.until(lambda: b.job_state(job) == "succeeded")


def test_a_hole_drilled_out_of_tolerance_is_never_drilled_again(bench: Make) -> None:
    from dataclasses import replace

    import manager_fakes

    b = bench([work_item("a", ["s1"])], [driller()])
    original = manager_fakes.as_built
    try:
        manager_fakes.as_built = lambda *a: replace(original(*a), passed=False, deviation=0.05)
        job = b.order()
        b.until(lambda: b.job_state(job) == "deferred")
    finally:
        manager_fakes.as_built = original
    with pytest.raises(RequestRefusedError) as refused:
        b.operations.change_task(b.task().id, "retry", "me")
    assert refused.value.code == "NOTHING_TO_RETRY"
    assert b.fleet.built == Counter({("a", 0): 1})


def test_no_two_unfinished_jobs_share_a_work_item_and_built_targets_are_left_out(bench: Make) -> None:
    b = bench([work_item("a", ["s1", "s2"])], [driller()])
    job = b.order()
    b.until(lambda: sum(b.fleet.built.values()) == 1)
    with pytest.raises(RequestRefusedError) as refused:
        b.order()
    assert refused.value.code == "WORK_ITEM_BUSY"
    b.operations.change_job(job, "cancel", "me")
    b.until(lambda: b.job_state(job) == "canceled")
    second = b.order()
    b.until(lambda: b.job_state(second) == "succeeded")
    assert b.fleet.built == Counter({("a", 0): 1, ("a", 1): 1})


def test_an_inspection_may_be_repeated_by_another_job(bench: Make) -> None:
    robot = FakeRobot(factsheet("i1", trades=("inspect",)), node="h0")
    b = bench([work_item("a", ["s1"], trade="inspect")], [robot])
    for _ in range(2):
        job = b.order()
        b.until(lambda job=job: b.job_state(job) == "succeeded")
    assert b.fleet.built == Counter({("a", 0): 2})


def test_the_same_idempotency_key_gives_the_same_job_also_after_a_restart(bench: Make) -> None:
    from fleet_manager.operations.requests import JobOrder

    b = bench([work_item("a", ["s1"]), work_item("b", ["s2"])], [driller()])
    order = JobOrder("job", "me", work_item_ids=("a",))
    first, new = b.operations.create_job(order, "k1")
    b.restart()
    again, new_again = b.operations.create_job(order, "k1")
    assert (new, new_again, again.id) == (True, False, first.id)
    with pytest.raises(RequestRefusedError) as refused:
        b.operations.create_job(JobOrder("job", "me", work_item_ids=("b",)), "k1")
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"


def test_a_task_no_robot_can_do_fails_after_the_grace_with_a_reason(bench: Make) -> None:
    b = bench([work_item("a", ["s1"], trade="paint")], [driller()], refusal_grace=10.0)
    job = b.order()
    b.step(8)
    assert b.state() is TaskState.WAITING
    b.until(lambda: b.job_state(job) == "failed")
    assert "paint" in b.task().message


def test_higher_priority_goes_first(bench: Make) -> None:
    b = bench([work_item("a", ["s1"]), work_item("b", ["s2"])], [driller()])
    b.order(work_item_ids=("a",), priority=10)
    b.order(work_item_ids=("b",), priority=90)
    b.until(lambda: sum(b.fleet.built.values()) == 1)
    assert b.fleet.built == Counter({("b", 0): 1})
