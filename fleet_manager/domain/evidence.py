"""Records of the evidence log as the manager writes them: what robots report, and what people do. Pure.

A record is one flat JSON object with the fields of sitefleet_interfaces/SafetyEvent; what the manager knows about its
arrival stands under `manager` and is no part of what the robot said.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum

SOURCE = "_manager"
"""Robot id in the records that the manager makes itself; no robot can be called so."""
ARRIVAL = "manager"
"""Key of what the manager adds to a robot's record."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NAMESPACE = uuid.UUID("6a0b6f0e-6f2c-4e0f-8d11-9d6f2f6e6a51")


class EventClass(str, Enum):
    """Classes of safety events that the manager's own records use."""

    CONTROL_HANDOVER = "CONTROL_HANDOVER"
    MUTING = "MUTING"
    CONFIG_CHANGE = "CONFIG_CHANGE"
    SECURITY = "SECURITY"


@dataclass(frozen=True, slots=True)
class Record:
    """One record to be stored; `seq` counts within the series of `robot_id`."""

    event_id: str
    robot_id: str
    seq: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The record is in the log, on the disk."""

    event_id: str
    leaf_index: int


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record that is in the log."""

    receipt: Receipt
    data: bytes


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a person did, or the manager noticed. `about`: robot it concerns, if one."""

    event_class: str
    trigger: str
    action: str
    actor: str = ""
    about: str = ""
    remark: str = ""
    reviewer: str = ""
    severity: int = 0
    details: Mapping[str, object] = field(default_factory=dict)


def deed_record(deed: Deed, event_id: str, at: datetime) -> dict[str, object]:
    """The record of a deed, but for its `seq`, which it gets when it is appended."""
    return {
        "event_id": event_id,
        "event_class": deed.event_class,
        "severity": deed.severity,
        "t_utc": stamp(at),
        "robot_id": SOURCE,
        "trigger": deed.trigger,
        "action": deed.action,
        "narrative": deed.remark,
        "reviewer": deed.reviewer,
        "about": deed.about,
        "actor": deed.actor,
        "remark": deed.remark,
        "details": dict(deed.details),
    }


def stamp(at: datetime) -> dict[str, int]:
    """A moment as a ROS time of UTC."""
    since = at - _EPOCH
    return {"sec": since.days * 86_400 + since.seconds, "nanosec": since.microseconds * 1000}


def moment(value: Mapping[str, int]) -> datetime:
    """The other way round, to the microsecond."""
    return _EPOCH + timedelta(seconds=value["sec"], microseconds=value["nanosec"] // 1000)


def canonical(record: Mapping[str, object]) -> bytes:
    """One form for one content: keys sorted, no blanks, UTF-8. Raises ValueError for NaN and infinity."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def arrived(record: Mapping[str, object], at: datetime, offset: int | None, error: int | None) -> dict[str, object]:
    """A robot's record with what is known of its arrival: when, and how far the robot's clock was off (ns)."""
    about = {
        "received_at": at.isoformat(timespec="microseconds"),
        "clock_offset_ns": offset,
        "clock_error_ns": error,
    }
    return {**record, ARRIVAL: about}


def said_the_same(stored: bytes, record: Mapping[str, object]) -> bool:
    """Whether a stored record is what the robot says now, whenever it arrived."""
    known = json.loads(stored)
    known.pop(ARRIVAL, None)
    return canonical(known) == canonical(record)


def conflict_id(record: Mapping[str, object]) -> str:
    """Id of the record about a second, different record under a known id; the same one for the same content."""
    return str(uuid.uuid5(_NAMESPACE, canonical(record).hex()))
