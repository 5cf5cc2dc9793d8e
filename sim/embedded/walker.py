"""A person in the scene: a capsule that goes where its velocity command says and that nothing pushes."""

from __future__ import annotations

import math
from typing import Any

from sim.embedded.readings import OdometryReading
from sim.sdf import Model
from sim.topics import VELOCITY


class SimPerson:
    """Kinematic person. Commands are in its own frame: m/s ahead and to the left, rad/s."""

    def __init__(self, model: Model, mocap: int, data: Any, x: float, y: float, yaw: float) -> None:
        """Stand at x, y (m) with heading yaw (rad)."""
        self.name = model.name
        self.x, self.y, self.yaw = x, y, yaw
        self._root = model.root_link.name
        self._mocap, self._data = mocap, data
        self._command = (0.0, 0.0, 0.0)
        self._heard = -math.inf
        plugin = model.plugins_named(VELOCITY)[0]
        self._timeout = float(plugin.parameters.get("command_timeout", ("inf",))[0])
        self._moving = (0.0, 0.0, 0.0)

    def command(self, forward: float, left: float, turn: float, now: float) -> None:
        """Take a command at `now` of a monotonic clock."""
        if all(math.isfinite(value) for value in (forward, left, turn)):
            self._command = (forward, left, turn)
            self._heard = now

    def before_step(self, dt: float, now: float) -> None:
        """Move by one step."""
        self._moving = self._command if now - self._heard <= self._timeout else (0.0, 0.0, 0.0)
        forward, left, turn = self._moving
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        self.x += (forward * cos - left * sin) * dt
        self.y += (forward * sin + left * cos) * dt
        self.yaw = math.remainder(self.yaw + turn * dt, math.tau)
        self._data.mocap_pos[self._mocap, 0] = self.x
        self._data.mocap_pos[self._mocap, 1] = self.y
        self._data.mocap_quat[self._mocap] = (math.cos(self.yaw / 2), 0.0, 0.0, math.sin(self.yaw / 2))

    def read_truth(self) -> OdometryReading:
        """True pose in the world and twist in the person's frame."""
        forward, left, turn = self._moving
        return OdometryReading(
            frame_id="world",
            child_frame_id=f"{self.name}/{self._root}",
            position=(self.x, self.y, 0.0),
            orientation=(math.cos(self.yaw / 2), 0.0, 0.0, math.sin(self.yaw / 2)),
            linear=(forward, left, 0.0),
            angular=(0.0, 0.0, turn),
            pose_variance=(0.0, 0.0),
            twist_variance=(0.0, 0.0),
        )
