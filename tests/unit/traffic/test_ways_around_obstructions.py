"""Something stands in the way that no plan knows: the place is closed for a time, and robots go another way."""

from __future__ import annotations

import math
import random

import disc_fleet
import pytest
import traffic_scenes
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import thorough
from traffic_desk import Desk

from fleet_manager.domain.geometry import Pose2
from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.traffic.closures import Closures
from fleet_manager.traffic.reservation import ReservationTraffic
from fleet_manager.traffic.settings import TrafficSettings
from fleet_manager.traffic.space import Space


def two_ways() -> Roadmap:
    """From the yard over a to z: straight over m, or around over n; a dead end d behind m."""
    at = {"h": (-1.5, 0.0), "a": (0.0, 0.0), "m": (2.0, 0.0), "z": (4.0, 0.0), "n": (2.0, 2.0), "d": (2.0, -2.0)}
    nodes = [
        Node(k, x, y, NodeKind.HOME if k == "h" else NodeKind.WAY, 1.0, zone_id="zone") for k, (x, y) in at.items()
    ]
    pairs = [("h", "a"), ("a", "m"), ("m", "z"), ("a", "n"), ("n", "z"), ("m", "d")]
    doors = {"md": "D2"}
    return Roadmap(nodes, [Edge(u + v, u, v, math.dist(at[u], at[v]), 1.0, doors.get(u + v)) for u, v in pairs])


def one_way() -> Roadmap:
    """The same without the way around."""
    plan = two_ways()
    return Roadmap(plan.nodes.values(), [e for e in plan.edges.values() if "n" not in e.id])


def comes_to_a_box(desk: Desk) -> None:
    """The robot drives half a metre past `a`, takes up what it is given there, and finds something in its way."""
    desk.drives_to_end("r0", upto="a")
    desk.says("r0", pose=Pose2(0.5, 0.0))
    desk.step()
    desk.drives_to_end("r0", upto="a")
    desk.says("r0", pose=Pose2(0.5, 0.0), obstructed=True, node_id="")


def obstructed_desk(goal: str = "z", roadmap: Roadmap | None = None) -> Desk:
    """A robot on its way from a to m, before something that stands in its way."""
    desk = Desk(roadmap or two_ways())
    desk.add("r0", "a", "h")
    desk.goals["r0"] = goal
    desk.step()
    comes_to_a_box(desk)
    return desk


def gives_back(desk: Desk, robot_id: str = "r0") -> None:
    """The robot takes the newest route up, which ends at the node it last passed, and still stands where it stood."""
    route = desk.routes[robot_id]
    (step,) = route.steps
    desk.says(
        robot_id,
        obstructed=False,
        route_id=route.route_id,
        route_update_id=route.update_id,
        last_sequence_id=step.sequence_id - 1,
        base_node_ids=(step.node_id,),
        node_id="",
    )


def test_a_robot_before_an_obstruction_is_called_back_and_led_around_it() -> None:
    desk = obstructed_desk()
    assert desk.base("r0")[:2] == ["a", "m"]
    old = desk.routes["r0"]
    desk.pass_time(7.0)
    assert desk.routes["r0"] == old, "it may be a person who walks on"
    desk.pass_time(1.5)
    recall = desk.routes["r0"]
    assert recall.route_id != old.route_id
    assert [(s.node_id, s.sequence_id) for s in recall.steps] == [("a", old.released_up_to + 1)]
    assert recall.steps[0].sequence_id > old.released_up_to
    gives_back(desk)
    desk.step()
    assert [s.node_id for s in desk.routes["r0"].steps] == ["a", "n", "z"]
    assert desk.sentences("DETOUR") == ["r0 finds something in its way at the hall and goes to the hall another way"]


def test_what_a_robot_may_still_drive_into_stays_its_own_until_it_has_given_it_back() -> None:
    desk = obstructed_desk()
    desk.add("r1", "d", "d")
    desk.goals["r1"] = "m"
    desk.pass_time(12.0)
    assert [s.node_id for s in desk.routes["r0"].steps] == ["a"]
    assert desk.base("r1") == ["d"], "the old base is held while the robot has not answered"
    gives_back(desk)
    desk.step()
    held = desk.controller.held("r0")  # type: ignore[attr-defined]
    assert held[0] == "a" and "m" not in held
    track = desk.controller._fleet.tracks["r0"]  # type: ignore[attr-defined]
    assert (0.5, 0.0, 0.0, 0.0) in track.segments(), "the way back to the node is held"


def test_a_robot_that_had_driven_on_keeps_its_base() -> None:
    desk = obstructed_desk()
    old = desk.routes["r0"]
    desk.pass_time(9.0)
    assert desk.routes["r0"].route_id != old.route_id
    second = old.steps[1]
    base = tuple(s.node_id for s in old.steps[1:] if s.sequence_id <= old.released_up_to)
    desk.says(
        "r0", pose=Pose2(second.x, second.y), obstructed=False, last_sequence_id=second.sequence_id, base_node_ids=base
    )
    desk.pass_time(0.5)
    again = desk.routes["r0"]
    assert again.route_id == old.route_id and again.update_id > old.update_id
    assert desk.controller.held("r0")[0] == "m"  # type: ignore[attr-defined]


def test_a_recall_is_sent_again_until_the_robot_answers() -> None:
    desk = obstructed_desk()
    desk.pass_time(9.0)
    recall = desk.routes.pop("r0")
    desk.pass_time(1.5)
    assert "r0" not in desk.routes
    desk.pass_time(1.5)
    assert desk.routes["r0"] == recall


def test_without_another_way_the_robot_waits_says_so_and_after_a_minute_the_goal_is_given_up() -> None:
    desk = obstructed_desk("d", one_way())
    old = desk.routes["r0"]
    desk.pass_time(60.0)
    assert desk.routes["r0"] == old
    assert desk.sentences("OBSTRUCTED") == [
        "r0 finds something in its way at the hall and no other way to the hall: it waits"
    ]
    assert desk.closed_off["r0"].nodes == {"m", "z", "d"}
    assert not desk.closed_off["r0"].given_up
    desk.pass_time(10.0)
    assert desk.closed_off["r0"].given_up
    assert desk.closed_off["r0"].message == "no way to the hall: something stands in the way at the hall"
    desk.goals["r0"] = "h"
    desk.step()
    assert [s.node_id for s in desk.routes["r0"].steps] == ["a"], "for another goal it is called back"
    assert not desk.closed_off["r0"].given_up


def test_a_robot_that_stands_in_the_way_is_no_obstruction() -> None:
    desk = obstructed_desk()
    desk.add("r1", "n", "h")
    desk.says("r1", pose=Pose2(1.15, 0.1))  # somebody pushed it there
    desk.pass_time(30.0)
    assert desk.sentences("DETOUR") == desk.sentences("OBSTRUCTED") == []
    assert desk.closed_off == {}


def test_a_closed_place_opens_after_a_time_and_stays_closed_for_longer_where_it_is_found_blocked_again() -> None:
    space = Space(two_ways())
    edge = space.edge_between(space.index["a"], space.index["m"])
    assert edge is not None
    closures = Closures(space, TrafficSettings(closed_for=40.0))
    times, time = [], 100.0
    for _ in range(5):
        assert closures.close(edge, (0.8, 0.0, 1.15, 0.0), "here", time)
        assert closures.mask(0.25) >> edge & 1
        begun = time
        while closures.active:
            time += 1.0
            closures.expire(time)
        assert closures.mask(0.25) == 0
        times.append(time - begun)
    assert times == [40.0, 80.0, 160.0, 160.0, 160.0]


def test_what_is_still_seen_stays_closed() -> None:
    closures = Closures(Space(two_ways()), TrafficSettings(closed_for=40.0))
    for time in range(100):
        assert closures.close(None, (0.8, 0.0, 1.15, 0.0), "here", float(time)) is (time == 0)
        assert not closures.expire(float(time))
    assert closures.active and closures.expire(139.0)


def test_a_place_opens_as_soon_as_the_robot_before_it_sees_it_free() -> None:
    desk = obstructed_desk("d", one_way())
    desk.pass_time(9.0)
    fleet = desk.controller._fleet  # type: ignore[attr-defined]
    assert fleet.closures.active
    desk.says("r0", obstructed=False)
    desk.pass_time(2.0)
    assert not fleet.closures.active


def run_with_boxes(seed: int) -> tuple[disc_fleet.Run, list[disc_fleet.Disc]]:
    """A random floor plan and fleet; boxes are put down on edges and taken away again."""
    rng = random.Random(seed)
    robots = rng.randrange(2, 6)
    roadmap = traffic_scenes.floor(rng, robots)
    discs = traffic_scenes.fleet(rng, roadmap, robots, 3)
    edges = [e for e in roadmap.edges.values() if "yard" not in e.id and "home" not in e.id]
    boxes = []
    for _ in range(rng.randrange(2, 12)):
        edge = rng.choice(edges)
        a, b, share = roadmap.nodes[edge.source], roadmap.nodes[edge.target], rng.random()
        since = rng.uniform(0.0, 60.0)
        x, y = a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)
        boxes.append(disc_fleet.Box(x, y, 0.1, since, since + rng.uniform(5.0, 200.0)))
    managers_die = rng.random() < 0.3
    quick = TrafficSettings(closed_for=20.0)

    def controller(generation: int) -> ReservationTraffic:
        return ReservationTraffic(roadmap, instance=f"b{seed}.{generation}", settings=quick)

    result = disc_fleet.run(
        roadmap,
        discs,
        controller(0),
        seed=seed,
        limit=1200.0,
        network=rng.choice([disc_fleet.QUIET, disc_fleet.Network()]),
        stop_rate=rng.choice([0.0, 0.0, 0.005]),
        restart_rate=rng.choice([0.0, 0.0, 0.005]),
        successor=controller if managers_die else None,
        boxes=boxes,
    )
    return result, discs


@settings(max_examples=thorough(6, 100), deadline=None)
@given(seed=st.integers(0, 10**6))
def test_fleets_among_boxes_that_come_and_go_reach_all_goals_without_contact(seed: int) -> None:
    result, _ = run_with_boxes(seed)
    assert result.finished, result.where
    assert result.least_gap > 0.0


def test_the_scenes_with_boxes_do_call_robots_back() -> None:
    """What the property above would not show if nothing was ever in anybody's way."""
    assert sum(d.given_back for seed in (10, 12, 14, 17) for d in run_with_boxes(seed)[1]) >= 3


@pytest.mark.parametrize("where", [(1.0, 0.0), (2.0, 0.0), (3.2, 0.0)])
def test_a_robot_gets_there_the_other_way_though_the_box_stays(where: tuple[float, float]) -> None:
    roadmap = two_ways()
    home = roadmap.nodes["h"]
    disc = disc_fleet.Disc(disc_fleet.sheet("r0", "h", 0.376), home.x, home.y, [("z", 1.0)], random.Random(1))
    box = disc_fleet.Box(*where, 0.15, 0.0, math.inf)
    controller = ReservationTraffic(roadmap, instance="t")
    result = disc_fleet.run(roadmap, [disc], controller, seed=1, limit=120.0, network=disc_fleet.QUIET, boxes=[box])
    assert result.finished, result.where
    assert disc.given_back >= 1
