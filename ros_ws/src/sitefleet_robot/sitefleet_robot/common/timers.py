"""Timers of wall time that go on whatever is done to the machine's clock.

rclpy's own timers wait, in the wheels at least, on the clock that people and NTP set: after a step back by an hour none
of them runs for an hour. Here one thread of the process sleeps, for a span and not until a time, and wakes the
executor with a task for it; callbacks run in the executor's thread as everything else does.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from rclpy.exceptions import InvalidHandle
from rclpy.node import Node

LONGEST_SLEEP = 0.05
"""s; how late a new timer may be taken up."""
_FORGOTTEN = 0.25
"""s after which a wake-up that was not answered is sent again: it came before anybody listened."""


class Every:
    """Calls `callback` each `period` s of the monotonic clock, and never twice for the time in which it was late."""

    def __init__(self, node: Node, period: float, callback: Callable[[], object]) -> None:
        self._node = node
        self._callback = callback
        self._period = period
        self._next = time.monotonic() + period
        self._asked: float | None = None
        self._closed = False

    def close(self) -> None:
        """No call begins after this."""
        self._closed = True
        _ticker.remove(self)

    def look(self, now: float) -> float:
        """Wake the executor if it is time; when to look again. Called by the thread that sleeps."""
        if now >= self._next:
            executor = self._node.executor
            if executor is not None and (self._asked is None or now - self._asked > max(_FORGOTTEN, 5 * self._period)):
                self._asked = now
                with contextlib.suppress(InvalidHandle):  # it has just been shut down
                    executor.create_task(self._run)
            self._next += self._period * (1 + (now - self._next) // self._period)
        return self._next

    def _run(self) -> None:
        self._asked = None
        if self._closed:
            return
        try:
            self._callback()
        except Exception as failure:  # the events executor ends the process without a word when a task raises
            self._node.get_logger().fatal(f"{type(failure).__name__} in a timer: {failure}")
            _ticker.failures.append(failure)


class _Ticker:
    """The thread that sleeps, for all timers of the process; there only while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._timers: list[Every] = []
        self._thread: threading.Thread | None = None
        self.failures: list[Exception] = []

    def add(self, timer: Every) -> None:
        with self._lock:
            self._timers.append(timer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)
                self._thread.start()

    def remove(self, timer: Every) -> None:
        with self._lock:
            if timer in self._timers:
                self._timers.remove(timer)

    def stop(self) -> None:
        with self._lock:
            self._timers.clear()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._timers:
                    self._thread = None
                    return
                now = time.monotonic()
                due = min(timer.look(now) for timer in self._timers)
            time.sleep(min(max(0.0, due - time.monotonic()), LONGEST_SLEEP))


_ticker = _Ticker()


def every(node: Node, period: float, callback: Callable[[], object]) -> Every:
    """Call `callback` each `period` s in the thread that spins `node`, until it is closed."""
    timer = Every(node, period, callback)
    _ticker.add(timer)
    return timer


def stop_timers() -> None:
    """End all of the process, before its nodes go."""
    _ticker.stop()


def raise_failures() -> None:
    """Raise what a callback has raised; for the loop that spins."""
    if _ticker.failures:
        raise _ticker.failures.pop(0)
