"""What the drill does at each hole, and what it does when something is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.values import Outcome

CEILING = 2.5
HOLES = [(2.0, 0.0, CEILING), (3.2, 0.0, CEILING)]


def begin(make_robot: Any, order: Any, **given: Any) -> Any:
    robot = make_robot("drill", **given)
    robot.knows(order)
    assert robot.executor.start(order) is None
    return robot


def test_each_hole_is_measured_before_it_is_drilled_and_recorded(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    ending = robot.run()
    assert ending.outcome is TaskOutcome.SUCCEEDED
    assert [r.target_index for r in robot.records] == [0, 1]
    for record, (x, y, z) in zip(robot.records, HOLES, strict=True):
        assert record.outcome is Outcome.DONE
        assert record.passed
        assert (record.measured.x, record.measured.y) == pytest.approx((x, y), abs=0.002)
        assert record.measured.z == pytest.approx(z, abs=0.006)
        assert record.depth == pytest.approx(0.05, abs=0.002)
        assert record.instrument == "total_station_1"
    first = robot.phases[: robot.phases.index("drilling") + 1]
    assert first[-5:] == ["waiting", "aligning", "raising", "measuring", "drilling"]


def test_it_never_drives_with_the_mast_above_travel_height(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.run()
    assert robot.drove_with_mast_at <= 1.85 - 0.95 + 0.01
    assert robot.joints["feed"] == pytest.approx(0.0, abs=0.004)


def test_a_hole_takes_about_ten_seconds_of_work(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.run_until(lambda: len(robot.records) == 1)
    between = robot.stamp
    robot.run_until(lambda: len(robot.records) == 2)
    assert robot.stamp - between < 10.0


def test_a_mast_that_stops_below_the_ceiling_defers_the_hole(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.stops["mast"] = CEILING - 0.95 - 0.31
    robot.run_until(lambda: len(robot.records) == 1)
    record = robot.records[0]
    assert record.outcome is Outcome.DEFERRED
    assert record.reason_code == "DRILL_BLOCKED"
    assert record.reason == "mast stopped 0.31 m below the ceiling"
    assert robot.joints["mast"] <= 1.85 - 0.95 + 0.01
    robot.stops.clear()
    assert robot.run().outcome is TaskOutcome.COMPLETED_WITH_DEFERRALS
    assert robot.records[1].passed


def test_a_bit_beside_the_hole_is_re_aligned(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES[:1], depth=0.05))
    robot.bit = (0.018, -0.01)
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert robot.measured == ["drill_tip", "drill_tip"]
    assert robot.records[0].deviation < 0.01
    assert robot.phases.count("drilling") == 1


def test_a_hole_that_cannot_be_reached_exactly_is_deferred_and_never_drilled(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES[:1], depth=0.05))

    class Drifting:
        """The instrument says each time that the bit is 2 cm further on."""

        offset = 0.0

    original = robot._measure

    def drifting(wants: Any) -> None:
        if wants.measure is not None and wants.measure != robot._asked:
            Drifting.offset += 0.02
            robot.bit = (Drifting.offset, 0.0)
        original(wants)

    robot._measure = drifting
    assert robot.run().outcome is TaskOutcome.COMPLETED_WITH_DEFERRALS
    record = robot.records[0]
    assert record.reason_code == "DRILL_OUT_OF_TOLERANCE"
    assert record.deviation == pytest.approx(0.02, abs=0.002)
    assert robot.measured == ["drill_tip"] * 3
    assert "drilling" not in robot.phases


def test_a_feed_that_stalls_defers_the_hole_with_its_depth(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES[:1], depth=0.05))
    robot.stops["feed"] = 0.03
    robot.run()
    assert robot.records[0].reason_code == "DRILL_STALLED"
    assert robot.records[0].reason == "drill stopped at 20 of 50 mm"


def test_a_hole_out_of_reach_is_deferred_without_driving_there(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", [(2.0, 0.0, 4.2)], depth=0.05))
    robot.run()
    assert robot.records[0].reason_code == "DRILL_OUT_OF_REACH"
    assert robot.pose.x == 0.0


def test_a_stance_it_cannot_reach_is_deferred_after_the_limit_and_the_next_is_tried(
    make_robot: Any, make_order: Any
) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05), reach_time_limit=30.0)
    robot.routed = False
    robot.run_until(lambda: len(robot.records) == 1)
    assert robot.records[0].reason_code == "STANCE_UNREACHABLE"
    assert robot.stamp - 100.0 == pytest.approx(30.0, abs=2.0)
    robot.routed = True
    robot.run()
    assert robot.records[1].passed


def test_a_stance_it_cannot_stand_on_exactly_is_deferred(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES[:1], depth=0.05))
    robot.aligns = False
    robot.run()
    assert robot.records[0].reason_code == "ALIGN_FAILED"


def test_an_instrument_that_does_not_measure_ends_the_attempt_with_the_mast_down(
    make_robot: Any, make_order: Any
) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.instrument_works = False
    ending = robot.run()
    assert ending.outcome is TaskOutcome.INSTRUMENT_FAILED
    assert "no line of sight" in ending.message
    assert not robot.records
    assert robot.joints["mast"] <= 1.85 - 0.95 + 0.01


def test_a_mast_that_does_not_report_ends_the_attempt(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    del robot.joints["mast"]
    robot._move_joints = lambda wants: None
    assert robot.run().outcome is TaskOutcome.DRILL_TOOL_FAULT


@pytest.mark.parametrize("phase", ["driving", "waiting", "aligning", "raising", "measuring"])
def test_cancel_before_drilling_ends_without_a_hole(make_robot: Any, make_order: Any, phase: str) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.run_until(lambda: phase in robot.phases or (phase == "driving" and "waiting" in robot.phases))
    robot.executor.cancel()
    assert robot.run().outcome is TaskOutcome.CANCELED
    assert not robot.records
    assert robot.joints["mast"] <= 1.85 - 0.95 + 0.01


def test_cancel_while_drilling_finishes_the_hole(make_robot: Any, make_order: Any) -> None:
    robot = begin(make_robot, make_order("drill", HOLES, depth=0.05))
    robot.run_until(lambda: "drilling" in robot.phases)
    robot.executor.cancel()
    assert robot.run().outcome is TaskOutcome.CANCELED
    assert [r.passed for r in robot.records] == [True]


def test_a_hole_deeper_than_the_feed_is_refused(make_robot: Any, make_order: Any) -> None:
    robot = make_robot("drill")
    refused = robot.executor.start(make_order("drill", HOLES, depth=0.3))
    assert refused.outcome is TaskOutcome.TASK_REFUSED
    assert "0.300 m" in refused.message
