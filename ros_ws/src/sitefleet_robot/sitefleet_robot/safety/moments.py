"""UTC on a machine whose clock somebody may set: a step is noticed, and until it is settled both times count. Pure."""

from __future__ import annotations

STEP = 0.5
"""s that the clock may move against the monotonic one between two looks; more is a step."""


class UtcWatch:
    """Compares UTC with the monotonic clock at each tick."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._skew = 0.0

    def look(self, utc: float, now: float) -> float:
        """The step since the last look, s; 0 when there was none."""
        offset = utc - now
        before, self._offset = self._offset, offset
        step = 0.0 if before is None else offset - before
        if abs(step) < STEP:
            return 0.0
        self._skew += step
        return step

    def settle(self) -> None:
        """What the clock says now is right: somebody who knows the time has spoken."""
        self._skew = 0.0

    def moments(self, utc: float) -> tuple[float, ...]:
        """The moments that it may be: by the clock, and by the clock as it ran before it was set."""
        return (utc,) if abs(self._skew) < STEP else (utc, utc - self._skew)
