"""Tells what was done to records, from what is there and what was vouched for. Pure.

The hashes say which content was where. A content that belongs elsewhere was moved or copied, one that belongs nowhere
was edited or put in, and one that is nowhere any more was removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fleet_manager.safety_log.findings import Fault, Finding, one, span
from fleet_manager.safety_log.reference import Hash

Cut = Callable[[int, Sequence[str]], Finding]
"""Place of the first record that is missing at the end, and the event ids from there on as far as known."""


@dataclass(frozen=True, slots=True)
class Odd:
    """A record that is not what is vouched for at its place. `event_id`: what its content says, "" if nothing."""

    place: int
    leaf: bytes
    event_id: str


def record_faults(
    odd: Sequence[Odd],
    absent: Sequence[int],
    leaves: Sequence[Hash],
    ids: Sequence[str],
    intact: Callable[[int], bool],
    cut: Cut,
) -> Iterator[Finding]:
    """Findings about records.

    Args:
        odd: records that are not what is vouched for at their place, or stand beyond all that is vouched for.
        absent: places without a record, smallest first.
        leaves: proven hashes by place, None where none could be had.
        ids: event ids by place, "" where not known.
        intact: whether the record that is vouched for at a place stands there.
        cut: makes the finding about the end that is missing.
    """
    places = {leaf: place for place, leaf in enumerate(leaves) if leaf is not None}
    elsewhere = {o.leaf for o in odd if o.leaf in places}
    unproven = {p for p, leaf in enumerate(leaves) if leaf is None}
    lost = {*absent, *(o.place for o in odd if 0 <= o.place < len(leaves) and o.place not in unproven)}
    gone = {p: ids[p] for p in sorted(lost) if leaves[p] not in elsewhere}
    by_id = {event_id: p for p, event_id in gone.items() if event_id}
    moved: list[tuple[Odd, int]] = []
    for o in odd:
        origin = places.get(o.leaf)
        if origin is not None:
            if intact(origin):
                sentence = f"record {o.place} is a copy of record {origin} ({o.event_id})"
                yield one(Fault.DUPLICATED, o.place, o.event_id, sentence)
            else:
                moved.append((o, origin))
        elif o.place in unproven:
            continue  # the finding about the head says so already
        else:
            yield _foreign(o, gone, by_id)
    yield from _moved(moved)
    yield from _missing(gone, len(leaves), absent, cut)


def _foreign(o: Odd, gone: dict[int, str], by_id: Mapping[str, int]) -> Finding:
    """Content that was never vouched for: what somebody made of the record that is gone, or one put in."""
    origin = by_id.get(o.event_id, o.place)
    if origin in gone:
        event_id = gone.pop(origin) or o.event_id
        where = "" if origin == o.place else f", and stands at {o.place}"
        return one(Fault.EDITED, origin, event_id, f"record {origin} ({event_id}) is not what was appended{where}")
    return one(Fault.ADDED, o.place, o.event_id, f"record {o.place} ({o.event_id}) is under no signed head")


def _moved(moved: Sequence[tuple[Odd, int]]) -> Iterator[Finding]:
    """Runs that moved by the same number of places are one finding: what follows a removed record moves up."""
    runs: list[list[tuple[Odd, int]]] = []
    for o, origin in moved:
        before = runs[-1][-1] if runs else None
        if before is not None and (o.place, origin) == (before[0].place + 1, before[1] + 1):
            runs[-1].append((o, origin))
        else:
            runs.append([(o, origin)])
    for run in runs:
        first, origin = run[0]
        end = first.place + len(run)
        if len(run) == 1:
            sentence = f"record {origin} ({first.event_id}) stands at {first.place}"
            yield one(Fault.MOVED, first.place, first.event_id, sentence)
        else:
            sentence = f"{span(origin, origin + len(run))} stand at {first.place} to {end - 1}: they were renumbered"
            yield Finding(Fault.MOVED, first.place, end, "", sentence)


def _missing(gone: Mapping[int, str], size: int, absent: Sequence[int], cut: Cut) -> Iterator[Finding]:
    """Records that are nowhere any more; those at the end are one finding."""
    end = size - _tail(absent, size)
    for place, event_id in gone.items():
        if place < end:
            name = f" ({event_id})" if event_id else ""
            yield one(Fault.MISSING, place, event_id, f"record {place}{name} was removed")
    ended = [place for place in gone if place >= end]
    if ended:
        yield cut(ended[0], [gone[place] for place in ended])


def _tail(absent: Sequence[int], size: int) -> int:
    """How many places at the end have no record."""
    count = 0
    for place in reversed(absent):
        if place != size - 1 - count:
            break
        count += 1
    return count
