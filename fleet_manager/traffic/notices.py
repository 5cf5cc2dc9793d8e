"""Sentences for people: said once, and again only when they change."""

from __future__ import annotations

from collections.abc import Mapping

from fleet_manager.domain.roadmap import NodeKind
from fleet_manager.traffic import TrafficNotice
from fleet_manager.traffic.fleet import Fleet


class Notices:
    """What has been said of each robot; `take` returns what is new."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._said: dict[tuple[str, str], str] = {}
        self._new: list[TrafficNotice] = []

    def say(self, code: str, robot_id: str, message: str) -> None:
        """Say it, unless this was said last."""
        if self._said.get((code, robot_id)) != message:
            self._said[(code, robot_id)] = message
            self._new.append(TrafficNotice(code, robot_id, message))

    def clear(self, code: str, robot_id: str) -> None:
        """It is over: it may be said again."""
        self._said.pop((code, robot_id), None)

    def take(self) -> tuple[TrafficNotice, ...]:
        """New notices."""
        new, self._new = tuple(self._new), []
        return new

    def place(self, fleet: Fleet, start: int, way: list[int]) -> str:
        """A name of the place where a way leads next: the door it passes, or the zone, or the node."""
        space = fleet.space
        at = start
        for node in way[:3]:
            edge = space.edge_between(at, node)
            if edge is not None and (door := space.edges[edge].door):
                return self._names.get(door, f"door {door}")
            at = node
        return self.name(fleet, way[0] if way else start)

    def name(self, fleet: Fleet, node: int) -> str:
        """A name of the place where a node is: its zone, or the node."""
        node_id = fleet.space.node_ids[node]
        here = fleet.space.roadmap.nodes[node_id]
        if here.zone_id and here.kind is not NodeKind.HOME:
            return self._names.get(here.zone_id, here.zone_id)
        return node_id
