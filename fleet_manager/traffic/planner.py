"""Which way a robot goes: quickest for it, dearer where others stand, closed where they will not go away."""

from __future__ import annotations

from fleet_manager.traffic.fleet import Fleet
from fleet_manager.traffic.track import Track

# s that each metre costs extra where another robot is in the way: about how long it will be there.
_WORKING = 30.0
_STANDING = 6.0
_WAITING = 8.0
_MOVING = 2.0
_FOREIGN_PLACE = 3.0


def _dear(fleet: Fleet, track: Track) -> list[tuple[int, float]]:
    dear: list[tuple[int, float]] = []
    for name, other in fleet.tracks.items():
        if name == track.robot_id or other.fixed:
            continue
        if other.busy:
            price = _WORKING
        elif other.blocked_since is not None:
            price = _WAITING
        else:
            price = _MOVING if other.wants or len(other.base) > 1 else _STANDING
        clearance = fleet.apart(track.robot_id, name)
        dear.append((other.closed(clearance), price))
        for place in (fleet.space.index.get(other.sheet.home_node), other.goal):
            if place is not None and place != other.end:
                dear.append((fleet.space.near(fleet.space.node_piece(place), clearance), _FOREIGN_PLACE))
    return dear


def plan(fleet: Fleet, track: Track) -> bool:
    """Plan from the end of the base to the aim, around robots that cannot move; False (no plan) if there is no way.

    A robot that makes room goes around everybody, as it was agreed: nobody else makes room for it.
    """
    found = way(fleet, track, fleet.closed(track.robot_id)) if track.yield_to is not None else None
    found = found or way(fleet, track, fleet.closed(track.robot_id, fleet.fixed()))
    if found is None:
        track.plan, track.plan_for = [], None
        return False
    track.plan, track.plan_for = found[0], track.aim
    return True


def way(fleet: Fleet, track: Track, closed: int) -> tuple[list[int], float] | None:
    """Quickest way from the end of the base to the aim over pieces that are not closed, with its time (s)."""
    if track.end is None or track.aim is None:
        return None
    speed = max(track.sheet.max_speed, 0.05)
    return track.lanes.quickest(track.end, track.heading(), track.aim, speed, closed, _dear(fleet, track))


def replan_around(fleet: Fleet, track: Track, now: float) -> bool:
    """Look for a way around those who stand in the way; take it if it is worth it. True if the plan changed."""
    waited = 0.0 if track.blocked_since is None else now - track.blocked_since
    standing = [n for n, t in fleet.tracks.items() if n != track.robot_id and (t.fixed or _still(t))]
    around = way(fleet, track, fleet.closed(track.robot_id, standing))
    if around is None or around[0] == track.plan:
        return False
    straight = track.lanes.quickest(track.base[-1], track.heading(), around[0][-1], max(track.sheet.max_speed, 0.05), 0)
    assert straight is not None
    in_way = fleet.blockers(track.robot_id, pieces_of(fleet, track.base[-1], track.plan))
    patience = 20.0 if any(fleet.tracks[n].busy or fleet.tracks[n].fixed for n in in_way) else 5.0
    if around[1] - straight[1] > patience + 2.0 * waited:
        return False
    track.plan, track.plan_for = around[0], track.aim
    return True


def _still(track: Track) -> bool:
    return track.blocked_since is not None or (len(track.base) == 1 and not track.wants)


def pieces_of(fleet: Fleet, start: int, nodes: list[int]) -> int:
    """Set of edges of a way."""
    mask, at = 0, start
    for node in nodes:
        edge = fleet.space.edge_between(at, node)
        assert edge is not None
        mask |= 1 << edge
        at = node
    return mask
