"""One event of the evidence log and all that belongs to it: what came before and after, who reviewed it, its proof.

Times are UTC of the site: the robot's clock less the offset that the manager measured when the record arrived.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from fleet_manager.domain.evidence import ARRIVAL, SOURCE, StoredRecord
from fleet_manager.safety_log.errors import EvidenceLogError
from fleet_manager.safety_log.heads import SignedTreeHead, Verifier
from fleet_manager.safety_log.proofs import check, prove
from fleet_manager.safety_log.reader import LogReader, Query
from fleet_manager.safety_log.verify import Verdict

AROUND = timedelta(minutes=3)
"""Records so long before and after the event are shown."""
LEASE_BEFORE = timedelta(hours=12)
"""How far back the last handing over of control is looked for."""
CLOCK_SLACK = timedelta(minutes=5)
"""Records are looked for by the robot's clock, which may be off by so much."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_REVIEWS = {"acknowledged": "acknowledgement of event ", "closed": "closing of event "}
_FOLLOWS = "recording of event "


class NoSuchEventError(Exception):
    """The log has no such event; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the log at its place."""

    index: int
    event_id: str
    record: Mapping[str, Any]
    at: datetime
    clock_offset: float | None
    """s that the robot's clock was ahead of the manager's; None: not measured, `at` is as the robot had it."""

    @property
    def by_person(self) -> bool:
        """Made by the manager: somebody's deed, or something it noticed itself."""
        return self.record.get("robot_id") == SOURCE

    def text(self, name: str) -> str:
        """A field as text; empty when it is not there."""
        value = self.record.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> float | None:
        """A field as a finite number; None when it is none."""
        value = self.record.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class RecordingRef:
    """Where a recording is and what its SHA-256 has to be, as the log has it. `uri` empty: there is none, and why."""

    uri: str
    sha256: str
    narrative: str
    index: int


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the log says about an event. `verdict` None: the log was not verified for this report."""

    event: Entry
    around: tuple[Entry, ...]
    reviews: tuple[Entry, ...]
    control: tuple[Entry, ...]
    recordings: tuple[RecordingRef, ...]
    proof: Mapping[str, Any]
    head: SignedTreeHead
    log_id: str
    verdict: Verdict | None = None

    @property
    def robot_id(self) -> str:
        """The robot that the event is about."""
        return self.event.text("about") or self.event.text("robot_id")

    @property
    def acknowledged(self) -> Entry | None:
        """The first acknowledgement."""
        return next((e for e in self.reviews if e.text("trigger") == "acknowledged"), None)

    @property
    def closed(self) -> Entry | None:
        """The last closing."""
        return next((e for e in reversed(self.reviews) if e.text("trigger") == "closed"), None)


def read_case(reader: LogReader, key: Verifier, event_id: str, verdict: Verdict | None = None) -> Case:
    """Gather it.

    Args:
        reader: the log.
        key: its public key.
        event_id: id of the event, or the beginning of one.
        verdict: what a verification of the whole log found, if there was one.

    Raises:
        NoSuchEventError: no event, or more than one, has an id that begins so.
        EvidenceLogError: the log cannot be read, or its proof does not hold.
    """
    stored = resolve(reader, event_id)
    event = entry_of(stored)
    proof = prove(reader, key, event.event_id)
    robot_id = event.text("about") or event.text("robot_id")
    entries = sorted(_about(reader, robot_id, event.at), key=lambda e: (e.at, e.index))
    near = [e for e in entries if abs(e.at - event.at) <= AROUND]
    return Case(
        event,
        tuple(near),
        tuple(e for e in entries if e.text("action") == _REVIEWS.get(e.text("trigger"), "") + event.event_id),
        tuple(_control(entries, event)),
        tuple(_recordings(entries, event)),
        proof,
        check(proof, key),
        key.log_id,
        verdict,
    )


def resolve(reader: LogReader, event_id: str) -> StoredRecord:
    """The record of this id, or the only one whose id begins so. Raises NoSuchEventError."""
    exact = reader.find([event_id]).get(event_id)
    if exact is not None:
        return exact
    found = reader.find_beginning(event_id, limit=2)
    if len(found) == 1:
        return found[0]
    if found:
        raise NoSuchEventError(f"more than one event begins with {event_id}; give more of its id")
    raise NoSuchEventError(f"the log has no event {event_id}; see `sitefleet log list`")


def entry_of(stored: StoredRecord) -> Entry:
    """A stored record as an entry. Raises EvidenceLogError for one that is no JSON object."""
    try:
        record = json.loads(stored.data)
        stamp = record.get("t_utc") or {}
    except (ValueError, AttributeError) as fault:
        raise EvidenceLogError(f"record {stored.receipt.leaf_index} cannot be read: {fault}") from fault
    offset = (record.get(ARRIVAL) or {}).get("clock_offset_ns")
    ns = int(stamp.get("sec", 0)) * 10**9 + int(stamp.get("nanosec", 0)) - int(offset or 0)
    return Entry(
        stored.receipt.leaf_index,
        stored.receipt.event_id,
        record,
        _EPOCH + timedelta(microseconds=ns // 1000),
        None if offset is None else offset / 1e9,
    )


def _about(reader: LogReader, robot_id: str, at: datetime) -> Iterable[Entry]:
    """Everything about the robot from some hours before the event on: it may be closed long after."""
    since = _ns(at - LEASE_BEFORE - CLOCK_SLACK)
    return [entry_of(s) for s in reader.records(Query(subject=robot_id, since_ns=since))]


def _ns(at: datetime) -> int:
    return int((at - _EPOCH) / timedelta(microseconds=1)) * 1000


def _control(entries: Iterable[Entry], event: Entry) -> Iterable[Entry]:
    """Leases around the event: the last one before it, and all within the time that is shown."""
    leases = [e for e in entries if e.text("event_class") == "CONTROL_HANDOVER"]
    before = [e for e in leases if e.at <= event.at]
    return [e for e in leases if abs(e.at - event.at) <= AROUND or (before and e is before[-1])]


def _recordings(entries: Iterable[Entry], event: Entry) -> Iterable[RecordingRef]:
    own = zip(event.record.get("evidence_uris") or (), event.record.get("evidence_sha256") or (), strict=False)
    for uri, sha256 in own:
        yield RecordingRef(str(uri), str(sha256), "", event.index)
    for entry in entries:
        if entry.text("action") != _FOLLOWS + event.event_id:
            continue
        uris, hashes = entry.record.get("evidence_uris") or (), entry.record.get("evidence_sha256") or ()
        for uri, sha256 in zip(uris, hashes, strict=False):
            yield RecordingRef(str(uri), str(sha256), entry.text("narrative"), entry.index)
        if not uris:
            yield RecordingRef("", "", entry.text("narrative"), entry.index)
