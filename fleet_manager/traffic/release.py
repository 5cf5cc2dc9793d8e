"""How far a robot may go now: as far as nobody else holds, and only where all can still get home."""

from __future__ import annotations

from dataclasses import dataclass

from fleet_manager.traffic.fleet import Fleet
from fleet_manager.traffic.track import Track


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why the next piece is not released: robots that hold it, or whom the step would shut in."""

    robots: tuple[str, ...]
    node: int


def extend(fleet: Fleet, track: Track, with_goals: bool, also_closed: int = 0) -> Hindrance | None:
    """Move the end of the base along the plan if that is allowed; otherwise say what is in the way.

    `with_goals`: also nobody's way to its goal may be lost; without it, only the ways home count (making room).
    """
    settings, space = fleet.settings, fleet.space
    closed = fleet.closed(track.robot_id) | also_closed
    at, length = track.base[-1], track.ahead()
    reach: list[tuple[int, float]] = []
    hindrance: Hindrance | None = None
    for node in track.plan:
        edge = space.edge_between(at, node)
        assert edge is not None
        if closed >> edge & 1:
            hindrance = Hindrance(tuple(fleet.blockers(track.robot_id, 1 << edge)), node)
            break
        length += space.edges[edge].length
        reach.append((node, length))
        at = node
        if length > settings.longest:
            break
    if not reach:
        return hindrance
    near = [i for i, (_, far) in enumerate(reach) if far <= settings.lookahead] or [0]
    situation = fleet.situation()
    for i in [*reversed(near), *range(near[-1] + 1, len(reach))]:
        if fleet.no_worse(track.robot_id, reach[i][0], with_goals):
            track.base += track.plan[: i + 1]
            del track.plan[: i + 1]
            track.touch()
            fleet.changed()
            return None
    after = {**situation.at, track.robot_id: reach[0][0]}
    stuck = set(situation.order(situation.at, True)) - set(situation.order(after, True))
    stuck |= set(situation.order(situation.at, False)) - set(situation.order(after, False))
    stuck.discard(track.robot_id)
    return Hindrance(tuple(sorted(stuck)) or (hindrance.robots if hindrance else ()), reach[0][0])
