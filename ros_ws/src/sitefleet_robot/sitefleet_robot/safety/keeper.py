"""Brings events to the robot's disk, and then into the network, in a thread of its own.

A slow or full disk, or a frozen reader of events, never delays a command. Disk first: what somebody has seen, the
robot still has after a crash, and numbers go on without gaps.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sitefleet_robot.common.event_record import event_to_record
from sitefleet_robot.common.frames import Frame, decode
from sitefleet_robot.common.spool import SUFFIX, Spool, SpoolError

_RETRY = 1.0
"""s between two attempts on a disk that does not take a record."""
_SLOW = 5.0
"""s that a record may wait for the disk before that is a fault."""


class EventKeeper:
    """Numbers events, appends them to the spool in the order they come, and tells each one once to `publish`.

    An event that the disk refuses is told at once, and tried again until it is taken: none is dropped while the
    process lives. `fault` says why events do not reach the disk; empty: they do.
    """

    def __init__(
        self,
        folder: Path,
        publish: Callable[[Any], None],
        last_seq: int = 0,
        retry: float = _RETRY,
        slow: float = _SLOW,
    ) -> None:
        self._folder = folder
        self._publish = publish
        self._retry = retry
        self._slow = slow
        self._seq = last_seq
        self._spool: Spool | None = None
        self._events: queue.Queue[Any] = queue.Queue()
        self._leave = threading.Event()
        self._fault = ""
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="event-keeper", daemon=True)

    def start(self) -> None:
        """Begin to work on what was handed over."""
        self._thread.start()

    @property
    def last_seq(self) -> int:
        """Number of the last event that has one."""
        return self._seq

    @property
    def fault(self) -> str:
        """Why events do not reach the disk, also when it just does not answer; empty: they do."""
        since = self._busy_since
        if not self._fault and since is not None and time.monotonic() - since > self._slow:
            return f"the disk has not taken an event for {self._slow:.0f} s"
        return self._fault

    def keep(self, event: Any) -> None:
        """Hand an event over; returns at once."""
        self._events.put(event)

    def close(self, timeout: float = 2.0) -> bool:
        """Write what is waiting and end. Whether all of it is on the disk."""
        self._leave.set()
        self._events.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive() and not self._fault

    def _run(self) -> None:
        # A folder that cannot be read says nothing; the supervisor's own memory has the number then.
        with contextlib.suppress(OSError):
            self._seq = last_event_seq(self._folder) or self._seq
        while (event := self._events.get()) is not None:
            self._seq += 1
            event.seq = self._seq
            self._busy_since = time.monotonic()
            self._take(event)
            self._busy_since = None
        if self._spool is not None:
            self._spool.close()

    def _take(self, event: Any) -> None:
        record = event_to_record(event)
        told = False
        while not self._appended(record):
            if not told:
                told = True
                self._publish(event)
            if self._leave.wait(self._retry):
                return
        if not told:
            self._publish(event)

    def _appended(self, record: dict[str, Any]) -> bool:
        try:
            self._spool = self._spool or Spool(self._folder)
            self._spool.append(record)
        except (SpoolError, OSError) as fault:
            self._fault = str(fault)
            return False
        self._fault = ""
        return True


def last_event_seq(folder: Path) -> int:
    """Number of the newest event in a spool, from its newest segment that has one; 0 when there is none."""
    for path in sorted(folder.glob(f"*{SUFFIX}"), reverse=True):
        frames = [part for part in decode(path.read_bytes()) if isinstance(part, Frame)]
        for frame in reversed(frames):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                return int(json.loads(frame.payload)["seq"])
    return 0
