"""`GreedyAllocator`: the best pairing of free robots with waiting tasks of the moment, highest priority first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from fleet_manager.dispatch import Allocation, Assignment, Refusal
from fleet_manager.dispatch.ability import Ability
from fleet_manager.dispatch.network import Network
from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot
from fleet_manager.domain.work import Task

_NEVER = 1e9
"""s; stands for a pair that cannot be."""
_OLDER_FIRST = 1e-5
"""s a place in the queue counts, so that equal costs have one answer."""
_NEARLY_FULL = 0.8


@dataclass(frozen=True, slots=True)
class AllocatorSettings:
    """What costs are made of."""

    other_zone: float = 8.0
    """s that leaving the zone where a robot stands counts: related work stays with one robot."""
    drain_per_metre: float = 0.0004
    """Share of the battery used for 1 m of driving, before a robot's own figures are known."""
    drain_per_target: float = 0.002
    """The same for the work at one target."""


class GreedyAllocator:
    """An `Allocator` without foresight: each robot gets one task, the least time in sum at each priority.

    Refuses a task only if no robot of the fleet could ever do it, with each robot's reason.
    `names` gives readable names of doors (by GlobalId) for those reasons.
    """

    def __init__(self, settings: AllocatorSettings | None = None, names: Mapping[str, str] | None = None) -> None:
        self._settings = settings or AllocatorSettings()
        self._names = names or {}
        self._network: Network | None = None

    def allocate(
        self,
        tasks: Sequence[Task],
        free: Sequence[RobotSnapshot],
        factsheets: Mapping[str, RobotFactsheet],
        roadmap: Roadmap,
    ) -> Allocation:
        """See `Allocator.allocate`."""
        if self._network is None or self._network.roadmap is not roadmap:
            self._network = Network(roadmap)
        ability = Ability(self._network, self._names)
        homes = {r: s.home_node for r, s in sorted(factsheets.items())}
        robots = sorted((s for s in free if s.robot_id in factsheets), key=lambda s: s.robot_id)
        starts = {s.robot_id: self._network.place_of(s, factsheets[s.robot_id]) for s in robots}
        refusals: list[Refusal] = []
        possible: list[Task] = []
        for task in tasks:
            reasons = _all_refuse(task, factsheets, {**homes, **starts}, ability)
            refusals += reasons
            if not reasons:
                possible.append(task)
        assignments: list[Assignment] = []
        by_priority = sorted(possible, key=lambda t: -t.priority)
        for _, group in groupby(by_priority, key=lambda t: t.priority):
            made = self._pair(list(group), robots, factsheets, starts, ability)
            assignments += made
            taken = {a.robot_id for a in made}
            robots = [r for r in robots if r.robot_id not in taken]
            if not robots:
                break
        return Allocation(tuple(assignments), tuple(refusals))

    def _pair(
        self,
        tasks: list[Task],
        robots: list[RobotSnapshot],
        factsheets: Mapping[str, RobotFactsheet],
        starts: Mapping[str, str],
        ability: Ability,
    ) -> list[Assignment]:
        if not tasks or not robots:
            return []
        costs = np.full((len(robots), len(tasks)), _NEVER)
        for i, robot in enumerate(robots):
            sheet, start = factsheets[robot.robot_id], starts[robot.robot_id]
            for j, task in enumerate(tasks):
                cost = self._cost(task, robot, sheet, start, ability)
                if cost is not None:
                    costs[i, j] = cost
        queue = np.arange(len(tasks)) * _OLDER_FIRST
        rows, columns = linear_sum_assignment(costs + queue)
        pairs = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if costs[i, j] < _NEVER]
        return [Assignment(tasks[j].id, robots[i].robot_id, round(float(costs[i, j]), 3)) for i, j in pairs]

    def _cost(
        self, task: Task, robot: RobotSnapshot, sheet: RobotFactsheet, start: str, ability: Ability
    ) -> float | None:
        """Estimated s of driving; None if the robot cannot do the task, or not without falling below its reserve."""
        if ability.refusal(task, sheet, start) is not None:
            return None
        network, settings = ability.network, self._settings
        stops = ability.targets_in_order(task, sheet, start)
        there = network.lengths(sheet, start)[stops[0]]
        nodes = network.roadmap.nodes
        # Between targets the straight way along x and y is near enough: they lie in one room.
        between = sum(abs(nodes[a].x - nodes[b].x) + abs(nodes[a].y - nodes[b].y) for a, b in pairwise(stops))
        back = network.lengths(sheet, sheet.home_node).get(stops[-1], 0.0)
        drain = settings.drain_per_metre * (there + between + back) + settings.drain_per_target * len(stops)
        # What does not fit into one charge is begun with a battery that is nearly full.
        drain = min(drain, _NEARLY_FULL * (1.0 - sheet.battery_reserve))
        if robot.battery - drain < sheet.battery_reserve:
            return None
        zone = nodes[start].zone_id
        elsewhere = settings.other_zone if task.item.zone_id != zone else 0.0
        return (there + between) / max(sheet.max_speed, 0.05) + elsewhere


def _all_refuse(
    task: Task, factsheets: Mapping[str, RobotFactsheet], starts: Mapping[str, str], ability: Ability
) -> list[Refusal]:
    """Every robot's reason if all have one; empty as soon as one could do the task."""
    reasons: list[Refusal] = []
    for robot_id, sheet in sorted(factsheets.items()):
        reason = ability.refusal(task, sheet, starts[robot_id])
        if reason is None:
            return []
        reasons.append(reason)
    return reasons
