"""Commands zero while the supervisor's own thread waits for the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StandIn:
    """A thread that sleeps until somebody is `away`, and then calls `stand` each `period` s until he is back.

    So a disk that takes a second to write down a stop leaves no gap on `cmd_vel`. It can only make the robot stand.
    """

    def __init__(self, stand: Callable[[], None], period: float) -> None:
        self._stand = stand
        self._period = period
        self._away = threading.Event()
        self._back = threading.Event()
        self._leave = False
        self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)
        self._thread.start()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Somebody else looks after the drive meanwhile."""
        self._back.clear()
        self._away.set()
        try:
            yield
        finally:
            self._away.clear()
            self._back.set()

    def close(self) -> None:
        """End the thread."""
        self._leave = True
        self._away.set()
        self._back.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._away.wait()
            if self._leave:
                return
            while self._away.is_set() and not self._back.wait(self._period):
                self._stand()
