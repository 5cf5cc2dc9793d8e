"""Brings events to the robot's disk in a thread of its own, so that a slow or full disk never delays a command."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

from sitefleet_robot.common.spool import Spool, SpoolError

_RETRY = 1.0
"""s between two attempts on a disk that does not take a record."""


class EventKeeper:
    """Appends records to the spool in the order they come. `fault` says why they do not reach the disk; empty: they do.

    A record that the disk refuses is tried again until it is taken: none is dropped while the process lives.
    """

    def __init__(self, folder: Path, retry: float = _RETRY) -> None:
        self._folder = folder
        self._retry = retry
        self._records: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._leave = threading.Event()
        self.fault = ""
        self._thread = threading.Thread(target=self._run, name="event-keeper", daemon=True)
        self._thread.start()

    def keep(self, record: dict[str, Any]) -> None:
        """Hand a record over; returns at once."""
        self._records.put(record)

    def close(self, timeout: float = 2.0) -> bool:
        """Write what is waiting and end. Whether all of it is on the disk."""
        self._leave.set()
        self._records.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive() and not self.fault

    def _run(self) -> None:
        spool = self._open()
        while spool is not None and (record := self._records.get()) is not None:
            self._append(spool, record)
        if spool is not None:
            spool.close()

    def _open(self) -> Spool | None:
        while True:
            try:
                return Spool(self._folder)
            except (SpoolError, OSError) as fault:
                self.fault = str(fault)
                if self._leave.wait(self._retry):
                    return None

    def _append(self, spool: Spool, record: dict[str, Any]) -> None:
        while True:
            try:
                spool.append(record)
            except (SpoolError, OSError) as fault:
                self.fault = str(fault)
                if self._leave.wait(self._retry):
                    return
            else:
                self.fault = ""
                return
