"""A radio link that delays, loses and reorders. Pure: times and random numbers come in. s.

`CONCRETE` is a made-up profile of WiFi through concrete walls (a proposal, not a measurement of one site): between
good spells a client at the edge of the cell fades for some tenths of a second, in which most frames are lost and the
others wait for repeats. Both directions have a channel of their own.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """One direction. Jitter is log-normal; spells last exponentially long (Gilbert and Elliott)."""

    base: float
    """s of the shortest way."""
    jitter: float
    """s, median of what comes on top."""
    spread: float
    """Sigma of the logarithm of the jitter."""
    loss: float
    """Share that is lost in a good spell."""
    fade_loss: float
    fade_delay: float
    """s on top in a fade."""
    good_for: float
    """s, mean length of a good spell."""
    fade_for: float


CLEAR = Profile(0.002, 0.001, 0.5, 0.0, 0.0, 0.0, math.inf, 0.0)
CONCRETE = Profile(0.008, 0.012, 1.0, 0.02, 0.60, 0.060, 3.0, 0.4)


class Channel:
    """One direction of a link in time. Messages overtake each other where their delays say so."""

    def __init__(self, profile: Profile, dice: random.Random) -> None:
        self.profile = profile
        self._dice = dice
        self._fading = False
        self._until = -math.inf

    def delay(self, now: float) -> float | None:
        """s that a message sent now takes; None: it is lost."""
        p = self.profile
        self._spell(now)
        if self._dice.random() < (p.fade_loss if self._fading else p.loss):
            return None
        more = p.fade_delay if self._fading else 0.0
        return p.base + more + p.jitter * math.exp(self._dice.gauss(0.0, p.spread))

    def _spell(self, now: float) -> None:
        p = self.profile
        if math.isinf(p.good_for):
            self._fading = False
            return
        if math.isinf(self._until):
            self._until = now + self._dice.expovariate(1.0 / p.good_for)
        while now >= self._until:
            self._fading = not self._fading
            self._until += self._dice.expovariate(1.0 / (p.fade_for if self._fading else p.good_for))
