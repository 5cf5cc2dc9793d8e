"""The protective field over time: when a blocked motion becomes a protective stop, and when that may clear."""

from __future__ import annotations

from sitefleet_robot.safety import field
from sitefleet_robot.safety.field import FieldResult
from sitefleet_robot.safety.parameters import SupervisorSettings
from sitefleet_robot.safety.scan import ScanPoints
from sitefleet_robot.safety.states import PROTECTIVE, State
from sitefleet_robot.safety.values import ZERO, Twist2, separation

BLOCKED = FieldResult(0.0, 0.0)


class FieldMonitor:
    """The last scan and what it has said about the wanted motion. Times are monotonic, s."""

    def __init__(self, settings: SupervisorSettings) -> None:
        self._settings = settings
        self._points: ScanPoints | None = None
        self._known: tuple[Twist2, FieldResult] | None = None
        self._blocked_scans = 0
        self._blocked_twist = ZERO
        self._free_since: float | None = None

    def seen(self, points: ScanPoints) -> None:
        """A good scan arrived."""
        self._points = points
        self._known = None

    def entered(self, state: State) -> None:
        """The supervisor changed its state."""
        self._blocked_scans = 0
        self._free_since = None
        if state not in PROTECTIVE:
            self._blocked_twist = ZERO

    def separation(self) -> float:
        """m from the footprint to the nearest point of the last scan, NaN if there is none."""
        return separation(self._points, self._settings.field.length, self._settings.field.width)

    def evaluate(self, wanted: Twist2) -> FieldResult:
        """Allowed share of a motion. Computed once for each pair of scan and motion; without a scan nothing moves."""
        if self._points is None:
            return BLOCKED
        if self._known is None or self._known[0] != wanted:
            result = field.evaluate(self._settings.field, wanted.linear, wanted.angular, self._points.points)
            self._known = (wanted, result)
        return self._known[1]

    def confirmed_block(self, wanted: Twist2) -> bool:
        """Called once a scan: whether enough scans in a row have blocked the wanted motion."""
        if wanted.is_zero or not self.evaluate(wanted).blocked:
            self._blocked_scans = 0
            return False
        self._blocked_scans += 1
        self._blocked_twist = wanted
        return self._blocked_scans >= self._settings.confirm_scans

    def watch_clearing(self, wanted: Twist2, now: float, muted: bool = False) -> None:
        """Called once a scan in a protective stop: is the field of the motion free, with some room to spare?

        The motion is what is wanted now; if nothing is wanted, the one that was stopped. A muted field is free.
        """
        motion = self._blocked_twist if wanted.is_zero else wanted
        if not muted and self._blocks(motion):
            self._free_since = None
        elif self._free_since is None:
            self._free_since = now

    def _blocks(self, motion: Twist2) -> bool:
        s = self._settings
        if self._points is None:
            return True
        return field.evaluate(s.field, motion.linear, motion.angular, self._points.points, s.clear_margin).blocked

    def cleared(self, now: float) -> bool:
        """The field has been free for the time that a protective stop needs to clear."""
        return self._free_since is not None and now - self._free_since >= self._settings.clear_time
