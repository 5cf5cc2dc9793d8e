"""Zones, permits, leases, mutings and safety events as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fleet_manager.api import safety_schemas as schemas
from fleet_manager.domain.access import AccessKind, AccessRules, AccessZone, Permit
from fleet_manager.domain.events import Event
from fleet_manager.domain.kept import ZoneAck
from fleet_manager.domain.lease import Lease
from fleet_manager.domain.muting import Muting
from fleet_manager.domain.site import Area, Ring
from fleet_manager.operations.fleet_view import RobotView


def zone(value: AccessZone, now: datetime) -> schemas.Zone:
    """A zone; of areas with holes only the outlines."""
    return schemas.Zone(
        id=value.id,
        name=value.name,
        kind=value.kind.value,
        source=value.source.value,
        outlines=[[list(p) for p in a.exterior] for a in value.areas],
        speed_limit=value.speed_limit,
        valid_from=value.valid_from,
        valid_to=value.valid_to,
        ended_at=value.ended_at,
        in_force=value.in_force(now),
        ifc_guid=value.ifc_guid,
    )


def zone_from(zone_id: str, body: schemas.ZoneBody) -> AccessZone:
    """The zone a person wants."""
    return AccessZone(
        id=zone_id,
        name=body.name,
        kind=AccessKind(body.kind),
        areas=tuple(Area(_ring(outline)) for outline in body.outlines),
        speed_limit=body.speed_limit,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
    )


def _ring(outline: Sequence[Sequence[float]]) -> Ring:
    corners = tuple((p[0], p[1]) for p in outline)
    return corners if corners[0] == corners[-1] else (*corners, corners[0])


def robot_zones(view: RobotView, ack: ZoneAck | None, version: int) -> schemas.RobotZones:
    """How far a robot is."""
    accepted = bool(ack and ack.accepted)
    return schemas.RobotZones(
        robot_id=view.robot_id,
        online=view.online,
        version=ack.version if ack else None,
        accepted=accepted,
        up_to_date=bool(accepted and ack and ack.version == version),
        code=ack.code if ack else "",
        message=ack.message if ack else "",
        answered_at=ack.at if ack else None,
    )


def permit(value: Permit, now: datetime) -> schemas.Permit:
    """A permit."""
    return schemas.Permit(
        id=value.id,
        holder=value.holder,
        zone_ids=sorted(value.zone_ids),
        robot_ids=sorted(value.robot_ids),
        trades=sorted(value.trades),
        valid_from=value.valid_from,
        valid_to=value.valid_to,
        state=value.state.value,
        in_force=value.in_force(now),
    )


def permit_from(permit_id: str, body: schemas.PermitBody) -> Permit:
    """The permit a person wants."""
    return Permit(
        id=permit_id,
        zone_ids=frozenset(body.zone_ids),
        holder=body.holder,
        robot_ids=frozenset(body.robot_ids),
        trades=frozenset(body.trades),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
    )


def permits(rules: AccessRules, now: datetime) -> schemas.PermitList:
    """All of them."""
    return schemas.PermitList(version=rules.version, items=[permit(p, now) for p in rules.permits])


def lease(value: Lease, now: float, robot_epoch: int) -> schemas.Lease:
    """A lease; `now`: monotonic s."""
    return schemas.Lease(
        robot_id=value.robot_id,
        epoch=value.epoch,
        holder=value.holder or None,
        since=value.since,
        stale=value.stale(now),
        robot_epoch=robot_epoch,
    )


def muting(value: Muting) -> schemas.Muting:
    """A muting."""
    return schemas.Muting.model_validate({**_fields(value), "state": value.state.value})


def _fields(value: Muting) -> dict[str, object]:
    return {name: getattr(value, name) for name in schemas.Muting.model_fields}


def safety_event(value: Event, reviews: Sequence[Event]) -> schemas.SafetyEvent:
    """An event with what people said to it."""
    said = [
        schemas.EventReview(
            at=r.time,
            by=str(r.data["by"]),
            closed=bool(r.data["closed"]),
            remark=str(r.data["remark"]),
            record_id=str(r.data["event_id"]),
        )
        for r in reviews
    ]
    return schemas.SafetyEvent(
        id=value.id,
        event_id=value.source_event_id or "",
        received_at=value.time,
        robot_id=value.robot_id or "",
        event_class=str(value.data.get("class", "")),
        severity=value.severity,
        message=value.message,
        task_id=value.task_id,
        data=dict(value.data),
        reviews=said,
        closed=any(r.closed for r in said),
    )
