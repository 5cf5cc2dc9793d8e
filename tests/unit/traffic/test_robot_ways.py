"""Ways on the roadmap: only where the robot fits, quickest with turns counted, and how to get around."""

from __future__ import annotations

import math
import random

import networkx as nx
import pytest
import traffic_plans

from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.traffic.lanes import Lanes
from fleet_manager.traffic.space import Space


def lanes_of(roadmap: Roadmap, half_width: float = 0.25, radius: float = 0.376) -> Lanes:
    return Lanes(Space(roadmap), half_width, radius)


def names(lanes: Lanes, way: list[int]) -> list[str]:
    return [lanes.space.node_ids[n] for n in way]


def grid(columns: int, rows: int) -> Roadmap:
    nodes = [Node(f"{i}.{j}", i, j, NodeKind.WAY, 1.0) for i in range(columns) for j in range(rows)]
    edges = [Edge(f"h{i}.{j}", f"{i}.{j}", f"{i + 1}.{j}", 1, 1.0) for i in range(columns - 1) for j in range(rows)]
    edges += [Edge(f"v{i}.{j}", f"{i}.{j}", f"{i}.{j + 1}", 1, 1.0) for i in range(columns) for j in range(rows - 1)]
    return Roadmap(nodes, edges)


def test_wide_robot_does_not_use_narrow_edges_nor_tight_nodes() -> None:
    roadmap = traffic_plans.corridor(4, (), 1)  # edges of the corridor have 0.45 m
    start, end = "home0", "c3"
    for half_width, radius, fits in ((0.25, 0.376, True), (0.40, 0.5, True), (0.41, 0.5, False), (0.25, 0.99, False)):
        lanes = lanes_of(roadmap, half_width, radius)
        index = lanes.space.index
        assert lanes.reaches(index[start], index[end], 0) is fits
        assert (lanes.quickest(index[start], None, index[end], 1.0, 0) is not None) is fits


@pytest.mark.parametrize("seed", range(8))
def test_lengths_and_reachability_agree_with_an_independent_graph(seed: int) -> None:
    rng = random.Random(seed)
    roadmap = traffic_plans.rooms(rng, 3, 2, 3)
    lanes = lanes_of(roadmap)
    space = lanes.space
    graph = nx.Graph()
    graph.add_nodes_from(range(len(space.node_ids)))
    shut = {i for i in range(space.edge_count) if rng.random() < 0.25}
    closed = sum(1 << i for i in shut)
    for i, edge in enumerate(space.edges):
        graph.add_edge(*space.ends[i], weight=edge.length)
    target = rng.randrange(len(space.node_ids))
    lengths = nx.single_source_dijkstra_path_length(graph, target)
    assert lanes.field(target).length == pytest.approx([lengths[n] for n in range(len(space.node_ids))])
    graph.remove_edges_from([space.ends[i] for i in shut])
    component = nx.node_connected_component(graph, target)
    left = nx.single_source_dijkstra_path_length(graph, target)
    assert {n for n in graph if lanes.reaches(n, target, closed)} == component
    assert {n: far for far, n in lanes.outward(target, closed)} == pytest.approx(left)


def test_fewer_turns_win_among_ways_of_one_length() -> None:
    lanes = lanes_of(grid(5, 5))
    index = lanes.space.index
    found = lanes.quickest(index["0.0"], 0.0, index["4.4"], 0.5, 0)
    assert found is not None
    way = ["0.0", *names(lanes, found[0])]
    turns = sum((way[k][0] == way[k + 1][0]) != (way[k + 1][0] == way[k + 2][0]) for k in range(len(way) - 2))
    assert len(way) == 9 and turns == 1
    assert way[1] == "1.0", "it looks along x already"
    assert found[1] == pytest.approx(8 / 0.5 + (math.pi / 2) / 0.8)


def test_turning_round_counts() -> None:
    lanes = lanes_of(grid(3, 1))
    index = lanes.space.index
    ahead = lanes.quickest(index["1.0"], 0.0, index["2.0"], 0.5, 0)
    back = lanes.quickest(index["1.0"], 0.0, index["0.0"], 0.5, 0)
    assert ahead is not None and back is not None
    assert back[1] - ahead[1] == pytest.approx(math.pi / 0.8)


def test_way_leads_around_what_is_closed_or_dear() -> None:
    lanes = lanes_of(grid(3, 3))
    index, space = lanes.space.index, lanes.space
    middle = space.edge_between(index["0.1"], index["1.1"])
    assert middle is not None
    for closed, dear in ((1 << middle, ()), (0, ((1 << middle, 20.0),))):
        found = lanes.quickest(index["0.1"], 0.0, index["2.1"], 0.5, closed, dear)
        assert found is not None
        assert len(found[0]) == 4
    cheap = lanes.quickest(index["0.1"], 0.0, index["2.1"], 0.5, 0, ((1 << middle, 1.0),))
    assert cheap is not None and names(lanes, cheap[0]) == ["1.1", "2.1"]


def test_homes_and_stances_are_passed_by_where_there_is_another_way() -> None:
    def way(kind: NodeKind) -> list[str]:
        nodes = [Node("a", 0, 0, NodeKind.WAY, 1.0), Node("b", 2, 0, NodeKind.WAY, 1.0)]
        nodes += [Node("direct", 1, 0, kind, 1.0), Node("beside", 1, -0.2, NodeKind.WAY, 1.0)]
        pairs = [("a", "direct"), ("direct", "b"), ("a", "beside"), ("beside", "b")]
        at = {n.id: (n.x, n.y) for n in nodes}
        lanes = lanes_of(Roadmap(nodes, [Edge(u + v, u, v, math.dist(at[u], at[v]), 1.0) for u, v in pairs]))
        found = lanes.quickest(0, None, 1, 1.0, 0)
        assert found is not None
        return names(lanes, found[0])

    assert way(NodeKind.WAY) == ["direct", "b"]
    assert way(NodeKind.STANCE) == ["beside", "b"]
    assert way(NodeKind.HOME) == ["beside", "b"]
