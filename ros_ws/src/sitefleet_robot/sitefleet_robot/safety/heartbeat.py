"""Challenge and response: whoever must be alive proves it with the robot's pairing key. Pure.

An answer counts only if it is the right one to the newest challenge or the one before, and the first one to it.
"""

from __future__ import annotations

from collections.abc import Callable

PERIOD = 0.5
"""s between two challenges."""
_KEPT = 2
"""Challenges that may still be answered: an answer may cross the next challenge on its way."""


class Challenger:
    """Makes challenges and judges answers. `draw` gives 64 random bits, `answer_of` is the right answer to them."""

    def __init__(self, draw: Callable[[], int], answer_of: Callable[[int], int]) -> None:
        self._draw = draw
        self._answer_of = answer_of
        self._open: dict[int, set[str]] = {}
        self.sequence = 0
        self.refused = 0

    def next(self) -> int:
        """A new challenge; those before the last one are void."""
        challenge = self._draw()
        self.sequence += 1
        self._open[challenge] = set()
        while len(self._open) > _KEPT:
            del self._open[next(iter(self._open))]
        return challenge

    def accepts(self, source: str, challenge: int, response: int) -> bool:
        """Whether this proves that `source` is alive."""
        answered = self._open.get(challenge)
        if answered is None or source in answered or response != self._answer_of(challenge):
            self.refused += 1
            return False
        answered.add(source)
        return True
