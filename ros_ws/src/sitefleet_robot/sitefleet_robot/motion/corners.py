"""Corners that a robot hears of too late to drive through them: it halts there, as it was about to."""

from __future__ import annotations

import math
from dataclasses import replace

from sitefleet_robot.motion.leg import STRAIGHT, Leg
from sitefleet_robot.motion.values import Pose2


class Corners:
    """Remembers how far from the end of its leg the robot was when it first knew how the way goes on."""

    def __init__(self) -> None:
        self._leg: tuple[str, int, bool] = ("", 0, False)
        self._next = ""
        self._known_at = math.inf

    def known_in_time(self, leg: Leg, pose: Pose2) -> Leg:
        """The leg; with a halt at its end if the corner there came up nearer than it has to be steered into."""
        key = (leg.end.route_id, leg.end.sequence_id, leg.approach)
        onward = "" if leg.following is None else leg.following.node_id
        if key != self._leg:
            self._leg, self._next, self._known_at = key, onward, math.inf
        elif onward != self._next:
            self._next, self._known_at = onward, leg.remaining(pose)
        late = self._known_at < leg.corner_lookahead and abs(leg.corner) > STRAIGHT
        return replace(leg, following=None) if late else leg
