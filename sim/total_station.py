"""A total station that follows prisms on the robots: its noise and its outages. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.sdf import Model
from sim.sdf.kinematics import link_pose
from sim.sdf.transform import Array, Transform

FIX_STDDEV = 0.002
"""m per axis, of the robot's position."""
HEADING_STDDEV = 0.002
"""rad, of the robot's heading."""
POINT_STDDEV = 0.001
"""m per axis, of a point measured on request."""
STILL_LINEAR, STILL_ANGULAR = 0.01, 0.01
"""m/s and rad/s; a point on a robot that moves faster is not measured."""


class NotMeasurableError(Exception):
    """The instrument cannot give an answer; the message says why."""


@dataclass(frozen=True, slots=True)
class TrackedRobot:
    """What the instrument sees of a robot: base pose in the map, speeds, tool joints, time (s)."""

    base: Transform
    linear_speed: float
    angular_speed: float
    stamp: float


@dataclass(frozen=True, slots=True)
class Fix:
    """Measured place in the map: m and rad."""

    x: float
    y: float
    yaw: float
    stamp: float


class TotalStation:
    """One instrument for a site. Seeded, so that a run repeats."""

    def __init__(
        self, models: Mapping[str, Model], seed: int, period: float = 0.2, outages: Sequence[tuple[float, float]] = ()
    ) -> None:
        """`models` by robot; `period` in s between fixes of a robot; `outages` are spans of time without any."""
        self._models = models
        self._period = period
        self._outages = tuple(outages)
        self._rng = np.random.default_rng(seed)
        self._due: dict[str, float] = {}

    def fix(self, robot: str, seen: TrackedRobot) -> Fix | None:
        """The robot's fix if one is due at the time of `seen`."""
        due = self._due.get(robot, 0.0)
        if seen.stamp + 1e-9 < due or self._out(seen.stamp):
            return None
        self._due[robot] = max(due + self._period, seen.stamp + self._period / 2)
        x, y, yaw = self._rng.normal(0.0, (FIX_STDDEV, FIX_STDDEV, HEADING_STDDEV))
        rotation = seen.base.rotation
        return Fix(
            float(seen.base.translation[0] + x),
            float(seen.base.translation[1] + y),
            math.remainder(math.atan2(rotation[1, 0], rotation[0, 0]) + float(yaw), math.tau),
            seen.stamp,
        )

    def measure(
        self, robot: str, link: str, point: Array, seen: TrackedRobot | None, joints: Mapping[str, float]
    ) -> Array:
        """Place in the map of `point`, given in the frame of a link. Raises NotMeasurableError."""
        if robot not in self._models:
            raise NotMeasurableError(f"no robot {robot!r} here; there are {sorted(self._models)}")
        if seen is None:
            raise NotMeasurableError(f"{robot} has not been seen yet")
        if self._out(seen.stamp):
            raise NotMeasurableError("the line of sight is interrupted")
        if abs(seen.linear_speed) > STILL_LINEAR or abs(seen.angular_speed) > STILL_ANGULAR:
            raise NotMeasurableError(f"{robot} moves ({seen.linear_speed:.3f} m/s, {seen.angular_speed:.3f} rad/s)")
        if not np.isfinite(point).all():
            raise NotMeasurableError("the point is not finite")
        model = self._models[robot]
        name = link.removeprefix(f"{robot}/") or model.root_link.name
        try:
            pose = link_pose(model, name, joints)
        except KeyError as error:
            raise NotMeasurableError(
                f"{robot} has no link or no known joint {error.args[0]!r}; links: {[link.name for link in model.links]}"
            ) from error
        noise = self._rng.normal(0.0, POINT_STDDEV, 3)
        result: Array = (seen.base @ pose).apply(point) + noise
        return result

    def _out(self, time: float) -> bool:
        return any(start <= time < end for start, end in self._outages)
