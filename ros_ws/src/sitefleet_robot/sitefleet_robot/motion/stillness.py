"""Whether what is nearest to the robot stands still: only from such things does it get away by itself."""

from __future__ import annotations

from collections import deque


class Stillness:
    """Separations (m) seen at their stamps (s), back to the last one that differs from the newest."""

    def __init__(self, time: float, change: float) -> None:
        self._time = time
        self._change = change
        self._seen: deque[tuple[float, float]] = deque()

    def clear(self) -> None:
        """Nothing has been seen."""
        self._seen.clear()

    def is_new(self, stamp: float) -> bool:
        """Nothing as new has been taken in."""
        return not self._seen or stamp > self._seen[-1][0]

    def take(self, stamp: float, separation: float) -> None:
        """One more separation, newer than the others."""
        while self._seen and abs(self._seen[0][1] - separation) > self._change:
            self._seen.popleft()
        self._seen.append((stamp, separation))

    @property
    def separation(self) -> float:
        """The newest, m."""
        return self._seen[-1][1]

    def lasts(self, stamp: float) -> bool:
        """Nothing has changed for the time asked for, at `stamp`."""
        while len(self._seen) > 2 and self._seen[1][0] <= stamp - self._time:
            self._seen.popleft()
        return self._seen[-1][0] - self._seen[0][0] >= self._time
