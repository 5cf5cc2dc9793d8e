"""The check behind every release: in the order it names, everybody really gets home."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping

import pytest
import traffic_plans

from fleet_manager.domain.roadmap import NodeKind, Roadmap
from fleet_manager.traffic.lanes import Lanes
from fleet_manager.traffic.situation import Situation
from fleet_manager.traffic.space import Space

APART = 0.85


def situation(roadmap: Roadmap, at: Mapping[str, str], goals: Mapping[str, str] | None = None) -> Situation:
    """Robots r0, r1 ... whose homes are home0, home1 ..."""
    space = Space(roadmap)
    lanes = Lanes(space, 0.25, 0.376)
    goals = goals or {}
    return Situation(
        space=space,
        at={r: space.index[n] for r, n in at.items()},
        lanes=dict.fromkeys(at, lanes),
        apart=lambda a, b: APART,
        walls=dict.fromkeys(at, 0),
        goal={r: space.index[goals[r]] if r in goals else None for r in at},
        home={r: space.index[f"home{r[1:]}"] for r in at},
    )


def drives(roadmap: Roadmap, robot: str, target: str, at: Mapping[str, str]) -> bool:
    """Can the robot drive to the target while the others stand? Measured by sampling along edges."""
    others = [roadmap.nodes[n] for r, n in at.items() if r != robot]

    def free(a: str, b: str) -> bool:
        u, v = roadmap.nodes[a], roadmap.nodes[b]
        for k in range(21):
            x, y = u.x + (v.x - u.x) * k / 20, u.y + (v.y - u.y) * k / 20
            if any(math.hypot(o.x - x, o.y - y) < APART for o in others):
                return False
        return True

    seen, queue = {at[robot]}, [at[robot]]
    while queue:
        here = queue.pop()
        for other, _ in roadmap.neighbours(here):
            if other not in seen and free(here, other):
                seen.add(other)
                queue.append(other)
    return target in seen


@pytest.mark.parametrize("seed", range(25))
def test_everybody_in_the_order_really_gets_home_and_nobody_else_could(seed: int) -> None:
    rng = random.Random(seed)
    robots = rng.randrange(2, 5)
    roadmap = traffic_plans.tree(rng, 7, robots) if seed % 2 else traffic_plans.corridor(7, (2, 5), robots)
    places = [n.id for n in roadmap.nodes.values()]
    while True:
        at = {f"r{i}": rng.choice(places) for i in range(robots)}
        spots = [roadmap.nodes[n] for n in at.values()]
        if all(math.hypot(a.x - b.x, a.y - b.y) >= APART for a, b in itertools.combinations(spots, 2)):
            break
    order = situation(roadmap, at).order(situation(roadmap, at).at, False)
    now = dict(at)
    for robot in order:
        assert drives(roadmap, robot, f"home{robot[1:]}", now), f"{robot} of {order} from {now}"
        now[robot] = f"home{robot[1:]}"
    for robot in set(at) - set(order):
        assert not drives(roadmap, robot, f"home{robot[1:]}", now), f"{robot} is not in {order}, but could"


def test_entering_a_dead_end_behind_somebody_is_worse() -> None:
    roadmap = traffic_plans.corridor(6, (), 2)
    s = situation(roadmap, {"r0": "c5", "r1": "yard0"}, {"r0": "yard0", "r1": "c5"})
    assert s.order(s.at, False) == ["r1", "r0"], "at home, the second one is in nobody's way"
    inside = s.space.index["c2"]
    assert s.no_worse("r1", inside, False), "it could still back out"
    with_goal = situation(roadmap, {"r0": "c5", "r1": "yard0"}, {"r1": "c5"})
    assert with_goal.order(with_goal.at, True) == []
    outward = situation(roadmap, {"r0": "c5", "r1": "home1"}, {"r1": "c5"})
    assert outward.order(outward.at, True) == ["r0", "r1"], "the one inside comes out first"
    assert not outward.no_worse("r1", inside, True), "then nobody could finish without backing out"


def test_robot_without_a_home_is_in_nobodys_debt() -> None:
    roadmap = traffic_plans.corridor(4, (), 1)
    s = situation(roadmap, {"r0": "c1"})
    s = Situation(s.space, s.at, s.lanes, s.apart, s.walls, {"r0": None}, {"r0": None})
    assert s.order(s.at, True) == ["r0"]


def test_walls_of_robots_that_cannot_move_count() -> None:
    roadmap = traffic_plans.corridor(4, (), 1)
    s = situation(roadmap, {"r0": "c3"})
    c1 = s.space.near(s.space.node_piece(s.space.index["c1"]), APART)
    walled = Situation(s.space, s.at, s.lanes, s.apart, {"r0": c1}, s.goal, s.home)
    assert s.order(s.at, False) == ["r0"]
    assert walled.order(walled.at, False) == []


def test_homes_of_the_floor_plans_are_apart() -> None:
    homes = traffic_plans.corridor(4, (), 5).of_kind(NodeKind.HOME)
    assert all(math.hypot(a.x - b.x, a.y - b.y) >= 1.1 for a, b in itertools.combinations(homes, 2))
