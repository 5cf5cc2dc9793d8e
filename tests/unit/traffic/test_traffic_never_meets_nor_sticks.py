"""Whole fleets on random floor plans: nobody overlaps, nobody passes its base, everybody gets everywhere and home."""

from __future__ import annotations

import random
from collections.abc import Mapping

import disc_fleet
import pytest
import traffic_plans
import traffic_scenes
from thoroughness import thorough

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot
from fleet_manager.traffic import RoutePlan, RouteStep, TrafficStep
from fleet_manager.traffic.reservation import ReservationTraffic

SEEDS = range(1000, 1000 + thorough(30, 300))


@pytest.mark.parametrize("tenth", range(10))
def test_random_fleets_reach_all_goals_without_contact(tenth: int) -> None:
    """Delays, losses, doubles, stops, robots and managers that start anew, at random."""
    for seed in SEEDS[tenth::10]:
        result, _ = traffic_scenes.scene(seed, goals=2)
        assert result.finished, f"seed {seed}: {result.where}"
        assert result.least_gap > 0.0


@pytest.mark.parametrize("seed", range(6))
def test_robots_exchange_the_ends_of_a_one_lane_corridor_with_one_bay(seed: int) -> None:
    roadmap = traffic_plans.corridor(8, (4,), 2)
    homes = roadmap.of_kind(NodeKind.HOME)
    rng = random.Random(seed)
    ends = [[("c7", 1.0), ("c0", 1.0)], [("c0", 1.0), ("c7", 1.0)]]
    discs = [
        disc_fleet.Disc(disc_fleet.sheet(f"r{i}", home.id, 0.376), home.x, home.y, 3 * ends[i], random.Random(i))
        for i, home in enumerate(homes)
    ]
    network = disc_fleet.Network() if seed % 2 else disc_fleet.QUIET
    controller = ReservationTraffic(roadmap, instance="t")
    result = disc_fleet.run(roadmap, discs, controller, seed=rng.randrange(99), limit=600.0, network=network)
    assert result.finished, result.where
    assert result.visited == 12


def test_robot_that_works_for_long_holds_up_only_those_who_need_its_place() -> None:
    roadmap = traffic_plans.corridor(8, (3,), 3)
    homes = roadmap.of_kind(NodeKind.HOME)
    wants = [[("c6", 120.0)], [("b3", 1.0)], [("c7", 1.0)]]
    discs = [
        disc_fleet.Disc(disc_fleet.sheet(f"r{i}", h.id, 0.376), h.x, h.y, wants[i], random.Random(i))
        for i, h in enumerate(homes)
    ]
    discs[0].x, discs[0].y = roadmap.nodes["c6"].x, roadmap.nodes["c6"].y
    arrived: dict[str, float] = {}

    class Watch:
        def __init__(self) -> None:
            self.inner = ReservationTraffic(roadmap, instance="t")

        def step(
            self,
            now: float,
            robots: Mapping[str, RobotSnapshot],
            factsheets: Mapping[str, RobotFactsheet],
            goals: Mapping[str, str],
        ) -> TrafficStep:
            for d in discs:
                if d.visited and d.sheet.robot_id not in arrived:
                    arrived[d.sheet.robot_id] = now
            return self.inner.step(now, robots, factsheets, goals)

    result = disc_fleet.run(roadmap, discs, Watch(), seed=1, limit=400.0, network=disc_fleet.QUIET)
    assert result.finished, result.where
    assert arrived["r1"] < 60.0, "its place is free"
    assert arrived["r2"] > arrived["r0"] > 115.0, "its way leads past the one who works"


class Careless:
    """Releases everything at once, as if each robot were alone."""

    def __init__(self, inner: ReservationTraffic) -> None:
        self.inner = inner

    def step(
        self,
        now: float,
        robots: Mapping[str, RobotSnapshot],
        factsheets: Mapping[str, RobotFactsheet],
        goals: Mapping[str, str],
    ) -> TrafficStep:
        answer = self.inner.step(now, robots, factsheets, goals)
        return TrafficStep(tuple(self._all(r) for r in answer.routes), answer.notices)

    def _all(self, route: RoutePlan) -> RoutePlan:
        steps: tuple[RouteStep, ...] = route.steps
        return RoutePlan(route.robot_id, route.route_id, route.update_id, steps, steps[-1].sequence_id)


def test_the_referee_sees_a_controller_that_releases_too_much() -> None:
    caught = 0
    for seed in SEEDS[:10]:
        try:
            traffic_scenes.scene(seed, wrap=Careless, limit=120.0)
        except AssertionError as error:
            caught += "overlap" in str(error) or "base taken back" in str(error)
    assert caught >= 8
