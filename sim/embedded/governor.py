"""How fast the simulation may run: never faster than the robots that drive in it can answer. Pure: times come in."""

from __future__ import annotations

import math
from dataclasses import dataclass

_POLL = 0.002
"""s of wall time between looks while waiting for a command."""
_LONGEST_WAIT = 0.05
"""s; how long one wait may be, so that shutdown and commands are noticed."""
_LARGEST_DEBT = 0.1
"""s of wall time that the simulation may catch up; more is forgotten."""


@dataclass(slots=True)
class _Speaker:
    """One robot or person with somebody who commands it."""

    last_sim: float
    waiting_since: float | None = None
    dead: bool = False


class SpeedGovernor:
    """Says before each slice of steps whether to go on or to wait.

    The simulation follows wall time times `speed` (inf: as fast as it can). It holds when a robot with a publisher
    of its command topic has been silent for `max_silence` s of simulated time. A robot that stays silent for
    `patience` s of wall time is dead: its drive's watchdog has stopped it, and it is left out until it speaks.
    """

    def __init__(self, speed: float, max_silence: float = 0.25, patience: float = 0.3) -> None:
        """Raises ValueError for a speed that is not above zero."""
        if not speed > 0.0:
            raise ValueError(f"the speed factor must be above zero, not {speed}")
        self.speed = speed
        self._max_silence = max_silence
        self._patience = patience
        self._speakers: dict[str, _Speaker] = {}
        self._anchor: tuple[float, float] | None = None
        self._held_at: float | None = None
        self.held_time = 0.0
        """s of wall time spent waiting for robots."""
        self.deaths = 0
        """Times that a robot was given up."""

    def heard(self, name: str, sim_time: float) -> None:
        """A command of that robot arrived which answers the world as it was at `sim_time`; inf: it may be silent."""
        speaker = self._speakers.get(name)
        if speaker is None:
            return
        speaker.last_sim, speaker.waiting_since, speaker.dead = sim_time, None, False

    def set_commanded(self, name: str, commanded: bool, sim_time: float) -> None:
        """Whether anybody publishes commands for that robot; the first look starts its silence."""
        if not commanded:
            self._speakers.pop(name, None)
        elif name not in self._speakers:
            self._speakers[name] = _Speaker(sim_time)

    def waiting_for(self) -> list[str]:
        """Robots that hold the simulation now."""
        return [name for name, speaker in self._speakers.items() if speaker.waiting_since is not None]

    def decide(self, sim_time: float, wall_time: float) -> float:
        """Seconds of wall time to wait before asking again; 0: make the next slice of steps."""
        if self._anchor is None:
            self._anchor = (sim_time, wall_time)
        hold = self._silent(sim_time, wall_time)
        if self._held_at is not None:
            self.held_time += wall_time - self._held_at
        self._held_at = wall_time if hold else None
        if hold:
            # Time lost to waiting is not caught up afterwards.
            self._anchor = (sim_time, wall_time)
            return _POLL
        if math.isinf(self.speed):
            return 0.0
        ahead = (sim_time - self._anchor[0]) / self.speed - (wall_time - self._anchor[1])
        if ahead > 0.0:
            return min(ahead, _LONGEST_WAIT)
        if ahead < -_LARGEST_DEBT:
            self._anchor = (sim_time, wall_time - _LARGEST_DEBT)
        return 0.0

    def _silent(self, sim_time: float, wall_time: float) -> bool:
        hold = False
        for speaker in self._speakers.values():
            if speaker.dead or sim_time - speaker.last_sim < self._max_silence:
                continue
            if speaker.waiting_since is None:
                speaker.waiting_since = wall_time
            if wall_time - speaker.waiting_since >= self._patience:
                speaker.dead, speaker.waiting_since = True, None
                self.deaths += 1
                continue
            hold = True
        return hold
