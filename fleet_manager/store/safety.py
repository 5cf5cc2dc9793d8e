"""Zones, permits, leases, mutings and deeds: values to rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fleet_manager.domain.access import AccessKind, AccessRules, AccessZone, Permit, PermitState, ZoneSource
from fleet_manager.domain.kept import PendingDeed, ZoneAck
from fleet_manager.domain.lease import Lease
from fleet_manager.domain.muting import Muting, MutingState
from fleet_manager.domain.site import Area
from fleet_manager.store.safety_tables import (
    AccessPermitRow,
    AccessVersionRow,
    AccessZoneRow,
    DeedRow,
    LeaseRow,
    MutingRow,
    ZoneAckRow,
)

_OPEN_MUTINGS = tuple(s.value for s in MutingState if s.open)


class SafetyWriter:
    """The part of a transaction that is about safety."""

    def __init__(self, session: Session, site_id: int) -> None:
        self._session = session
        self._site_id = site_id

    def put_zone(self, zone: AccessZone) -> None:
        """A new or changed zone."""
        self._merge(
            AccessZoneRow(
                site_id=self._site_id,
                id=zone.id,
                name=zone.name,
                kind=zone.kind.value,
                source=zone.source.value,
                ifc_guid=zone.ifc_guid,
                areas=[[[list(p) for p in ring] for ring in (a.exterior, *a.holes)] for a in zone.areas],
                speed_limit=zone.speed_limit,
                valid_from=zone.valid_from,
                valid_to=zone.valid_to,
                ended_at=zone.ended_at,
            )
        )

    def put_permit(self, permit: Permit) -> None:
        """A new or changed permit."""
        self._merge(
            AccessPermitRow(
                site_id=self._site_id,
                id=permit.id,
                holder=permit.holder,
                zone_ids=sorted(permit.zone_ids),
                robot_ids=sorted(permit.robot_ids),
                trades=sorted(permit.trades),
                valid_from=permit.valid_from,
                valid_to=permit.valid_to,
                state=permit.state.value,
            )
        )

    def put_version(self, version: int) -> None:
        """The version that zones and permits now have."""
        self._merge(AccessVersionRow(site_id=self._site_id, version=version))

    def put_zone_ack(self, ack: ZoneAck) -> None:
        """What a robot said."""
        self._merge(
            ZoneAckRow(
                site_id=self._site_id,
                robot_id=ack.robot_id,
                version=ack.version,
                accepted=ack.accepted,
                code=ack.code,
                message=ack.message,
                at=ack.at,
            )
        )

    def put_lease(self, lease: Lease) -> None:
        """A new or changed lease."""
        self._merge(LeaseRow(robot_id=lease.robot_id, epoch=lease.epoch, holder=lease.holder, since=lease.since))

    def put_muting(self, muting: Muting) -> None:
        """A new or changed muting."""
        names = [c.key for c in MutingRow.__table__.columns]
        values = {name: getattr(muting, name) for name in names}
        self._merge(MutingRow(**{**values, "state": muting.state.value}))

    def add_deed(self, deed: PendingDeed) -> None:
        """A record for the evidence log, to be appended after the commit."""
        self._session.add(DeedRow(event_id=deed.event_id, record=dict(deed.record)))
        self._session.flush()

    def remove_deeds(self, event_ids: Iterable[str]) -> None:
        """These are in the log."""
        self._session.execute(delete(DeedRow).where(DeedRow.event_id.in_(list(event_ids))))

    def _merge(self, row: Any) -> None:
        self._session.merge(row)
        self._session.flush()


def access_rules(session: Session, site_id: int) -> AccessRules:
    """All zones and permits of a storey, and their version."""
    version = session.get(AccessVersionRow, site_id)
    zones = session.scalars(select(AccessZoneRow).where(AccessZoneRow.site_id == site_id).order_by(AccessZoneRow.id))
    permits = session.scalars(
        select(AccessPermitRow).where(AccessPermitRow.site_id == site_id).order_by(AccessPermitRow.id)
    )
    return AccessRules(version.version if version else 0, tuple(map(_zone, zones)), tuple(map(_permit, permits)))


def _zone(row: AccessZoneRow) -> AccessZone:
    rings = [[tuple((float(x), float(y)) for x, y in ring) for ring in area] for area in row.areas]
    return AccessZone(
        id=row.id,
        name=row.name,
        kind=AccessKind(row.kind),
        areas=tuple(Area(area[0], tuple(area[1:])) for area in rings),
        speed_limit=row.speed_limit,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        ifc_guid=row.ifc_guid,
        source=ZoneSource(row.source),
        ended_at=row.ended_at,
    )


def _permit(row: AccessPermitRow) -> Permit:
    return Permit(
        id=row.id,
        zone_ids=frozenset(row.zone_ids),
        holder=row.holder,
        robot_ids=frozenset(row.robot_ids),
        trades=frozenset(row.trades),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        state=PermitState(row.state),
    )


def zone_acks(session: Session, site_id: int) -> dict[str, ZoneAck]:
    """What each robot last said to zones and permits."""
    rows = session.scalars(select(ZoneAckRow).where(ZoneAckRow.site_id == site_id))
    return {r.robot_id: ZoneAck(r.robot_id, r.version, r.accepted, r.code, r.message, r.at) for r in rows}


def leases(session: Session) -> dict[str, Lease]:
    """Every lease there is."""
    return {r.robot_id: Lease(r.robot_id, r.epoch, r.holder, r.since) for r in session.scalars(select(LeaseRow))}


def mutings(session: Session, robot_id: str | None = None, only_open: bool = False) -> list[Muting]:
    """Mutings, oldest first."""
    query = select(MutingRow).order_by(MutingRow.requested_at, MutingRow.id)
    if robot_id is not None:
        query = query.where(MutingRow.robot_id == robot_id)
    if only_open:
        query = query.where(MutingRow.state.in_(_OPEN_MUTINGS))
    return [_muting(row) for row in session.scalars(query)]


def _muting(row: MutingRow) -> Muting:
    values: Mapping[str, Any] = {c.key: getattr(row, c.key) for c in MutingRow.__table__.columns}
    return Muting(**{**values, "state": MutingState(row.state)})


def pending_deeds(session: Session) -> list[PendingDeed]:
    """Records on their way to the evidence log, oldest first."""
    return [PendingDeed(r.event_id, r.record) for r in session.scalars(select(DeedRow).order_by(DeedRow.id))]
