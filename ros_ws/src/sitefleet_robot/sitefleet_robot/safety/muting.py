"""Muting: a protective field does not count for a while, as two different people have signed for. Pure.

What is muted is slow instead. A muting is never remembered: it ends with its time, with any latched stop, and with the
process. Contact, geofence, remote stop and watchdogs cannot be muted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from sitefleet_robot.safety.refusal import Refusal

LONGEST = 900.0
"""s that a muting lasts at most."""


class MutedField(Enum):
    """What may be muted; the value is the name in the service."""

    PROTECTIVE_FIELD = "protective_field"
    """The lidar's field."""
    SEPARATION = "separation"
    """Speed and separation to tracked people."""


@dataclass(frozen=True)
class MuteRequest:
    """What two people ask for; `duration` in s, 0 ends the muting."""

    field: str
    reason: str
    by: str
    co_signed_by: str
    duration: float


@dataclass(frozen=True)
class _Muting:
    request: MuteRequest
    until: float


class Mutings:
    """The mutings in force. Times are monotonic, s."""

    def __init__(self) -> None:
        self._in_force: dict[MutedField, _Muting] = {}

    def refusal(self, request: MuteRequest) -> Refusal | None:
        """Why that cannot be granted; None: it can."""
        names = [field.value for field in MutedField]
        if request.field not in names:
            return Refusal("unknown_field", f"{request.field!r} cannot be muted; {' and '.join(names)} can")
        if not request.by.strip():
            return Refusal("no_name", "say who asks: requested_by is empty")
        if request.duration == 0.0:
            known = MutedField(request.field) in self._in_force
            return None if known else Refusal("not_muted", f"{request.field} is not muted")
        if not request.reason.strip():
            return Refusal("no_reason", "say why the field is muted")
        if not request.co_signed_by.strip():
            return Refusal("no_co_signature", "a second person has to co-sign")
        if _same(request.by, request.co_signed_by):
            return Refusal("same_person", f"{request.by} cannot co-sign his own request")
        if not (math.isfinite(request.duration) and 0.0 < request.duration <= LONGEST):
            return Refusal("bad_duration", f"a muting lasts up to {LONGEST:.0f} s, not {request.duration:g} s")
        return None

    def take(self, request: MuteRequest, now: float) -> str:
        """Begin or end a muting that was not refused; a sentence about it."""
        field = MutedField(request.field)
        if request.duration == 0.0:
            del self._in_force[field]
            return f"{request.by} ended the muting of {field.value}"
        self._in_force[field] = _Muting(request, now + request.duration)
        signed = f"{request.by} and {request.co_signed_by} muted {field.value}"
        return f"{signed} for {request.duration:.0f} s: {request.reason}"

    def active(self, field: MutedField) -> bool:
        """Whether the field is muted now."""
        return field in self._in_force

    @property
    def any(self) -> bool:
        """Whether anything is muted."""
        return bool(self._in_force)

    def names(self) -> str:
        """What is muted, for a person."""
        return " and ".join(field.value for field in self._in_force)

    def expire(self, now: float) -> Iterator[str]:
        """End those whose time is over; a sentence for each."""
        for field in [f for f, muting in self._in_force.items() if now >= muting.until]:
            del self._in_force[field]
            yield f"the muting of {field.value} is over"

    def end_all(self) -> Iterator[str]:
        """A latched stop ends every muting; a sentence for each."""
        for field in list(self._in_force):
            del self._in_force[field]
            yield f"the stop ended the muting of {field.value}"


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
