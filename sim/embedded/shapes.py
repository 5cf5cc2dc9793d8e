"""SDF shapes as MuJoCo geoms. MuJoCo takes half lengths; SDF writes full ones."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from sim.sdf import Collision, Geometry, SdfError, Visual
from sim.sdf.transform import Transform

# Who may touch whom (bits of contype/conaffinity). Static shapes never meet static shapes; tyres and casters meet
# the static world only, and within one robot nothing touches (bodies are excluded pair by pair).
STATIC = (1, 0)
HULL = (2, 1 | 2 | 4)
TYRE = (0, 1)
PERSON = (4, 0)
NOTHING = (0, 0)

# Geom groups: what the lidar's rays meet, what they pass over without a test, what only the camera sees.
GROUP_LIDAR = 0
GROUP_OFF_PLANE = 1
GROUP_VISUAL = 2
GROUP_HIDDEN = 5

_TYPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "plane": mujoco.mjtGeom.mjGEOM_PLANE,
}


def mujoco_size(geometry: Geometry) -> list[float]:
    """`size` of a MuJoCo geom."""
    size = geometry.size
    if geometry.kind == "box":
        return [size[0] / 2, size[1] / 2, size[2] / 2]
    if geometry.kind == "sphere":
        return [size[0], 0.0, 0.0]
    if geometry.kind == "plane":
        return [size[0] / 2, size[1] / 2, 1.0]
    return [size[0], size[1] / 2, 0.0]


def add_collision(body: Any, name: str, collision: Collision, frame: Transform, bits: tuple[int, int]) -> Any:
    """Add a shape that touches; `frame` is the pose of the SDF link in the body."""
    pose = frame @ collision.pose
    geom = body.add_geom(
        name=name,
        type=_TYPES[collision.geometry.kind],
        size=mujoco_size(collision.geometry),
        pos=pose.translation,
        quat=pose.quaternion,
        contype=bits[0],
        conaffinity=bits[1],
        group=GROUP_LIDAR,
        mass=0.0,
        friction=[collision.friction, 0.005, 0.0001],
    )
    if collision.geometry.kind == "plane" and collision.geometry.normal != (0.0, 0.0, 1.0):
        raise SdfError(name, "plane/normal", collision.line, "only planes with the normal 0 0 1 are supported")
    return geom


def add_visual(body: Any, name: str, visual: Visual, frame: Transform) -> None:
    """Add a shape that only the camera sees."""
    pose = frame @ visual.pose
    body.add_geom(
        name=name,
        type=_TYPES[visual.geometry.kind],
        size=mujoco_size(visual.geometry),
        pos=pose.translation,
        quat=pose.quaternion,
        contype=0,
        conaffinity=0,
        group=GROUP_VISUAL,
        mass=0.0,
        rgba=visual.rgba,
    )


def height_span(geometry: Geometry, pose: Transform) -> tuple[float, float]:
    """Lowest and highest z (m) that a shape can reach; a bound, exact for upright boxes and cylinders."""
    vertical = np.abs(pose.rotation[2])
    size = geometry.size
    if geometry.kind == "plane":
        half = 0.0
    elif geometry.kind == "box":
        half = float(vertical @ np.array(size)) / 2
    elif geometry.kind == "sphere":
        half = size[0]
    else:
        end = size[0] if geometry.kind == "capsule" else size[0] * float(np.hypot(vertical[0], vertical[1]))
        half = end + float(vertical[2]) * size[1] / 2
    z = float(pose.translation[2])
    return z - half, z + half
