"""A manager's desk for tests that go message by message: robots are what they last said, time passes when told."""

from __future__ import annotations

from dataclasses import replace

import disc_fleet

from fleet_manager.domain.geometry import Pose2
from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot, SafetyMode
from fleet_manager.traffic import ClosedOff, RoutePlan, TrafficController, TrafficNotice
from fleet_manager.traffic.reservation import ReservationTraffic

DT = 0.1


class Desk:
    """A manager's desk: robots are what their last snapshot says; time passes by `pass_time`."""

    def __init__(self, roadmap: Roadmap, instance: str = "run") -> None:
        self.roadmap = roadmap
        self.controller: TrafficController = ReservationTraffic(
            roadmap, instance=instance, names={"D2": "Door 2", "zone": "the hall"}
        )
        self.now = 100.0
        self.robots: dict[str, RobotSnapshot] = {}
        self.sheets: dict[str, RobotFactsheet] = {}
        self.goals: dict[str, str] = {}
        self.routes: dict[str, RoutePlan] = {}
        self.notices: list[TrafficNotice] = []
        self.closed_off: dict[str, ClosedOff] = {}

    def add(self, robot_id: str, node: str, home: str, radius: float = 0.376) -> None:
        self.sheets[robot_id] = disc_fleet.sheet(robot_id, home, radius)
        here = self.roadmap.nodes[node]
        self.robots[robot_id] = RobotSnapshot(
            robot_id, Pose2(here.x, here.y), 0.9, False, SafetyMode.AUTO, stamp=self.now
        )

    def step(self) -> list[RoutePlan]:
        answer = self.controller.step(self.now, dict(self.robots), self.sheets, self.goals)
        self.now += DT
        self.notices += answer.notices
        self.closed_off = dict(answer.closed_off)
        self.routes.update({r.robot_id: r for r in answer.routes})
        return list(answer.routes)

    def pass_time(self, seconds: float, silent: tuple[str, ...] = ()) -> None:
        """Robots that are not silent go on reporting what they reported."""
        for _ in range(round(seconds / DT)):
            for robot_id, shot in self.robots.items():
                if robot_id not in silent:
                    self.robots[robot_id] = replace(shot, stamp=self.now)
            self.step()

    def says(self, robot_id: str, **changes: object) -> None:
        self.robots[robot_id] = replace(self.robots[robot_id], stamp=self.now, **changes)  # type: ignore[arg-type]

    def drives_to_end(self, robot_id: str, upto: str | None = None) -> None:
        """The robot takes its route up and drives to the end of its base (or to a node of it), and says so."""
        route = self.routes[robot_id]
        base = self.base(robot_id)
        last = base[-1] if upto is None else upto
        passed = next(s for s in route.steps if s.node_id == last)
        self.says(
            robot_id,
            pose=Pose2(passed.x, passed.y),
            route_id=route.route_id,
            route_update_id=route.update_id,
            last_sequence_id=passed.sequence_id,
            base_node_ids=tuple(base[base.index(last) :]),
            node_id=last,
        )

    def base(self, robot_id: str) -> list[str]:
        route = self.routes[robot_id]
        return [s.node_id for s in route.steps if s.sequence_id <= route.released_up_to]

    def sentences(self, code: str) -> list[str]:
        return [n.message for n in self.notices if n.code == code]
