"""When a speed limit is worth an event: when it begins, when its reason changes, and when it is lifted. Pure."""

from __future__ import annotations

from sitefleet_robot.safety.limits import SpeedLimit

BEGINS = 0.2
"""s that a limit lasts before it is told."""
LIFTED = 2.0
"""s that it is away before that is told, so that somebody at the edge of the field does not fill the log."""
_SHARE = 0.95
"""Share of the model's speed below which a limit limits."""


class LimitNotices:
    """Remembers what was told last. Times are monotonic, s."""

    def __init__(self, full_speed: float) -> None:
        self._full = full_speed
        self._told = ""
        self._candidate = ("", 0.0)

    def look(self, limit: SpeedLimit, now: float) -> str:
        """A sentence when there is something to tell, else empty."""
        code = limit.code if limit.speed < _SHARE * self._full else ""
        if code == self._told:
            self._candidate = (code, now)
            return ""
        if code != self._candidate[0]:
            self._candidate = (code, now)
        if now - self._candidate[1] < (BEGINS if code and not self._told else LIFTED):
            return ""
        self._told = code
        return f"speed is limited to {limit.speed:.2f} m/s: {limit.reason}" if code else "speed is no longer limited"
