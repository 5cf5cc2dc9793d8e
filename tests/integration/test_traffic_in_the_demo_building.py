"""The robots of the demo in the demo's own building: five seeds of driving from stance to stance."""

from __future__ import annotations

from pathlib import Path

import pytest
import traffic_scenes

from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.site import load_site


@pytest.fixture(scope="module")
def roadmap(demo_site: Path) -> Roadmap:
    return next(iter(load_site(demo_site).storeys.values())).roadmap


@pytest.mark.parametrize("seed", range(5))
def test_three_robots_work_from_stance_to_stance_and_come_home(roadmap: Roadmap, seed: int) -> None:
    result = traffic_scenes.site_scene(roadmap, seed, 3)
    assert result.finished, result.where
    assert result.visited == 24
    assert result.least_gap > 0.0


def test_ten_robots_share_the_building_and_no_step_takes_long(roadmap: Roadmap) -> None:
    times: list[float] = []
    result = traffic_scenes.site_scene(roadmap, 42, 10, times=times, visits=2)
    assert result.finished, result.where
    times.sort()
    assert sum(times) / len(times) < 0.010
    assert times[int(0.99 * len(times))] < 0.050, "s of processor time"
