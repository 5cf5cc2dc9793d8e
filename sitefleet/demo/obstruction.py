"""Puts one real thing in the way: a duct box below the ceiling above one drill point, chosen by the seed.

The robot does not know of it. Its drill meets the box, and the hole is deferred with that reason.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from fleet_manager.domain.work import WorkItem, WorkTarget

SIZE = (0.30, 0.30, 0.20)
"""Full lengths of the box, m."""
KEEP = 0.70
"""m between the box's middle and the next drill point, so that exactly one hole is blocked."""


@dataclass(frozen=True, slots=True)
class DuctBox:
    """A box hung from the ceiling. Centre in m, map frame; `target` is the hole it blocks."""

    name: str
    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    item: WorkItem
    target: WorkTarget

    def sentence(self, zone_name: str) -> str:
        """What the report says about it."""
        x, y, z = self.centre
        wide, deep, high = (f"{length * 100:.0f}" for length in self.size)
        hole = f"hole {self.target.index + 1} of {self.item.element_name or self.item.title}"
        return (
            f"For this run a duct box of {wide} x {deep} x {high} cm hung from the ceiling in {zone_name}, "
            f"at x {x:.2f}, y {y:.2f}, z {z:.2f} m, in front of {hole}. The building model does not have it and the "
            "robots were not told: a hole that is deferred there is the right answer."
        )

    def simulator_options(self) -> tuple[str, ...]:
        """As the embedded simulator takes it."""
        return ("--obstruction", ":".join([self.name, *(f"{v:.4f}" for v in (*self.centre, *self.size))]))


def place_duct_box(items: Sequence[WorkItem], seed: int) -> DuctBox | None:
    """The box for this seed; None when there is no drill point with enough room around it."""
    holes = [(i, t) for i in items if i.trade == "drill" for t in i.targets if t.reachable]
    fit = [
        (item, hole)
        for item, hole in holes
        if all(
            other is hole or math.hypot(other.pose.x - hole.pose.x, other.pose.y - hole.pose.y) >= KEEP
            for _, other in holes
        )
    ]
    if not fit:
        return None
    item, hole = random.Random(seed).choice(fit)
    centre = (hole.pose.x, hole.pose.y, hole.pose.z - SIZE[2] / 2)
    return DuctBox("duct_box", centre, SIZE, item, hole)
