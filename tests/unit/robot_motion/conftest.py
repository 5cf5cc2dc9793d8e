"""A differential drive for tests: first order lag, delay of what is seen, drifting noise of the pose."""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass, field

import pytest

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.values import Drive, Pose2

DT = 0.05


@dataclass
class KinematicDrive:
    """Moves exactly as commanded after a lag; `seen` is late and noisy."""

    pose: Pose2
    seed: int = 0
    lag: float = 0.08
    delay_steps: int = 2
    sigma: float = 0.0015
    sigma_yaw: float = 0.003
    v: float = 0.0
    w: float = 0.0
    _random: random.Random = field(init=False)
    _noise: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    _history: deque[Pose2] = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._history = deque([self.pose] * (self.delay_steps + 1), maxlen=self.delay_steps + 1)

    @property
    def delay(self) -> float:
        """Age of what is seen, s."""
        return self.delay_steps * DT

    def seen(self) -> Pose2:
        """The pose as localisation tells it."""
        old = self._history[0]
        keep = 0.8  # noise of a filter is correlated in time
        scale = math.sqrt(1.0 - keep * keep)
        for index, sigma in enumerate((self.sigma, self.sigma, self.sigma_yaw)):
            self._noise[index] = keep * self._noise[index] + scale * self._random.gauss(0.0, sigma)
        return Pose2(old.x + self._noise[0], old.y + self._noise[1], wrap_angle(old.yaw + self._noise[2]))

    def move(self, drive: Drive) -> None:
        """One step of DT."""
        share = 1.0 - math.exp(-DT / self.lag)
        self.v += share * (drive.v - self.v)
        self.w += share * (drive.w - self.w)
        self.pose = self.pose.moved(self.v * DT, self.w * DT)
        self._history.append(self.pose)


@pytest.fixture
def drive_at() -> type[KinematicDrive]:
    """Makes a drive: drive_at(pose, seed=..., delay_steps=...)."""
    return KinematicDrive
