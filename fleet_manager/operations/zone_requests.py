"""What people ask of zones and permits. Checked whole, then changed, written down, and recorded as evidence."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from fleet_manager.domain.access import AccessKind, AccessZone, Permit, PermitState, ZoneSource
from fleet_manager.domain.errors import conflict, invalid, not_found
from fleet_manager.domain.events import EventKind
from fleet_manager.domain.evidence import Deed, EventClass
from fleet_manager.domain.site import Area
from fleet_manager.operations.situation import Situation

_SMALLEST = 1e-4
"""m2: an outline that encloses less is a mistake."""


def put_zone(world: Situation, zone: AccessZone, *, by: str, reason: str, new: bool) -> AccessZone:
    """Make or change a zone of a person's."""
    known = world.ledger.book.rules.zone(zone.id)
    if new and known is not None:
        raise conflict("ZONE_EXISTS", f"there is a zone {zone.id!r} already, or there was; choose another id")
    if not new:
        known = _changeable(world, zone.id)
        zone = replace(zone, source=known.source, ifc_guid=known.ifc_guid)
    _check_zone(zone)
    world.ledger.book.put_zone(zone)
    _note_zone(world, zone, "created" if new else "changed", by, reason)
    return zone


def end_zone(world: Situation, zone_id: str, *, by: str, reason: str) -> AccessZone:
    """The zone does not count any more, for good."""
    zone = replace(_changeable(world, zone_id), ended_at=world.ledger.utc())
    world.ledger.book.put_zone(zone)
    _note_zone(world, zone, "ended", by, reason)
    return zone


def _changeable(world: Situation, zone_id: str) -> AccessZone:
    zone = world.ledger.book.rules.zone(zone_id)
    if zone is None:
        raise not_found("zone", zone_id)
    if zone.source is ZoneSource.SITE:
        text = f"{zone.name} comes from the building model; change the model and import it again"
        raise conflict("ZONE_FROM_MODEL", text)
    if zone.ended_at is not None:
        raise conflict("ZONE_ENDED", f"{zone.name} was ended at {zone.ended_at:%Y-%m-%d %H:%M:%S} UTC; make a new one")
    return zone


def _check_zone(zone: AccessZone) -> None:
    if not zone.areas or any(abs(_enclosed(a)) < _SMALLEST for a in zone.areas):
        raise invalid("ZONE_EMPTY", "the outline of a zone needs three corners or more that enclose some ground")
    if zone.kind is AccessKind.SLOW and zone.speed_limit <= 0.0:
        raise invalid("SPEED_LIMIT_MISSING", "a slow zone needs a speed_limit above 0 m/s")
    _check_window(zone.valid_from, zone.valid_to)


def _check_window(start: datetime | None, end: datetime | None) -> None:
    if start is not None and end is not None and end <= start:
        raise invalid("WINDOW_EMPTY", "valid_to must be after valid_from")


def _enclosed(area: Area) -> float:
    ring = area.exterior
    return 0.5 * sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in itertools.pairwise(ring))


def _note_zone(world: Situation, zone: AccessZone, verb: str, by: str, reason: str) -> None:
    text = f"zone {zone.name} ({zone.kind.value}) {verb} by {by}" + (f": {reason}" if reason else "")
    details = {
        "zone_id": zone.id,
        "kind": zone.kind.value,
        "valid_from": _iso(zone.valid_from),
        "valid_to": _iso(zone.valid_to),
        "version": world.ledger.book.rules.version,
        "speed_limit": zone.speed_limit,
        "outlines": [[list(p) for p in a.exterior] for a in zone.areas],
    }
    _note(world, EventKind.ZONE_CHANGED, text, f"zone_{verb}", f"zone {zone.id} {verb}", by, reason, details)


def put_permit(world: Situation, permit: Permit, *, by: str, reason: str, new: bool) -> Permit:
    """Issue a permit, or change zones, robots, trades, window or holder of one."""
    rules = world.ledger.book.rules
    known = rules.permit(permit.id)
    if new and known is not None:
        raise conflict("PERMIT_EXISTS", f"there is a permit {permit.id!r} already; choose another id")
    if not new:
        known = _living_permit(world, permit.id)
        permit = replace(permit, state=known.state)
    _check_window(permit.valid_from, permit.valid_to)
    unknown = sorted(z for z in permit.zone_ids if rules.zone(z) is None)
    if not permit.zone_ids or unknown:
        raise invalid("ZONE_UNKNOWN", f"a permit names zones that there are; there is no zone {unknown or 'named'}")
    world.ledger.book.put_permit(permit)
    _note_permit(world, permit, "created" if new else "changed", by, reason)
    return permit


_STATES = {
    "suspend": (PermitState.SUSPENDED, "suspended"),
    "reinstate": (PermitState.VALID, "reinstated"),
    "revoke": (PermitState.REVOKED, "revoked"),
}
PERMIT_CHANGES = tuple(_STATES)


def change_permit(world: Situation, permit_id: str, name: str, *, by: str, reason: str) -> Permit:
    """`name`: suspend, reinstate or revoke."""
    state, verb = _STATES[name]
    permit = _living_permit(world, permit_id)
    if permit.state is state:
        return permit
    permit = replace(permit, state=state)
    world.ledger.book.put_permit(permit)
    _note_permit(world, permit, verb, by, reason)
    return permit


def _living_permit(world: Situation, permit_id: str) -> Permit:
    permit = world.ledger.book.rules.permit(permit_id)
    if permit is None:
        raise not_found("permit", permit_id)
    if permit.state is PermitState.REVOKED:
        raise conflict("PERMIT_REVOKED", f"permit {permit_id} is revoked, which is for good; issue a new one")
    return permit


def _note_permit(world: Situation, permit: Permit, verb: str, by: str, reason: str) -> None:
    text = f"permit {permit.id} of {permit.holder} {verb} by {by}" + (f": {reason}" if reason else "")
    details = {
        "permit_id": permit.id,
        "zones": sorted(permit.zone_ids),
        "robots": sorted(permit.robot_ids),
        "trades": sorted(permit.trades),
        "holder": permit.holder,
        "state": permit.state.value,
        "valid_from": _iso(permit.valid_from),
        "valid_to": _iso(permit.valid_to),
        "version": world.ledger.book.rules.version,
    }
    _note(world, EventKind.PERMIT_CHANGED, text, f"permit_{verb}", f"permit {permit.id} {verb}", by, reason, details)


def _note(
    world: Situation,
    kind: EventKind,
    text: str,
    trigger: str,
    action: str,
    by: str,
    reason: str,
    details: Mapping[str, object],
) -> None:
    deed = Deed(EventClass.CONFIG_CHANGE.value, trigger, action, actor=by, remark=reason, details=details)
    world.ledger.note(kind, text, data={"by": by, "reason": reason, "event_id": world.ledger.book.record(deed)})


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
