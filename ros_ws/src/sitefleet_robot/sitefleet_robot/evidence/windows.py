"""When a recording begins, goes on and ends. Pure: window time in, decisions out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """All ns. `before` and `after` an event; a file of overlapping events is no longer than `longest`.

    `patience` is monotonic time after which a recording ends although the window clock stands still.
    """

    before: int
    after: int
    longest: int
    patience: int


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event that wants a recording: its number in the spool, its record, and its window time."""

    seq: int
    record: Mapping[str, Any]
    at: int


@dataclass(slots=True)
class Recording:
    """A recording in the making; its window is [start, until]."""

    start: int
    until: int
    give_up: int  # monotonic
    events: list[RecordedEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording begins."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class Joined:
    """An event falls into the running recording, which is longer now."""

    event: RecordedEvent


@dataclass(frozen=True, slots=True)
class Closed:
    """A recording is complete."""

    recording: Recording


Step = Opened | Joined | Closed


class Windows:
    """At most one recording at a time: overlapping events share it, until it is as long as it may be."""

    def __init__(self, settings: WindowSettings) -> None:
        self._settings = settings
        self.current: Recording | None = None

    def event(self, event: RecordedEvent, mono: int) -> list[Step]:
        """An event happened. `mono`: monotonic now, ns."""
        s, current = self._settings, self.current
        steps: list[Step] = []
        if current is not None:
            if event.at <= current.until and event.at + s.after <= current.start + s.longest:
                current.until = max(current.until, event.at + s.after)
                current.give_up = mono + s.patience
                current.events.append(event)
                return [Joined(event)]
            steps.append(self._end(current))
        self.current = Recording(event.at - s.before, event.at + s.after, mono + s.patience, [event])
        return [*steps, Opened(self.current)]

    def tick(self, now: int, mono: int) -> list[Step]:
        """Time passed: `now` window time, `mono` monotonic."""
        current = self.current
        if current is not None and (now >= current.until or mono >= current.give_up):
            return [self._end(current)]
        return []

    def finish(self) -> list[Step]:
        """End what runs: the process leaves, or simulated time began again."""
        return [self._end(self.current)] if self.current is not None else []

    def _end(self, recording: Recording) -> Closed:
        self.current = None
        return Closed(recording)
