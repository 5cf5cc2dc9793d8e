"""What is run, and what comes of it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

LIMIT = 0.300
"""s from a lost stream or a killed process to zero (rows 1, 9 and 17 of the safety table)."""
TRANSPORT = 0.020
"""s for DDS and the reader of the benchmark, on top of a limit."""


class MachineStoodStill(Exception):
    """Benchmark or processes did not get to run while a time was measured: that time says nothing."""


class Unexpected(Exception):
    """The site did not do what a run needs before anything can be measured; the message says what."""


@dataclass(frozen=True)
class Case:
    """One run to make: `variant` says which kind of the fault, numbers come from `dice`."""

    fault: str
    number: int
    seed: int
    variant: str = ""

    @property
    def dice(self) -> random.Random:
        """The same numbers each time it is asked for."""
        return random.Random(f"{self.seed}/{self.fault}/{self.number}")


@dataclass
class Run:
    """What one run came to. NaN: has no meaning for this fault. Latencies s, distances m."""

    fault: str
    variant: str
    number: int
    seed: int
    latency: float = math.nan
    limit: float = math.nan
    distance: float = math.nan
    separation: float = math.nan
    contacts: int = 0
    walked_into: int = 0
    auto_resumes: int = 0
    state: str = ""
    reason: str = ""
    resets: int = 0
    resumes: int = 0
    repeated: int = 0
    """Times it was made again because the machine stood still."""
    failures: list[str] = field(default_factory=list)
    """What else should not have happened."""
    notes: dict[str, float | str] = field(default_factory=dict)

    @property
    def too_slow(self) -> bool:
        """A limit is broken."""
        return self.latency > self.limit

    @property
    def good(self) -> bool:
        """Nothing happened that must not."""
        return not (self.contacts or self.auto_resumes or self.too_slow or self.failures)
