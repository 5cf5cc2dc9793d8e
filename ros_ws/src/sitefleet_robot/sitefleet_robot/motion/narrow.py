"""Narrow places, such as doorways: a robot enters one aligned, and comes again if it is not. Keeps only a count."""

from __future__ import annotations

import math

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.freespace import FreeSpace
from sitefleet_robot.motion.leg import REACHED, Leg
from sitefleet_robot.motion.values import Footprint, Pose2

ALIGNED = 0.025
"""m beside the line up to which a robot may enter a narrow place."""
ALIGNED_HEADING = math.radians(3.0)
"""The same for its heading, rad."""
PASSAGE_GAP = 0.12
"""m kept between the nose and a narrow place while the robot is not aligned: there it can still turn."""
REALIGN_LIMIT = 3
"""Returns to the last node for the sake of alignment on one leg; after that the robot goes on as it stands."""


class NarrowPlaces:
    """Judges alignment before narrow places, and counts the returns for its sake on the present leg."""

    def __init__(self, footprint: Footprint) -> None:
        self._footprint = footprint
        self._counted: tuple[tuple[str, int], int] = (("", 0), 0)

    def gap(self, leg: Leg, pose: Pose2, space: FreeSpace) -> float:
        """m from the nose to the narrow place ahead; infinite once the nose is in it, or if the way into it is shut."""
        gap = space.passage - (leg.length - leg.remaining(pose)) - 0.5 * self._footprint.length
        beyond = space.passage > leg.length + 0.5 * self._footprint.length
        shut = space.ahead < space.passage + self._footprint.length
        if gap < 0.0 or beyond or shut or leg.approach or self._returns(leg) >= REALIGN_LIMIT:
            return math.inf
        return gap

    def near(self, leg: Leg, pose: Pose2, space: FreeSpace) -> bool:
        """The robot is as near to a narrow place as it may come without being aligned."""
        return self.gap(leg, pose, space) <= PASSAGE_GAP + 0.02

    def must_return(self, leg: Leg, pose: Pose2, space: FreeSpace) -> bool:
        """A robot at rest is too far beside the line to steer back to it before the narrow place."""
        return self.near(leg, pose, space) and abs(leg.beside(pose)) > ALIGNED

    def return_helps(self, leg: Leg, pose: Pose2, space: FreeSpace) -> bool:
        """There is a narrow place ahead, the robot is beside its line, and it has left the node that it could return
        to.
        """
        if math.isinf(self.gap(leg, pose, space)) or abs(leg.beside(pose)) <= ALIGNED:
            return False
        return math.hypot(pose.x - leg.x, pose.y - leg.y) > REACHED

    def count_return(self, leg: Leg) -> None:
        """The robot returns now."""
        self._counted = (_key(leg), self._returns(leg) + 1)

    def _returns(self, leg: Leg) -> int:
        return self._counted[1] if self._counted[0] == _key(leg) else 0


def aligned(leg: Leg, pose: Pose2) -> bool:
    """Place and heading are good enough to enter a narrow place."""
    return abs(leg.beside(pose)) <= ALIGNED and abs(wrap_angle(leg.yaw - pose.yaw)) <= ALIGNED_HEADING


def _key(leg: Leg) -> tuple[str, int]:
    return leg.end.route_id, leg.end.sequence_id
