"""One robot's links, joints, motors and cameras in MuJoCo, and the indices to reach them by."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import mujoco
import numpy as np

from sim.embedded import shapes
from sim.sdf import Joint, Link, Model, SdfError
from sim.sdf.transform import Transform
from sim.topics import DIFF_DRIVE, JOINT_POSITION

# Stiffness of a tool axis' position loop: natural frequency in rad/s, well below 1/step, critically damped.
_SERVO_FREQUENCY = 80.0
_WHEEL_ARMATURE = 0.02
"""kg m2: rotor inertia of a geared hub motor as seen at the wheel."""
_CASTER_FRICTION = 0.01
"""A collision of the root link with less friction than this is a caster."""


@dataclass(slots=True)
class Axis:
    """A driven joint: where its state and motor are, and how stiff its loop is."""

    joint: Joint
    stiffness: float
    damping: float
    """N s/m or N m s/rad of the loop."""
    inertia: float
    """kg moved, or kg m2 about the axis."""
    qpos: int = -1
    dof: int = -1
    motor: int = -1


@dataclass(slots=True)
class RobotBody:
    """Indices of one robot in the compiled model."""

    model: Model
    home: Transform
    wheels: tuple[Axis, Axis] | None
    axes: dict[str, Axis]
    base: int = -1
    qpos: int = -1
    dof: int = -1
    geoms: list[int] = field(default_factory=list)
    hull_geoms: list[int] = field(default_factory=list)

    def bind(self, compiled: Any) -> None:
        """Look the indices up in the compiled model."""
        name = self.model.name
        body = compiled.body(f"{name}/{self.model.root_link.name}")
        self.base = int(body.id)
        joint = compiled.joint(f"{name}/free")
        self.qpos, self.dof = int(joint.qposadr[0]), int(joint.dofadr[0])
        for axis in (*self.axes.values(), *(self.wheels or ())):
            bound = compiled.joint(f"{name}/{axis.joint.name}")
            axis.qpos, axis.dof = int(bound.qposadr[0]), int(bound.dofadr[0])
            axis.motor = int(compiled.actuator(f"{name}/{axis.joint.name}").id)
        touching = {sensor.contact_collision for sensor in self.model.root_link.sensors if sensor.contact_collision}
        for index in range(compiled.ngeom):
            parts = compiled.geom(index).name.split("/")
            if parts[0] != name or parts[2] == "visual":
                continue
            self.geoms.append(index)
            if parts[1] == self.model.root_link.name and parts[2] in touching:
                self.hull_geoms.append(index)


def add_robot(spec: Any, model: Model, home: Transform, kinds: dict[str, tuple[str, str]]) -> RobotBody:
    """Add a robot with its root link's frame at `home`. Raises SdfError."""
    if model.static:
        raise SdfError(model.source, f"sdf/model[{model.name}]/static", model.line, "a robot cannot be static")
    driven = _driven_joints(model)
    wheels = _wheel_joints(model)
    wheel_links = {joint.child for joint in wheels}
    root = model.root_link
    bodies: dict[str, Any] = {}
    pose = home @ root.pose
    body = spec.worldbody.add_body(name=f"{model.name}/{root.name}", pos=pose.translation, quat=pose.quaternion)
    body.add_freejoint(name=f"{model.name}/free")
    bodies[root.name] = body
    _fill_link(body, model, root, "hull", kinds)
    pending = list(model.joints)
    while pending:
        joint = next(joint for joint in pending if joint.parent in bodies)
        pending.remove(joint)
        child = model.link(joint.child)
        pose = model.link(joint.parent).pose.inverse() @ child.pose
        body = bodies[joint.parent].add_body(
            name=f"{model.name}/{child.name}", pos=pose.translation, quat=pose.quaternion
        )
        bodies[child.name] = body
        _fill_link(body, model, child, "tyre" if child.name in wheel_links else "tool", kinds)
        _add_joint(body, model, joint, _WHEEL_ARMATURE if child.name in wheel_links else 0.0)
    names = list(bodies)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            spec.add_exclude(bodyname1=f"{model.name}/{first}", bodyname2=f"{model.name}/{second}")
    for link in model.links:
        for sensor in link.sensors:
            if sensor.imu is not None:
                _add_imu(spec, f"{model.name}/{sensor.name}")
    axes = {name: _add_servo(spec, model, model.joint(name)) for name in driven}
    pair = tuple(_add_wheel_motor(spec, model, joint) for joint in wheels)
    return RobotBody(model, home, (pair[0], pair[1]) if pair else None, axes)


def _driven_joints(model: Model) -> list[str]:
    names = []
    for plugin in model.plugins_named(JOINT_POSITION):
        name = plugin.parameters["joint_name"][0]
        if name not in {joint.name for joint in model.joints}:
            raise SdfError(plugin.source, plugin.element, plugin.line, f"there is no joint {name!r}")
        names.append(name)
    return names


def _wheel_joints(model: Model) -> list[Joint]:
    plugins = model.plugins_named(DIFF_DRIVE)
    if len(plugins) > 1 or (plugins and any(len(plugins[0].parameters[k]) != 1 for k in ("left_joint", "right_joint"))):
        plugin = plugins[-1]
        raise SdfError(plugin.source, plugin.element, plugin.line, "one DiffDrive with one wheel a side is supported")
    if not plugins:
        return []
    return [model.joint(plugins[0].parameters[side][0]) for side in ("left_joint", "right_joint")]


def _fill_link(body: Any, model: Model, link: Link, kind: str, kinds: dict[str, tuple[str, str]]) -> None:
    if link.inertial is None:
        raise SdfError(model.source, f"sdf/model[{model.name}]/link[{link.name}]", link.line, "needs <inertial>")
    inertial = link.inertial
    xx, yy, zz, xy, xz, yz = inertial.inertia
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    tensor = inertial.pose.rotation @ tensor @ inertial.pose.rotation.T
    body.explicitinertial = True
    body.mass = inertial.mass
    body.ipos = inertial.pose.translation
    body.fullinertia = [tensor[0, 0], tensor[1, 1], tensor[2, 2], tensor[0, 1], tensor[0, 2], tensor[1, 2]]
    for collision in link.collisions:
        name = f"{model.name}/{link.name}/{collision.name}"
        caster = kind == "hull" and collision.friction < _CASTER_FRICTION
        part = "tyre" if caster else kind
        geom = shapes.add_collision(body, name, collision, Transform(), shapes.TYRE if part == "tyre" else shapes.HULL)
        if part == "tyre":
            # The wheel's own friction counts, whatever the floor says; stiff enough that a robot does not rock.
            geom.priority = 1
            geom.solref = [0.01, 1.0]
            geom.condim = 1 if caster else 3
        kinds[name] = (model.name, part)
    for visual in link.visuals:
        shapes.add_visual(body, f"{model.name}/{link.name}/visual/{visual.name}", visual, Transform())
    for sensor in link.sensors:
        if sensor.imu is not None:
            body.add_site(name=f"{model.name}/{sensor.name}", pos=sensor.pose.translation, quat=sensor.pose.quaternion)
        if sensor.camera is not None:
            _add_camera(body, f"{model.name}/{sensor.name}", sensor)


def _add_imu(spec: Any, site: str) -> None:
    for suffix, kind in (("gyro", mujoco.mjtSensor.mjSENS_GYRO), ("accel", mujoco.mjtSensor.mjSENS_ACCELEROMETER)):
        spec.add_sensor(name=f"{site}/{suffix}", type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=site)


def _add_camera(body: Any, name: str, sensor: Any) -> None:
    # SDF cameras look along x with z up; MuJoCo's look along -z with y up.
    turned = sensor.pose.rotation @ np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    camera = sensor.camera
    vertical = 2.0 * math.atan(math.tan(camera.horizontal_fov / 2) * camera.height / camera.width)
    body.add_camera(
        name=name,
        pos=sensor.pose.translation,
        quat=Transform(turned, np.zeros(3)).quaternion,
        fovy=math.degrees(vertical),
    )


def _add_joint(body: Any, model: Model, joint: Joint, armature: float) -> None:
    if joint.kind == "fixed":
        return
    axis = joint.pose.rotation @ np.array(joint.axis)
    limited = math.isfinite(joint.lower) and math.isfinite(joint.upper) and joint.kind != "continuous"
    added = body.add_joint(
        armature=armature,
        damping=[joint.damping, 0.0, 0.0],
        name=f"{model.name}/{joint.name}",
        type=mujoco.mjtJoint.mjJNT_SLIDE if joint.kind == "prismatic" else mujoco.mjtJoint.mjJNT_HINGE,
        pos=joint.pose.translation,
        axis=axis,
        frictionloss=joint.friction,
    )
    if limited:
        added.limited = mujoco.mjtLimited.mjLIMITED_TRUE
        added.range = [joint.lower, joint.upper]


def _carried(model: Model, joint: Joint) -> list[Link]:
    links, names = [], [joint.child]
    while names:
        name = names.pop()
        links.append(model.link(name))
        names.extend(other.child for other in model.joints if other.parent == name)
    return links


def _add_servo(spec: Any, model: Model, joint: Joint) -> Axis:
    """A motor with the joint's force limit, for a position loop stiff enough for a tool, soft enough for the step."""
    if not math.isfinite(joint.effort) or not math.isfinite(joint.velocity):
        raise SdfError(
            model.source, f"sdf/model[{model.name}]/joint[{joint.name}]/axis/limit", joint.line,
            "a driven joint needs an effort and a velocity limit",
        )  # fmt: skip
    mass = _inertia(model, joint)
    motor = spec.add_actuator(
        name=f"{model.name}/{joint.name}",
        target=f"{model.name}/{joint.name}",
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
    )
    motor.set_to_motor()
    motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
    motor.forcerange = [-joint.effort, joint.effort]
    return Axis(joint, mass * _SERVO_FREQUENCY**2, 2.0 * mass * _SERVO_FREQUENCY, mass)


def _inertia(model: Model, joint: Joint) -> float:
    """Moved mass, or inertia about the axis."""
    frame = model.link(joint.child).pose @ joint.pose
    axis = frame.rotation @ np.array(joint.axis)
    inertia, mass = 0.0, 0.0
    for link in _carried(model, joint):
        if link.inertial is None:
            continue
        mass += link.inertial.mass
        centre = link.pose @ link.inertial.pose
        lever = np.cross(axis, centre.translation - frame.translation)
        tensor = np.diag(link.inertial.inertia[:3])
        about = float(axis @ centre.rotation @ tensor @ centre.rotation.T @ axis)
        inertia += about + link.inertial.mass * float(lever @ lever)
    if joint.kind == "prismatic":
        return mass
    return max(inertia, 1e-3)


def _add_wheel_motor(spec: Any, model: Model, joint: Joint) -> Axis:
    motor = spec.add_actuator(
        name=f"{model.name}/{joint.name}",
        target=f"{model.name}/{joint.name}",
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
    )
    # As for the tools, a plain motor: a loop inside MuJoCo would be integrated implicitly, which its contact solver
    # does not know of, and the robot would be pushed harder than its wheels are. The drive's firmware closes the loop.
    motor.set_to_motor()
    if math.isfinite(joint.effort):
        motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        motor.forcerange = [-joint.effort, joint.effort]
    return Axis(joint, 0.0, joint.damping, 0.0)
