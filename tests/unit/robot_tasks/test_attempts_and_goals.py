"""Joining, refusing, holding, going on after a crash: the executor without ROS."""

from __future__ import annotations

from typing import Any

import pytest

from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.tasks.attempt import Ending
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.executor import Verdict

HOLES = [(2.0, 0.0, 2.5), (3.2, 0.0, 2.5)]


def begin(make_robot: Any, order: Any) -> Any:
    robot = make_robot("drill")
    robot.knows(order)
    assert robot.executor.start(order) is None
    return robot


def test_the_same_goal_joins_and_another_is_rejected(make_robot: Any, make_order: Any, retry: Any) -> None:
    order = make_order("drill", HOLES, depth=0.05)
    robot = begin(make_robot, order)
    assert robot.executor.verdict(order) is Verdict.JOIN
    assert robot.executor.verdict(retry(order, 2)) is Verdict.BUSY
    assert robot.executor.verdict(make_order("drill", HOLES, task_id="other")) is Verdict.BUSY


def test_an_ended_attempt_is_answered_from_the_journal_also_by_a_new_process(make_robot: Any, make_order: Any) -> None:
    order = make_order("drill", HOLES, depth=0.05)
    robot = begin(make_robot, order)
    ending = robot.run()
    for executor in (robot.executor, make_robot("drill").executor):
        assert executor.verdict(order) is Verdict.ENDED
        assert executor.recorded(order) == (ending, tuple(robot.records))


def test_a_new_process_goes_on_with_the_targets_that_have_no_record(make_robot: Any, make_order: Any) -> None:
    order = make_order("drill", HOLES, depth=0.05)
    killed = begin(make_robot, order)
    killed.run_until(lambda: len(killed.records) == 1)
    robot = begin(make_robot, order)
    robot.joints.update(killed.joints)
    assert robot.executor.drive_lock
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert [r.target_index for r in robot.records] == [1]
    assert robot.drove_with_mast_at <= 0.91


def test_a_retry_on_the_same_robot_does_not_drill_again_what_was_drilled(
    make_robot: Any, make_order: Any, retry: Any
) -> None:
    order = make_order("drill", HOLES, depth=0.05)
    killed = begin(make_robot, order)
    killed.run_until(lambda: len(killed.records) == 1)
    robot = begin(make_robot, retry(order, 2))
    robot.run()
    assert [r.target_index for r in robot.records] == [1]
    _, records = robot.executor.recorded(retry(order, 2))
    assert [r.target_index for r in records] == [0, 1]


@pytest.mark.parametrize(
    "change, word",
    [({"trade": "paint"}, "paint"), ({"map_id": "L2"}, "L2"), ({"targets": ()}, "targets")],
)
def test_a_task_that_is_not_for_this_robot_is_refused(
    make_robot: Any, make_order: Any, change: dict[str, Any], word: str
) -> None:
    order = make_order("drill", HOLES, depth=0.05)
    order = type(order)(**{f: getattr(order, f) for f in order.__slots__} | change)
    executor = make_robot("drill").executor
    refused = executor.start(order)
    assert refused.outcome is TaskOutcome.TASK_REFUSED
    assert word in refused.message
    assert executor.verdict(order) is Verdict.ENDED


def test_held_it_does_nothing_and_goes_on_after_the_resume(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES[:1], depth=0.05))
    robot.run_until(lambda: "raising" in robot.phases)
    robot.auto = False
    before = dict(robot.joints)
    for _ in range(600):
        robot.step()
    assert robot.joints == before
    robot.auto = True
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert robot.phases.count("aligning") == 1


def test_a_robot_that_was_moved_while_held_aligns_again(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES[:1], depth=0.05))
    robot.run_until(lambda: "raising" in robot.phases)
    robot.auto = False
    robot.step()
    robot.pose = Pose2(robot.pose.x + 0.04, robot.pose.y)
    robot.auto = True
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert robot.phases.count("aligning") == 2
    assert robot.records[0].deviation < 0.01


def test_cancel_while_held_ends_at_once_and_the_drive_stays_locked(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.run_until(lambda: robot.joints["mast"] > 1.2)
    robot.auto = False
    robot.executor.cancel()
    robot.step()
    ended = robot.executor.close()
    assert ended is not None
    assert ended[1].outcome is TaskOutcome.CANCELED
    assert robot.executor.drive_lock == "tool out"
    robot.auto = True
    robot.run_until(lambda: not robot.executor.drive_lock)
    assert robot.joints["mast"] <= 0.91


def test_before_the_first_task_the_tool_is_withdrawn_then_stowed(make_robot: Any) -> None:
    robot = make_robot("drill")
    robot.joints["mast"] = 1.8
    assert robot.executor.drive_lock == "tool out"
    robot.run_until(lambda: not robot.executor.drive_lock)
    assert robot.joints["mast"] == pytest.approx(0.9, abs=0.06)
    robot.run_until(lambda: robot.joints["mast"] == 0.0)


def test_a_stuck_tool_keeps_the_drive_locked_and_is_reported(make_robot: Any) -> None:
    robot = make_robot("drill")
    robot.joints["mast"] = 1.8
    robot.speeds["mast"] = 0.0
    for _ in range(100):
        robot.step()
    assert robot.executor.errors == ("TOOL_OUT", "DRILL_TOOL_FAULT")
    assert robot.executor.drive_lock
    robot.speeds["mast"] = 0.5
    robot.run_until(lambda: not robot.executor.errors)


def test_the_attempt_can_be_ended_from_outside(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.step()
    robot.executor.end(Ending(TaskOutcome.LOCALISATION_LOST, "no pose for 30 s"))
    ended = robot.executor.close()
    assert ended is not None
    assert ended[1].outcome is TaskOutcome.LOCALISATION_LOST
    assert robot.executor.attempt is None
