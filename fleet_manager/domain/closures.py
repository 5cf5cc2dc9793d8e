"""What zones close: edges of the roadmap to a robot of a given size, and tasks to a robot. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from fleet_manager.domain.access import AccessRules, AccessZone, Denial, fenced_in
from fleet_manager.domain.roadmap import Node, Roadmap
from fleet_manager.domain.robots import RobotFactsheet
from fleet_manager.domain.work import Task

_STEP = 0.2
"""m between two places of an edge that are compared with a geofence."""


def closed_edges(
    roadmap: Roadmap,
    zones: Iterable[AccessZone],
    half_width: float,
    radius: float,
    fences: Iterable[AccessZone] = (),
) -> frozenset[str]:
    """Edges on which a robot would overlap one of the zones, or reach out of the fences if there are any.

    Driving straight it needs `half_width` m to each side, turning at a node `radius` m: an edge is also closed when it
    ends at a node where the robot could not turn.
    """
    zones, fences = tuple(zones), tuple(fences)
    if not zones and not fences:
        return frozenset()

    def stands(x: float, y: float) -> bool:
        return not any(z.touches(x, y, radius) for z in zones) and (not fences or fenced_in(fences, x, y, radius))

    def passes(a: Node, b: Node) -> bool:
        if any(z.touches_way((a.x, a.y), (b.x, b.y), half_width) for z in zones):
            return False
        steps = max(1, math.ceil(math.hypot(b.x - a.x, b.y - a.y) / _STEP)) if fences else 0
        shares = [n / steps for n in range(steps + 1)] if steps else []
        return all(fenced_in(fences, a.x + s * (b.x - a.x), a.y + s * (b.y - a.y), half_width) for s in shares)

    open_nodes = {n.id for n in roadmap.nodes.values() if stands(n.x, n.y)}
    return frozenset(
        e.id
        for e in roadmap.edges.values()
        if not {e.source, e.target} <= open_nodes or not passes(roadmap.nodes[e.source], roadmap.nodes[e.target])
    )


def task_denial(rules: AccessRules, task: Task, sheet: RobotFactsheet, now: datetime) -> Denial | None:
    """Why the robot may not work at a place that the task still needs; None if it may work at all of them."""
    robot_id, trade = sheet.robot_id, (task.item.trade,)
    for zone in rules.zones:
        denial = rules.denial(zone, robot_id, trade, now)
        if denial is None:
            continue
        for target in task.open_targets():
            if zone.touches(target.stance.x, target.stance.y, sheet.turning_radius):
                return denial
    return _outside(rules.fences(now), task, sheet)


def _outside(fences: Sequence[AccessZone], task: Task, sheet: RobotFactsheet) -> Denial | None:
    for target in task.open_targets() if fences else ():
        if not fenced_in(fences, target.stance.x, target.stance.y, sheet.turning_radius):
            names = ", ".join(z.name for z in fences)
            return Denial("OUTSIDE_GEOFENCE", fences[0].id, "", f"its place is outside of the geofence ({names})")
    return None
