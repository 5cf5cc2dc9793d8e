"""The simulation without ROS: stepped by its caller, the same run for the same seed and commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import mujoco
import numpy as np

from sim.embedded.camera import CameraRenderer
from sim.embedded.contacts import ContactMonitor
from sim.embedded.readings import Array
from sim.embedded.robot import SimRobot
from sim.embedded.scene import Obstruction, Placed, build_scene
from sim.embedded.separation import SeparationMonitor
from sim.embedded.walker import SimPerson
from sim.sdf import World
from sim.topics import TOUCH

_SLOW_PERIOD = 0.05
"""s between looks at batteries and separations."""
_BUMPER_HOLD = 0.1
"""s that a bumper stays pressed after the last touch: one period of its sensor."""


_UNSTABLE = (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)


class SimulationUnstableError(Exception):
    """The physics blew up; nothing after that moment can be believed."""


class Simulation:
    """A world with robots and people in MuJoCo. Times in s; `clock` drives the watchdogs of drives (wall time)."""

    def __init__(
        self,
        world: World,
        robots: Sequence[Placed],
        people: Sequence[Placed] = (),
        obstructions: Sequence[Obstruction] = (),
        *,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
        charge: Mapping[str, float] | None = None,
        battery_scale: float = 1.0,
    ) -> None:
        """Build the scene. Raises SdfError."""
        scene = build_scene(world, robots, people, obstructions)
        self.scene = scene
        self.clock = clock
        self.kinds = {placed.model.name: placed.kind or placed.model.name for placed in (*robots, *people)}
        self.person_models = {p.model.name: p.model for p in people}
        self.dt = float(scene.model.opt.timestep)
        levels = charge or {}
        self.robots = {
            name: SimRobot(body, scene.model, scene.data, seed, levels.get(name, 1.0), battery_scale)
            for name, body in scene.robots.items()
        }
        self.people = {
            p.model.name: SimPerson(p.model, scene.people[p.model.name], scene.data, p.x, p.y, p.yaw) for p in people
        }
        self.contacts = ContactMonitor(scene)
        self.separation = SeparationMonitor(scene)
        self.renderer = CameraRenderer(scene.model)
        self.steps = 0
        self._slow_steps = max(1, round(_SLOW_PERIOD / self.dt))
        self._kinematics_at = -1

    @property
    def time(self) -> float:
        """Simulated time, s."""
        return self.steps * self.dt

    def step(self) -> None:
        """Advance by one physics step."""
        scene, dt, now = self.scene, self.dt, self.clock()
        for robot in self.robots.values():
            robot.before_step(dt, now)
        for person in self.people.values():
            person.before_step(dt, now)
        mujoco.mj_step(scene.model, scene.data)
        self.steps += 1
        for robot in self.robots.values():
            robot.after_step(dt)
        self.contacts.update(scene.data, self.time)
        if self.steps % self._slow_steps == 0:
            for robot in self.robots.values():
                robot.update_battery(dt * self._slow_steps)
            self.separation.update(scene.data)
            self._check_stable()

    def _check_stable(self) -> None:
        """MuJoCo restarts a state that blows up, silently; a robot would jump to its start. Say so instead."""
        for warning in _UNSTABLE:
            if self.scene.data.warning[warning].number > 0:
                raise SimulationUnstableError(f"{mujoco.mju_warningText(int(warning), 0)} before {self.time:.3f} s")

    def run(self, seconds: float) -> None:
        """Advance by so many seconds."""
        for _ in range(round(seconds / self.dt)):
            self.step()

    def scan(self, robot: str, lidar: str = "lidar") -> Array:
        """Ranges of a lidar now."""
        self._refresh()
        return self.robots[robot].lidars[lidar].scan(self.scene.data)

    def picture(self, robot: str, sensor: str = "camera") -> tuple[np.ndarray, np.ndarray] | None:  # type: ignore[type-arg]
        """Colour and depth of a camera now, None where nothing can render."""
        self._refresh()
        body = self.robots[robot].body
        spec = next(s.camera for link in body.model.links for s in link.sensors if s.name == sensor)
        assert spec is not None
        return self.renderer.render(self.scene.data, f"{robot}/{sensor}", spec)

    def bumper(self, robot: str) -> bool:
        """Whether the robot's bumper is pressed."""
        touched = self.contacts.touched.get(robot)
        return touched is not None and self.time - touched <= _BUMPER_HOLD

    def has_bumper(self, robot: str) -> bool:
        """Whether the robot's model has one."""
        return bool(self.robots[robot].body.model.plugins_named(TOUCH))

    def _refresh(self) -> None:
        """Positions for the present state: mj_step leaves those of the step's start."""
        if self._kinematics_at != self.steps:
            mujoco.mj_kinematics(self.scene.model, self.scene.data)
            mujoco.mj_comPos(self.scene.model, self.scene.data)
            mujoco.mj_camlight(self.scene.model, self.scene.data)
            self._kinematics_at = self.steps
