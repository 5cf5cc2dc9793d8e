"""The recorder's own events: numbered, on the disk, and each made once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sitefleet_robot.common.spool import Spool, SpoolReader
from sitefleet_robot.evidence.followup import FIRST_SEQ, Evidence, Stamp, damage_found, event_of, follow_up

MAX_BYTES = 64 << 20


class EvidenceJournal:
    """Appends follow-up events to the recorder's own spool. Safe to use from several threads.

    Every method raises OSError of the disk; nothing is written then.
    """

    def __init__(self, folder: Path, robot_id: str, version: str, configuration_hash: str) -> None:
        self._spool = Spool(folder, MAX_BYTES)
        self._robot_id, self._version, self._configuration_hash = robot_id, version, configuration_hash
        self._mutex = threading.Lock()
        records = [entry.record for entry in SpoolReader(folder).read()]
        self._followed = {event_of(record) for record in records} - {None}
        self._said = {str(record.get("narrative")) for record in records}

    def follow(
        self, original: Mapping[str, Any], trigger: str, narrative: str, evidence: Evidence | None = None
    ) -> None:
        """One follow-up an event: a second one for the same event is not made."""
        event_id = str(original["event_id"])
        with self._mutex:
            if event_id not in self._followed:
                self._append(lambda seq, stamp: follow_up(original, trigger, narrative, seq, stamp, evidence))
                self._followed.add(event_id)

    def report_damage(self, narrative: str) -> None:
        """A damaged place of a spool; the same place is reported once."""
        with self._mutex:
            if narrative not in self._said:
                self._append(lambda seq, stamp: damage_found(self._robot_id, narrative, seq, stamp))
                self._said.add(narrative)

    def close(self) -> None:
        """Let another process append."""
        self._spool.close()

    def _append(self, make: Callable[[int, Stamp], dict[str, Any]]) -> None:
        stamp = Stamp(time.time_ns(), time.monotonic_ns(), self._version, self._configuration_hash)
        self._spool.append(make(FIRST_SEQ + self._spool.last_seq, stamp))
