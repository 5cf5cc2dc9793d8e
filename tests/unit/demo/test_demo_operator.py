"""The scripted site operator: lets robots drive, and undoes only what a loss has stopped."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from fleet_manager.api import schemas
from sitefleet.demo.operator import LOSSES, Act, SiteOperator

NOW = datetime(2026, 5, 4, tzinfo=timezone.utc)


def robot(state: str, robot_id: str = "driller", online: bool = True) -> schemas.Robot:
    return schemas.Robot(
        id=robot_id, model=robot_id, trades=[], online=online, last_seen=NOW, pose=schemas.Pose2(x=0, y=0, yaw=0),
        speed=0, length=1, width=1, home_node="h", battery=0.9, battery_reserve=0.2, charging=False, safety_state=state,
        safety_reason="no scan", activity="idle", task_id=None, attempt=0, phase="", progress=0, node_id="",
        goal_node="", base_node_ids=[], obstructed=False, obstruction="", errors=[],
        totals=schemas.RobotTotals(distance_driven=0, time_driving=0, time_working=0), software_version="1",
    )  # fmt: skip


def safety(trigger: str, mode: int = 5) -> schemas.Event:
    return schemas.Event(
        id=1, time=NOW, kind="safety_event", severity=2, robot_id="driller", job_id=None, task_id=None,
        message="", data={"trigger": trigger, "mode": mode},
    )  # fmt: skip


@pytest.fixture
def operator() -> SiteOperator:
    """An operator who has let the robot drive."""
    operator = SiteOperator(("driller",), limit=3)
    (first,) = operator.acts(0.0, [robot("hold")])
    operator.done(first)
    return operator


def test_each_robot_gets_one_resume_at_the_start(operator: SiteOperator) -> None:
    fresh = SiteOperator(("driller", "hauler"))
    acts = fresh.acts(0.0, [robot("hold"), robot("boot", "hauler")])
    assert [(a.robot_id, a.verb) for a in acts] == [("driller", "resume")]
    assert not fresh.all_resumed
    assert operator.all_resumed
    assert operator.acts(1.0, [robot("hold")]) == []


@pytest.mark.parametrize("trigger", sorted(LOSSES))
def test_a_stop_after_a_loss_is_reset_with_patience_and_then_resumed(operator: SiteOperator, trigger: str) -> None:
    operator.note([safety(trigger)])
    assert operator.acts(10.0, [robot("stopped")]) == []
    assert operator.acts(12.9, [robot("stopped")]) == []
    (reset,) = operator.acts(13.0, [robot("stopped")])
    assert reset == Act("driller", "reset", "no scan; it is gone")
    operator.done(reset)
    (resume,) = operator.acts(13.2, [robot("hold")])
    assert resume.verb == "resume"


@pytest.mark.parametrize("trigger", ["remote_stop", "estop", "contact", "geofence", "tilt", "", "something_new"])
def test_any_other_stop_stays(operator: SiteOperator, trigger: str) -> None:
    operator.note([safety("pose_lost"), safety(trigger)])
    assert operator.acts(0.0, [robot("stopped")]) == []
    assert operator.acts(100.0, [robot("stopped")]) == []


def test_a_stop_without_a_known_cause_stays(operator: SiteOperator) -> None:
    assert operator.acts(0.0, [robot("stopped")]) == []
    assert operator.acts(100.0, [robot("stopped")]) == []


def test_a_robot_is_reset_only_a_few_times(operator: SiteOperator) -> None:
    for turn in range(5):
        now = 100.0 * turn
        operator.note([safety("scan_lost")])
        operator.acts(now, [robot("stopped")])
        acts = operator.acts(now + 3.0, [robot("stopped")])
        assert len(acts) == (1 if turn < 3 else 0)
        for act in acts:
            operator.done(act)
        for act in operator.acts(now + 4.0, [robot("hold")]):
            operator.done(act)
            operator.note([safety("resume", 2)])
    assert operator.resets == {"driller": 3}
    assert len(operator.reasons) == 3


def test_a_yield_before_the_loss_does_not_count_as_a_cause(operator: SiteOperator) -> None:
    operator.note([safety("field_blocked", mode=4), safety("pose_lost")])
    operator.acts(0.0, [robot("stopped")])
    assert [act.verb for act in operator.acts(3.0, [robot("stopped")])] == ["reset"]


def test_a_refused_act_is_asked_again(operator: SiteOperator) -> None:
    operator.note([safety("scan_lost")])
    operator.acts(0.0, [robot("stopped")])
    assert operator.acts(3.0, [robot("stopped")]) == operator.acts(3.5, [robot("stopped")])


def test_an_offline_robot_is_left_alone() -> None:
    assert SiteOperator(("driller",)).acts(0.0, [robot("hold", online=False)]) == []


def test_a_robot_that_holds_because_the_manager_was_silent_is_resumed_a_few_times(operator: SiteOperator) -> None:
    for _ in range(3):
        operator.note([safety("manager_lost", mode=1)])
        (act,) = operator.acts(5.0, [robot("hold")])
        assert act.verb == "resume" and "manager_lost" in act.reason
        operator.done(act)
    operator.note([safety("manager_lost", mode=1)])
    assert operator.acts(6.0, [robot("hold")]) == []


def test_a_hold_that_a_person_asked_for_stays(operator: SiteOperator) -> None:
    operator.note([safety("hold", mode=1)])
    assert operator.acts(5.0, [robot("hold")]) == []


def test_what_is_told_while_a_robot_is_stopped_is_no_cause_of_its_stop(operator: SiteOperator) -> None:
    operator.note([safety(t) for t in ("scan_lost", "stood_still", "recording", "zones_changed")])
    operator.acts(1.0, [robot("stopped")])
    assert [act.verb for act in operator.acts(5.0, [robot("stopped")])] == ["reset"]
