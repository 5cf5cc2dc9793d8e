"""Distances of pieces of a roadmap, against plain sampling."""

from __future__ import annotations

import itertools
import math

import numpy as np
import traffic_plans
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.traffic.observe import nearest_point
from fleet_manager.traffic.space import Space, segment_distances, segment_gap

coordinate = st.integers(-40, 40).map(lambda v: v / 8)
segments = st.tuples(coordinate, coordinate, coordinate, coordinate)


def sampled(one: tuple[float, ...], other: tuple[float, ...], count: int = 60) -> float:
    def points(s: tuple[float, ...]) -> list[tuple[float, float]]:
        return [(s[0] + (s[2] - s[0]) * k / count, s[1] + (s[3] - s[1]) * k / count) for k in range(count + 1)]

    return min(math.dist(p, q) for p in points(one) for q in points(other))


# A busy machine is no finding: examples have no deadline.
@settings(deadline=None)
@given(segments, st.lists(segments, min_size=1, max_size=3))
def test_segment_distance_is_that_of_the_nearest_points(one: tuple[float, ...], many: list[tuple[float, ...]]) -> None:
    exact = segment_distances(np.array(one), np.array(many))
    for value, other in zip(exact, many, strict=True):
        step = max(math.dist(s[:2], s[2:]) for s in (one, other)) / 60
        assert value <= sampled(one, other) + 1e-9
        assert value >= sampled(one, other) - 1.5 * step - 1e-9


@settings(deadline=None)
@given(segments, segments)
def test_segment_distance_is_symmetric_and_zero_where_they_cross(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> None:
    forth, back = segment_gap([one], [other]), segment_gap([other], [one])
    assert math.isclose(forth, back, abs_tol=1e-9)
    a, b, c, d = (np.array(p) for p in (one[:2], one[2:], other[:2], other[2:]))

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> float:
        return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))

    if side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0:
        assert forth == 0.0


@settings(deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=5), st.tuples(coordinate, coordinate))
def test_nearest_point_lies_on_the_line_and_none_is_nearer(
    line: list[tuple[float, float]], p: tuple[float, float]
) -> None:
    foot = nearest_point(p, line)
    pieces = [a + b for a, b in itertools.pairwise(line)] or [line[0] + line[0]]
    assert segment_gap([foot + foot], pieces) < 1e-9
    assert math.dist(p, foot) <= segment_gap([p + p], pieces) + 1e-9


def test_near_names_exactly_the_pieces_within_the_clearance() -> None:
    roadmap = traffic_plans.corridor(4, (1,), 1)
    space = Space(roadmap)
    c1 = space.index["c1"]
    near = space.near(space.node_piece(c1), 0.81)
    nodes = {n for i, n in enumerate(space.node_ids) if near >> space.node_piece(i) & 1}
    edges = {e.id for i, e in enumerate(space.edges) if near >> i & 1}
    assert nodes == {"c0", "c1", "c2"}
    assert edges == {"c0--c1", "c1--c2", "c1--b1", "c2--c3", "c0--yard0"}
    home = roadmap.of_kind(NodeKind.HOME)[0]
    assert not space.near_segment((home.x, home.y, home.x, home.y), 0.5) >> space.node_piece(c1) & 1
