"""Least distances that were kept between robots and people, and among robots."""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

from sim.embedded.scene import Scene

_HORIZON = 3.0
"""m; distances beyond it are not of interest and not computed."""


class SeparationMonitor:
    """Keeps the least hull-to-hull and hull-to-person distance (m) of the run."""

    def __init__(self, scene: Scene) -> None:
        """Nothing measured yet: distances are infinite."""
        self._scene = scene
        self._hulls = {name: body.hull_geoms for name, body in scene.robots.items()}
        self._people = {
            name: [i for i, owner in enumerate(scene.geom_owner) if owner == name and scene.geom_kind[i] == "person"]
            for name in scene.people
        }
        self._buffer = np.zeros(6)
        self.robot_robot = math.inf
        self.robot_person = math.inf

    def update(self, data: Any) -> None:
        """Measure now."""
        names = list(self._hulls)
        for index, name in enumerate(names):
            for other in names[index + 1 :]:
                self.robot_robot = self._least(data, self._hulls[name], self._hulls[other], self.robot_robot)
            for geoms in self._people.values():
                self.robot_person = self._least(data, self._hulls[name], geoms, self.robot_person)

    def _least(self, data: Any, first: list[int], second: list[int], known: float) -> float:
        limit = min(known, _HORIZON)
        for a in first:
            for b in second:
                distance = mujoco.mj_geomDistance(self._scene.model, data, a, b, limit, self._buffer)
                if distance < limit:
                    known = limit = distance
        return known
