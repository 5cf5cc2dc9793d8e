"""What the HTTP API takes and gives about zones, permits, leases, mutings and safety events, version 1."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, FiniteFloat, StringConstraints

from fleet_manager.api.schemas import ActRequest, Schema

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Point = Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]
Outline = Annotated[list[Point], Field(min_length=3, max_length=1000)]
OpenFrom = Field(default=None, description="UTC with offset; null: from ever")
OpenTo = Field(default=None, description="UTC with offset, the moment itself is outside; null: for ever")


class ZoneBody(ActRequest):
    """A zone as a person wants it; `requested_by` and `reason` are kept."""

    name: str = Field(min_length=1, max_length=200)
    kind: Literal["no_go", "slow", "restricted", "people_only", "geofence"]
    outlines: list[Outline] = Field(min_length=1, max_length=100, description="corners x, y in m, map frame")
    speed_limit: FiniteFloat = Field(default=0.0, ge=0.0, le=3.0, description="m/s; needed for slow, 0: none")
    valid_from: AwareDatetime | None = OpenFrom
    valid_to: AwareDatetime | None = OpenTo


class NewZone(ZoneBody):
    """A new zone."""

    id: Id


class Zone(Schema):
    """A zone. Zones of the building model cannot be changed here."""

    id: str
    name: str
    kind: str
    source: Literal["site", "person"]
    outlines: list[list[list[float]]] = Field(description="corners x, y in m, map frame")
    speed_limit: float
    valid_from: datetime | None
    valid_to: datetime | None
    ended_at: datetime | None
    in_force: bool = Field(description="it counts now")
    ifc_guid: str


class RobotZones(Schema):
    """How far a robot is with zones and permits."""

    robot_id: str
    online: bool
    version: int | None = Field(description="version it last answered; null: none")
    accepted: bool
    up_to_date: bool = Field(description="it works by the newest version")
    code: str
    message: str
    answered_at: datetime | None


class ZoneList(Schema):
    """Zones of the storey with their version, and which robot works by which."""

    version: int
    items: list[Zone]
    robots: list[RobotZones]


class PermitBody(ActRequest):
    """A permit as its issuer wants it; `requested_by` and `reason` are kept."""

    holder: str = Field(min_length=1, max_length=200)
    zone_ids: list[str] = Field(min_length=1, max_length=1000)
    robot_ids: list[str] = Field(default_factory=list, max_length=1000, description="empty: any robot")
    trades: list[str] = Field(default_factory=list, max_length=100, description="empty: any trade")
    valid_from: AwareDatetime | None = OpenFrom
    valid_to: AwareDatetime | None = OpenTo


class NewPermit(PermitBody):
    """A new permit."""

    id: Id


class Permit(Schema):
    """A permit."""

    id: str
    holder: str
    zone_ids: list[str]
    robot_ids: list[str]
    trades: list[str]
    valid_from: datetime | None
    valid_to: datetime | None
    state: Literal["valid", "suspended", "revoked"]
    in_force: bool = Field(description="it lets robots in now")


class PermitList(Schema):
    """Permits of the storey, by id."""

    version: int
    items: list[Permit]


class Lease(Schema):
    """Control lease of a robot."""

    robot_id: str
    epoch: int = Field(description="newest that was ever given; commands carry it")
    holder: str | None
    since: datetime | None
    stale: bool = Field(description="nothing was heard of its holder for 2 s: anybody may have it")
    robot_epoch: int = Field(description="newest that the robot's supervisor has obeyed")


class EpochRequest(ActRequest):
    """An act of the holder: who, and under which epoch."""

    epoch: int = Field(ge=1)


class HandOver(EpochRequest):
    """From the holder to somebody else."""

    to: str = Field(min_length=1, max_length=200)


class ForcedTake(ActRequest):
    """Take the lease from whoever has it; the reason is needed and kept."""

    reason: str = Field(min_length=1, max_length=1000)


class MutingRequest(ActRequest):
    """Mute a protective field: another person has to co-sign."""

    field: str = Field(min_length=1, max_length=60, description="name of the field on the robot")
    reason: str = Field(min_length=1, max_length=1000)
    duration: FiniteFloat = Field(gt=0.0, le=900.0, description="s from the co-signature")


class Muting(Schema):
    """A muting on its way."""

    id: str
    robot_id: str
    field: str
    reason: str
    duration: float
    state: Literal["requested", "active", "ended", "expired", "refused"]
    requested_by: str
    requested_at: datetime
    co_signed_by: str
    until: datetime | None = Field(description="by the robot's clock")
    message: str


class MutingList(Schema):
    """Mutings of a robot, newest first."""

    items: list[Muting]


class Review(ActRequest):
    """A person's word on a safety event: taken note of."""

    reason: str = Field(default="", max_length=4000, description="remark")


class Closing(ActRequest):
    """A person closes a safety event: what was found and done."""

    reason: str = Field(min_length=1, max_length=4000, description="remark")


class EventReview(Schema):
    """What a person said to a safety event."""

    at: datetime
    by: str
    closed: bool
    remark: str
    record_id: str = Field(description="id of its record in the evidence log")


class SafetyEvent(Schema):
    """What a robot's supervisor reported, and what people said to it."""

    id: int
    event_id: str
    received_at: datetime
    robot_id: str
    event_class: str
    severity: int
    message: str
    task_id: str | None
    data: dict[str, Any]
    reviews: list[EventReview]
    closed: bool


class SafetyEventPage(Schema):
    """Safety events in order; ask again with after=`last_id`."""

    items: list[SafetyEvent]
    last_id: int
