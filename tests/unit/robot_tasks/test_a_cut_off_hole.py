"""A hole whose drilling was cut off is never drilled again before somebody was told to look at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.tasks.attempt import Ending
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.journal import Journal
from sitefleet_robot.tasks.values import Outcome, Pose3, Record

HOLES = [(2.0, 0.0, 2.5), (3.2, 0.0, 2.5)]
SENTENCE = "drilling was cut off; look at the hole before it is drilled again"


def begin(make_robot: Any, order: Any, killed: Any = None) -> Any:
    """A new process with an order; the tool is where the killed one left it."""
    robot = make_robot("drill")
    if killed is not None:
        robot.joints.update(killed.joints)
        robot.pose = killed.pose
    robot.knows(order)
    assert robot.executor.start(order) is None
    return robot


def in_material(make_robot: Any, order: Any) -> Any:
    robot = begin(make_robot, order)
    robot.run_until(lambda: robot.joints["feed"] > 0.02)
    return robot


def begun_lines(folder: Path) -> list[int]:
    """Indices that all journals say were begun."""
    lines = [json.loads(raw.partition(" ")[2]) for p in folder.rglob("*.jsonl") for raw in p.read_text().splitlines()]
    return [line["begun"] for line in lines if "begun" in line]


def test_the_journal_tells_what_was_begun_and_has_no_record(tmp_path: Path, make_order: Any, retry: Any) -> None:
    order = make_order("drill", [(0.0, 0.0, 2.5)] * 3)
    journal = Journal(tmp_path)
    journal.begin(order)
    for index in (0, 1):
        journal.begin_target(order, index)
    journal.add(order, Record(0, Outcome.DONE, Pose3(0.0, 0.0, 2.5), passed=True))
    entry = Journal(tmp_path).read(order.task_id, 1)
    assert entry is not None
    assert entry.cut_off == {1}
    assert journal.cut_off_before(order.task_id, 1) == set()
    assert journal.cut_off_before(order.task_id, 2) == journal.cut_off_before(order.task_id, 11) == {1}
    second = retry(order, 2)
    journal.begin(second)
    journal.add(second, Record(1, Outcome.DEFERRED, Pose3(0.0, 0.0, 0.0), reason_code="DRILL_INTERRUPTED"))
    assert journal.cut_off_before(order.task_id, 2) == {1}
    assert journal.cut_off_before(order.task_id, 11) == set()
    eleventh = retry(order, 11)
    journal.begin(eleventh)
    journal.begin_target(eleventh, 1)
    assert journal.cut_off_before(order.task_id, 12) == {1}, "attempts are taken in the order of their numbers"


def test_a_torn_announcement_counts_for_nothing_as_the_feed_has_not_moved(tmp_path: Path, make_order: Any) -> None:
    order = make_order("drill", HOLES)
    journal = Journal(tmp_path)
    journal.begin(order)
    journal.begin_target(order, 0)
    path = next(tmp_path.glob("*.jsonl"))
    path.write_bytes(path.read_bytes()[:-3])
    entry = journal.read(order.task_id, 1)
    assert entry is not None
    assert entry.cut_off == frozenset()


def test_a_journal_without_announcements_still_reads(tmp_path: Path, make_order: Any) -> None:
    order = make_order("drill", HOLES)
    journal = Journal(tmp_path)
    journal.begin(order)
    journal.add(order, Record(0, Outcome.DONE, Pose3(0.0, 0.0, 2.5), passed=True))
    entry = journal.read(order.task_id, 1)
    assert entry is not None
    assert (len(entry.records), entry.cut_off) == (1, frozenset())


def test_each_hole_is_on_the_disk_as_begun_before_its_feed_is_commanded(
    make_robot: Any, make_order: Any, tmp_path: Path
) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    commanded: list[int] = []
    setpoint = 0.0
    move = robot._move_joints

    def watch(wants: Any) -> None:
        """Called with what goes out to the joints in this step."""
        nonlocal setpoint
        before, setpoint = setpoint, wants.joints.get("feed", 0.0)
        if setpoint > before:
            hole = len(robot.records)
            assert begun_lines(tmp_path)[-1:] == [hole], "the feed was commanded before the disk knew"
            commanded.append(hole)
        else:
            assert len(begun_lines(tmp_path)) <= len(robot.records) + 1
        move(wants)

    robot._move_joints = watch
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert set(commanded) == {0, 1}
    assert begun_lines(tmp_path) == [0, 1]


def test_a_hole_that_is_deferred_before_the_feed_was_not_begun(
    make_robot: Any, make_order: Any, tmp_path: Path
) -> None:
    robot = begin(make_robot, make_order("drill", HOLES[:1], depth=0.05))
    robot.stops["mast"] = 1.0
    robot.run()
    assert robot.records[0].reason_code == "DRILL_BLOCKED"
    assert begun_lines(tmp_path) == []


@pytest.mark.parametrize("number", [1, 2])
def test_after_a_kill_in_the_hole_the_same_and_a_later_attempt_defer_it(
    make_robot: Any, make_order: Any, retry: Any, tmp_path: Path, number: int
) -> None:
    order = make_order("drill", HOLES, depth=0.05)
    killed = in_material(make_robot, order)
    again = retry(order, number)
    robot = begin(make_robot, again, killed)
    assert robot.run().outcome is TaskOutcome.COMPLETED_WITH_DEFERRALS
    cut_off, second = robot.records
    assert (cut_off.target_index, cut_off.outcome, cut_off.passed) == (0, Outcome.DEFERRED, False)
    assert (cut_off.reason_code, cut_off.reason) == ("DRILL_INTERRUPTED", SENTENCE)
    assert (second.target_index, second.passed) == (1, True)
    assert begun_lines(tmp_path).count(0) == 1, "the hole was drilled twice"
    assert robot.drove_with_mast_at <= 0.91
    assert robot.executor.recorded(again)[1] == (cut_off, second)


def test_killed_again_before_the_deferral_was_recorded_it_is_still_deferred(
    make_robot: Any, make_order: Any, retry: Any, tmp_path: Path
) -> None:
    order = make_order("drill", HOLES[:1], depth=0.05)
    first = in_material(make_robot, order)
    second = begin(make_robot, order, first)
    third = begin(make_robot, retry(order, 2), second)
    third.run()
    assert [r.reason_code for r in third.records] == ["DRILL_INTERRUPTED"]
    assert begun_lines(tmp_path) == [0]


def test_an_attempt_after_the_recorded_deferral_may_drill_the_hole(
    make_robot: Any, make_order: Any, retry: Any, tmp_path: Path
) -> None:
    order = make_order("drill", HOLES[:1], depth=0.05)
    robot = begin(make_robot, order, in_material(make_robot, order))
    robot.run()
    robot = begin(make_robot, retry(order, 2), robot)
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert robot.records[0].passed
    assert begun_lines(tmp_path) == [0, 0]


def test_an_attempt_that_ends_with_the_bit_in_the_hole_records_it_as_cut_off(
    make_robot: Any, make_order: Any, retry: Any
) -> None:
    order = make_order("drill", HOLES, depth=0.05)
    robot = in_material(make_robot, order)
    robot.executor.end(Ending(TaskOutcome.SAFETY_STOP, "safety supervisor fault"))
    ended = robot.executor.close()
    assert ended is not None
    assert ended[0].records[0].reason_code == "DRILL_INTERRUPTED"
    ending, records = robot.executor.recorded(order)
    assert ending.outcome is TaskOutcome.SAFETY_STOP
    assert [(r.target_index, r.reason_code) for r in records] == [(0, "DRILL_INTERRUPTED")]
    again = begin(make_robot, retry(order, 2), robot)
    assert again.run().outcome is TaskOutcome.SUCCEEDED


def test_a_robot_that_was_moved_with_the_bit_in_the_hole_does_not_drill_it_again(
    make_robot: Any, make_order: Any, tmp_path: Path
) -> None:
    robot = in_material(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.auto = False
    robot.step()
    robot.pose = Pose2(robot.pose.x + 0.04, robot.pose.y)
    robot.auto = True
    assert robot.run().outcome is TaskOutcome.COMPLETED_WITH_DEFERRALS
    assert [(r.target_index, r.reason_code) for r in robot.records] == [(0, "DRILL_INTERRUPTED"), (1, "")]
    assert begun_lines(tmp_path) == [0, 1]


def test_held_in_the_hole_and_not_moved_the_hole_is_finished(make_robot: Any, make_order: Any, tmp_path: Path) -> None:
    robot = in_material(make_robot, make_order("drill", HOLES[:1], depth=0.05))
    robot.auto = False
    for _ in range(50):
        robot.step()
    robot.auto = True
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert begun_lines(tmp_path) == [0]
