"""What zones close: edges of the roadmap to a robot of a given size, and tasks to a robot. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fleet_manager.domain.access import AccessRules, AccessZone, Denial
from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.robots import RobotFactsheet
from fleet_manager.domain.work import Task


def closed_edges(roadmap: Roadmap, zones: Iterable[AccessZone], half_width: float, radius: float) -> frozenset[str]:
    """Edges on which a robot would overlap one of the zones.

    Driving straight it needs `half_width` m to each side, turning at a node `radius` m: an edge is also closed when it
    ends at a node where the robot could not turn.
    """
    zones = tuple(zones)
    shut = {n.id for n in roadmap.nodes.values() if any(z.touches(n.x, n.y, radius) for z in zones)} if zones else set()
    closed = []
    for edge in roadmap.edges.values() if zones else ():
        a, b = roadmap.nodes[edge.source], roadmap.nodes[edge.target]
        if {a.id, b.id} & shut or any(z.touches_way((a.x, a.y), (b.x, b.y), half_width) for z in zones):
            closed.append(edge.id)
    return frozenset(closed)


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
    return None
