"""World, robots and people as one MuJoCo model.

Static models become geoms of MuJoCo's world body: they are then one tree for contacts and rays, and never tested
against one another, which keeps storeys of a thousand walls fast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import mujoco

from sim.embedded import shapes
from sim.embedded.robot_body import RobotBody, add_robot
from sim.sdf import Model, SdfError, World
from sim.sdf.transform import Transform

DEFAULT_STEP = 0.005
"""s; what the contacts of wheels and the joint controllers are tuned for."""
_LARGEST_STEP = 0.01
_SMALLEST_STEP = 0.001
# Rays leave within this height (m) of the lidars' plane: tilt of a robot times the lidar's range stays below it.
_LIDAR_SLAB = 0.6


@dataclass(frozen=True, slots=True)
class Placed:
    """A model at a place of the world's floor. m and rad. `kind` is the model that it is a copy of."""

    model: Model
    x: float
    y: float
    yaw: float = 0.0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Obstruction:
    """A static box added to the world, centre and full lengths in m."""

    name: str
    centre: tuple[float, float, float]
    size: tuple[float, float, float]


@dataclass(slots=True)
class Scene:
    """The compiled model, its state, and which geom belongs to whom."""

    model: Any
    data: Any
    robots: dict[str, RobotBody]
    people: dict[str, int]
    """Mocap index of each person."""
    geom_owner: list[str]
    """Name of the robot, person or static model of each geom."""
    geom_kind: list[str]
    """`tyre`, `hull`, `tool`, `person`, `static`, `floor` or `visual`."""
    geom_name: list[str] = field(default_factory=list)


def build_scene(
    world: World,
    robots: Sequence[Placed],
    people: Sequence[Placed] = (),
    obstructions: Sequence[Obstruction] = (),
) -> Scene:
    """Compile a scene. Raises SdfError for what cannot be simulated."""
    names = [placed.model.name for placed in (*robots, *people)]
    if len(set(names)) != len(names):
        raise ValueError(f"names of robots and people must differ: {sorted(names)}")
    step = world.step or DEFAULT_STEP
    if not _SMALLEST_STEP <= step <= _LARGEST_STEP:
        # Gazebo's usual 1 ms holds here too; anything outside would not be stable.
        raise SdfError(
            world.source, f"sdf/world[{world.name}]/physics/max_step_size", None, f"{step} s is not within 1 to 10 ms"
        )
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.option.timestep = max(step, DEFAULT_STEP)
    spec.option.gravity = list(world.gravity)
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    _set_picture(spec)
    kinds: dict[str, tuple[str, str]] = {}
    bodies = {placed.model.name: add_robot(spec, placed.model, _floor_pose(placed), kinds) for placed in robots}
    slab = _lidar_slab(robots)
    for model in world.models:
        _add_static(spec, model, slab, kinds)
    for box in obstructions:
        _add_obstruction(spec, box, slab, kinds)
    for placed in people:
        _add_person(spec, placed, kinds)
    _add_lights(spec, world)
    compiled = spec.compile()
    compiled.vis.map.znear = 0.01
    compiled.vis.map.zfar = 50.0
    compiled.stat.extent = 1.0
    return _finish(compiled, bodies, people, kinds)


def _finish(
    compiled: Any, bodies: dict[str, RobotBody], people: Sequence[Placed], kinds: dict[str, tuple[str, str]]
) -> Scene:
    data = mujoco.MjData(compiled)
    for body in bodies.values():
        body.bind(compiled)
    mujoco.mj_forward(compiled, data)
    geom_names = [compiled.geom(index).name for index in range(compiled.ngeom)]
    found = [kinds.get(name, ("", "visual")) for name in geom_names]
    return Scene(
        model=compiled,
        data=data,
        robots=bodies,
        people={placed.model.name: int(compiled.body(placed.model.name).mocapid[0]) for placed in people},
        geom_owner=[owner for owner, _ in found],
        geom_kind=[kind for _, kind in found],
        geom_name=geom_names,
    )


def _set_picture(spec: Any) -> None:
    """Room for the cameras' pictures, light from everywhere, and a pale sky."""
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 640, 480
    spec.visual.headlight.ambient = [0.4, 0.4, 0.4]
    spec.visual.headlight.diffuse = [0.3, 0.3, 0.3]
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.75, 0.8, 0.85],
        rgb2=[0.6, 0.65, 0.7],
        width=32,
        height=192,
    )


def _floor_pose(placed: Placed) -> Transform:
    return Transform.from_pose(placed.x, placed.y, 0.0, 0.0, 0.0, placed.yaw)


def _lidar_slab(robots: Sequence[Placed]) -> tuple[float, float]:
    heights = [
        float((link.pose @ sensor.pose).translation[2])
        for placed in robots
        for link in placed.model.links
        for sensor in link.sensors
        if sensor.lidar is not None
    ]
    if not heights:
        return -math.inf, math.inf
    return min(heights) - _LIDAR_SLAB, max(heights) + _LIDAR_SLAB


def _add_static(spec: Any, model: Model, slab: tuple[float, float], kinds: dict[str, tuple[str, str]]) -> None:
    if not model.static:
        raise SdfError(
            model.source, f"sdf/world/model[{model.name}]", model.line,
            "a model in a world must be <static>true</static>; robots and people are placed by option",
        )  # fmt: skip
    if model.plugins:
        plugin = model.plugins[0]
        raise SdfError(plugin.source, plugin.element, plugin.line, "plugins of static models are not supported")
    for link in model.links:
        frame = model.pose @ link.pose
        if link.sensors:
            sensor = link.sensors[0]
            raise SdfError(
                model.source, f"sdf/world/model[{model.name}]/link[{link.name}]/sensor[{sensor.name}]", sensor.line,
                "sensors of static models are not supported",
            )  # fmt: skip
        for collision in link.collisions:
            name = f"{model.name}/{link.name}/{collision.name}"
            geom = shapes.add_collision(spec.worldbody, name, collision, frame, shapes.STATIC)
            low, high = shapes.height_span(collision.geometry, frame @ collision.pose)
            if collision.geometry.kind != "plane" and (low > slab[1] or high < slab[0]):
                geom.group = shapes.GROUP_OFF_PLANE
            # A floor is a plane, or a slab whose top is the storey's zero.
            is_floor = collision.geometry.kind == "plane" or high <= 0.011
            kinds[name] = (f"{model.name}/{collision.name}", "floor" if is_floor else "static")
        for visual in link.visuals:
            shapes.add_visual(spec.worldbody, f"{model.name}/{link.name}/visual/{visual.name}", visual, frame)


def _add_obstruction(spec: Any, box: Obstruction, slab: tuple[float, float], kinds: dict[str, tuple[str, str]]) -> None:
    low, high = box.centre[2] - box.size[2] / 2, box.centre[2] + box.size[2] / 2
    name = f"{box.name}/obstruction"
    spec.worldbody.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[length / 2 for length in box.size],
        pos=list(box.centre),
        contype=shapes.STATIC[0],
        conaffinity=shapes.STATIC[1],
        group=shapes.GROUP_LIDAR if low <= slab[1] and high >= slab[0] else shapes.GROUP_OFF_PLANE,
    )
    spec.worldbody.add_geom(
        name=f"{name}/visual",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[length / 2 for length in box.size],
        pos=list(box.centre),
        contype=0,
        conaffinity=0,
        group=shapes.GROUP_VISUAL,
        rgba=[0.7, 0.75, 0.8, 1.0],
    )
    kinds[name] = (box.name, "static")


def _add_person(spec: Any, placed: Placed, kinds: dict[str, tuple[str, str]]) -> None:
    model = placed.model
    if len(model.links) != 1:
        raise SdfError(model.source, f"sdf/model[{model.name}]", model.line, "a kinematic model needs exactly one link")
    pose = _floor_pose(placed)
    body = spec.worldbody.add_body(name=model.name, mocap=True, pos=pose.translation, quat=pose.quaternion)
    link = model.links[0]
    for collision in link.collisions:
        name = f"{model.name}/{link.name}/{collision.name}"
        shapes.add_collision(body, name, collision, link.pose, shapes.PERSON)
        kinds[name] = (model.name, "person")
    for visual in link.visuals:
        shapes.add_visual(body, f"{model.name}/{link.name}/visual/{visual.name}", visual, link.pose)


def _add_lights(spec: Any, world: World) -> None:
    for light in world.lights:
        spec.worldbody.add_light(
            name=f"light/{light.name}",
            type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
            if light.kind == "directional"
            else mujoco.mjtLightType.mjLIGHT_POINT,
            pos=light.pose.translation,
            dir=list(light.direction),
            diffuse=list(light.diffuse[:3]),
            castshadow=False,
        )
