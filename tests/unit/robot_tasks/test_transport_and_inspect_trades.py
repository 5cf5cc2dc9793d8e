"""Carrying a load, and comparing a room with its plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
import pytest

from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.sitemap import MapError, SiteMap
from sitefleet_robot.tasks.attempt import Ending
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.values import Outcome

WAY = [(2.0, 0.0, 0.0), (6.0, 1.0, 0.0)]


def begin(robot: Any, order: Any) -> Any:
    robot.knows(order)
    refused = robot.executor.start(order)
    assert refused is None, refused
    return robot


def test_a_load_is_taken_and_put_down(make_robot: Any, make_order: Any) -> None:
    order = make_order("transport", WAY, payload=80.0, tolerance=0.05)
    robot = begin(make_robot("transport", max_payload=250.0), order)
    robot.run_until(lambda: len(robot.records) == 1)
    assert robot.joints["lift"] == pytest.approx(0.12, abs=0.005)
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert robot.joints["lift"] == pytest.approx(0.0, abs=0.005)
    drop = robot.records[1]
    assert (drop.measured.x, drop.measured.y) == pytest.approx((6.0, 1.0), abs=0.02)
    assert drop.passed
    assert drop.instrument == "total_station_1"


def test_too_heavy_a_load_is_refused(make_robot: Any, make_order: Any) -> None:
    refused = make_robot("transport", max_payload=50.0).executor.start(make_order("transport", WAY, payload=80.0))
    assert refused.outcome is TaskOutcome.TASK_REFUSED
    assert refused.message == "payload 80 kg, this robot carries 50 kg"


def test_a_drop_without_its_load_fails(make_robot: Any, make_order: Any, retry: Any) -> None:
    order = make_order("transport", WAY, payload=10.0)
    only_drop = type(order)(**{f: getattr(order, f) for f in order.__slots__} | {"targets": order.targets[1:]})
    robot = begin(make_robot("transport", max_payload=50.0), only_drop)
    assert robot.run().outcome is TaskOutcome.TRANSPORT_NO_LOAD


def test_a_load_that_was_lost_is_picked_up_again_on_retry(make_robot: Any, make_order: Any, retry: Any) -> None:
    order = make_order("transport", WAY, payload=10.0)
    lost = begin(make_robot("transport", max_payload=50.0), order)
    lost.run_until(lambda: len(lost.records) == 1)
    lost.joints["lift"] = 0.0  # somebody took it off and let the deck down
    lost.executor.wants.joints.clear()
    assert lost.run().outcome is TaskOutcome.TRANSPORT_NO_LOAD
    robot = begin(make_robot("transport", max_payload=50.0), retry(order, 2))
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert [r.target_index for r in robot.records] == [0, 1]


def test_a_load_that_another_task_took_the_place_of_is_picked_up_again(
    make_robot: Any, make_order: Any, retry: Any
) -> None:
    order = make_order("transport", WAY, payload=10.0)
    robot = begin(make_robot("transport", max_payload=50.0), order)
    robot.run_until(lambda: len(robot.records) == 1)
    robot.executor.end(Ending(TaskOutcome.CANCELED, "cancelled"))
    robot.executor.close()
    begin(robot, make_order("transport", WAY, payload=10.0, task_id="other"))
    robot.run_until(lambda: len(robot.records) == 2)
    robot.executor.end(Ending(TaskOutcome.CANCELED, "cancelled"))
    robot.executor.close()
    assert robot.joints["lift"] > 0.1, "the other task's load"
    begin(robot, retry(order, 2))
    robot.phases.clear()
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert robot.phases.index("lowering") < robot.phases.index("lifting"), "the other load goes back first"


def test_a_load_that_was_delivered_is_not_delivered_again(make_robot: Any, make_order: Any, retry: Any) -> None:
    order = make_order("transport", WAY, payload=10.0)
    begin(make_robot("transport", max_payload=50.0), order).run()
    robot = begin(make_robot("transport", max_payload=50.0), retry(order, 2))
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    assert robot.records == []
    assert robot.joints["lift"] == 0.0


def test_a_load_out_of_its_place_is_deferred_with_the_distance(make_robot: Any, make_order: Any) -> None:
    order = make_order("transport", WAY, payload=10.0, tolerance=0.05)
    robot = begin(make_robot("transport", max_payload=50.0), order)
    robot.run_until(lambda: len(robot.records) == 1)
    original = robot._measure

    def wrong(wants: Any) -> None:
        robot.pose = Pose2(robot.pose.x + 0.08, robot.pose.y) if wants.measure != robot._asked else robot.pose
        original(wants)

    robot._measure = wrong
    robot.run()
    assert robot.records[1].outcome is Outcome.DEFERRED
    assert robot.records[1].reason_code == "TRANSPORT_OUT_OF_TOLERANCE"


def write_room(folder: Path) -> Path:
    """A map of a room of 4 x 3 m, lower left inner corner at (-1, -1), in cells of 5 cm."""
    pixels = np.full((62, 82), 254, np.uint8)
    pixels[[0, -1], :] = 0
    pixels[:, [0, -1]] = 0
    (folder / "map.pgm").write_bytes(b"P5\n# room\n82 62\n255\n" + pixels.tobytes())
    path = folder / "map.yaml"
    path.write_text(
        "image: map.pgm\nresolution: 0.05\norigin: [-1.05, -1.05, 0.0]\n"
        "occupied_thresh: 0.65\nfree_thresh: 0.25\nnegate: 0\nmode: trinary\n"
    )
    return path


def room_ranges(x: float, y: float, count: int = 180) -> np.ndarray:
    """True ranges from a place in that room."""
    angles = np.linspace(-np.pi, np.pi, count, endpoint=False)
    with np.errstate(divide="ignore"):
        to_x = np.where(np.cos(angles) > 0, (3.0 - x) / np.cos(angles), (-1.0 - x) / np.cos(angles))
        to_y = np.where(np.sin(angles) > 0, (2.0 - y) / np.sin(angles), (-1.0 - y) / np.sin(angles))
    return np.minimum(np.abs(to_x), np.abs(to_y))


def test_a_room_as_planned_agrees_and_the_scans_are_kept(make_robot: Any, make_order: Any, tmp_path: Path) -> None:
    order = make_order("inspect", [(1.0, 0.5, 0.25)], range=8.0, tolerance=0.05)
    robot = begin(make_robot("inspect", map_yaml=str(write_room(tmp_path))), order)
    robot.ranges = room_ranges(1.0, 0.5)
    assert robot.run().outcome is TaskOutcome.SUCCEEDED
    record = robot.records[0]
    assert record.value > 0.97
    kept = np.load(Path(urlparse(record.evidence_uri).path))
    assert kept["ranges"].shape == (5, 180)
    assert kept["poses"][0] == pytest.approx([1.0, 0.5, 0.0], abs=0.02)
    assert "t_1" in record.evidence_uri


def test_a_wall_that_is_not_where_it_was_planned_lowers_the_share(
    make_robot: Any, make_order: Any, tmp_path: Path
) -> None:
    order = make_order("inspect", [(1.0, 0.5, 0.25)], range=8.0)
    robot = begin(make_robot("inspect", map_yaml=str(write_room(tmp_path))), order)
    robot.ranges = room_ranges(1.0, 0.5) - 0.3
    assert robot.run().outcome is TaskOutcome.COMPLETED_WITH_DEFERRALS
    assert robot.records[0].value < 0.1
    assert robot.records[0].reason_code == "INSPECT_DISAGREES"


def test_without_scans_the_attempt_fails(make_robot: Any, make_order: Any, tmp_path: Path) -> None:
    robot = begin(make_robot("inspect", map_yaml=str(write_room(tmp_path))), make_order("inspect", [(1.0, 0.5, 0.25)]))
    assert robot.run().outcome is TaskOutcome.INSPECT_NO_SCAN


def test_without_a_plan_the_task_is_refused(make_robot: Any, make_order: Any, tmp_path: Path) -> None:
    robot = make_robot("inspect", map_yaml=str(tmp_path / "none.yaml"))
    refused = robot.executor.start(make_order("inspect", [(1.0, 0.5, 0.25)]))
    assert refused.outcome is TaskOutcome.TASK_REFUSED
    assert "none.yaml" in refused.message


def test_rays_end_at_the_walls_of_the_map(tmp_path: Path) -> None:
    site_map = SiteMap.load(write_room(tmp_path))
    got = site_map.cast(1.0, 0.5, np.array([0.0, np.pi / 2, np.pi, -np.pi / 2]), 8.0)
    assert got == pytest.approx([2.0, 1.5, 2.0, 1.5], abs=0.06)
    assert site_map.cast(1.0, 0.5, np.array([0.0]), 1.0) == pytest.approx([1.0])


def test_a_map_with_a_rotated_origin_is_refused(tmp_path: Path) -> None:
    path = write_room(tmp_path)
    path.write_text(path.read_text().replace("-1.05, 0.0]", "-1.05, 0.3]"))
    with pytest.raises(MapError, match="rotated"):
        SiteMap.load(path)
