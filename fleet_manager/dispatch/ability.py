"""Can a robot do a task at all? If not: a code that stays the same, and a sentence for a foreman."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet_manager.dispatch import Refusal
from fleet_manager.dispatch.network import Bottleneck, Network
from fleet_manager.domain.roadmap import Edge, NodeKind
from fleet_manager.domain.robots import RobotFactsheet
from fleet_manager.domain.work import Task

REACHING_TRADES = frozenset({"drill"})
"""Trades whose targets must lie between reach_min and reach_max above the floor."""

WRONG_TRADE = "WRONG_TRADE"
OUT_OF_REACH = "OUT_OF_REACH"
TOO_HEAVY = "TOO_HEAVY"
TOO_NARROW = "TOO_NARROW"
NO_WAY = "NO_WAY"
TRIED_BEFORE = "TRIED_BEFORE"
NO_TARGETS = "NO_TARGETS"


@dataclass(frozen=True)
class Ability:
    """Judges robots for tasks on one roadmap. `names` gives readable names of doors and zones."""

    network: Network
    names: Mapping[str, str] = field(default_factory=dict)

    def refusal(self, task: Task, sheet: RobotFactsheet, start: str) -> Refusal | None:
        """Why the robot cannot do the task from where it is; None if it can do at least one open target."""
        found = self._reason(task, sheet, start)
        return None if found is None else Refusal(task.id, sheet.robot_id, *found)

    def targets_in_order(self, task: Task, sheet: RobotFactsheet, start: str) -> list[str]:
        """Nodes of the open targets that the robot can get to and reach, in the task's order."""
        lengths = self.network.lengths(sheet, start)
        return [t.node_id for t in task.open_targets() if t.node_id in lengths and within_reach(task, sheet, t.pose.z)]

    def _reason(self, task: Task, sheet: RobotFactsheet, start: str) -> tuple[str, str] | None:
        trade, who = task.item.trade, sheet.robot_id
        targets = task.open_targets()
        if trade not in sheet.trades:
            can = ", ".join(sheet.trades) or "no trade"
            return WRONG_TRADE, f"{who} does not {trade}: it can {can}"
        if not targets:
            return NO_TARGETS, f"{task.item.title} has no place left where a robot could work"
        if who in task.refused_by:
            return TRIED_BEFORE, f"{who} has tried this task before and failed"
        payload = task.item.parameters.get("payload", 0.0)
        if trade == "transport" and isinstance(payload, (int, float)) and payload > sheet.max_payload:
            return TOO_HEAVY, f"{who} carries {sheet.max_payload:.0f} kg at most, {payload:.0f} kg are to be moved"
        high = [t for t in targets if not within_reach(task, sheet, t.pose.z)]
        if len(high) == len(targets):
            z = targets[0].pose.z
            return OUT_OF_REACH, (
                f"{who} reaches {sheet.reach_min:.2f} m to {sheet.reach_max:.2f} m above the floor, "
                f"the work is at {z:.2f} m"
            )
        if not self.targets_in_order(task, sheet, start):
            wanted = next(t.node_id for t in targets if within_reach(task, sheet, t.pose.z))
            return self._why_no_way(sheet, start, wanted)
        return None

    def _why_no_way(self, sheet: RobotFactsheet, start: str, target: str) -> tuple[str, str]:
        who = sheet.robot_id
        if start not in self.network.roadmap.nodes or target not in self.network.roadmap.nodes:
            return NO_WAY, f"{who} finds no way to {target or 'the work'}: it is not on the roadmap"
        tight = self.network.bottleneck(sheet, start, target)
        if tight is None:
            return NO_WAY, f"{who} finds no way from {start} to {target}: nothing joins the two"
        verb = "pass" if isinstance(tight.place, Edge) else "turn at"
        return TOO_NARROW, (
            f"{who} cannot {verb} {self._name(tight)}: {tight.clear:.2f} m clear, {tight.needed:.2f} m needed"
        )

    def _name(self, tight: Bottleneck) -> str:
        place = tight.place
        if not isinstance(place, Edge):
            return place.id
        if place.door:
            return self.names.get(place.door, f"door {place.door}")
        ends = [self.network.roadmap.nodes[n] for n in (place.source, place.target)]
        doors = [n.id for n in ends if n.kind is NodeKind.DOOR]
        return doors[0] if doors else f"the way from {place.source} to {place.target}"


def within_reach(task: Task, sheet: RobotFactsheet, z: float) -> bool:
    """The tool gets to a height of `z` m above the floor; always true for trades that do not reach up."""
    return task.item.trade not in REACHING_TRADES or sheet.reach_min - 1e-6 <= z <= sheet.reach_max + 1e-6
