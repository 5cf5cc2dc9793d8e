"""What the controller sends, holds and says, message by message."""

from __future__ import annotations

import math
from dataclasses import replace

import disc_fleet
import traffic_plans
from traffic_desk import Desk

from fleet_manager.domain.geometry import Pose2
from fleet_manager.domain.roadmap import Edge, Node, NodeKind, Roadmap
from fleet_manager.domain.robots import RobotSnapshot, SafetyMode
from fleet_manager.traffic import RoutePlan


def corridor() -> Desk:
    desk = Desk(traffic_plans.corridor(12, (), 3))
    desk.add("r0", "c0", "home0")
    return desk


def door_plan() -> Roadmap:
    """A room on each side of one door; homes in the left one: yard - a0 a1 | b0 b1, a side place s by b0."""
    plan = traffic_plans.Plan()
    for name, x in (("a0", 0.0), ("a1", 1.2), ("b0", 2.8), ("b1", 4.0)):
        plan.node(name, x, 0.0)
    plan.edge("a0", "a1")
    plan.edge("a1", "b0", traffic_plans.NARROW, door="D2")
    plan.edge("b0", "b1")
    plan.node("s", 2.8, 1.4, NodeKind.STANCE)
    plan.edge("b0", "s")
    traffic_plans._homes(plan, 3, "a0")
    return plan.roadmap()


def test_route_leads_to_the_goal_with_a_base_of_limited_length() -> None:
    desk = corridor()
    desk.goals["r0"] = "c11"
    (route,) = desk.step()
    assert route.route_id == "run-r0-1" and route.update_id == 1
    assert [s.node_id for s in route.steps] == [f"c{i}" for i in range(12)]
    assert [s.sequence_id for s in route.steps] == list(range(1, 13))
    base = desk.base("r0")
    length = 0.8 * (len(base) - 1)
    assert 2.0 <= length <= 3.5
    assert desk.step() == [], "nothing changed: nothing is sent"


def test_base_grows_as_the_robot_drives_and_numbers_go_on() -> None:
    desk = corridor()
    desk.goals["r0"] = "c11"
    desk.step()
    first = desk.routes["r0"]
    desk.drives_to_end("r0", upto="c2")
    desk.step()
    second = desk.routes["r0"]
    assert (second.route_id, second.update_id) == (first.route_id, 2)
    assert second.released_up_to > first.released_up_to
    assert second.steps[0].node_id == "c2" and second.steps[0].sequence_id == 3
    numbers = {s.node_id: s.sequence_id for s in first.steps}
    assert all(numbers[s.node_id] == s.sequence_id for s in second.steps)


def test_robot_at_its_goal_gets_a_route_of_one_node() -> None:
    desk = corridor()
    desk.goals["r0"] = "c0"
    (route,) = desk.step()
    assert [s.node_id for s in route.steps] == ["c0"] and route.released_up_to == 1


def test_robot_without_goal_gets_no_route() -> None:
    desk = corridor()
    assert desk.step() == []


def test_new_goal_keeps_the_base() -> None:
    desk = corridor()
    desk.goals["r0"] = "c11"
    desk.step()
    base = desk.base("r0")
    desk.goals["r0"] = "home1"
    desk.step()
    route = desk.routes["r0"]
    assert desk.base("r0")[: len(base)] == base
    assert route.update_id == 2
    ids = [s.node_id for s in route.steps]
    assert ids[len(base) - 1 :] == [*base[:0:-1], "c0", "yard0", "yard1", "home1"], "back from the end of the base"


def test_robot_not_in_auto_is_released_nothing() -> None:
    for mode in (SafetyMode.BOOT, SafetyMode.HOLD, SafetyMode.TELEOP, SafetyMode.STOPPED, SafetyMode.FAULT):
        desk = corridor()
        desk.goals["r0"] = "c11"
        desk.says("r0", safety=mode)
        desk.pass_time(2.0)
        assert "r0" not in desk.routes or desk.base("r0") == ["c0"], mode


def test_late_snapshot_releases_nothing() -> None:
    desk = corridor()
    desk.add("r1", "yard0", "home1")
    desk.goals = {"r0": "c11", "r1": "c3"}
    desk.step()
    early = desk.robots["r0"]
    desk.drives_to_end("r0", upto="c1")
    held_late = replace(desk.robots["r0"], stamp=early.stamp - 1.0, last_sequence_id=5, base_node_ids=("c4",))
    desk.robots["r0"] = held_late
    desk.pass_time(0.3, silent=("r0",))
    assert desk.controller.held("r0")[0] == "c0"  # type: ignore[attr-defined]
    desk.robots["r0"] = early
    desk.pass_time(0.3, silent=("r0",))
    assert desk.controller.held("r0")[0] == "c0"  # type: ignore[attr-defined]


def test_doubled_old_progress_gives_nothing_back() -> None:
    desk = corridor()
    desk.goals["r0"] = "c11"
    desk.step()
    desk.drives_to_end("r0", upto="c1")
    old = desk.robots["r0"]
    desk.step()
    desk.drives_to_end("r0", upto="c3")
    desk.step()
    held = desk.controller.held("r0")  # type: ignore[attr-defined]
    assert held[0] == "c3"
    desk.robots["r0"] = old
    desk.step()
    assert desk.controller.held("r0") == held  # type: ignore[attr-defined]


def test_silent_robot_holds_its_base_and_the_other_waits() -> None:
    desk = Desk(door_plan())
    desk.add("r0", "a1", "home0")
    desk.add("r1", "yard1", "home1")
    desk.goals = {"r0": "b1"}
    desk.step()
    desk.pass_time(0.5)
    assert desk.base("r0")[-1] == "b1"
    desk.goals["r1"] = "b0"
    desk.pass_time(30.0, silent=("r0",))
    assert "a1" not in desk.base("r1"), "r0 may still be anywhere between a1 and b1"
    assert desk.sentences("NO_PATH") == ["r1 finds no way to b0: r0 stands in the way"]
    desk.drives_to_end("r0")
    desk.pass_time(1.0)
    desk.says("r0", task_id="t")
    desk.drives_to_end("r1")
    desk.pass_time(1.0)
    assert "a1" in desk.base("r1")


def test_robot_missing_from_the_call_still_holds() -> None:
    desk = Desk(door_plan())
    desk.add("r0", "b0", "home0")
    desk.add("r1", "yard0", "home1")
    desk.goals = {"r1": "b1"}
    desk.step()
    del desk.robots["r0"]
    desk.pass_time(10.0)
    assert "b0" not in desk.base("r1") and "b1" not in desk.base("r1")


def test_working_robot_is_left_alone_and_the_waiting_one_says_for_whom_and_where() -> None:
    desk = Desk(door_plan())
    desk.add("driller_1", "b0", "home0")
    desk.says("driller_1", task_id="t1")
    desk.add("hauler_1", "yard0", "home1")
    desk.goals = {"driller_1": "b0", "hauler_1": "b1"}
    desk.step()
    for _ in range(12):
        desk.drives_to_end("hauler_1")
        desk.pass_time(2.0)
    assert desk.base("driller_1") == ["b0"], "never asked to leave"
    assert desk.sentences("BLOCKED") == ["hauler_1 waits for driller_1 at Door 2"], "said once"
    assert "b1" not in desk.base("hauler_1")


def test_idle_robot_in_the_way_makes_room() -> None:
    desk = Desk(door_plan())
    desk.add("idle", "b0", "home0")
    desk.add("hauler", "yard0", "home1")
    desk.goals = {"hauler": "b1"}
    desk.says("hauler", task_id="t")
    for _ in range(12):
        desk.step()
        for robot in ("hauler", "idle"):
            if robot in desk.routes:
                desk.drives_to_end(robot)
        desk.pass_time(1.0)
    assert desk.sentences("YIELDING") == ["idle makes room for hauler"]
    assert desk.base("hauler")[-1] == "b1"
    assert desk.base("idle")[-1] not in {"b0", "b1"}


def test_stopped_robot_is_driven_around() -> None:
    ring = {"a": (0, 0), "n": (1.5, 1.5), "s": (1.5, -1.5), "z": (3, 0), "m": (1.5, 0)}
    nodes = [Node(k, x, y, NodeKind.WAY, 1.0) for k, (x, y) in ring.items()]
    pairs = [("a", "m"), ("m", "z"), ("a", "n"), ("n", "z"), ("a", "s"), ("s", "z")]
    edges = [Edge(u + v, u, v, math.dist(ring[u], ring[v]), 1.0) for u, v in pairs]
    desk = Desk(Roadmap(nodes, edges))
    desk.add("r0", "a", "a")
    desk.add("broken", "m", "m")
    desk.says("broken", safety=SafetyMode.STOPPED)
    desk.goals = {"r0": "z"}
    desk.step()
    assert [s.node_id for s in desk.routes["r0"].steps] in (["a", "n", "z"], ["a", "s", "z"])


def test_nothing_is_released_before_everybody_is_heard() -> None:
    desk = Desk(door_plan())
    desk.add("r0", "a1", "home0")
    desk.sheets["late"] = disc_fleet.sheet("late", "home1", 0.376)
    desk.goals = {"r0": "b1"}
    desk.pass_time(2.5)
    assert desk.routes == {}
    here = desk.roadmap.nodes["b0"]
    desk.robots["late"] = RobotSnapshot("late", Pose2(here.x, here.y), 0.9, False, SafetyMode.STOPPED, stamp=desk.now)
    desk.pass_time(2.0)
    assert "b0" not in desk.base("r0")


def test_robot_never_heard_is_taken_to_stand_at_home() -> None:
    desk = Desk(door_plan())
    desk.add("r0", "a1", "home0")
    desk.sheets["off"] = disc_fleet.sheet("off", "home1", 0.376)
    desk.goals = {"r0": "home1"}
    desk.pass_time(5.0)
    assert "home1" not in [s.node_id for s in desk.routes["r0"].steps]


def test_new_manager_first_takes_over_the_bases_that_robots_hold() -> None:
    desk = Desk(door_plan())
    desk.add("r0", "a1", "home0")
    desk.goals = {"r0": "b1"}
    desk.step()
    desk.drives_to_end("r0", upto="a1")
    old = desk.routes["r0"]
    base = desk.base("r0")
    after = Desk(desk.roadmap, instance="run2")
    after.now = desk.now
    after.robots, after.sheets, after.goals = dict(desk.robots), dict(desk.sheets), {"r0": "home0", "r1": "b0"}
    after.add("r1", "yard1", "home1")
    after.step()
    new = after.routes["r0"]
    assert new.route_id == "run2-r0-1" != old.route_id
    numbers = {s.sequence_id: s.node_id for s in new.steps if s.sequence_id <= new.released_up_to}
    assert {s.sequence_id: s.node_id for s in old.steps if s.sequence_id <= old.released_up_to}.items() <= (
        numbers.items()
    )
    assert after.base("r0")[: len(base)] == base, "what was released stays, though the goal is behind"
    assert not set(base) & set(after.base("r1"))


def test_old_and_new_base_are_held_until_the_robot_has_taken_the_new_route_up() -> None:
    desk = Desk(door_plan())
    desk.add("r0", "a1", "home0")
    foreign = {"route_id": "other", "last_sequence_id": 7, "base_node_ids": ("a1", "b0", "b1")}
    desk.says("r0", **foreign)
    desk.goals = {"r0": "home0"}
    desk.step()
    assert desk.routes["r0"].steps[0].sequence_id == 7
    end = desk.roadmap.nodes["b1"]
    # It drove on with the old route; its first word of the new one comes later.
    desk.says("r0", route_id="other", last_sequence_id=9, base_node_ids=("b1",), pose=Pose2(end.x, end.y))
    desk.step()
    assert desk.controller.held("r0")[:3] == ("a1", "b0", "b1")  # type: ignore[attr-defined]
    desk.drives_to_end("r0", upto="b1")
    desk.step()
    assert desk.controller.held("r0")[0] == "b1"  # type: ignore[attr-defined]


def test_robot_off_the_roadmap_is_said_and_holds_where_it_is() -> None:
    desk = Desk(door_plan())
    desk.add("r0", "b0", "home0")
    desk.says("r0", pose=Pose2(2.0, -0.9))
    desk.add("r1", "yard0", "home1")
    desk.goals = {"r0": "a0", "r1": "b1"}
    desk.step()
    desk.drives_to_end("r1")
    desk.pass_time(2.0)
    assert "r0" not in desk.routes
    assert len(desk.sentences("OFF_ROADMAP")) == 1
    far = Desk(door_plan())
    far.add("r0", "b0", "home0")
    far.says("r0", pose=Pose2(2.0, 0.75))
    far.add("r1", "a0", "home1")
    far.goals = {"r1": "b1"}
    far.pass_time(2.0)
    assert far.sentences("OFF_ROADMAP") == [
        "r0 is not within 1.0 m of a place on the roadmap where it can turn: drive it there by hand"
    ]
    assert "b0" not in far.base("r1"), "its disc reaches into the doorway"


def test_robot_beside_the_roadmap_starts_slowly() -> None:
    desk = Desk(door_plan())
    desk.add("near", "b1", "home0")
    desk.says("near", pose=Pose2(4.3, 0.0))
    desk.add("beside", "a0", "home1")
    desk.says("beside", pose=Pose2(0.0, 0.8))
    desk.goals = {"near": "b0", "beside": "a1"}
    desk.step()
    assert desk.routes["near"].steps[0].max_speed == 0.8
    assert desk.routes["beside"].steps[0].node_id == "a0"
    assert desk.routes["beside"].steps[0].max_speed == 0.2


def test_robot_that_lost_its_route_gets_a_new_one_with_larger_numbers() -> None:
    desk = corridor()
    desk.goals["r0"] = "c11"
    desk.step()
    desk.drives_to_end("r0", upto="c1")
    desk.step()
    old = desk.routes["r0"]
    desk.pass_time(1.5)
    desk.says("r0", route_id="", route_update_id=0, last_sequence_id=0, base_node_ids=(), node_id="")
    desk.pass_time(0.5)
    new = desk.routes["r0"]
    assert new.route_id == "run-r0-2"
    assert new.steps[0].node_id == "c1" and new.steps[0].sequence_id > old.released_up_to


def test_route_is_sent_again_until_the_robot_has_it() -> None:
    desk = corridor()
    desk.goals["r0"] = "c11"
    (first,) = desk.step()
    desk.routes.clear()
    desk.pass_time(2.5)
    assert desk.routes == {}
    desk.pass_time(1.0)
    assert desk.routes["r0"] == first
    desk.drives_to_end("r0", upto="c0")
    desk.step()
    desk.routes.clear()
    desk.pass_time(10.0)
    assert desk.routes == {}


def test_unknown_goal_is_said_and_the_robot_stays() -> None:
    desk = corridor()
    desk.goals["r0"] = "nowhere"
    desk.pass_time(1.0)
    assert desk.sentences("NO_PATH") == ["r0 cannot go to nowhere: the roadmap has no such place"]
    assert desk.routes == {}


def test_goal_that_is_too_narrow_to_reach_is_said() -> None:
    desk = Desk(door_plan())
    desk.add("wide", "a0", "home0", radius=0.6)
    desk.goals["wide"] = "b1"
    desk.pass_time(1.0)
    assert desk.sentences("NO_PATH") == ["wide finds no way to b1: every way is too narrow for it"]


def test_slow_where_it_is_narrow_and_never_off_the_line() -> None:
    desk = Desk(door_plan())
    desk.add("r0", "a0", "home0", radius=0.47)
    desk.goals["r0"] = "b1"
    desk.step()
    speeds = {s.node_id: s.max_speed for s in desk.routes["r0"].steps}
    assert speeds["b0"] == 0.4 and speeds["b1"] == 0.8
    assert all(0.0 < s.allowed_deviation <= 0.05 for s in desk.routes["r0"].steps)


def test_robots_placed_too_near_one_another_may_part() -> None:
    roadmap = traffic_plans.corridor(12, (), 2)
    desk = Desk(roadmap)
    desk.add("r0", "c4", "home0")
    desk.add("r1", "c5", "home1")  # 0.80 m apart, 0.852 m wanted
    desk.goals = {"r0": "home0", "r1": "c11"}
    desk.pass_time(1.0)
    assert len(desk.base("r0")) > 1 and len(desk.base("r1")) > 1
    again = Desk(roadmap)
    again.add("r0", "c4", "home0")
    again.add("r1", "c5", "home1")
    again.goals = {"r0": "c11"}
    again.pass_time(1.0)
    assert again.base("r0") == ["c4"], "but not come nearer"


def test_same_input_same_output() -> None:
    def routes() -> list[RoutePlan]:
        desk = Desk(door_plan())
        for i, node in enumerate(("a1", "b1", "yard1")):
            desk.add(f"r{i}", node, f"home{i}")
        desk.goals = {"r0": "s", "r1": "a0", "r2": "b0"}
        seen: list[RoutePlan] = []
        for _ in range(100):
            seen += desk.step()
            for r in desk.routes:
                desk.drives_to_end(r)
        return seen

    assert routes() == routes()
