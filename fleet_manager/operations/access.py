"""Zones and permits in operations: to robots until they acknowledge; in allocation, supervision and traffic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from fleet_manager.domain.access import AccessRules, AccessZone, Denial
from fleet_manager.domain.closures import closed_edges, task_denial
from fleet_manager.domain.events import EventKind
from fleet_manager.domain.fleet import ZonesAnswered
from fleet_manager.domain.jobs import Attempt
from fleet_manager.domain.kept import ZoneAck
from fleet_manager.domain.robots import RobotFactsheet
from fleet_manager.domain.work import Task
from fleet_manager.operations.fleet_view import RobotView
from fleet_manager.operations.situation import Situation


@dataclass
class AccessMemory:
    """What was worked out or sent before; not kept. Times in s, monotonic."""

    pushed: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Version last sent to a robot, and when."""
    confirmed: dict[str, int] = field(default_factory=dict)
    """Version a robot has answered since it was last out of reach."""
    closures: dict[tuple[object, ...], frozenset[str]] = field(default_factory=dict)


def first_zones(world: Situation, zones: Sequence[AccessZone]) -> None:
    """The site package's zones are the first set; a new import changes them, and removes those it no longer has."""
    book = world.ledger.book
    now = world.ledger.utc()
    wanted = {z.id: z for z in zones}
    for known in book.rules.zones:
        if known.source.value == "site" and known.id not in wanted and known.ended_at is None:
            book.put_zone(replace(known, ended_at=now))
    for zone in zones:
        if book.rules.zone(zone.id) != zone:
            book.put_zone(zone)


def push(world: Situation, memory: AccessMemory) -> None:
    """Send the rules to every robot that has not answered their version, again and again."""
    rules = world.ledger.book.rules
    for view in world.robots.values():
        if not view.online:
            memory.confirmed.pop(view.robot_id, None)
            memory.pushed.pop(view.robot_id, None)
            continue
        if memory.confirmed.get(view.robot_id) == rules.version:
            continue
        version, when = memory.pushed.get(view.robot_id, (-1, 0.0))
        if version == rules.version and world.now - when < world.limits.push_zones_every:
            continue
        memory.pushed[view.robot_id] = (rules.version, world.now)
        _send(world, view.robot_id, rules)


def _send(world: Situation, robot_id: str, rules: AccessRules) -> None:
    world.ledger.send(lambda port: port.send_access(robot_id, rules))


def answered(world: Situation, memory: AccessMemory, news: ZonesAnswered) -> None:
    """A robot took a version up, or would not. One that it refuses is sent again all the same."""
    ledger = world.ledger
    if news.version > ledger.book.rules.version:
        return  # of a store that is gone: this robot gets the newest version with the next push
    if news.accepted and news.version == ledger.book.rules.version:
        memory.confirmed[news.robot_id] = news.version
    before = ledger.book.acks.get(news.robot_id)
    if before is not None and before.version > news.version:
        return  # overtaken on the way
    ack = ZoneAck(news.robot_id, news.version, news.accepted, news.code, news.message, ledger.utc())
    if before is None or replace(before, at=ack.at) != ack:
        ledger.book.put_ack(ack)
        if not news.accepted:
            text = f"{news.robot_id} does not accept version {news.version} of the zones: {news.message or news.code}"
            ledger.note(EventKind.ZONES_REFUSED, text, robot_id=news.robot_id, data={"code": news.code})


def denials(world: Situation, task: Task, sheets: Iterable[RobotFactsheet]) -> dict[str, Denial]:
    """Robots that may not work at a place the task still needs, with why."""
    rules, now = world.ledger.book.rules, world.ledger.utc()
    found = {s.robot_id: task_denial(rules, task, s, now) for s in sheets if task.item.trade in s.trades}
    return {robot: denial for robot, denial in found.items() if denial is not None}


def attempt_denial(world: Situation, attempt: Attempt, view: RobotView) -> Denial | None:
    """Why the robot may not go on with what it has in hand."""
    if view.factsheet is None:
        return None
    task = world.ledger.task(attempt.task_id)
    return task_denial(world.ledger.book.rules, task, view.factsheet, world.ledger.utc())


def closures(world: Situation, memory: AccessMemory) -> dict[str, frozenset[str]]:
    """Edges that each robot may not use now. Worked out anew only when the set of zones that counts for it changes."""
    rules, now = world.ledger.book.rules, world.ledger.utc()
    result: dict[str, frozenset[str]] = {}
    for view in world.robots.values():
        sheet = view.factsheet
        if sheet is None:
            continue
        zones = rules.closing(sheet.robot_id, sheet.trades, now)
        fences = rules.fences(now)
        key = (rules.version, sheet.half_width, sheet.turning_radius, *(z.id for z in (*zones, *fences)))
        if key not in memory.closures:
            stale = [k for k in memory.closures if k[0] != rules.version]
            for old in stale:
                del memory.closures[old]
            memory.closures[key] = closed_edges(world.roadmap, zones, sheet.half_width, sheet.turning_radius, fences)
        result[sheet.robot_id] = memory.closures[key]
    return result
