"""Events that the recorder makes itself: where a recording is, or why there is none. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST_SEQ = 2**40
"""The recorder's events count from here; the supervisor's count from 1. Each series is without gaps."""
RECORDING = "recording"
RECORDING_FAILED = "recording_failed"
RECORDING_MISSING = "recording_missing"
SPOOL_DAMAGED = "spool_damaged"
TRIGGERS = frozenset({RECORDING, RECORDING_FAILED, RECORDING_MISSING, SPOOL_DAMAGED})
"""Triggers of the recorder's own events, which are not recorded themselves."""

_ACTION = "recording of event "
_SEVERITY = {RECORDING: 0, RECORDING_MISSING: 1, RECORDING_FAILED: 1, SPOOL_DAMAGED: 2}


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and by what an event is made: clocks in ns, software version, hash of the configuration."""

    utc_ns: int
    mono_ns: int
    version: str
    configuration_hash: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file and its SHA-256."""

    uri: str
    sha256: str


def follow_up(
    original: Mapping[str, Any], trigger: str, narrative: str, seq: int, stamp: Stamp, evidence: Evidence | None = None
) -> dict[str, Any]:
    """The event that belongs to `original`: same class, robot, task, zone, mode and pose, own id, time and number."""
    return {
        **original,
        **_stamped(seq, stamp),
        "severity": _SEVERITY[trigger],
        "trigger": trigger,
        "narrative": narrative,
        "action": f"{_ACTION}{original['event_id']}",
        "reviewer": "",
        "evidence_uris": [evidence.uri] if evidence else [],
        "evidence_sha256": [evidence.sha256] if evidence else [],
    }


def damage_found(robot_id: str, narrative: str, seq: int, stamp: Stamp) -> dict[str, Any]:
    """A record of the robot's disk was changed or cut: a security event."""
    return {
        **_stamped(seq, stamp),
        "event_class": "SECURITY",
        "severity": _SEVERITY[SPOOL_DAMAGED],
        "robot_id": robot_id,
        "trigger": SPOOL_DAMAGED,
        "narrative": narrative,
        "action": "everything else in the spool is delivered",
        "min_separation": None,
        "stop_distance": None,
    }


def event_of(record: Mapping[str, Any]) -> str | None:
    """Id of the event that a follow-up event belongs to; None when the record is no follow-up."""
    action = str(record.get("action", ""))
    if record.get("trigger") not in TRIGGERS or not action.startswith(_ACTION):
        return None
    return action[len(_ACTION) :]


def _stamped(seq: int, stamp: Stamp) -> dict[str, Any]:
    return {
        "seq": seq,
        "event_id": str(uuid.uuid4()),
        "t_utc": {"sec": stamp.utc_ns // 10**9, "nanosec": stamp.utc_ns % 10**9},
        "t_mono_ns": stamp.mono_ns,
        "clock_offset_ns": stamp.utc_ns - stamp.mono_ns,
        "software_version": stamp.version,
        "configuration_hash": stamp.configuration_hash,
    }
