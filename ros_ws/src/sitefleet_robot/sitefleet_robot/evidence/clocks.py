"""Which clock counts: the monotonic one on a robot, the simulated one in a simulation.

A step of the system clock must not move the 30 seconds before an event, so on a robot they are monotonic seconds. In
a simulation, which may run at another speed than the wall, they are seconds of /clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

_REMEMBERED = 4096
"""Readings of /clock kept, several minutes at 20 Hz."""
MAX_LAG_NS = 2_000_000_000
"""A message cannot have waited longer for being taken; a larger lag is a step of the system clock."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on three clocks, ns: monotonic of this machine, UTC, and the window clock."""

    mono_ns: int
    utc_ns: int
    window_ns: int


class WindowClock:
    """Window time of any moment of the last minutes.

    Args:
        simulated: count simulated seconds, fed by `tick`; otherwise monotonic ones.
    """

    def __init__(self, simulated: bool) -> None:
        self.simulated = simulated
        self._monos: deque[int] = deque(maxlen=_REMEMBERED)
        self._windows: deque[int] = deque(maxlen=_REMEMBERED)

    @property
    def running(self) -> bool:
        """There is a window time: simulated time may not have begun."""
        return not self.simulated or bool(self._monos)

    def tick(self, mono_ns: int, clock_ns: int) -> bool:
        """A message of /clock came. False when time went backwards: what was before says nothing any more."""
        forward = not self._windows or clock_ns >= self._windows[-1]
        if not forward:
            self._monos.clear()
            self._windows.clear()
        self._monos.append(mono_ns)
        self._windows.append(clock_ns)
        return forward

    def at(self, mono_ns: int) -> int:
        """Window time at a monotonic moment; of moments before the first reading of /clock, that first reading.

        0 as long as simulated time has not begun.
        """
        if not self.simulated:
            return mono_ns
        if not self._monos:
            return 0
        return self._windows[max(bisect_right(self._monos, mono_ns) - 1, 0)]


def monotonic_of(received_utc_ns: int, now_mono_ns: int, now_utc_ns: int) -> int:
    """Monotonic time of a reception that the middleware stamped with UTC (0: it has no stamp)."""
    lag = now_utc_ns - received_utc_ns
    return now_mono_ns - lag if received_utc_ns and 0 <= lag <= MAX_LAG_NS else now_mono_ns
