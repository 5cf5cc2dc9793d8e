"""Safety events that were made, and those that are in the evidence log."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faults.series import Series

if TYPE_CHECKING:
    from faults.processes import Site

OUTBOX = 2**40
"""Numbers of the robot's recorder begin here; they are a series of their own."""
PATIENCE = 60.0
"""s that the last events may take to the log."""


@dataclass(frozen=True)
class Tally:
    """Of one session; each of the lists must be empty."""

    made: int
    missing: tuple[str, ...]
    twice: tuple[str, ...]
    gaps: tuple[int, ...]

    @property
    def lost(self) -> int:
        """Events that are not in the log exactly once."""
        return len(self.missing) + len(self.twice) + len(self.gaps)


def compare(heard: Mapping[str, int], logged: Iterable[tuple[int, str]]) -> Tally:
    """`heard`: number by id of every event that was seen on topic or disk; `logged`: number and id, in the log."""
    entries = list(logged)
    ids = Counter(event_id for _, event_id in entries)
    numbers = {seq for seq, _ in entries if 0 < seq < OUTBOX}
    last = max((*numbers, *(seq for seq in heard.values() if seq < OUTBOX)), default=0)
    missing = tuple(sorted(event_id for event_id in heard if event_id not in ids))
    known = {heard[event_id] for event_id in missing}
    return Tally(
        made=len(set(heard) | set(ids)),
        missing=missing,
        twice=tuple(sorted(event_id for event_id, count in ids.items() if count > 1)),
        gaps=tuple(n for n in range(1, last + 1) if n not in numbers and n not in known),
    )


def tally(site: Site, series: Series) -> Tally:
    """Wait until all that was heard is in the log, or patience ends."""
    end = time.monotonic() + PATIENCE
    while True:
        result = compare({event_id: seq for event_id, (seq, _, _) in series.events.items()}, site.logged())
        if not result.lost or time.monotonic() > end:
            return result
        time.sleep(0.5)
