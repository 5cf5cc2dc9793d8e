"""What is heard from outside, in the order it came. Filled by one thread, read by another."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from faults.measures import Command, Place, Touch, Truth


class Told(NamedTuple):
    """One message of the supervisor's state."""

    t: float
    state: int
    reason: str


@dataclass
class Series:
    """Appended only; times on the monotonic clock, which all processes of a machine share."""

    commands: list[Command] = field(default_factory=list)
    truth: list[Truth] = field(default_factory=list)
    person: list[Place] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    states: list[Told] = field(default_factory=list)
    events: dict[str, tuple[int, str, float]] = field(default_factory=dict)
    """Number, trigger and time of arrival of each safety event, by its id."""


class Heartbeat:
    """A thread that wants to run every 5 ms: where it did not, nothing of this process did, or its turn came late."""

    PERIOD = 0.005

    def __init__(self) -> None:
        self._beats: list[float] = []
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beats", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._leave.wait(self.PERIOD):
            self._beats.append(time.monotonic())
            if len(self._beats) > 40_000:
                del self._beats[:20_000]

    def moments(self) -> list[float]:
        """Of the last minutes."""
        return list(self._beats)

    def close(self) -> None:
        """End it."""
        self._leave.set()
        self._thread.join()
