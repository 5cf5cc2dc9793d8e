"""Where each robot should go, and the routes that follow; what is released is written down before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fleet_manager.domain.events import EventKind, Severity
from fleet_manager.domain.jobs import AttemptState
from fleet_manager.domain.robots import RobotSnapshot
from fleet_manager.operations import unreachable
from fleet_manager.operations.fleet_view import RobotView
from fleet_manager.operations.ports import FleetPort
from fleet_manager.operations.situation import Situation
from fleet_manager.traffic import RoutePlan, TrafficController

_FOR_A_PERSON = frozenset({"BLOCKED", "NO_PATH", "OFF_ROADMAP", "OBSTRUCTED"})


def goal_of(world: Situation, view: RobotView) -> str | None:
    """The node the robot should reach: what its task needs next, or home. None: stay."""
    snapshot, sheet = view.snapshot, view.factsheet
    if not view.online or snapshot is None or sheet is None:
        return None
    mine = [a for a in world.ledger.open_attempts() if a.robot_id == view.robot_id]
    if any(a.state is AttemptState.LOST and world.names(a) for a in mine):
        return None  # its remaining targets may be somebody else's by now: it must not be led to them
    if mine and all(a.active for a in mine):
        goal = snapshot.goal_node if any(world.names(a) for a in mine) else ""
    elif snapshot.task_id:
        goal = ""
    else:
        goal = sheet.home_node
    return goal if goal in world.roadmap.nodes else None


def everybody_heard(world: Situation) -> bool:
    """Robots known from before have said where they are, or were given the time to."""
    if world.now - world.started >= world.limits.startup_grace:
        return True
    return all(v.received is not None and v.factsheet is not None for v in world.robots.values())


def route(world: Situation, traffic: TrafficController, closed: Mapping[str, frozenset[str]]) -> None:
    """One cycle of traffic. `closed`: edges that zones and permits keep each robot from."""
    if not everybody_heard(world):
        return
    robots: dict[str, RobotSnapshot] = {}
    for view in world.robots.values():
        snapshot = view.for_traffic()
        if snapshot is not None and view.factsheet is not None and view.factsheet.map_id in {"", world.map_id}:
            robots[view.robot_id] = snapshot
    here = {v.robot_id: v.factsheet for v in world.robots.values() if v.factsheet}
    sheets = {r: s for r, s in here.items() if s.map_id in {"", world.map_id}}
    goals = {r: goal for r in robots if (goal := goal_of(world, world.robots[r]))}
    step = traffic.step(world.now, robots, sheets, goals, closed)
    world.closed_off = step.closed_off
    unreachable.give_up(world)
    for plan in step.routes:
        view = world.robot(plan.robot_id)
        view.release(plan)
        world.ledger.put_robot(view.record())
        world.ledger.send(_message(plan))
    for notice in step.notices:
        severity = Severity.WARNING if notice.code in _FOR_A_PERSON else Severity.INFO
        world.ledger.note(
            EventKind.TRAFFIC, notice.message, severity=severity, robot_id=notice.robot_id, data={"code": notice.code}
        )


def _message(plan: RoutePlan) -> Callable[[FleetPort], None]:
    return lambda port: port.send_route(plan)
