"""The thread that writes recordings: only it waits for the disk, so that taking messages in goes on meanwhile."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sitefleet_robot.evidence.folder import Kept, RecordingFolder
from sitefleet_robot.evidence.followup import RECORDING, RECORDING_FAILED, RECORDING_MISSING
from sitefleet_robot.evidence.journal import EvidenceJournal
from sitefleet_robot.evidence.mcap_file import RecordingFile
from sitefleet_robot.evidence.repair import close_part
from sitefleet_robot.evidence.ring import Sample
from sitefleet_robot.evidence.windows import RecordedEvent

log = logging.getLogger(__name__)
SYNC_PERIOD = 1.0
"""s between two syncs of a running recording: what a power loss may cost of it."""
RETRY_PERIOD = 2.0
"""s between two attempts to put a follow-up event on a full disk."""
NOTE_RECORDING, NOTE_EVENT, NOTE_END = "sitefleet.recording", "sitefleet.event", "sitefleet.end"


@dataclass(frozen=True, slots=True)
class Add:
    """An event that the current file belongs to, with the facts of its clocks."""

    event: RecordedEvent
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a file: its first event, facts for its metadata, values in force at its start, messages so far.

    `unacknowledged`: ids of events whose recordings may not be deleted. `room`: bytes it will need, estimated.
    """

    name: str
    first: Add
    facts: Mapping[str, object]
    start_log_ns: int
    in_force: Sequence[Sample]
    samples: Sequence[Sample]
    unacknowledged: frozenset[str]
    room: int


@dataclass(frozen=True, slots=True)
class Append:
    """Further messages of the current file."""

    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class End:
    """The current file is complete, or `narrative` says why not."""

    facts: Mapping[str, object]
    narrative: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Miss:
    """An event of which there is no recording, and why."""

    event: RecordedEvent
    narrative: str


Order = Begin | Add | Append | End | Miss


@dataclass(slots=True)
class WriterHealth:
    """What the thread tells about itself; read from other threads."""

    written: int = 0
    failed: int = 0
    lost_samples: int = 0
    fault: str = ""
    last: str = ""


@dataclass(slots=True)
class _Current:
    name: str
    file: RecordingFile | None = None
    kept_part: Path | None = None  # cut short: what is on the disk has been ended already
    fault: str = ""
    events: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    synced: float = 0.0


class RecordingWriter:
    """Carries out orders one after the other; `finished()` tells which events need no recording any more.

    Args:
        folder: where recordings go.
        journal: where follow-up events go.
        namespace: the robot's.
        max_queue_bytes: messages that may wait for a slow disk; more are lost, and counted.
    """

    def __init__(self, folder: RecordingFolder, journal: EvidenceJournal, namespace: str, max_queue_bytes: int) -> None:
        self._folder, self._journal, self._namespace = folder, journal, namespace
        self._max_queue_bytes = max_queue_bytes
        self._orders: queue.Queue[Order | None] = queue.Queue()
        self._queued = 0
        self._mutex = threading.Lock()
        self._done: list[int] = []
        self._current: _Current | None = None
        self._owed: list[tuple[int, Callable[[], None]]] = []
        self.health = WriterHealth()
        self._thread = threading.Thread(target=self._run, name="recording-writer", daemon=True)
        self._thread.start()

    def order(self, order: Order) -> None:
        """Hand over; never waits."""
        if isinstance(order, Append):
            size = sum(len(sample.data) for sample in order.samples)
            with self._mutex:
                if self._queued + size > self._max_queue_bytes:
                    self.health.lost_samples += len(order.samples)
                    return
                self._queued += size
        self._orders.put(order)

    def finished(self) -> list[int]:
        """Numbers of events whose follow-up is on the disk, since the last call."""
        with self._mutex:
            done, self._done = self._done, []
        return done

    def stop(self, timeout: float) -> bool:
        """Carry out what was ordered and end; False when the disk did not let it in time."""
        self._orders.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        going = True
        while going:
            try:
                order = self._orders.get(timeout=RETRY_PERIOD)
            except queue.Empty:
                self._pay()
                continue
            if order is None:
                going = False
            else:
                self._carry_out(order)
            self._pay()

    def _carry_out(self, order: Order) -> None:
        try:
            if isinstance(order, Begin):
                self._begin(order)
            elif isinstance(order, Append):
                with self._mutex:
                    self._queued -= sum(len(sample.data) for sample in order.samples)
                self._append(order.samples)
            elif isinstance(order, Add):
                self._add(order)
            elif isinstance(order, Miss):
                self._owe([(order.event.seq, order.event.record)], RECORDING_MISSING, order.narrative)
            else:
                self._end(order)
        # The edge of the thread: a fault in one recording must not cost the next one.
        except Exception as fault:
            if not isinstance(fault, OSError):
                log.exception("a recording failed")
            self._cut_short(str(fault) if isinstance(fault, OSError) else f"{type(fault).__name__}: {fault}")
            if isinstance(order, End):
                self._end(order)

    def _begin(self, order: Begin) -> None:
        self._current = current = _Current(order.name)
        current.events.append((order.first.event.seq, order.first.event.record))
        for path in self._folder.make_room(order.room, order.unacknowledged):
            log.warning("deleted %s: the quota of recordings is used up", path.name)
        current.file = RecordingFile(self._folder.part(order.name), self._namespace)
        current.file.note(NOTE_RECORDING, order.facts)
        self._note_event(current.file, order.first)
        current.file.write(order.in_force, order.start_log_ns)
        current.file.write(order.samples)
        self._sync(current)

    def _add(self, order: Add) -> None:
        current = self._current
        if current is None:
            return
        current.events.append((order.event.seq, order.event.record))
        if current.file is not None:
            self._note_event(current.file, order)

    @staticmethod
    def _note_event(file: RecordingFile, order: Add) -> None:
        text = json.dumps(order.event.record, sort_keys=True)
        file.note(NOTE_EVENT, {"seq": order.event.seq, "record": text, **order.facts})

    def _append(self, samples: Sequence[Sample]) -> None:
        current = self._current
        if current is None or current.file is None:
            return
        current.file.write(samples)
        if time.monotonic() - current.synced >= SYNC_PERIOD:
            self._sync(current)
            if self._folder.free() < 0:
                self._cut_short("the reserve of the disk is touched")

    def _sync(self, current: _Current) -> None:
        if current.file is not None:
            current.file.sync()
        current.synced = time.monotonic()

    def _end(self, order: End) -> None:
        current = self._current
        if current is None:
            return
        if current.file is not None:
            current.file.note(NOTE_END, {**order.facts, "complete": order.complete, "lost": self.health.lost_samples})
            current.file.finish()
            current.file.close()
            current.kept_part, current.file = self._folder.part(current.name), None
        self._current = None
        complete = order.complete and not current.fault
        narrative = order.narrative if not current.fault else f"recording cut short: {current.fault}"
        if current.kept_part is None:
            self._fail(current, narrative)
            return
        try:
            kept = self._folder.publish(current.kept_part, complete, narrative, current.events)
        except OSError as fault:
            self._fail(current, f"recording could not be kept: {fault}")
            return
        self.health.written += 1
        self.health.last = kept.path.name
        self.health.fault = current.fault
        self._owe_kept(kept)

    def _cut_short(self, fault: str) -> None:
        """Save what is on the disk; the rest of this recording is lost."""
        current = self._current
        if current is None or current.fault:
            return
        current.fault = self.health.fault = fault
        log.error("recording %s: %s", current.name, fault)
        if current.file is None:
            return
        current.file.close()
        current.file = None
        part = self._folder.part(current.name)
        try:
            if close_part(part).messages:
                current.kept_part = part
                return
        except OSError as again:
            log.error("recording %s cannot be saved either: %s", current.name, again)
        with contextlib.suppress(OSError):
            part.unlink()

    def _fail(self, current: _Current, narrative: str) -> None:
        self.health.failed += 1
        self.health.fault = narrative
        self._owe(current.events, RECORDING_FAILED, narrative)

    def _owe_kept(self, kept: Kept) -> None:
        for seq, record in kept.events:
            pay = partial(self._journal.follow, record, RECORDING, kept.narrative, kept.evidence)
            self._owed.append((seq, pay))

    def _owe(self, events: Sequence[tuple[int, Mapping[str, Any]]], trigger: str, narrative: str) -> None:
        for seq, record in events:
            self._owed.append((seq, partial(self._journal.follow, record, trigger, narrative)))

    def _pay(self) -> None:
        """Put owed follow-up events on the disk; on a full one, later."""
        while self._owed:
            seq, pay = self._owed[0]
            try:
                pay()
            except OSError as fault:
                self.health.fault = f"a follow-up event cannot be stored: {fault}"
                return
            self._owed.pop(0)
            with self._mutex:
                self._done.append(seq)
