"""Figures of a run from a store written through the store's tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet_manager.analytics import read_run, summarise
from fleet_manager.analytics.run_folder import NotARunError
from fleet_manager.analytics.values import Activity, RunRecord, TargetOutcome


def outcomes(folder: Path) -> dict[tuple[str, int], TargetOutcome]:
    return {(t.work_item_id, t.index): t.outcome for t in summarise(read_run(folder)).targets}


def test_every_target_gets_the_outcome_of_its_latest_record(run_folder: Path) -> None:
    assert outcomes(run_folder) == {
        ("w1", 0): TargetOutcome.DONE,
        ("w1", 1): TargetOutcome.DONE,
        ("w1", 2): TargetOutcome.DEFERRED,
        ("w1", 3): TargetOutcome.UNREACHABLE,
        ("w2", 0): TargetOutcome.DONE,
        ("w2", 1): TargetOutcome.DONE,
        ("w3", 0): TargetOutcome.NOT_DONE,
        ("w4", 0): TargetOutcome.FAILED,
    }


def test_a_hole_done_at_the_second_attempt_counts_with_that_attempts_measurement(run_folder: Path) -> None:
    hole = next(t for t in summarise(read_run(run_folder)).targets if (t.work_item_id, t.index) == ("w1", 1))
    assert (hole.attempt, hole.deviation, hole.reason) == (2, 0.003, "")
    assert hole.error == pytest.approx((0.003, 0.001))


def test_a_blocked_hole_has_a_reason_and_no_deviation(run_folder: Path) -> None:
    hole = next(t for t in summarise(read_run(run_folder)).targets if (t.work_item_id, t.index) == ("w1", 2))
    assert hole.deviation is None
    assert hole.reason == "the bit met something 0.31 m below the ceiling"


def test_a_failed_task_makes_the_run_incomplete_and_says_why_at_its_targets(run_folder: Path) -> None:
    summary = summarise(read_run(run_folder))
    assert not summary.complete
    failed = [t for t in summary.deferred if t.outcome is TargetOutcome.FAILED]
    assert [t.reason for t in failed] == ["the drill reports a fault"]
    assert summary.headline == (
        "4 of 7 places of work are done, 1 deferred with a reason, 1 failed, 1 not done. "
        "The run ended before the work did."
    )


def test_progress_of_a_trade_counts_each_target_once(run_folder: Path) -> None:
    drill = summarise(read_run(run_folder)).trades[0]
    assert drill.trade == "drill"
    assert drill.total == 4
    assert drill.steps == ((100.0, 0), (110.0, 1), (150.0, 2), (190.0, 3))


def test_robot_time_adds_up_to_the_run(run_folder: Path) -> None:
    robot = next(r for r in summarise(read_run(run_folder)).robots if r.robot_id == "driller")
    assert robot.seconds[Activity.STOPPED] == pytest.approx(10.0)
    assert robot.seconds[Activity.DRIVING] == pytest.approx(40.0)
    assert robot.seconds[Activity.WORKING] == pytest.approx(50.0)
    assert robot.seconds[Activity.WAITING] == pytest.approx(20.0)
    assert robot.distance == pytest.approx(4.0)
    assert [s.activity for s in robot.spans] == [
        Activity.STOPPED, Activity.DRIVING, Activity.WORKING, Activity.WAITING,
    ]  # fmt: skip


def test_a_robot_that_never_reported_is_still_listed(run_folder: Path) -> None:
    hauler = next(r for r in summarise(read_run(run_folder)).robots if r.robot_id == "hauler")
    assert (hauler.targets_done, hauler.distance, hauler.trace) == (2, 0.0, ())


def test_an_empty_run_has_an_empty_summary() -> None:
    summary = summarise(RunRecord(name="nothing"))
    assert (summary.targets, summary.robots, summary.trades) == ((), (), ())
    assert not summary.complete
    assert summary.headline == "No work was dispatched."


def test_a_telemetry_file_cut_off_in_mid_line_is_read_up_to_there(run_folder: Path) -> None:
    whole = len(read_run(run_folder).samples)
    path = run_folder / "telemetry.jsonl"
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert len(read_run(run_folder).samples) == whole - 1


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotARunError, match="not a run folder"):
        read_run(tmp_path)
    assert list(tmp_path.iterdir()) == []
