"""A robot too near to a wall or a door frame gets away by itself, under its real supervisor, and goes on."""

from __future__ import annotations

import math

import pytest
from escape_bench import Bench, box, doorway

from sitefleet_robot.motion.values import Pose2

FRAME = math.radians(25.0)


@pytest.mark.parametrize(
    ("walls", "start"),
    [
        (doorway(), Pose2(0.90, 0.36, 0.0)),
        (doorway(), Pose2(1.30, 0.08, 0.0)),
        (doorway(0.74), Pose2(1.20, 0.0, FRAME)),
        (doorway(), Pose2(0.93, 0.10, FRAME)),
        (box(-0.3, -0.5, 0.6, -0.27), Pose2(0.5, 0.0, 0.0)),
        (box(-0.5, -0.6, 3.0, -0.32), Pose2(0.5, -0.05, 0.0)),
    ],
    ids=["wall in front", "beside in the door", "askew in the door", "at the frame", "post beside", "wall beside"],
)
def test_it_gets_free_and_reaches_the_end_of_its_route_without_contact(walls: list, start: Pose2) -> None:
    bench = Bench(walls, start)
    at_start = bench.gap()
    assert bench.run(60.0), f"at {bench.pose}, {bench.core.state}, {bench.pilot.obstruction}"
    assert bench.nearest > min(at_start, 0.025) - 0.004


def test_a_protective_stop_at_a_door_frame_clears_and_the_robot_goes_through() -> None:
    bench = Bench(doorway(), Pose2(0.93, 0.10, FRAME))
    assert bench.run(60.0)
    assert bench.states == ["AUTO", "PROTECTIVE_STOP", "AUTO"]
    assert bench.pose.x > 2.5
