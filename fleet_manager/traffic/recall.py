"""Taking back the part of a base that a robot has not driven: asked for, and believed only when the robot says so.

The robot is sent a new route that ends at the node it last passed. It accepts such a route only while it still is
between that node and the next one, and drives back. Until it reports the new route, everything it held is held; from
then on the way back to that node is.
"""

from __future__ import annotations

from fleet_manager.domain.robots import RobotSnapshot
from fleet_manager.traffic.track import Recall, Track


def begin(track: Track, route_id: str) -> None:
    """Ask for it. The numbers of the new route go on after those of the old one."""
    track.recall = Recall(route_id, track.base[0], track.end_id + 1)


def take_in(track: Track, snapshot: RobotSnapshot) -> bool:
    """Look for the robot's answer in its newest snapshot. True if it gave the rest of its base back."""
    recall = track.recall
    if recall is None or not snapshot.base_node_ids:
        return False
    given_back = snapshot.base_node_ids == (track.space.node_ids[recall.node],)
    if snapshot.route_id != recall.route_id or not given_back:
        if snapshot.route_id == recall.route_id or track.base[0] != recall.node:
            # It had driven on when the recall came, and has refused it or will. Where its way leads over that node
            # once more it may even take it up: the route sent anew has the last word.
            track.recall, track.renew = None, True
        return False
    track.base, track.first_id = [recall.node], recall.sequence_id
    track.plan, track.plan_for = [], None
    track.former, track.route_id, track.update_id = track.route_id, recall.route_id, snapshot.route_update_id
    track.known = track.taken_up = True
    track.sent, track.sent_again, track.ghost = (track.end_id, ()), 0, ()
    track.returning = snapshot.last_sequence_id < track.first_id
    track.recall = None
    return True
