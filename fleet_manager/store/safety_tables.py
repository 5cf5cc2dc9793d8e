"""Tables of zones, permits, leases and mutings, and of deeds on their way to the evidence log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fleet_manager.store.tables import Base


class AccessZoneRow(Base):
    """A zone of a storey, in the map frame. `kind` and `source`: words of AccessKind and ZoneSource."""

    __tablename__ = "access_zones"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    ifc_guid: Mapped[str] = mapped_column(String(40))
    areas: Mapped[list[Any]]
    """Polygons as lists of rings of [x, y], m; the first ring is the outline, the others are holes."""
    speed_limit: Mapped[float]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AccessPermitRow(Base):
    """A permit. `state`: a PermitState word."""

    __tablename__ = "access_permits"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    zone_ids: Mapped[list[Any]]
    robot_ids: Mapped[list[Any]]
    trades: Mapped[list[Any]]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(20))


class AccessVersionRow(Base):
    """Version of a storey's zones and permits; it never falls, so that robots can tell old from new."""

    __tablename__ = "access_versions"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)


class ZoneAckRow(Base):
    """What a robot last said to a version of zones and permits."""

    __tablename__ = "zone_acks"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    robot_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[bool]
    code: Mapped[str] = mapped_column(String(60))
    message: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class LeaseRow(Base):
    """Control lease of a robot; the epoch never falls."""

    __tablename__ = "leases"

    robot_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)
    holder: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime | None]


class MutingRow(Base):
    """A muting of a protective field. `state`: a MutingState word."""

    __tablename__ = "mutings"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    robot_id: Mapped[str] = mapped_column(String(100), index=True)
    field: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(Text)
    duration: Mapped[float]
    requested_by: Mapped[str] = mapped_column(String(200))
    requested_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20), index=True)
    co_signed_by: Mapped[str] = mapped_column(String(200))
    until: Mapped[datetime | None]
    message: Mapped[str] = mapped_column(Text)


class DeedRow(Base):
    """A record on its way to the evidence log: written with what it is about, removed once it is in the log."""

    __tablename__ = "evidence_outbox"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(40), unique=True)
    record: Mapped[dict[str, Any]]
