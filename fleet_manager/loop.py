"""The operations loop: one thread, a fixed number of cycles a second, errors logged and counted, never silent."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from fleet_manager.api.context import Pulse

_LOG = logging.getLogger(__name__)
JOIN_LIMIT = 10.0


class OperationsLoop:
    """Calls `tick` until stopped. `healthy` false ends it and calls `on_failure`: the process had better leave."""

    def __init__(
        self,
        tick: Callable[[], None],
        pulse: Pulse,
        *,
        hz: float,
        healthy: Callable[[], bool],
        on_failure: Callable[[], None],
    ) -> None:
        self._tick = tick
        self._pulse = pulse
        self._period = 1.0 / hz
        self._healthy = healthy
        self._on_failure = on_failure
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="operations", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> bool:
        """End after the cycle in hand; whether it did within the limit."""
        self._stop.set()
        self._thread.join(JOIN_LIMIT)
        return not self._thread.is_alive()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._period, time.monotonic())
            if not self._healthy():
                self._on_failure()
                return
            try:
                self._tick()
            except Exception as error:  # a cycle that failed is begun anew from the store
                if not self._pulse.last_error:
                    _LOG.exception("a cycle of operations failed")
                self._pulse.last_error = f"{type(error).__name__}: {error}".splitlines()[0]
            else:
                if self._pulse.last_error:
                    _LOG.warning("operations work again")
                self._pulse.last_error = ""
                self._pulse.last_tick = time.monotonic()
