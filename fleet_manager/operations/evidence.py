"""Safety events and people's deeds into the evidence log, each exactly once, and acknowledged only after that.

A robot sends an event again until it is acknowledged, in any order and as often as it likes. It is acknowledged when
the log has it on its disk; whoever is killed in between, the next delivery finds it there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from fleet_manager.domain.clocks import ClockOffset
from fleet_manager.domain.evidence import (
    SOURCE,
    Deed,
    EventClass,
    Receipt,
    Record,
    arrived,
    canonical,
    conflict_id,
    deed_record,
    said_the_same,
)
from fleet_manager.domain.fleet import EventAck, SafetyEventSeen
from fleet_manager.domain.kept import PendingDeed
from fleet_manager.operations.ports import EvidenceStore, EvidenceUnavailableError

_LOG = logging.getLogger(__name__)


class EvidenceDesk:
    """The only writer of the evidence log in this process. `fault` says what is wrong with the log; empty: nothing."""

    def __init__(self, store: EvidenceStore, utc: Callable[[], datetime]) -> None:
        self._store = store
        self._utc = utc
        self._seq: int | None = None
        self.fault = ""

    def take(self, events: Sequence[SafetyEventSeen], offset_of: Callable[[str], ClockOffset | None]) -> list[EventAck]:
        """Store what is new; acknowledgements for all of them. Empty when the log cannot be written to."""
        if not events:
            return []
        try:
            found = self._take(events, offset_of)
        except EvidenceUnavailableError as error:
            self._failed(error)
            return []
        self._works()
        return found

    def _take(
        self, events: Sequence[SafetyEventSeen], offset_of: Callable[[str], ClockOffset | None]
    ) -> list[EventAck]:
        known = {i: s.data for i, s in self._store.find([e.event_id for e in events]).items()}
        now, records, acks, logged_as = self._utc(), [], [], {}
        for event in events:
            stored = known.get(event.event_id)
            if stored is None:
                offset = offset_of(event.robot_id)
                around = (offset.offset, offset.error) if offset else (None, None)
                stored = known[event.event_id] = canonical(arrived(event.record, now, *around))
                records.append(Record(event.event_id, event.robot_id, event.seq, stored))
                logged_as[event.key] = event.event_id
            elif said_the_same(stored, event.record):
                logged_as[event.key] = event.event_id
            else:
                logged_as[event.key] = conflict_id(event.record)
        receipts = self._append(records)
        receipts |= self._append_conflicts(events, logged_as, now)
        missing = [i for i in logged_as.values() if i not in receipts]
        receipts |= {i: s.receipt for i, s in self._store.find(missing).items()} if missing else {}
        for event in events:
            receipt = receipts[logged_as[event.key]]
            acks.append(
                EventAck(event.robot_id, event.event_id, event.seq, self._store.log_id, receipt.leaf_index, now)
            )
        return list(dict.fromkeys(acks))

    def _append_conflicts(
        self, events: Sequence[SafetyEventSeen], logged_as: dict[tuple[str, bytes], str], now: datetime
    ) -> dict[str, Receipt]:
        """Two different records under one id: somebody's fault or forgery. Both are kept, and it is said so."""
        second = {logged_as[e.key]: e for e in events if logged_as[e.key] != e.event_id}
        deeds = []
        for event_id, event in second.items():
            deed = Deed(
                EventClass.SECURITY.value,
                "conflicting_event",
                f"second record under the id of event {event.event_id}",
                about=event.robot_id,
                severity=3,
                details={"record": json.loads(canonical(event.record))},
            )
            deeds.append(PendingDeed(event_id, deed_record(deed, event_id, now)))
            _LOG.error("%s sent a second, different record under id %s", event.robot_id, event.event_id)
        return {r.event_id: r for r in self._append_deeds(deeds)}

    def take_deeds(self, deeds: Sequence[PendingDeed]) -> frozenset[str]:
        """Append deeds that are not there yet; ids of those that now are. Empty when the log cannot be written to."""
        if not deeds:
            return frozenset()
        try:
            self._append_deeds(deeds)
        except EvidenceUnavailableError as error:
            self._failed(error)
            return frozenset()
        self._works()
        return frozenset(d.event_id for d in deeds)

    def _append_deeds(self, deeds: Sequence[PendingDeed]) -> list[Receipt]:
        known = self._store.find([d.event_id for d in deeds]) if deeds else {}
        new = [d for d in deeds if d.event_id not in known]
        if not new:
            return [s.receipt for s in known.values()]
        seq = self._store.last_seq(SOURCE) if self._seq is None else self._seq
        records = [
            Record(d.event_id, SOURCE, n, canonical({**d.record, "seq": n})) for n, d in enumerate(new, start=seq + 1)
        ]
        self._seq = None  # asked for again if this fails half-way
        receipts = self._append(records)
        self._seq = seq + len(records)
        return [*receipts.values(), *(s.receipt for s in known.values())]

    def _append(self, records: Sequence[Record]) -> dict[str, Receipt]:
        return {r.event_id: r for r in self._store.append(records)} if records else {}

    def _failed(self, error: EvidenceUnavailableError) -> None:
        if str(error) != self.fault:
            _LOG.error("evidence log: %s; nothing is acknowledged, robots keep their events", error)
        self.fault = str(error)

    def _works(self) -> None:
        if self.fault:
            _LOG.warning("the evidence log works again")
        self.fault = ""
