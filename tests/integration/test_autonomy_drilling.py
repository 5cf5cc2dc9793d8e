"""One robot's autonomy in the real simulator, with the real supervisor: whole drill tasks by ExecuteTask goals."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ros_domains import session_domain
from sitefleet_interfaces.msg import AsBuilt

DOMAIN = session_domain(35)
SPEED = 3.0
TRAVEL = 0.9
"""m, position of the mast at its travel height."""
LIMIT = 120.0
"""s of wall time for one task on a busy machine; about 12 s on a quiet one."""


def site_module() -> ModuleType:
    """The helper beside this file."""
    name = "autonomy_site"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture
def driller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(DOMAIN))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    with site_module().Site(tmp_path, "d1", "driller", (1.0, 1.0, 0.0), SPEED) as site:
        site.resume()
        yield site


def holes_by_index(result: Any) -> dict[int, Any]:
    return {record.target_index: record for record in result.as_built}


def test_two_holes_are_drilled_exactly_and_the_mast_is_down_while_driving(driller: Any) -> None:
    site = driller
    feedback: list[Any] = []
    task = site.drill_task([(4.5, 1.2, 2.8), (4.5, 2.2, 2.8)])
    result = site.result(site.send(task, feedback), LIMIT).result
    assert result.outcome == result.SUCCEEDED, result.message
    holes = holes_by_index(result)
    assert sorted(holes) == [0, 1]
    for index, (x, y) in enumerate([(4.5, 1.2), (4.5, 2.2)]):
        hole = holes[index]
        assert hole.outcome == AsBuilt.DONE
        assert hole.passed
        assert abs(hole.measured_pose.position.x - x) < 0.01
        assert abs(hole.measured_pose.position.y - y) < 0.01
        assert abs(hole.measured_pose.position.z - 2.8) < 0.01
        assert hole.deviation < 0.01
        assert abs(hole.measured_depth - 0.05) < 0.003
        assert hole.instrument == "total_station_1"
    assert site.true_distance(4.5, 2.2) < 0.008
    assert [len(f.as_built) for f in feedback if f.as_built][-1] == 2
    assert [r.target_index for r in site.records] == [0, 1]
    first_way = site.phases[: site.phases.index("drilling")]
    assert first_way.index("driving") < first_way.index("aligning") < first_way.index("raising")
    between = site.phases[site.phases.index("drilling") : len(site.phases) - site.phases[::-1].index("drilling")]
    assert between.index("withdrawing") < between.index("driving"), "it drove with the mast up"


def test_a_blocked_mast_and_a_hole_out_of_reach_are_deferred_with_a_reason(driller: Any) -> None:
    site = driller
    # The duct at (3.0, 1.6) hangs 0.6 m below the ceiling.
    task = site.drill_task([(3.0, 1.6, 2.8), (3.0, 1.6, 4.0), (4.5, 1.6, 2.8)])
    result = site.result(site.send(task), LIMIT).result
    assert result.outcome == result.COMPLETED_WITH_DEFERRALS
    holes = holes_by_index(result)
    assert holes[0].reason_code == "DRILL_BLOCKED"
    assert "0.60 m below the ceiling" in holes[0].reason or "0.61 m below the ceiling" in holes[0].reason
    assert holes[0].outcome == AsBuilt.DEFERRED
    assert holes[1].reason_code == "DRILL_OUT_OF_REACH"
    assert holes[2].passed


def test_the_same_goal_joins_and_an_ended_one_is_answered_from_the_journal(driller: Any) -> None:
    site = driller
    task = site.drill_task([(2.0, 1.0, 2.8)])
    first = site.send(task)
    site.wait(lambda: site.state is not None and site.state.task_id == "t1", 20, "task running")
    other = site.drill_task([(4.5, 2.2, 2.8)], task_id="t2")
    assert not site.send(other).accepted, "a busy robot took another task"
    second = site.send(task)
    old = site.result(first, 20).result
    assert old.outcome == old.SUPERSEDED
    result = site.result(second, LIMIT).result
    assert result.outcome == result.SUCCEEDED, result.message
    drilled = site.phases.count("drilling")
    again = site.result(site.send(task), 10).result
    assert again.outcome == result.SUCCEEDED
    assert [r.target_index for r in again.as_built] == [0]
    assert site.phases.count("drilling") == drilled == 1


def feeds_begun(folder: Path) -> list[int]:
    """Holes whose feed was started, one entry a start, from the robot's own disk."""
    lines = [raw.partition(" ")[2] for path in folder.rglob("*.jsonl") for raw in path.read_text().splitlines()]
    return [line["begun"] for line in map(json.loads, lines) if "begun" in line]


@pytest.mark.parametrize("moment", ["between the holes", "in the first hole"])
def test_after_kill_9_the_task_goes_on_and_no_hole_is_drilled_twice(driller: Any, moment: str) -> None:
    site = driller
    task = site.drill_task([(2.0, 1.0, 2.8), (3.0, 2.6, 2.8)])
    site.send(task)
    if moment == "in the first hole":
        site.wait(lambda: site.joints.get("feed", 0.0) > 0.012, LIMIT, "bit in the ceiling")
    else:
        site.wait(lambda: len(site.records) == 1 and "withdrawing" in site.phases, LIMIT, "first hole")
    site.kill("autonomy")
    assert feeds_begun(site.folder) == [0]
    cut_off = not site.records
    assert cut_off == (moment == "in the first hole")
    site.phases.clear()
    site.start_autonomy()
    # The supervisor latched the loss of the proposals; the person of the test resets and resumes.
    site.wait(lambda: site.phases, 60, "restart")
    result = site.result(site.send(task), LIMIT).result
    assert result.outcome == (result.COMPLETED_WITH_DEFERRALS if cut_off else result.SUCCEEDED), result.message
    assert sorted(r.target_index for r in result.as_built) == [0, 1], "one record for each hole"
    holes = holes_by_index(result)
    assert holes[0].reason_code == ("DRILL_INTERRUPTED" if cut_off else "")
    assert holes[0].passed is not cut_off
    assert holes[1].passed
    assert site.phases.count("drilling") == 1, "a hole was drilled twice"
    assert feeds_begun(site.folder) == [0, 1]


def test_cancel_ends_with_the_tool_withdrawn(driller: Any) -> None:
    site = driller
    task = site.drill_task([(2.0, 1.0, 2.8), (4.5, 2.2, 2.8)])
    handle = site.send(task)
    site.wait(lambda: site.joints.get("mast", 0.0) > TRAVEL + 0.3, LIMIT, "mast well above travel height")
    cancel = handle.cancel_goal_async()
    site.wait(cancel.done, 10, "cancel response")
    assert cancel.result().goals_canceling
    result = site.result(handle, 30).result
    assert result.outcome == result.CANCELED
    assert site.joints["mast"] < TRAVEL + 0.02
    assert site.joints["feed"] < 0.004
    # If drilling had begun when the cancel arrived that hole was finished; the second one never begins.
    assert set(holes_by_index(result)) <= {0}
    assert site.phases.count("raising") == 1
    site.wait(lambda: site.state.task_id == "", 10, "idle")


def test_a_remote_stop_holds_the_tool_and_a_resume_goes_on(driller: Any) -> None:
    site = driller
    task = site.drill_task([(2.0, 1.0, 2.8)])
    handle = site.send(task)
    site.wait(lambda: site.state is not None and site.state.phase == "drilling", LIMIT, "drilling")
    site.stop()
    site.wait(lambda: site.state.safety_state == 5, 10, "stopped")
    begun = site.state.header.stamp.sec
    site.wait(lambda: site.state.header.stamp.sec > begun + 6, 60, "6 s later")
    assert site.state.phase == "drilling"
    assert not site.records, "it drilled while it was stopped"
    site.reset_and_resume()
    result = site.result(handle, LIMIT).result
    assert result.outcome == result.SUCCEEDED, result.message
    assert abs(result.as_built[0].measured_depth - 0.05) < 0.003


def test_no_route_defers_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(DOMAIN))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    with site_module().Site(tmp_path, "d1", "driller", (1.0, 1.0, 0.0), 5.0) as site:
        site.resume()
        site.routing = False
        result = site.result(site.send(site.drill_task([(4.5, 1.2, 2.8)])), LIMIT).result
        assert result.outcome == result.COMPLETED_WITH_DEFERRALS
        assert result.as_built[0].reason_code == "STANCE_UNREACHABLE"
