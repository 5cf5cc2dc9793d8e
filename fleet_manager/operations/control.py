"""Leases, mutings and reviews of events: what changes hands between people. Checked, changed, recorded as evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fleet_manager.domain import lease as leases
from fleet_manager.domain.errors import conflict, invalid, not_found
from fleet_manager.domain.events import EventKind, Severity
from fleet_manager.domain.evidence import Deed, EventClass
from fleet_manager.domain.fleet import ActAnswer
from fleet_manager.domain.lease import Lease
from fleet_manager.domain.muting import Muting, MutingState, check_request, looked_at, may_co_sign
from fleet_manager.operations.situation import Situation


def grant_lease(world: Situation, robot_id: str, by: str, expected_epoch: int) -> Lease:
    """A free or stale lease goes to whoever asks. The robot was seen to hold before this is called."""
    before = _expected(world, robot_id, expected_epoch)
    leases.may_request(before, by, world.now)
    after = _next(world, before, by)
    _note_lease(world, before, after, "lease_granted", "lease granted", by, "")
    return after


def take_lease(world: Situation, robot_id: str, by: str, reason: str, expected_epoch: int) -> Lease:
    """By force, from whoever has it. The robot was seen to hold before this is called."""
    before = _expected(world, robot_id, expected_epoch)
    leases.may_take(before, by, reason)
    after = _next(world, before, by)
    _note_lease(world, before, after, "lease_taken", "lease taken by force", by, reason)
    return after


def hand_over_lease(world: Situation, robot_id: str, by: str, to: str, epoch: int) -> Lease:
    """From its holder to somebody else. The robot was seen to hold before this is called."""
    before = world.ledger.book.lease(robot_id)
    leases.may_hand_over(before, by, to, epoch)
    after = _next(world, before, to)
    _note_lease(world, before, after, "lease_handed_over", f"lease handed over to {to}", by, "")
    return after


def release_lease(world: Situation, robot_id: str, by: str, epoch: int) -> Lease:
    """Its holder needs it no more."""
    before = world.ledger.book.lease(robot_id)
    leases.must_hold(before, by, epoch)
    after = leases.given_up(before)
    world.ledger.book.put_lease(after)
    _note_lease(world, before, after, "lease_released", "lease released", by, "")
    return after


def renew_lease(world: Situation, robot_id: str, by: str, epoch: int) -> Lease:
    """A sign of its holder; nothing is written down."""
    after = leases.renewed(world.ledger.book.lease(robot_id), by, epoch, world.now)
    world.ledger.book.renew(after)
    return after


def _expected(world: Situation, robot_id: str, epoch: int) -> Lease:
    lease = world.ledger.book.lease(robot_id)
    if lease.epoch != epoch:
        raise conflict("LEASE_CHANGED", f"the lease of {robot_id} changed hands in the meantime; look and ask again")
    return lease


def _next(world: Situation, before: Lease, to: str) -> Lease:
    seen = world.robot(before.robot_id).lease_epoch
    after = leases.granted(before, to, world.ledger.utc(), world.now, seen)
    world.ledger.book.put_lease(after)
    return after


def _note_lease(world: Situation, before: Lease, after: Lease, trigger: str, action: str, by: str, reason: str) -> None:
    taken = trigger == "lease_taken"
    details = {"epoch": after.epoch, "holder": after.holder, "from": before.holder, "from_epoch": before.epoch}
    deed = Deed(
        EventClass.CONTROL_HANDOVER.value,
        trigger,
        f"{action}, epoch {after.epoch}",
        actor=by,
        about=after.robot_id,
        remark=reason,
        severity=int(Severity.WARNING if taken else Severity.INFO),
        details=details,
    )
    text = f"{after.robot_id}: {action} ({by}, epoch {after.epoch})" + (f": {reason}" if reason else "")
    data = {**details, "by": by, "event_id": world.ledger.book.record(deed)}
    world.ledger.note(
        EventKind.LEASE_TAKEN if taken else EventKind.LEASE_CHANGED, text, robot_id=after.robot_id, data=data
    )


# -- muting


def request_muting(world: Situation, muting: Muting) -> Muting:
    """The first of two people asks."""
    check_request(muting.reason, muting.duration)
    _put_muting(world, muting, "muting_requested", f"muting of {muting.field} requested", muting.requested_by)
    return muting


def open_muting(world: Situation, robot_id: str, muting_id: str) -> Muting:
    """A muting to which something may still happen. Raises RequestRefusedError MUTING_NOT_FOUND."""
    muting = world.ledger.book.mutings.get(muting_id)
    if muting is None or muting.robot_id != robot_id:
        raise not_found("muting", muting_id)
    return muting


def check_co_sign(world: Situation, robot_id: str, muting_id: str, by: str) -> Muting:
    """Whether this person may be the second one; asked before the robot is."""
    muting = open_muting(world, robot_id, muting_id)
    may_co_sign(muting, by, world.ledger.utc())
    return muting


def muting_answered(world: Situation, robot_id: str, muting_id: str, by: str, answer: ActAnswer) -> Muting:
    """The robot mutes, or will not. Without an answer it may mute all the same, so people must take it for muted."""
    muting = check_co_sign(world, robot_id, muting_id, by)
    if answer.success:
        after = replace(muting, state=MutingState.ACTIVE, co_signed_by=by, until=answer.until, message="")
        _put_muting(world, after, "muting_cosigned", f"muting of {muting.field} co-signed", by)
    elif answer.code == "NO_ANSWER":
        until = world.ledger.utc() + timedelta(seconds=muting.duration)
        text = "the robot did not answer: it may mute"
        after = replace(muting, state=MutingState.ACTIVE, co_signed_by=by, until=until, message=text)
        _put_muting(world, after, "muting_cosigned", f"muting of {muting.field} co-signed, not confirmed", by)
    else:
        why = answer.message or answer.code
        after = replace(muting, state=MutingState.REFUSED, co_signed_by=by, message=f"{answer.code}: {why}")
        _put_muting(world, after, "muting_refused", f"muting of {muting.field} refused by the robot", by)
    return after


def muting_ended(world: Situation, robot_id: str, muting_id: str, by: str) -> Muting:
    """Somebody ended it before its time; anybody may."""
    muting = open_muting(world, robot_id, muting_id)
    after = replace(muting, state=MutingState.ENDED, message=f"ended by {by}")
    _put_muting(world, after, "muting_ended", f"muting of {muting.field} ended", by)
    return after


def watch_mutings(world: Situation) -> None:
    """Each cycle: what has run out is over."""
    now = world.ledger.utc()
    for muting in list(world.ledger.book.mutings.values()):
        after = looked_at(muting, now)
        if after != muting:
            _put_muting(world, after, f"muting_{after.state.value}", f"muting of {muting.field}: {after.message}", "")


def _put_muting(world: Situation, muting: Muting, trigger: str, action: str, by: str) -> None:
    world.ledger.book.put_muting(muting)
    details = {
        "muting_id": muting.id,
        "field": muting.field,
        "duration": muting.duration,
        "requested_by": muting.requested_by,
        "co_signed_by": muting.co_signed_by,
        "until": muting.until.isoformat() if muting.until else None,
        "state": muting.state.value,
        "message": muting.message,
    }
    deed = Deed(
        EventClass.MUTING.value,
        trigger,
        action,
        actor=by,
        about=muting.robot_id,
        remark=muting.reason,
        severity=int(Severity.WARNING),
        details=details,
    )
    data = {**details, "by": by, "event_id": world.ledger.book.record(deed)}
    text = f"{muting.robot_id}: {action}" + (f" by {by}" if by else "") + f": {muting.reason}"
    world.ledger.note(EventKind.MUTING_CHANGED, text, robot_id=muting.robot_id, data=data)


# -- reviews of events


def review_event(
    world: Situation, event_id: str, robot_id: str, event_class: str, *, by: str, remark: str, close: bool
) -> str:
    """A person has taken note of an event, or closes it; the event itself never changes. Returns the record's id."""
    if close and not remark.strip():
        raise invalid("REMARK_MISSING", "say what was found and done; closing an event needs a remark")
    verb = "closing" if close else "acknowledgement"
    deed = Deed(
        event_class,
        "closed" if close else "acknowledged",
        f"{verb} of event {event_id}",
        actor=by,
        about=robot_id,
        remark=remark,
        reviewer=by,
        details={"event_id": event_id},
    )
    record = world.ledger.book.record(deed)
    text = f"{event_class} of {robot_id} {'closed' if close else 'acknowledged'} by {by}" + (
        f": {remark}" if remark else ""
    )
    data = {"by": by, "reviewed": event_id, "closed": close, "remark": remark, "event_id": record}
    world.ledger.note(EventKind.EVENT_REVIEWED, text, robot_id=robot_id, data=data)
    return record
