"""Places that are closed for a time, because a robot saw something there that no plan knows.

A closure ends by itself: whoever stood there may have walked off. Where the way is found blocked again soon after, it
is closed for longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from fleet_manager.traffic.settings import TrafficSettings
from fleet_manager.traffic.space import Segment, Space

_SAME = 0.5
"""m between two closures of one edge that are about the same thing."""
_REMEMBERED = 600.0
"""s that an ended closure is remembered."""
_LONGEST = 4.0
"""Times `closed_for` at most, where the way is found blocked again and again."""


@dataclass(slots=True)
class Closure:
    """One closed place. Times in s of ROS time."""

    edge: int | None
    """Edge on which the robot stood, closed whatever its distance."""
    where: Segment
    name: str
    """Its place in words."""
    hold: float
    until: float
    open: bool = False


class Closures:
    """Closures on one roadmap; ended ones are remembered for a while."""

    def __init__(self, space: Space, settings: TrafficSettings) -> None:
        self._space = space
        self._settings = settings
        self._all: list[Closure] = []
        self._masks: dict[float, int] = {}

    @property
    def active(self) -> list[Closure]:
        """Those in force."""
        return [c for c in self._all if not c.open]

    def close(self, edge: int | None, where: Segment, name: str, time: float) -> bool:
        """Close a place, or keep it closed. True if that changes anything."""
        known = next((c for c in self._all if c.edge == edge and _apart(c.where, where) < _SAME), None)
        if known is None:
            hold = self._settings.closed_for
            self._all.append(Closure(edge, where, name, hold, time + hold))
        elif known.open:
            known.hold = min(2.0 * known.hold, _LONGEST * self._settings.closed_for)
            known.open, known.until, known.where = False, time + known.hold, where
        else:
            known.until = max(known.until, time + known.hold)
            return False
        self._masks.clear()
        return True

    def expire(self, time: float) -> bool:
        """Open what is due; True if that changes anything."""
        self._all = [c for c in self._all if time < c.until + _REMEMBERED]
        due = [c for c in self.active if time >= c.until]
        for closure in due:
            closure.open = True
        if due:
            self._masks.clear()
        return bool(due)

    def open_edge(self, edge: int, time: float) -> bool:
        """A robot has found an edge free; True if it was closed."""
        found = [c for c in self.active if c.edge == edge]
        for closure in found:
            closure.open, closure.until, closure.hold = True, time, 0.5 * self._settings.closed_for
        if found:
            self._masks.clear()
        return bool(found)

    def clear(self) -> bool:
        """Open everything and forget it; True if anything was closed."""
        changed = bool(self.active)
        self._all.clear()
        self._masks.clear()
        return changed

    def mask(self, half_width: float) -> int:
        """Set of pieces closed to a robot of this half width (m)."""
        mask = self._masks.get(half_width)
        if mask is None:
            mask = 0
            for closure in self.active:
                mask |= self._space.near_segment(closure.where, half_width)
                mask |= 0 if closure.edge is None else 1 << closure.edge
            self._masks[half_width] = mask
        return mask

    def names(self) -> str:
        """All closed places in words."""
        return " and ".join(dict.fromkeys(c.name for c in self.active))


def _apart(one: Segment, other: Segment) -> float:
    """Distance of the middles, m."""
    return 0.5 * math.hypot(one[0] + one[2] - other[0] - other[2], one[1] + one[3] - other[1] - other[3])
