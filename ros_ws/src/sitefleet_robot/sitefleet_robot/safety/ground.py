"""Zones and permits on the robot: where it may be now, by its own clock and without the network. Pure.

Polygons are in the map frame, m; moments are UTC, s since 1970; 0 or infinity is an open end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Place = tuple[float, float, float]
"""x, y, yaw of the robot in the map: m, m, rad."""
Points = NDArray[np.float64]


class ZoneKind(Enum):
    """What a zone means for a robot; values as in sitefleet_interfaces/Zone."""

    NO_GO = 1
    SLOW = 2
    RESTRICTED = 3
    PEOPLE_ONLY = 4
    SPACE = 5
    GEOFENCE = 6
    """Robots stay inside: of all geofences together, when there are any."""


@dataclass(frozen=True)
class Zone:
    """An area with a meaning, for a time. `corners`: (n, 2), m. `speed_limit` m/s, for slow zones."""

    zone_id: str
    name: str
    kind: ZoneKind
    corners: Points
    speed_limit: float = 0.0
    valid_from: float = 0.0
    valid_to: float = math.inf

    def holds(self, utc: float) -> bool:
        """Whether it counts at that moment."""
        return self.valid_from <= utc < self.valid_to


@dataclass(frozen=True)
class Permit:
    """Leave for robots (empty: all) to be in zones; the moment `valid_to` itself is outside."""

    permit_id: str
    zone_ids: frozenset[str]
    robot_ids: frozenset[str]
    in_force: bool
    valid_from: float = 0.0
    valid_to: float = math.inf

    def allows(self, zone_id: str, robot_id: str, utc: float) -> bool:
        """Whether the robot may be in the zone at that moment."""
        return (
            self.in_force
            and zone_id in self.zone_ids
            and (not self.robot_ids or robot_id in self.robot_ids)
            and self.valid_from <= utc < self.valid_to
        )


@dataclass(frozen=True)
class ZoneSet:
    """All zones and permits of a storey."""

    version: int
    map_id: str
    zones: tuple[Zone, ...]
    permits: tuple[Permit, ...] = ()


class ZoneSetError(ValueError):
    """A set that cannot be used; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Trespass:
    """The robot is where it must not be. `ended`: a permit allowed it before."""

    zone: Zone
    ended: bool

    @property
    def sentence(self) -> str:
        """For a person."""
        name = self.zone.name or self.zone.zone_id
        if self.ended:
            return f"the permit for {name} has ended"
        if self.zone.kind is ZoneKind.RESTRICTED:
            return f"the robot is in {name} without a permit"
        what = "for people only" if self.zone.kind is ZoneKind.PEOPLE_ONLY else "no-go"
        return f"the robot is in {name}, which is {what}"


@dataclass(frozen=True)
class Footing:
    """What a set of zones says about a place."""

    trespass: Trespass | None = None
    outside: bool = False
    """Out of every geofence with some part of the robot."""
    slow: float = math.inf
    """m/s, the lowest limit of the slow zones here; `slow_name` says where."""
    slow_name: str = ""
    zone_id: str = ""
    """First zone that the robot's centre is in."""


NOWHERE = Footing()


class Ground:
    """The zones in force, and the ones the robot is in."""

    def __init__(self, robot_id: str, map_id: str, length: float, width: float) -> None:
        self._robot_id, self._map_id = robot_id, map_id
        x, y = 0.5 * length, 0.5 * width
        # Corners and middles of the sides: a zone narrower than half the robot is not missed.
        self._outline = np.array([(x, y), (x, 0), (x, -y), (0, -y), (-x, -y), (-x, 0), (-x, y), (0, y), (0, 0)])
        self.set = ZoneSet(0, map_id, ())
        self._boxes = _boxes(())
        self._fenced = False
        self._permitted: set[str] = set()

    def check(self, new: ZoneSet) -> None:
        """Whether this set can be used. Raises ZoneSetError."""
        if new.map_id not in {"", self._map_id} and self._map_id:
            raise ZoneSetError("wrong_map", f"zones of {new.map_id!r}, the robot works on {self._map_id!r}")
        if new.version < self.set.version:
            raise ZoneSetError("old_version", f"version {new.version} is older than {self.set.version}")
        for zone in new.zones:
            if len(zone.corners) < 3 or not np.isfinite(zone.corners).all():
                raise ZoneSetError("bad_polygon", f"zone {zone.zone_id} has no area")

    def take(self, new: ZoneSet) -> None:
        """Work by this set from now on. Raises ZoneSetError; then the one before stays in force."""
        self.check(new)
        self.set, self._boxes = new, _boxes(new.zones)
        self._fenced = any(zone.kind is ZoneKind.GEOFENCE for zone in new.zones)

    def look(self, place: Place, moments: Sequence[float]) -> Footing:
        """What holds at a place. Of several moments that it may be, the one that forbids more counts."""
        c, s = math.cos(place[2]), math.sin(place[2])
        outline = self._outline @ np.array([(c, s), (-s, c)]) + place[:2]
        low, high = outline.min(axis=0), outline.max(axis=0)
        near = np.nonzero(((self._boxes[:, :2] <= high) & (self._boxes[:, 2:] >= low)).all(axis=1))[0]
        trespass: Trespass | None = None
        slow, zone_id = (math.inf, ""), ""
        permitted: set[str] = set()
        fenced = np.zeros(len(outline), dtype=bool)
        for zone in (self.set.zones[k] for k in near):
            if not any(zone.holds(utc) for utc in moments):
                continue
            within = inside(outline, zone.corners)
            zone_id = zone_id or (zone.zone_id if within[-1] and zone.kind is not ZoneKind.GEOFENCE else "")
            if zone.kind is ZoneKind.GEOFENCE:
                # A fence counts only while it certainly holds.
                fenced |= within & all(zone.holds(utc) for utc in moments)
            elif not within.any() or zone.kind is ZoneKind.SPACE:
                continue
            elif zone.kind is ZoneKind.SLOW:
                if zone.speed_limit > 0.0:
                    slow = min(slow, (zone.speed_limit, zone.name or zone.zone_id))
            elif zone.kind is ZoneKind.RESTRICTED and all(self._may_enter(zone, utc) for utc in moments):
                permitted.add(zone.zone_id)
            elif trespass is None:
                trespass = Trespass(zone, zone.zone_id in self._permitted)
        self._permitted = permitted
        return Footing(trespass, self._fenced and not bool(fenced.all()), *slow, zone_id)

    def _may_enter(self, zone: Zone, utc: float) -> bool:
        return any(permit.allows(zone.zone_id, self._robot_id, utc) for permit in self.set.permits)


def _boxes(zones: Iterable[Zone]) -> Points:
    """Lowest x and y, highest x and y of each zone."""
    boxes = [(*zone.corners.min(axis=0), *zone.corners.max(axis=0)) for zone in zones]
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def inside(points: Points, corners: Points) -> NDArray[np.bool_]:
    """Which of the points (n, 2) lie in the polygon (m, 2), by crossings of a ray."""
    x, y = points[:, :1], points[:, 1:]
    ax, ay = corners[:, 0], corners[:, 1]
    bx, by = np.roll(ax, -1), np.roll(ay, -1)
    spans = (ay > y) != (by > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = x < (bx - ax) * (y - ay) / (by - ay) + ax
    crossings: NDArray[np.bool_] = (spans & left).sum(axis=1) % 2 == 1
    return crossings
