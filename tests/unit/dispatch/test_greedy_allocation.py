"""Who gets which task, and what is said when nobody can."""

from __future__ import annotations

import random
import time
from dataclasses import replace

from fleet_manager.dispatch import Allocation, Allocator
from fleet_manager.dispatch.greedy import GreedyAllocator
from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.domain.work import Task, WorkItem, WorkTarget

ALLOCATOR: Allocator = GreedyAllocator(names={"3vB2": "Door 3"})


def street(door: float = 0.45) -> Roadmap:
    """a0 .. a4 in the kitchen, a door between a4 and b0, b0 .. b4 in the hall; 1 m apart."""
    nodes = [Node(f"a{i}", float(i), 0.0, NodeKind.WAY, 0.8, "kitchen") for i in range(5)]
    nodes += [Node(f"b{i}", 5.0 + i, 0.0, NodeKind.WAY, 0.8, "hall") for i in range(5)]
    nodes.append(Node("island", 50.0, 0.0, NodeKind.WAY, 0.8, "shed"))
    edges = [Edge(f"a{i}", f"a{i}", f"a{i + 1}", 1.0, 0.8) for i in range(4)]
    edges.append(Edge("door", "a4", "b0", 1.0, door, "3vB2"))
    edges += [Edge(f"b{i}", f"b{i}", f"b{i + 1}", 1.0, 0.8) for i in range(4)]
    return Roadmap(nodes, edges)


def sheet(robot_id: str, home: str = "a0", **changes: object) -> RobotFactsheet:
    base = RobotFactsheet(
        robot_id, "driller", "storey", ("drill",), 0.56, 0.5, 0.25, 0.376, 0.8, 30.0, 1.0, 3.0, 0.2, home
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def at(robot_id: str, node: str, battery: float = 0.9) -> RobotSnapshot:
    node_ = street().nodes[node]
    return RobotSnapshot(
        robot_id, Pose2(node_.x, node_.y), battery, False, SafetyMode.AUTO, base_node_ids=(node,), node_id=node
    )


def task(task_id: str, *nodes: str, trade: str = "drill", z: float = 2.5, **changes: object) -> Task:
    targets = tuple(WorkTarget(i, n, Pose2(0, 0), True, Pose3(0, 0, z), reachable=bool(n)) for i, n in enumerate(nodes))
    zone = {"a": "kitchen", "b": "hall"}.get(nodes[0][:1] if nodes else "", "shed")
    item = WorkItem(f"item-{task_id}", trade, "guid", "ceiling", zone, f"Work {task_id}", 0.01, {}, targets)
    return replace(Task(task_id, "job", item), **changes)  # type: ignore[arg-type]


def allocate(
    tasks: list[Task], free: list[RobotSnapshot], sheets: list[RobotFactsheet], roadmap: Roadmap | None = None
) -> Allocation:
    return ALLOCATOR.allocate(tasks, free, {s.robot_id: s for s in sheets}, roadmap or street())


def pairs(allocation: Allocation) -> dict[str, str]:
    return {a.task_id: a.robot_id for a in allocation.assignments}


def refusal(allocation: Allocation) -> tuple[str, str]:
    (only,) = allocation.refusals
    return only.code, only.message


def test_nearest_pairing_has_the_least_sum_not_the_first_come() -> None:
    # The first task is nearest to r2, but then r1 would have to cross for the other one.
    result = allocate(
        [task("t1", "a2"), task("t2", "b4")], [at("r1", "a0"), at("r2", "a4")], [sheet("r1"), sheet("r2")]
    )
    assert pairs(result) == {"t1": "r1", "t2": "r2"}
    assert result.refusals == ()


def test_higher_priority_is_served_first_even_when_farther() -> None:
    result = allocate([task("near", "a1"), task("urgent", "b4", priority=90)], [at("r1", "a0")], [sheet("r1")])
    assert pairs(result) == {"urgent": "r1"}


def test_robot_free_of_the_top_priority_takes_lower_work() -> None:
    tasks = [task("drill", "a1", priority=90), task("haul", "b1", trade="transport", priority=10)]
    sheets = [sheet("driller"), sheet("hauler", trades=("transport",))]
    result = allocate(tasks, [at("driller", "a0"), at("hauler", "b0")], sheets)
    assert pairs(result) == {"drill": "driller", "haul": "hauler"}


def test_robot_stays_in_its_zone_when_costs_are_near() -> None:
    # a4 to b0 is 1 m, a4 to a1 is 3 m: the room is finished first.
    assert pairs(allocate([task("hall", "b0"), task("kitchen", "a1")], [at("r1", "a4")], [sheet("r1")])) == {
        "kitchen": "r1"
    }


def test_robot_leaves_its_zone_when_work_elsewhere_is_much_nearer() -> None:
    slow = sheet("r1", max_speed=0.1)
    assert pairs(allocate([task("hall", "b0"), task("kitchen", "a0")], [at("r1", "a4")], [slow])) == {"hall": "r1"}


def test_battery_must_last_for_the_way_there_and_home() -> None:
    far = task("far", "b4")
    assert pairs(allocate([far], [at("r1", "a0", battery=0.203)], [sheet("r1")])) == {}
    enough = allocate([far], [at("r1", "a0", battery=0.25)], [sheet("r1")])
    assert pairs(enough) == {"far": "r1"}


def test_low_battery_is_no_refusal() -> None:
    assert allocate([task("t", "b4")], [at("r1", "a0", battery=0.201)], [sheet("r1")]).refusals == ()


def test_work_larger_than_a_charge_is_begun_with_a_full_battery() -> None:
    huge = task("huge", *["a1", "b4"] * 400)
    assert pairs(allocate([huge], [at("r1", "a0", battery=0.6)], [sheet("r1")])) == {}
    assert pairs(allocate([huge], [at("r1", "a0", battery=0.95)], [sheet("r1")])) == {"huge": "r1"}


def test_nobody_of_the_trade_is_a_refusal_by_every_robot() -> None:
    result = allocate([task("t", "a1", trade="paint")], [at("r1", "a0")], [sheet("r1"), sheet("r2")])
    assert [(r.robot_id, r.code) for r in result.refusals] == [("r1", "WRONG_TRADE"), ("r2", "WRONG_TRADE")]
    assert result.refusals[0].message == "r1 does not paint: it can drill"


def test_one_able_robot_that_is_busy_means_waiting_not_refusal() -> None:
    sheets = [sheet("r1", trades=("transport",)), sheet("busy")]
    result = allocate([task("t", "a1")], [at("r1", "a0")], sheets)
    assert result == Allocation((), ())


def test_ceiling_out_of_reach() -> None:
    code, message = refusal(allocate([task("t", "a1", z=3.4)], [at("r1", "a0")], [sheet("r1")]))
    assert code == "OUT_OF_REACH"
    assert message == "r1 reaches 1.00 m to 3.00 m above the floor, the work is at 3.40 m"


def test_reach_does_not_matter_for_inspection() -> None:
    result = allocate([task("t", "a1", trade="inspect", z=0.4)], [at("r1", "a0")], [sheet("r1", trades=("inspect",))])
    assert pairs(result) == {"t": "r1"}


def test_load_too_heavy() -> None:
    heavy = task("t", "a1", "b1", trade="transport")
    heavy = replace(heavy, item=replace(heavy.item, parameters={"payload": 45.0}))
    code, message = refusal(allocate([heavy], [at("r1", "a0")], [sheet("r1", trades=("transport",))]))
    assert (code, message) == ("TOO_HEAVY", "r1 carries 30 kg at most, 45 kg are to be moved")


def test_door_too_narrow_is_named_with_both_widths() -> None:
    roadmap = street(door=0.36)
    code, message = refusal(allocate([task("t", "b1")], [at("r1", "a0")], [sheet("r1", half_width=0.34)], roadmap))
    assert (code, message) == ("TOO_NARROW", "r1 cannot pass Door 3: 0.72 m clear, 0.78 m needed")


def test_place_too_tight_to_turn_is_named() -> None:
    plan = street()
    nodes = [replace(n, clearance=0.35) if n.id == "b1" else n for n in plan.nodes.values()]
    roadmap = Roadmap(nodes, plan.edges.values())
    code, message = refusal(allocate([task("t", "b1")], [at("r1", "a0")], [sheet("r1")], roadmap))
    assert (code, message) == ("TOO_NARROW", "r1 cannot turn at b1: 0.70 m clear, 0.79 m needed")


def test_narrow_robot_goes_where_the_wide_one_cannot() -> None:
    sheets = [sheet("wide", half_width=0.45), sheet("slim", half_width=0.18, turning_radius=0.285)]
    result = allocate([task("t", "b1")], [at("wide", "a4"), at("slim", "a0")], sheets)
    assert pairs(result) == {"t": "slim"}


def test_place_joined_to_nothing() -> None:
    code, message = refusal(allocate([task("t", "island")], [at("r1", "a0")], [sheet("r1")]))
    assert (code, message) == ("NO_WAY", "r1 finds no way from a0 to island: nothing joins the two")


def test_one_reachable_target_is_enough() -> None:
    assert pairs(allocate([task("t", "island", "a1")], [at("r1", "a0")], [sheet("r1")])) == {"t": "r1"}


def test_done_targets_do_not_count() -> None:
    left = task("t", "a1", "island", done=frozenset({0}))
    assert refusal(allocate([left], [at("r1", "a0")], [sheet("r1")]))[0] == "NO_WAY"


def test_robot_that_failed_the_task_leaves_it_to_others() -> None:
    tried = task("t", "a1", refused_by=frozenset({"r1"}))
    assert pairs(allocate([tried], [at("r1", "a1"), at("r2", "b4")], [sheet("r1"), sheet("r2")])) == {"t": "r2"}
    assert refusal(allocate([tried], [at("r1", "a1")], [sheet("r1")]))[0] == "TRIED_BEFORE"


def test_no_robot_known_is_no_refusal() -> None:
    assert allocate([task("t", "a1")], [], []) == Allocation((), ())


def test_robot_off_the_nodes_starts_at_the_nearest_one() -> None:
    lost = replace(at("r1", "a0"), base_node_ids=(), node_id="", pose=Pose2(3.8, 0.2))
    (assignment,) = allocate([task("t", "a4")], [lost], [sheet("r1")]).assignments
    assert assignment.cost == 0.0


def test_same_question_same_answer_whatever_the_order_of_robots() -> None:
    rng = random.Random(5)
    nodes = [f"a{i}" for i in range(5)] + [f"b{i}" for i in range(5)]
    tasks = [task(f"t{i}", rng.choice(nodes)) for i in range(20)]
    free = [at(f"r{i}", rng.choice(nodes)) for i in range(6)]
    sheets = [sheet(f"r{i}") for i in range(6)]
    first = allocate(tasks, free, sheets)
    for _ in range(5):
        rng.shuffle(free)
        rng.shuffle(sheets)
        assert allocate(tasks, free, sheets) == first
    assert len(first.assignments) == 6


def test_fifty_robots_and_five_hundred_tasks_are_paired_within_a_second() -> None:
    rng = random.Random(1)
    side = 25
    nodes = [
        Node(f"n{i}.{j}", i, j, NodeKind.WAY, 1.0, f"z{i // 5}.{j // 5}") for i in range(side) for j in range(side)
    ]
    edges = [Edge(f"h{i}.{j}", f"n{i}.{j}", f"n{i + 1}.{j}", 1.0, 1.0) for i in range(side - 1) for j in range(side)]
    edges += [Edge(f"v{i}.{j}", f"n{i}.{j}", f"n{i}.{j + 1}", 1.0, 1.0) for i in range(side) for j in range(side - 1)]
    roadmap = Roadmap(nodes, edges)
    names = [n.id for n in nodes]
    tasks = [task(f"t{i}", *rng.sample(names, 3), priority=rng.choice([20, 50])) for i in range(500)]
    sheets = {f"r{i}": sheet(f"r{i}", home=rng.choice(names)) for i in range(50)}
    free = [
        RobotSnapshot(r, Pose2(0, 0), 0.9, False, SafetyMode.AUTO, base_node_ids=(rng.choice(names),)) for r in sheets
    ]
    allocator = GreedyAllocator()
    begin = time.process_time()
    result = allocator.allocate(tasks, free, sheets, roadmap)
    took = time.process_time() - begin
    assert len({a.robot_id for a in result.assignments}) == 50
    assert len({a.task_id for a in result.assignments}) == 50
    assert took < 1.0, f"{took:.2f} s of processor time"
