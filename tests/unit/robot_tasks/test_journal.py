"""What the journal has told anybody is on the disk, whatever happens to the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sitefleet_robot.tasks.attempt import Ending
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.journal import Journal
from sitefleet_robot.tasks.values import Outcome, Pose3, Record


def record(index: int, passed: bool = True) -> Record:
    return Record(index, Outcome.DONE if passed else Outcome.DEFERRED, Pose3(1.0, 2.0, 2.5), passed=passed)


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_last_line_is_dropped_and_the_next_record_stands(tmp_path: Path, make_order: Any, cut: int) -> None:
    order = make_order("drill", [(0.0, 0.0, 2.5)] * 3)
    journal = Journal(tmp_path)
    journal.begin(order)
    for index in (0, 1):
        journal.add(order, record(index))
    path = next(tmp_path.glob("*.jsonl"))
    path.write_bytes(path.read_bytes()[:-cut])
    journal.begin(order)
    journal.add(order, record(2))
    entry = journal.read(order.task_id, 1)
    assert entry is not None
    assert [r.target_index for r in entry.records] == [0, 2]


def test_an_entry_reads_back_as_it_was_written(tmp_path: Path, make_order: Any) -> None:
    order = make_order("drill", [(0.0, 0.0, 2.5)], task_id="job 7/item #3")
    journal = Journal(tmp_path)
    assert journal.read(order.task_id, 1) is None
    full = Record(
        4, Outcome.DEFERRED, Pose3(1.5, 2.5, 2.4, 0.0, 0.0, 0.6, 0.8), 0.012, 0.05, 0.7, False, "DRILL_STALLED",
        "drill stopped", "total_station_1", "file:///e.npz", 12.25,
    )  # fmt: skip
    journal.begin(order)
    journal.add(order, full)
    journal.end(order, Ending(TaskOutcome.COMPLETED_WITH_DEFERRALS, "1 of 1 targets deferred"))
    entry = journal.read(order.task_id, 1)
    assert entry is not None
    assert entry.records == (full,)
    assert entry.ending == Ending(TaskOutcome.COMPLETED_WITH_DEFERRALS, "1 of 1 targets deferred")


def test_only_passed_targets_of_earlier_attempts_of_the_task_count_as_done(
    tmp_path: Path, make_order: Any, retry: Any
) -> None:
    order = make_order("drill", [(0.0, 0.0, 2.5)] * 3)
    other = make_order("drill", [(0.0, 0.0, 2.5)] * 3, task_id="t/1.5")
    journal = Journal(tmp_path)
    for entry, index, passed in ((order, 0, True), (order, 1, False), (retry(order, 3), 2, True), (other, 2, True)):
        journal.begin(entry)
        journal.add(entry, record(index, passed))
    assert set(journal.done_before(order.task_id, 2)) == {0}
    assert set(journal.done_before(order.task_id, 4)) == {0, 2}
