"""Can everybody still get where they must? The check that no release may make worse.

Each robot that can move is taken to stand at the end of its base, where it can get without anybody's help: a base
is held by one robot only. From there a robot is *done* when, with all the others standing, it can drive to its
goal and on to its home, where it is in nobody's way; then the next one is tried. This is the banker's algorithm
with nodes for money. Robots that cannot move are part of the walls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fleet_manager.traffic.lanes import Lanes
from fleet_manager.traffic.space import Space


@dataclass
class Situation:
    """The fleet at one moment; robots by name, nodes by number."""

    space: Space
    at: Mapping[str, int]
    lanes: Mapping[str, Lanes]
    apart: Callable[[str, str], float]
    """m that the centres of two robots keep."""
    walls: Mapping[str, int]
    """Pieces closed to each robot by robots that cannot move."""
    goal: Mapping[str, int | None]
    home: Mapping[str, int | None]
    busy: frozenset[str] = frozenset()
    _orders: dict[tuple[tuple[tuple[str, int], ...], bool], list[str]] = field(default_factory=dict)

    def stands(self, robot: str, node: int, mover: str) -> int:
        """Pieces closed to `mover` by `robot` standing at a node."""
        return self.space.near(self.space.node_piece(node), self.apart(robot, mover))

    def closed(self, mover: str, at: Mapping[str, int]) -> int:
        """Pieces closed to `mover` by everybody else."""
        mask = self.walls[mover]
        for robot, node in at.items():
            if robot != mover:
                mask |= self.stands(robot, node, mover)
        return mask

    def order(self, at: Mapping[str, int], with_goals: bool) -> list[str]:
        """Robots that can be done, in an order in which they can; those missing are stuck until somebody yields."""
        key = (tuple(at.items()), with_goals)
        known = self._orders.get(key)
        if known is not None:
            return known
        places = dict(at)
        order: list[str] = []
        waiting = sorted(places)
        progress = True
        while waiting and progress:
            progress = False
            for robot in list(waiting):
                if self._done(robot, places, with_goals):
                    home = self.home[robot]
                    if home is not None:
                        places[robot] = home
                    waiting.remove(robot)
                    order.append(robot)
                    progress = True
        self._orders[key] = order
        return order

    def _done(self, robot: str, at: Mapping[str, int], with_goals: bool) -> bool:
        goal = self.goal[robot] if with_goals else None
        home = self.home[robot]
        if goal is None and home is None:
            return True
        closed = self.closed(robot, at)
        lanes, here = self.lanes[robot], at[robot]
        if goal is not None:
            if not lanes.reaches(here, goal, closed):
                return False
            here = goal
        return home is None or lanes.reaches(here, home, closed)

    def no_worse(self, robot: str, node: int, with_goals: bool) -> bool:
        """May `robot` end its base at `node`? Everybody who can be done now must still be."""
        after = {**self.at, robot: node}
        if not set(self.order(self.at, False)) <= set(self.order(after, False)):
            return False
        return not with_goals or set(self.order(self.at, True)) <= set(self.order(after, True))
