"""A fault: its name, the kind of site it needs, its variants, and how one run of it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faults.schedule import variants_of
from faults.session import Session
from faults.values import Case, Run


@dataclass(frozen=True)
class Fault:
    """`make` makes one run; the robot stands before it, and again after it."""

    name: str
    title: str
    site: str
    variants: tuple[str, ...]
    make: Callable[[Session, Case], Run]
    each: int = 0
    """Runs that this fault has at least; 0: as many as are asked for."""

    def cases(self, runs: int, seed: int) -> list[Case]:
        """Each variant as often as the others; those of one variant one after the other."""
        chosen = variants_of(len(self.variants), runs, self.each)
        return [Case(self.name, n, seed, self.variants[k]) for n, k in enumerate(chosen)]


def expect(run: Run, state: str, *reasons: str) -> None:
    """The supervisor says that it stopped, and why; anything else is a failure."""
    if run.state != state:
        run.failures.append(f"state {run.state} instead of {state}")
    if reasons and run.reason not in reasons:
        run.failures.append(f"reason {run.reason} instead of {' or '.join(reasons)}")
