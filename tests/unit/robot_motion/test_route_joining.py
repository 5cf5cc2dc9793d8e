"""How route messages join what a robot holds."""

from __future__ import annotations

import pytest

from sitefleet_robot.motion.route import FollowedRoute, RoutePoint, RouteRefused, RouteUpdate
from sitefleet_robot.motion.values import Pose2

PLACES = {name: (float(i), 0.0) for i, name in enumerate("abcdefg")} | {"x": (1.0, 1.0)}


def update(route_id: str, update_id: int, names: str, released: int, first: int = 1) -> RouteUpdate:
    """A route over the named places, the first `released` of which are released."""
    points = tuple(RoutePoint(first + i, name, *PLACES[name], 0.6, 0.05, route_id) for i, name in enumerate(names))
    return RouteUpdate(route_id, update_id, points, first + released - 1)


def at(name: str, dx: float = 0.0) -> Pose2:
    x, y = PLACES[name]
    return Pose2(x + dx, y)


def holding(names: str, released: int) -> FollowedRoute:
    route = FollowedRoute()
    route.accept(update("r1", 1, names, released), at(names[0]))
    return route


def test_only_the_base_is_held() -> None:
    route = holding("abcd", released=2)
    assert route.base_node_ids == ("a", "b")
    route.arrive()
    assert route.next_point is None
    assert route.at_end(at("b"))


def test_an_update_of_the_same_route_extends_the_base() -> None:
    route = holding("abcd", released=2)
    assert route.accept(update("r1", 2, "abcd", 4), at("a"))
    assert route.base_node_ids == ("a", "b", "c", "d")


def test_an_update_may_start_behind_or_ahead_of_the_node_last_passed() -> None:
    route = holding("abcd", released=3)
    route.arrive()
    route.accept(update("r1", 2, "abcd", 4), at("b", 0.3))
    assert route.base_node_ids == ("b", "c", "d")
    route.accept(update("r1", 3, "defg", 2, first=4), at("b", 0.4))
    assert route.base_node_ids == ("b", "c", "d", "e")


def test_an_old_update_brings_nothing() -> None:
    route = holding("abcd", released=2)
    route.accept(update("r1", 5, "abcd", 3), at("a"))
    assert not route.accept(update("r1", 4, "abcd", 4), at("a"))
    assert route.base_node_ids == ("a", "b", "c")


@pytest.mark.parametrize("names, released", [("abcd", 1), ("axcd", 3)])
def test_released_nodes_cannot_be_taken_back_or_replaced(names: str, released: int) -> None:
    route = holding("abcd", released=2)
    with pytest.raises(RouteRefused) as refused:
        route.accept(update("r1", 2, names, released), at("a"))
    assert refused.value.code == "ROUTE_CHANGES_BASE"
    assert route.base_node_ids == ("a", "b")


def test_a_new_route_at_the_end_of_the_base_is_appended() -> None:
    route = holding("abc", released=3)
    route.accept(update("r2", 1, "cde", 2), at("a", 0.4))
    assert route.base_node_ids == ("a", "b", "c", "d")
    assert route.last_sequence_id == 0  # nothing of the new route is passed yet
    for _ in range(2):
        route.arrive()
    assert route.last_sequence_id == 1


def test_a_new_route_from_the_node_it_stands_on_replaces_the_base() -> None:
    route = holding("abc", released=3)
    route.arrive()
    route.accept(update("r2", 1, "bx", 2), at("b", 0.02))
    assert route.base_node_ids == ("b", "x")
    assert not route.approaching


def test_a_new_route_elsewhere_leads_back_to_the_node_last_passed_first() -> None:
    route = holding("abc", released=3)
    route.arrive()
    route.accept(update("r2", 1, "bx", 2), at("b", 0.5))
    assert route.approaching
    assert route.next_point is not None
    assert route.next_point.node_id == "b"
    assert route.segment_start == (1.5, 0.0)
    route.arrive()
    assert route.next_point.node_id == "x"


def test_a_new_route_along_the_same_edge_needs_no_way_back() -> None:
    route = holding("abc", released=3)
    route.accept(update("r2", 1, "abx", 3), at("a", 0.5))
    assert not route.approaching
    assert route.base_node_ids == ("a", "b", "x")


def test_a_new_route_that_starts_at_a_node_passed_meanwhile_is_cut() -> None:
    route = holding("abc", released=3)
    route.arrive()
    route.accept(update("r2", 1, "abcd", 4), at("b", 0.2))
    assert route.base_node_ids == ("b", "c", "d")


def test_a_route_that_is_not_on_the_way_is_refused() -> None:
    route = holding("abc", released=3)
    with pytest.raises(RouteRefused) as refused:
        route.accept(update("r2", 1, "fg", 2), at("a"))
    assert refused.value.code == "ROUTE_UNCONNECTED"
    assert route.base_node_ids == ("a", "b", "c")


def test_a_robot_without_a_route_finds_itself_on_it() -> None:
    route = FollowedRoute()
    route.accept(update("r1", 7, "abcd", 4), Pose2(1.5, 0.03))
    assert route.base_node_ids == ("b", "c", "d")
    assert route.node_under(Pose2(1.5, 0.03)) == ""


def test_a_robot_beside_the_first_node_drives_to_it() -> None:
    route = FollowedRoute()
    route.accept(update("r1", 1, "abc", 3), Pose2(-0.5, 0.3))
    assert route.approaching
    assert route.last_sequence_id == 0


def test_a_route_far_away_is_refused() -> None:
    with pytest.raises(RouteRefused) as refused:
        FollowedRoute().accept(update("r1", 1, "abc", 3), Pose2(0.0, 4.0))
    assert refused.value.code == "ROUTE_TOO_FAR"


def test_malformed_routes_are_refused() -> None:
    good = update("r1", 1, "abc", 3)
    gap = RouteUpdate("r1", 1, (good.points[0], good.points[2]), 3)
    nothing_released = RouteUpdate("r1", 1, good.points, 0)
    not_finite = RouteUpdate("r1", 1, (RoutePoint(1, "a", float("nan"), 0.0, 0.6, 0.05),), 1)
    for bad in (gap, nothing_released, not_finite, RouteUpdate("r1", 1, (), 1), RouteUpdate("", 1, good.points, 3)):
        with pytest.raises(RouteRefused) as refused:
            FollowedRoute().accept(bad, at("a"))
        assert refused.value.code == "ROUTE_INVALID"


def test_after_a_dropped_route_its_next_update_is_joined_by_place() -> None:
    route = holding("abcd", released=2)
    route.drop()
    assert route.base_node_ids == ()
    route.accept(update("r1", 2, "abcd", 4), at("c", 0.01))
    assert route.base_node_ids == ("c", "d")


def test_a_route_of_one_node_calls_a_robot_back_to_it_from_wherever_it_is_on_its_edge() -> None:
    long = RouteUpdate(
        "r1", 1, tuple(RoutePoint(i, n, x, 0.0, 0.6, 0.05, "r1") for i, n, x in [(1, "a", 0), (2, "b", 4)]), 2
    )
    route = FollowedRoute()
    route.accept(long, Pose2(0.0, 0.0))
    there = Pose2(2.5, 0.0)
    assert route.accept(RouteUpdate("r2", 1, (RoutePoint(3, "a", 0.0, 0.0, 0.6, 0.05, "r2"),), 3), there)
    assert route.base_node_ids == ("a",) and route.approaching and not route.at_end(there)
    assert route.last_sequence_id == 2, "it has not passed the node in the new numbering"
    assert route.on_way(there, 0.4), "on its way back the route is not lost, however far the node is"
    assert not route.on_way(Pose2(2.5, 0.6), 0.4)
    route.arrive()
    assert route.last_sequence_id == 3


def test_a_call_back_that_comes_too_late_is_refused() -> None:
    route = holding("abc", released=3)
    route.arrive()
    with pytest.raises(RouteRefused):
        route.accept(update("r2", 1, "a", 1, first=4), at("b", 0.2))
    assert route.base_node_ids == ("b", "c")
