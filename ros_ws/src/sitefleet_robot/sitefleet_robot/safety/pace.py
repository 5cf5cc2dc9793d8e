"""The supervisor's own pace: how regular its loop is, and a place before others where the system allows that."""

from __future__ import annotations

import os
import resource
from collections import deque
from pathlib import Path

LONGEST_RUN = 1_000_000
"""us of CPU time that a thread of real time priority may take without waiting for anything."""
_KEPT = 3000
"""Periods that are remembered: a minute at 50 Hz."""


class Pace:
    """Periods between ticks, s."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._periods: deque[float] = deque(maxlen=_KEPT)

    def tick(self, now: float) -> None:
        """A tick, monotonic s."""
        if self._last is not None:
            self._periods.append(now - self._last)
        self._last = now

    def percentile(self, share: float) -> float:
        """Period that `share` of the ticks did not exceed, s; 0 before there are any."""
        ordered = sorted(self._periods)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def go_first(priority: int) -> str:
    """Let all threads of this process run before ordinary ones; what has become of it, for a person.

    A thread that then runs for a second without ever waiting is a fault: the system ends the process (RLIMIT_RTTIME),
    so that it cannot starve the rest of the robot's computer, and the drive stops by its own watchdog.

    Real time (round robin) where the process may ask for it, else a better nice value, else nothing: then a loaded
    machine makes the loop less regular, and the watchdog of the drive stays the last word.
    """
    if priority == 0:
        return "off"
    try:
        resource.setrlimit(resource.RLIMIT_RTTIME, (LONGEST_RUN, 2 * LONGEST_RUN))
        for task in Path("/proc/self/task").iterdir():
            os.sched_setscheduler(int(task.name), os.SCHED_RR, os.sched_param(priority))
    except (OSError, ValueError, AttributeError) as fault:
        return _be_less_nice(fault)
    return f"real time {priority}"


def _be_less_nice(fault: Exception) -> str:
    try:
        return f"nice {os.nice(-10)} ({fault})"
    except OSError:
        return f"ordinary ({fault})"
