"""A planar lidar by rays into the scene."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from sim.embedded import shapes
from sim.embedded.readings import Array
from sim.sdf.transform import Transform
from sim.sdf.types import LidarSpec

_GROUPS = np.array([1, 0, 0, 0, 0, 0], dtype=np.uint8)


class Lidar:
    """Ranges of one lidar. It does not see its own robot: it stands for scanners merged around the hull."""

    def __init__(
        self, model: Any, body: int, mount: Transform, spec: LidarSpec, own: list[int], rng: np.random.Generator
    ) -> None:
        """`mount` is the sensor's pose in MuJoCo body `body`; `own` are the geoms it looks through."""
        self.spec = spec
        self._model, self._body, self._mount, self._rng = model, body, mount, rng
        self._own = np.array(own, dtype=np.intp)
        self._own_groups = model.geom_group[self._own].copy()
        angles = np.linspace(spec.min_angle, spec.max_angle, spec.samples)
        beams = np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)])
        self._beams = mount.rotation @ beams
        self._distance = np.zeros(spec.samples)
        self._geom = np.zeros(spec.samples, dtype=np.int32)
        self._walkers = [
            geom
            for geom in range(model.ngeom)
            if model.body_mocapid[model.geom_bodyid[geom]] >= 0 and _GROUPS[model.geom_group[geom]]
        ]
        """Geoms of what is moved by hand: before version 4 MuJoCo looks for them where they stood at the start."""

    def scan(self, data: Any) -> Array:
        """Ranges in m: inf beyond the longest, -inf below the shortest (REP 117). Needs fresh kinematics."""
        rotation = data.xmat[self._body].reshape(3, 3)
        origin = rotation @ self._mount.translation + data.xpos[self._body]
        vectors = np.ascontiguousarray((rotation @ self._beams).T).reshape(-1)
        self._model.geom_group[self._own] = shapes.GROUP_HIDDEN
        mujoco.mj_multiRay(
            self._model, data, origin, vectors, _GROUPS, 1, -1, self._geom, self._distance, None,
            self.spec.samples, self.spec.max_range,
        )  # fmt: skip
        self._model.geom_group[self._own] = self._own_groups
        for geom in self._walkers:
            self._see(data, geom, origin, vectors.reshape(-1, 3))
        ranges: Array = self._distance.copy()
        missed = ranges < 0.0
        if self.spec.noise_stddev > 0.0:
            ranges += self._rng.normal(0.0, self.spec.noise_stddev, self.spec.samples)
        ranges[ranges < self.spec.min_range] = -np.inf
        ranges[missed | (ranges > self.spec.max_range)] = np.inf
        return ranges

    def _see(self, data: Any, geom: int, origin: Array, beams: Array) -> None:
        """Shorten the beams that meet this geom, where it is now."""
        place = data.geom_xpos[geom]
        reach = self._model.geom_rbound[geom]
        towards = place - origin
        along = beams @ towards
        near = np.nonzero((along > -reach) & (towards @ towards - along**2 <= reach * reach))[0]
        rotation, size, kind = data.geom_xmat[geom], self._model.geom_size[geom], self._model.geom_type[geom]
        for beam in near:
            distance = mujoco.mju_rayGeom(place, rotation, size, origin, beams[beam], kind)
            if distance >= 0.0 and not 0.0 <= self._distance[beam] <= distance:
                self._distance[beam] = distance
