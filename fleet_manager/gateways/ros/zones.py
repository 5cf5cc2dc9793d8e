"""Zones and permits as messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point32, Polygon
from sitefleet_interfaces.msg import Permit as PermitMessage
from sitefleet_interfaces.msg import Zone, ZoneSet

from fleet_manager.domain.access import AccessKind, AccessRules, AccessZone, Permit, PermitState
from fleet_manager.domain.evidence import stamp
from fleet_manager.domain.site import Ring

_KINDS = {
    AccessKind.NO_GO: Zone.NO_GO,
    AccessKind.SLOW: Zone.SLOW,
    AccessKind.RESTRICTED: Zone.RESTRICTED,
    AccessKind.PEOPLE_ONLY: Zone.PEOPLE_ONLY,
    AccessKind.GEOFENCE: Zone.GEOFENCE,
}
_STATES = {
    PermitState.VALID: PermitMessage.VALID,
    PermitState.SUSPENDED: PermitMessage.SUSPENDED,
    PermitState.REVOKED: PermitMessage.REVOKED,
}


def zone_set_to(rules: AccessRules, map_id: str, now: Time) -> ZoneSet:
    """To ZoneSet. Zones that a person has ended are left out; those whose time has not come are not."""
    zones = [z for z in rules.zones if z.ended_at is None]
    message = ZoneSet(version=rules.version, map_id=map_id)
    message.header.frame_id = "map"
    message.header.stamp = now
    message.zones = [part for zone in zones for part in _parts(zone, rules.permits)]
    message.permits = [_permit(p, zones) for p in rules.permits]
    return message


def part_ids(zone: AccessZone) -> list[str]:
    """A zone of several areas goes out as several zones: `Z`, `Z#2`, `Z#3`."""
    return [zone.id if n == 1 else f"{zone.id}#{n}" for n in range(1, len(zone.areas) + 1)]


def _parts(zone: AccessZone, permits: Iterable[Permit]) -> Iterable[Zone]:
    permit = next((p.id for p in permits if zone.id in p.zone_ids and p.state is PermitState.VALID), "")
    for part_id, area in zip(part_ids(zone), zone.areas, strict=True):
        # Holes are not sent: a robot keeps out of ground that is open to it rather than the other way round. People
        # draw outlines only, so that a geofence has none.
        yield Zone(
            zone_id=part_id,
            name=zone.name,
            kind=_KINDS[zone.kind],
            ifc_guid=zone.ifc_guid,
            polygon=_polygon(area.exterior),
            speed_limit=zone.speed_limit,
            permit_id=permit if zone.kind is AccessKind.RESTRICTED else "",
            valid_from=time_to(zone.valid_from),
            valid_to=time_to(zone.valid_to),
        )


def _polygon(ring: Ring) -> Polygon:
    corners = ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
    return Polygon(points=[Point32(x=float(x), y=float(y)) for x, y in corners])


def _permit(permit: Permit, zones: Iterable[AccessZone]) -> PermitMessage:
    named = [part for zone in zones if zone.id in permit.zone_ids for part in part_ids(zone)]
    return PermitMessage(
        permit_id=permit.id,
        zone_ids=named,
        robot_ids=sorted(permit.robot_ids),
        trades=sorted(permit.trades),
        valid_from=time_to(permit.valid_from),
        valid_to=time_to(permit.valid_to),
        state=_STATES[permit.state],
        holder=permit.holder,
    )


def time_to(moment: datetime | None) -> Time:
    """A moment as a ROS time of UTC; None, an open end, as zero."""
    return Time() if moment is None else Time(**stamp(moment))
