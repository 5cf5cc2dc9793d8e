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


class Ground:
    """The zones in force, and the ones the robot is in."""

    def __init__(self, robot_id: str, map_id: str, length: float, width: float) -> None:
        self._robot_id, self._map_id = robot_id, map_id
        x, y = 0.5 * length, 0.5 * width
        # Corners and middles of the sides: a zone narrower than half the robot is not missed.
        self._outline = np.array([(x, y), (x, 0), (x, -y), (0, -y), (-x, -y), (-x, 0), (-x, y), (0, y), (0, 0)])
        self.set = ZoneSet(0, map_id, ())
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
        self.set = new

    def trespass(self, place: Place, utc: float) -> Trespass | None:
        """The first zone that the robot must not be in; None: all is well."""
        found = None
        permitted: set[str] = set()
        for zone in self._around(place, utc, (ZoneKind.NO_GO, ZoneKind.RESTRICTED, ZoneKind.PEOPLE_ONLY)):
            if zone.kind is ZoneKind.RESTRICTED and self._may_enter(zone, utc):
                permitted.add(zone.zone_id)
            elif found is None:
                found = Trespass(zone, zone.zone_id in self._permitted)
        self._permitted = permitted
        return found

    def speed_limit(self, place: Place, utc: float) -> tuple[float, str]:
        """Lowest limit of the slow zones that the robot is in, m/s, and where; infinite: none."""
        slow = [(z.speed_limit, z.name or z.zone_id) for z in self._around(place, utc, (ZoneKind.SLOW,))]
        return min((limit for limit in slow if limit[0] > 0.0), default=(math.inf, ""))

    def zone_at(self, place: Place) -> str:
        """Id of the first zone that the robot's centre is in, for records; empty: none."""
        point = np.array([place[:2]])
        return next((z.zone_id for z in self.set.zones if bool(inside(point, z.corners).any())), "")

    def _may_enter(self, zone: Zone, utc: float) -> bool:
        return any(permit.allows(zone.zone_id, self._robot_id, utc) for permit in self.set.permits)

    def _around(self, place: Place, utc: float, kinds: Sequence[ZoneKind]) -> Iterable[Zone]:
        zones = [z for z in self.set.zones if z.kind in kinds and z.holds(utc)]
        if not zones:
            return
        c, s = math.cos(place[2]), math.sin(place[2])
        outline = self._outline @ np.array([(c, s), (-s, c)]) + place[:2]
        for zone in zones:
            if inside(outline, zone.corners).any():
                yield zone


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
