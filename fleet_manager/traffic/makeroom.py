"""Who must step aside, and where to, so that a waiting robot gets through.

The robot with the right of way keeps its way; those on it go to the nearest place that is off it. Where one of
them cannot (the other stands in its only way out), robots go home in the order in which all can, until it can:
that order exists because no release ever takes it away.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet_manager.traffic.fleet import Fleet
from fleet_manager.traffic.planner import pieces_of
from fleet_manager.traffic.situation import Situation

_REFUGES_TRIED = 60


@dataclass
class MakeRoom:
    """An agreed order of moves: each robot goes aside when the ones before it have."""

    first: str
    """Robot with the right of way."""
    goal: int
    way: list[int]
    """Its way, from `start` on."""
    start: int
    moves: list[tuple[str, int]]
    since: float
    left: dict[str, int] = field(default_factory=dict)
    """Where each robot stood before it stepped aside."""
    progress_at: float = 0.0
    progress_key: tuple[int, ...] = ()
    moves_done: int = 0

    @property
    def robots(self) -> set[str]:
        """Everybody who takes part."""
        return {self.first, *(name for name, _ in self.moves)}


def make_room(fleet: Fleet, first: str, now: float) -> MakeRoom | None:
    """Moves after which the way of `first` to its goal is free; None if only time can help (somebody works there)."""
    situation = fleet.situation()
    goal = situation.goal.get(first)
    if goal is None:
        return None
    at = dict(situation.at)
    moves: list[tuple[str, int]] = []
    found = None
    for _ in range(3 * len(at) + 3):
        if found is None or (moves and moves[-1][0] == first):
            found = _own_way(fleet, situation, first, goal, at)
        if found is None:
            return None
        in_way = _in_way(situation, first, at, pieces_of(fleet, at[first], found))
        shut_in = set(situation.order(at, False)) - set(situation.order({**at, first: goal}, False))
        if not in_way and not shut_in:
            left = {name: situation.at[name] for name, _ in moves}
            return MakeRoom(first, goal, found, at[first], moves, now, left, now)
        move = None
        if in_way:
            move = _step_aside(fleet, situation, first, goal, at, found, in_way)
        move = move or _go_home(situation, at, shut_in) or _go_home(situation, at, set(at))
        if move is None:
            return None
        moves.append(move)
        at[move[0]] = move[1]
    return None


def _own_way(fleet: Fleet, situation: Situation, first: str, goal: int, at: dict[str, int]) -> list[int] | None:
    """Way of the first robot around those who cannot or need not leave, with few others on it."""
    closed = situation.walls[first]
    dear = []
    for name, node in at.items():
        if name == first:
            continue
        mask = situation.stands(name, node, first)
        if name in situation.busy:
            closed |= mask
        else:
            dear.append((mask, 10.0))
    speed = max(fleet.tracks[first].sheet.max_speed, 0.05)
    found = situation.lanes[first].quickest(at[first], None, goal, speed, closed, dear)
    return None if found is None else found[0]


def _in_way(situation: Situation, first: str, at: dict[str, int], pieces: int) -> list[str]:
    return [
        name
        for name, node in at.items()
        if name != first and name not in situation.busy and situation.stands(name, node, first) & pieces
    ]


def _step_aside(
    fleet: Fleet,
    situation: Situation,
    first: str,
    goal: int,
    at: dict[str, int],
    way: list[int],
    in_way: list[str],
) -> tuple[str, int] | None:
    """The cheapest move of one robot off the way."""
    pieces = pieces_of(fleet, at[first], way)
    best: tuple[float, str, int] | None = None
    wanted = {g for name, g in situation.goal.items() if g is not None and name not in in_way}
    for name in in_way:
        if situation.goal[name] == goal == at[name]:
            continue
        tried = 0
        for far, node in situation.lanes[name].outward(at[name], situation.closed(name, at)):
            if best is not None and far >= best[0]:
                break
            if situation.stands(name, node, first) & pieces or node in wanted:
                continue
            tried += 1
            if tried > _REFUGES_TRIED:
                break
            if set(situation.order(at, False)) <= set(situation.order({**at, name: node}, False)):
                best = (far, name, node)
                break
    return None if best is None else (best[1], best[2])


def _go_home(situation: Situation, at: dict[str, int], among: set[str]) -> tuple[str, int] | None:
    """The first robot, in the order in which all can get home, that can now, is not there yet and does not work."""
    for name in situation.order(at, False):
        home = situation.home[name]
        if name not in among or home is None or at[name] == home or name in situation.busy:
            continue
        if situation.lanes[name].reaches(at[name], home, situation.closed(name, at)):
            return name, home
    return None
