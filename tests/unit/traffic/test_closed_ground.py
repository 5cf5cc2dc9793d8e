"""Zones in traffic: closed edges are never released, ways go around them, and what is closed is said."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reservation_traffic import Desk
from traffic_plans import rooms

from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.traffic import RoutePlan


class ZonedDesk(Desk):
    """A desk whose robots are kept from some edges."""

    def __init__(self, roadmap: Roadmap) -> None:
        super().__init__(roadmap)
        self.closed: dict[str, frozenset[str]] = {}

    def step(self) -> list[RoutePlan]:
        answer = self.controller.step(self.now, dict(self.robots), self.sheets, self.goals, self.closed)
        self.now += 0.1
        self.notices += answer.notices
        self.routes.update({r.robot_id: r for r in answer.routes})
        return list(answer.routes)


def ring() -> Roadmap:
    """Two ways from a to d: a short one over b and a long one over c."""
    nodes = [
        Node("home", -2.0, 0.0, NodeKind.HOME, 1.0),
        Node("a", 0.0, 0.0, NodeKind.WAY, 1.0),
        Node("b", 2.0, 0.0, NodeKind.WAY, 1.0),
        Node("c", 2.0, 5.0, NodeKind.WAY, 1.0),
        Node("d", 4.0, 0.0, NodeKind.WAY, 1.0),
    ]
    pairs = [("home", "a", 2.0), ("a", "b", 2.0), ("b", "d", 2.0), ("a", "c", 5.4), ("c", "d", 5.4)]
    return Roadmap(nodes, [Edge(f"{u}{v}", u, v, length, 1.0) for u, v, length in pairs])


def ways(route: RoutePlan) -> list[str]:
    return [s.node_id for s in route.steps]


@pytest.fixture
def desk() -> ZonedDesk:
    made = ZonedDesk(ring())
    made.add("r", "home", "home")
    made.goals["r"] = "d"
    return made


def test_the_way_goes_around_closed_ground(desk: ZonedDesk) -> None:
    desk.closed = {"r": frozenset({"bd"})}
    desk.pass_time(1.0)
    assert ways(desk.routes["r"])[:4] == ["home", "a", "c", "d"]


def test_ground_closed_to_one_robot_is_open_to_another(desk: ZonedDesk) -> None:
    desk.closed = {"other": frozenset({"bd"})}
    desk.pass_time(1.0)
    assert "b" in ways(desk.routes["r"])


def test_without_a_way_nothing_is_released_and_zones_are_named_until_one_is_ended(desk: ZonedDesk) -> None:
    desk.closed = {"r": frozenset({"bd", "cd"})}
    desk.pass_time(3.0)
    assert all("d" not in ways(r) for r in desk.routes.values())
    (said,) = [n for n in desk.notices if n.code == "NO_PATH"]
    assert "zones" in said.message
    desk.closed = {}
    desk.pass_time(1.0)
    assert ways(desk.routes["r"])[-1] == "d"


def test_a_zone_that_comes_while_a_robot_is_under_way_turns_its_plan_but_not_what_is_released(desk: ZonedDesk) -> None:
    (first,) = desk.step()
    while not desk.routes:
        desk.step()
    released = [s.node_id for s in first.steps if s.sequence_id <= first.released_up_to]
    desk.closed = {"r": frozenset({"bd"})}
    for _ in range(60):
        desk.drives_to_end("r")
        desk.step()
    newest = desk.routes["r"]
    assert "bd" not in _edges(ways(newest))
    assert "d" in ways(newest) and released[0] == "home"


def _edges(nodes: list[str]) -> set[str]:
    return {f"{u}{v}" for u, v in itertools.pairwise(nodes)} | {f"{v}{u}" for u, v in itertools.pairwise(nodes)}


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_closed_edge_is_ever_released_whatever_is_closed_and_opened(seed: int) -> None:
    chance = random.Random(seed)
    roadmap = rooms(chance, 2, 2, homes=2)
    desk = ZonedDesk(roadmap)
    places = [n.id for n in roadmap.nodes.values() if n.kind is NodeKind.WAY]
    for robot, home in (("r", "home0"), ("s", "home1")):
        desk.add(robot, home, home)
    edges = {frozenset((e.source, e.target)): e.id for e in roadmap.edges.values()}
    held: dict[str, int] = {}
    for step in range(120):
        if step % 15 == 0:
            desk.goals = {r: chance.choice(places) for r in ("r", "s")}
            share = chance.choice([0.0, 0.1, 0.3])
            desk.closed = {r: frozenset(e for e in roadmap.edges if chance.random() < share) for r in ("r", "s")}
        for route in desk.step():
            base = [s for s in route.steps if s.sequence_id <= route.released_up_to]
            for one, two in itertools.pairwise(base):
                new = two.sequence_id > held.get(route.robot_id, 0)
                edge = edges[frozenset((one.node_id, two.node_id))]
                assert not (new and edge in desk.closed[route.robot_id]), f"seed {seed}: {edge} released"
            held[route.robot_id] = max(held.get(route.robot_id, 0), route.released_up_to)
        for robot in ("r", "s"):
            desk.drives_to_end(robot)
