"""The control lease of a robot: one holder at a time, an epoch that only grows. Pure; times in s, monotonic.

A lease lets a person drive by hand; the robot's supervisor takes commands of the newest epoch only. Whoever gets it
gets a new epoch, so that what is still on its way from the one before means nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from fleet_manager.domain.errors import conflict, invalid

STALE_AFTER = 2.0
"""s without a renewal after which anybody may have the lease."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Lease of one robot; `holder` empty: nobody has it. `epoch` is the newest that was ever given."""

    robot_id: str
    epoch: int = 0
    holder: str = ""
    since: datetime | None = None
    renewed: float = float("-inf")
    """Monotonic s of the last sign of the holder. Not kept: after a start every lease is stale."""

    def stale(self, now: float) -> bool:
        """Whether its holder has gone silent."""
        return bool(self.holder) and now - self.renewed > STALE_AFTER

    def free(self, now: float) -> bool:
        """Whether anybody may have it without taking it from somebody."""
        return not self.holder or self.stale(now)


def granted(lease: Lease, to: str, at: datetime, now: float, seen_epoch: int = 0) -> Lease:
    """The next lease. `seen_epoch`: the newest one that the robot knows of; the new one is above both."""
    epoch = max(lease.epoch, seen_epoch) + 1
    return replace(lease, epoch=epoch, holder=to, since=at, renewed=now)


def may_request(lease: Lease, by: str, now: float) -> None:
    """Raises RequestRefusedError LEASE_HELD unless the lease is free, stale or the person's own."""
    if not lease.free(now) and lease.holder != by:
        text = f"{lease.holder} drives {lease.robot_id}; ask for a hand-over, or take it by force with a reason"
        raise conflict("LEASE_HELD", text)


def renewed(lease: Lease, by: str, epoch: int, now: float) -> Lease:
    """The holder is still there. Raises RequestRefusedError LEASE_LOST or LEASE_STALE: request it anew then."""
    must_hold(lease, by, epoch)
    if lease.stale(now):
        text = f"nothing was heard of {by} for more than {STALE_AFTER:g} s; request the lease again"
        raise conflict("LEASE_STALE", text)
    return replace(lease, renewed=now)


def must_hold(lease: Lease, by: str, epoch: int) -> None:
    """Raises RequestRefusedError LEASE_LOST unless the person has the lease under this epoch."""
    if not lease.holder or (lease.holder, lease.epoch) != (by, epoch):
        who = f"{lease.holder} has it" if lease.holder else "nobody has it"
        raise conflict("LEASE_LOST", f"{by} does not have lease {epoch} of {lease.robot_id}: {who}")


def may_hand_over(lease: Lease, by: str, to: str, epoch: int) -> None:
    """Raises RequestRefusedError LEASE_LOST, or LEASE_SAME_PERSON."""
    must_hold(lease, by, epoch)
    if to == by:
        raise invalid("LEASE_SAME_PERSON", f"{by} has the lease already; name somebody else")


def may_take(lease: Lease, by: str, reason: str) -> None:
    """A forced take needs a reason, and somebody else to take it from."""
    if not reason.strip():
        raise invalid("REASON_MISSING", "say why the lease is taken by force; it is kept in the evidence log")
    if lease.holder == by:
        raise conflict("LEASE_OWN", f"{by} has the lease already")


def given_up(lease: Lease) -> Lease:
    """Nobody has it; its epoch stays, so that the next one is higher."""
    return replace(lease, holder="", since=None, renewed=float("-inf"))
