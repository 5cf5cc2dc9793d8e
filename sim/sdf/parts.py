"""Readers of the parts of a model: links with shapes and sensors, joints, plugins, lights."""

from __future__ import annotations

import math

from sim.sdf import grammar
from sim.sdf.element import Element
from sim.sdf.sensors import read_sensor
from sim.sdf.transform import Transform
from sim.sdf.types import Collision, Geometry, Inertial, Joint, Light, Link, Plugin, Visual

_GREY = (0.7, 0.7, 0.7, 1.0)


def _local_pose(element: Element) -> Transform:
    """Pose in the element's parent; another `relative_to` is refused because nothing here needs it."""
    if element.relative_to:
        raise element.error("relative_to is supported for links, joints and frames only")
    return element.pose() or Transform()


def read_geometry(element: Element) -> Geometry:
    """The one shape of a `<geometry>`."""
    shapes = element.children()
    if len(shapes) != 1:
        raise element.error(f"expected one shape, found {len(shapes)}")
    shape = shapes[0]
    if shape.tag == "box":
        size = shape.only("size").numbers(3)
        if min(size) <= 0.0:
            raise shape.error("a box needs lengths above zero")
        return Geometry("box", size)
    if shape.tag == "sphere":
        return Geometry("sphere", (shape.positive("radius"),))
    if shape.tag in ("cylinder", "capsule"):
        return Geometry(shape.tag, (shape.positive("radius"), shape.positive("length")))
    size_element = shape.first("size")
    size = size_element.numbers(2) if size_element is not None else (1.0, 1.0)
    return Geometry("plane", size, shape.vector3("normal", (0.0, 0.0, 1.0)))


def _collision(element: Element) -> Collision:
    friction = 1.0
    surface = element.first("surface")
    ode = surface.first("friction") if surface is not None else None
    inner = ode.first("ode") if ode is not None else None
    if inner is not None:
        friction = inner.number("mu", 1.0)
    return Collision(
        name=element.attribute("name"),
        pose=_local_pose(element),
        geometry=read_geometry(element.only("geometry")),
        friction=friction,
        line=element.line or 0,
    )


def read_colour(element: Element | None) -> tuple[float, float, float, float]:
    """Diffuse colour of a visual or light, grey without."""
    diffuse = element.first("diffuse") if element is not None else None
    if diffuse is None:
        return _GREY
    words = diffuse.text.split()
    red, green, blue, alpha = diffuse.numbers(4) if len(words) == 4 else (*diffuse.numbers(3), 1.0)
    return red, green, blue, alpha


def _visual(element: Element) -> Visual:
    red, green, blue, alpha = read_colour(element.first("material"))
    return Visual(
        name=element.attribute("name"),
        pose=_local_pose(element),
        geometry=read_geometry(element.only("geometry")),
        rgba=(red, green, blue, alpha * (1.0 - element.number("transparency", 0.0))),
    )


def _inertial(element: Element) -> Inertial:
    inertia = element.first("inertia")
    names = ("ixx", "iyy", "izz", "ixy", "ixz", "iyz")
    defaults = (1.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    values = [inertia.number(n, d) if inertia is not None else d for n, d in zip(names, defaults, strict=True)]
    if min(values[:3]) <= 0.0:
        raise (inertia or element).error("moments of inertia must be above zero")
    xx, yy, zz, xy, xz, yz = values
    return Inertial(element.positive("mass"), _local_pose(element), (xx, yy, zz, xy, xz, yz))


def read_link(element: Element, pose: Transform) -> Link:
    """A link whose pose in the model is already known."""
    inertial = element.first("inertial")
    name = element.attribute("name")
    return Link(
        name=name,
        pose=pose,
        inertial=_inertial(inertial) if inertial is not None else None,
        collisions=tuple(_collision(child) for child in element.all("collision")),
        visuals=tuple(_visual(child) for child in element.all("visual")),
        sensors=tuple(read_sensor(child, name, _local_pose(child)) for child in element.all("sensor")),
        line=element.line or 0,
    )


def read_joint(element: Element) -> Joint:
    """A joint with one axis or none."""
    kind = element.attribute("type")
    if kind not in grammar.JOINT_TYPES:
        raise element.error(f"joint type {kind!r} is not supported, expected one of {sorted(grammar.JOINT_TYPES)}")
    if element.relative_to and element.pose() is not None:
        raise element.error("a joint's pose is supported in its child link's frame only")
    axis = element.only("axis") if kind != "fixed" else None
    limit = axis.first("limit") if axis is not None else None
    dynamics = axis.first("dynamics") if axis is not None else None
    return Joint(
        name=element.attribute("name"),
        kind=kind,
        parent=element.only("parent").text,
        child=element.only("child").text,
        pose=element.pose() or Transform(),
        axis=_axis(axis),
        lower=limit.number("lower", -math.inf) if limit is not None else -math.inf,
        upper=limit.number("upper", math.inf) if limit is not None else math.inf,
        effort=_limit(limit, "effort"),
        velocity=_limit(limit, "velocity"),
        damping=dynamics.number("damping", 0.0) if dynamics is not None else 0.0,
        friction=dynamics.number("friction", 0.0) if dynamics is not None else 0.0,
        line=element.line or 0,
    )


def _limit(element: Element | None, tag: str) -> float:
    """SDF writes `no limit` as a negative number."""
    value = element.number(tag, -1.0) if element is not None else -1.0
    return value if value >= 0.0 else math.inf


def _axis(element: Element | None) -> tuple[float, float, float]:
    if element is None:
        return 0.0, 0.0, 1.0
    xyz = element.first("xyz")
    if xyz is not None and xyz.node.get("expressed_in"):
        raise xyz.error("expressed_in is not supported; give the axis in the joint's frame")
    x, y, z = element.vector3("xyz", (0.0, 0.0, 1.0))
    norm = math.sqrt(x * x + y * y + z * z)
    if norm == 0.0:
        raise element.error("the axis has no direction")
    return x / norm, y / norm, z / norm


def read_plugin(element: Element) -> Plugin:
    """A plugin of a model, held to the table of known plugins and parameters."""
    name = element.attribute("name")
    if name not in grammar.PLUGINS:
        raise element.error(f"plugin {name!r} is not supported, expected one of {sorted(grammar.PLUGINS)}")
    parameters: dict[str, list[str]] = {}
    for child in element.children():
        if child.tag not in grammar.PLUGINS[name]:
            raise child.error(f"parameter <{child.tag}> of {name} is not supported")
        parameters.setdefault(child.tag, []).append(child.text)
    return Plugin(
        name=name,
        filename=element.attribute("filename"),
        parameters={key: tuple(values) for key, values in parameters.items()},
        element=element.path,
        source=element.source,
        line=element.line or 0,
    )


def read_light(element: Element) -> Light:
    """A light of the world."""
    return Light(
        name=element.attribute("name"),
        kind=element.attribute("type"),
        pose=element.pose() or Transform(),
        direction=element.vector3("direction", (0.0, 0.0, -1.0)),
        diffuse=read_colour(element),
    )
