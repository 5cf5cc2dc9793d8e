"""How far a robot's clock is off the manager's, and whether either was set. Pure; all times in ns.

The offset comes from four timestamps of a round trip, as in NTP (RFC 5905, section 8): the best of several is the one
with the least delay, and half of that delay bounds its error whatever the network did.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

SECOND = 1_000_000_000
DRIFT = 100e-6
"""Share by which two ordinary crystal clocks may drift apart; adds to the error as a sample ages."""
SLEW = 600e-6
"""Share by which a time service may slew a clock without setting it (500 ppm, and the crystal)."""
STEP_FLOOR = 20_000_000
"""A clock that moved less against the monotonic one is not called set: readings of both are not one instant."""
KEPT = 16
KEPT_FOR = 120 * SECOND


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One exchange. `sent`, `returned`: the manager's UTC; `received`, `replied`: the robot's UTC."""

    sent: int
    received: int
    replied: int
    returned: int
    sent_mono: int
    """The manager's monotonic clock."""
    returned_mono: int
    robot_mono: int
    """The robot's monotonic clock at `replied`."""
    boot_id: str
    """Of the robot's machine: its monotonic clock begins anew with each."""

    @property
    def delay(self) -> int:
        """Time on the way, there and back. By monotonic clocks, so that no step spoils it."""
        return max(0, (self.returned_mono - self.sent_mono) - (self.replied - self.received))

    @property
    def offset(self) -> int:
        """Robot's clock minus manager's."""
        return ((self.received - self.sent) + (self.replied - self.returned)) // 2

    @property
    def usable(self) -> bool:
        """Neither clock went backwards, or was set, in the middle of it."""
        lasted = self.returned_mono - self.sent_mono
        return lasted >= self.replied - self.received >= 0 and abs((self.returned - self.sent) - lasted) < STEP_FLOOR


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """Robot's clock minus manager's, and the most it can be wrong by."""

    offset: int
    error: int
    delay: int
    measured_mono: int


class SteadyWatch:
    """Tells when a UTC clock was set, by comparing it with the monotonic clock of the same machine."""

    def __init__(self) -> None:
        self._boot = ""
        self._utc = self._mono = 0
        self._seen = False

    def look(self, utc: int, mono: int, boot_id: str = "") -> int:
        """The step since the last look; 0: none. A new `boot_id` begins anew."""
        known = self._seen and boot_id == self._boot and mono >= self._mono
        step = (utc - mono) - (self._utc - self._mono) if known else 0
        allowed = STEP_FLOOR + SLEW * (mono - self._mono)
        self._seen, self._boot, self._utc, self._mono = True, boot_id, utc, mono
        return step if known and abs(step) > allowed else 0


class RobotClock:
    """Round trips with one robot."""

    def __init__(self) -> None:
        self._trips: deque[RoundTrip] = deque(maxlen=KEPT)
        self._watch = SteadyWatch()

    def take(self, trip: RoundTrip) -> int:
        """One more round trip; returns the step of the robot's clock since the last one, ns (0: none)."""
        step = self._watch.look(trip.replied, trip.robot_mono, trip.boot_id)
        if step:
            self._trips.clear()
        if trip.usable:
            self._trips.append(trip)
        return step

    def forget(self) -> None:
        """The manager's own clock was set: what was measured before is void."""
        self._trips.clear()

    def offset(self, now_mono: int) -> ClockOffset | None:
        """The best estimate; None when there is none that is recent."""
        fresh = [t for t in self._trips if now_mono - t.returned_mono <= KEPT_FOR]
        found = [ClockOffset(t.offset, _error(t, now_mono), t.delay, t.returned_mono) for t in fresh]
        return min(found, key=lambda f: f.error, default=None)


def _error(trip: RoundTrip, now_mono: int) -> int:
    return trip.delay // 2 + round(DRIFT * (now_mono - trip.returned_mono))
