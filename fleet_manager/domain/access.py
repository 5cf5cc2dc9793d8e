"""Zones and permits: where a robot may work, when, and by whose leave. Pure; moments are aware.

A zone closes ground (`no_go`, `people_only`), asks for a permit (`restricted`) or slows robots down (`slow`). The
robot's supervisor has the same set and stops by itself; the manager's part is to send nobody where he may not be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from fleet_manager.domain.planar import area_gap, area_gap_to_segment
from fleet_manager.domain.site import Area


class AccessKind(str, Enum):
    """What a zone asks of robots."""

    NO_GO = "no_go"
    SLOW = "slow"
    RESTRICTED = "restricted"
    PEOPLE_ONLY = "people_only"
    GEOFENCE = "geofence"
    """Robots stay inside of all zones of this kind together, when there are any."""


class ZoneSource(str, Enum):
    """Where a zone comes from: the building model, or a person."""

    SITE = "site"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class AccessZone:
    """A zone in the map frame. `speed_limit` in m/s, 0: none; a bound of its validity that is None is open."""

    id: str
    name: str
    kind: AccessKind
    areas: tuple[Area, ...]
    speed_limit: float = 0.0
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    ifc_guid: str = ""
    source: ZoneSource = ZoneSource.PERSON
    ended_at: datetime | None = None
    """A person has ended it; it never comes back."""

    def in_force(self, now: datetime) -> bool:
        """Whether it counts at this moment."""
        return self.ended_at is None and within(self.valid_from, self.valid_to, now)

    def touches(self, x: float, y: float, radius: float) -> bool:
        """Whether a disc of `radius` m about a point overlaps the zone."""
        return any(area_gap(a, x, y) < radius or a.contains(x, y) for a in self.areas)

    def touches_way(self, start: tuple[float, float], end: tuple[float, float], radius: float) -> bool:
        """Whether a disc that is moved along a straight line overlaps the zone anywhere."""
        return any(
            area_gap_to_segment(a, start, end) < radius or a.contains(*start) or a.contains(*end) for a in self.areas
        )


class PermitState(str, Enum):
    """What its issuer says of a permit. REVOKED is for good."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to work in restricted zones. Empty `robot_ids`: any robot; empty `trades`: any trade."""

    id: str
    zone_ids: frozenset[str]
    holder: str
    robot_ids: frozenset[str] = frozenset()
    trades: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    state: PermitState = PermitState.VALID

    def names(self, zone_id: str, robot_id: str, trades: Iterable[str]) -> bool:
        """Whether it is about this zone, robot and (at least one) trade, valid or not."""
        return (
            zone_id in self.zone_ids
            and (not self.robot_ids or robot_id in self.robot_ids)
            and (not self.trades or not self.trades.isdisjoint(trades))
        )

    def in_force(self, now: datetime) -> bool:
        """Whether it lets anybody in at this moment."""
        return self.state is PermitState.VALID and within(self.valid_from, self.valid_to, now)


def within(start: datetime | None, end: datetime | None, now: datetime) -> bool:
    """Whether a moment lies in a window; its end is no part of it."""
    return (start is None or start <= now) and (end is None or now < end)


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a robot may not be somewhere: stable code, what it is about, and a sentence."""

    code: str
    zone_id: str
    permit_id: str
    message: str


@dataclass(frozen=True, slots=True)
class AccessRules:
    """All zones and permits of a storey. `version` grows with every change and is what robots acknowledge."""

    version: int = 0
    zones: tuple[AccessZone, ...] = ()
    permits: tuple[Permit, ...] = ()

    def zone(self, zone_id: str) -> AccessZone | None:
        """The zone of this id."""
        return next((z for z in self.zones if z.id == zone_id), None)

    def permit(self, permit_id: str) -> Permit | None:
        """The permit of this id."""
        return next((p for p in self.permits if p.id == permit_id), None)

    def closing(self, robot_id: str, trades: Iterable[str], now: datetime) -> list[AccessZone]:
        """Zones that the robot may not touch at this moment."""
        trades = tuple(trades)
        return [z for z in self.zones if self.denial(z, robot_id, trades, now) is not None]

    def fences(self, now: datetime) -> list[AccessZone]:
        """Geofences that count at this moment."""
        return [z for z in self.zones if z.kind is AccessKind.GEOFENCE and z.in_force(now)]

    def denial(self, zone: AccessZone, robot_id: str, trades: Iterable[str], now: datetime) -> Denial | None:
        """Why the robot may not be in the zone; None if it may."""
        if not zone.in_force(now) or zone.kind in {AccessKind.SLOW, AccessKind.GEOFENCE}:
            return None
        if zone.kind is AccessKind.NO_GO:
            return Denial("ZONE_NO_GO", zone.id, "", f"{zone.name} is closed to robots")
        if zone.kind is AccessKind.PEOPLE_ONLY:
            return Denial("ZONE_PEOPLE_ONLY", zone.id, "", f"{zone.name} is for people only")
        trades = tuple(trades)
        about = [p for p in self.permits if p.names(zone.id, robot_id, trades)]
        if any(p.in_force(now) for p in about):
            return None
        if not about:
            work = " and ".join(trades) or "any work"
            return Denial("PERMIT_MISSING", zone.id, "", f"{zone.name} needs a permit for {robot_id} to {work}")
        # The one that comes nearest to letting it in is the one worth naming.
        return min((_shortcoming(p, zone, now) for p in about), key=lambda d: _NEARNESS.index(d.code))


def fenced_in(fences: Iterable[AccessZone], x: float, y: float, radius: float) -> bool:
    """Whether a disc about a point lies within the fences together, as far as nine of its points tell."""
    fences = tuple(fences)
    around = [(x, y), *((x + radius * math.cos(a), y + radius * math.sin(a)) for a in _EIGHTHS)]
    return all(any(area.contains(*p) for zone in fences for area in zone.areas) for p in around)


_EIGHTHS = tuple(math.tau * n / 8 for n in range(8))
_NEARNESS = ("PERMIT_SUSPENDED", "PERMIT_NOT_YET_VALID", "PERMIT_EXPIRED", "PERMIT_REVOKED")


def _shortcoming(permit: Permit, zone: AccessZone, now: datetime) -> Denial:
    if permit.state is PermitState.REVOKED:
        code, what = "PERMIT_REVOKED", "is revoked"
    elif permit.valid_to is not None and permit.valid_to <= now:
        code, what = "PERMIT_EXPIRED", f"ended at {_moment(permit.valid_to)}"
    elif permit.state is PermitState.SUSPENDED:
        code, what = "PERMIT_SUSPENDED", "is suspended"
    else:
        assert permit.valid_from is not None
        code, what = "PERMIT_NOT_YET_VALID", f"begins at {_moment(permit.valid_from)}"
    return Denial(code, zone.id, permit.id, f"{zone.name} needs a permit, and permit {permit.id} {what}")


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"
