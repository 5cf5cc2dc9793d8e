"""What a verification can find. Read FAULTS first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Fault(str, Enum):
    """Kinds of findings."""

    EDITED = "edited"
    MISSING = "missing"
    MOVED = "moved"
    DUPLICATED = "duplicated"
    ADDED = "added"
    MISFILED = "misfiled"
    TRUNCATED = "truncated"
    ROLLED_BACK = "rolled_back"
    TREE_CHANGED = "tree_changed"
    HEAD_FORGED = "head_forged"
    HEAD_BROKEN = "head_broken"
    HEAD_MISSING = "head_missing"
    FORKED = "forked"
    WITNESS_DAMAGED = "witness_damaged"
    WITNESS_BEHIND = "witness_behind"
    SERIES_GAP = "series_gap"


FAULTS: dict[Fault, str] = {
    Fault.EDITED: "a record is not what was appended",
    Fault.MISSING: "a record was removed",
    Fault.MOVED: "a record stands where another one belongs",
    Fault.DUPLICATED: "a copy of a record was put in",
    Fault.ADDED: "a record was put in that no signed head covers",
    Fault.MISFILED: "columns of a record say something else than the record",
    Fault.TRUNCATED: "the last records were removed; heads over them are still there",
    Fault.ROLLED_BACK: "the database is an older one than the witness has seen",
    Fault.TREE_CHANGED: "a stored hash is not that of its records",
    Fault.HEAD_FORGED: "a head is not signed by the log's key",
    Fault.HEAD_BROKEN: "records do not give a signed head, and without the witness it cannot be told which",
    Fault.HEAD_MISSING: "a head that the witness has was removed from the database",
    Fault.FORKED: "the key has signed two histories",
    Fault.WITNESS_DAMAGED: "the witness was changed",
    Fault.WITNESS_BEHIND: "note: the witness lacks the newest heads; it gets them when the log is opened",
    Fault.SERIES_GAP: "note: numbers of a robot's series are missing, so events have not been delivered",
}
"""What each means, for people."""

NOTES = frozenset({Fault.WITNESS_BEHIND, Fault.SERIES_GAP})
"""Findings that do not say that anything was changed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong with the records from index `first` up to before `last`; `event_id` if it is one record."""

    fault: Fault
    first: int
    last: int
    event_id: str
    sentence: str

    @property
    def serious(self) -> bool:
        """Not only a note."""
        return self.fault not in NOTES


def one(fault: Fault, index: int, event_id: str, sentence: str) -> Finding:
    """A finding about one record."""
    return Finding(fault, index, index + 1, event_id, sentence)


def span(first: int, last: int) -> str:
    """Records from `first` up to before `last`, in words."""
    if last - first == 1:
        return f"record {first}"
    return f"records {first} to {last - 1}" if last > first else "no record"
