"""Muting of a protective field: asked by one person, co-signed by another, with a reason and an end. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from fleet_manager.domain.errors import conflict, invalid

LONGEST = 900.0
"""s: 15 min at most."""
CO_SIGN_WITHIN = timedelta(minutes=10)
"""A request that nobody co-signs for so long is void."""


class MutingState(str, Enum):
    """REQUESTED waits for the second person; REFUSED was turned down by the robot."""

    REQUESTED = "requested"
    ACTIVE = "active"
    ENDED = "ended"
    EXPIRED = "expired"
    REFUSED = "refused"

    @property
    def open(self) -> bool:
        """Something may still happen to it."""
        return self in {MutingState.REQUESTED, MutingState.ACTIVE}


@dataclass(frozen=True, slots=True)
class Muting:
    """One muting; `until` is set by the robot's supervisor when it begins. `duration` in s."""

    id: str
    robot_id: str
    field: str
    reason: str
    duration: float
    requested_by: str
    requested_at: datetime
    state: MutingState = MutingState.REQUESTED
    co_signed_by: str = ""
    until: datetime | None = None
    message: str = ""


def check_request(reason: str, duration: float) -> None:
    """Raises RequestRefusedError REASON_MISSING or MUTING_TOO_LONG."""
    if not reason.strip():
        raise invalid("REASON_MISSING", "say why the field is to be muted; it is kept in the evidence log")
    if not 0.0 < duration <= LONGEST:
        raise invalid("MUTING_TOO_LONG", f"a field is muted for {LONGEST:g} s at most, and not for {duration:g} s")


def may_co_sign(muting: Muting, by: str, now: datetime) -> None:
    """Raises RequestRefusedError: the second person must be another one, in time."""
    if muting.state is not MutingState.REQUESTED:
        raise conflict("MUTING_NOT_REQUESTED", f"muting {muting.id} is {muting.state.value}")
    if same_person(by, muting.requested_by):
        raise conflict("SAME_PERSON", f"{by} asked for it; a muting needs a second person")
    if now - muting.requested_at > CO_SIGN_WITHIN:
        raise conflict("MUTING_EXPIRED", f"muting {muting.id} was asked for too long ago; ask again")


def same_person(one: str, other: str) -> bool:
    """Names that differ only in case or blanks are one person's."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def looked_at(muting: Muting, now: datetime) -> Muting:
    """The muting as it stands now: an end that has passed has ended it."""
    if muting.state is MutingState.REQUESTED and now - muting.requested_at > CO_SIGN_WITHIN:
        return replace(muting, state=MutingState.EXPIRED, message="nobody co-signed it in time")
    if muting.state is MutingState.ACTIVE and muting.until is not None and muting.until <= now:
        return replace(muting, state=MutingState.ENDED, message="its time is over")
    return muting
