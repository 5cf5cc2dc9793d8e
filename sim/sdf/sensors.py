"""Readers of the sensors of a link."""

from __future__ import annotations

from sim.sdf import grammar
from sim.sdf.element import Element
from sim.sdf.transform import Transform
from sim.sdf.types import CameraSpec, ImuSpec, LidarSpec, Sensor


def read_sensor(element: Element, link: str, pose: Transform) -> Sensor:
    """One `<sensor>` of the link."""
    kind = element.attribute("type")
    if kind not in grammar.SENSOR_TYPES:
        raise element.error(f"sensor type {kind!r} is not supported, expected one of {sorted(grammar.SENSOR_TYPES)}")
    contact = element.first("contact")
    return Sensor(
        name=element.attribute("name"),
        kind=kind,
        link=link,
        pose=pose,
        topic=element.word("topic"),
        update_rate=element.number("update_rate", 0.0),
        line=element.line or 0,
        lidar=_lidar(element.only("lidar")) if kind == "gpu_lidar" else None,
        camera=_camera(element.only("camera")) if kind == "rgbd_camera" else None,
        imu=_imu(element.first("imu")) if kind == "imu" else None,
        contact_collision=contact.only("collision").text if contact is not None else "",
    )


def _stddev(parent: Element | None) -> float:
    noise = parent.first("noise") if parent is not None else None
    if noise is None:
        return 0.0
    if noise.word("type", "none") not in ("gaussian", "none") or noise.number("mean", 0.0) != 0.0:
        raise noise.error("only gaussian noise around zero is supported")
    return noise.number("stddev", 0.0)


def _lidar(element: Element) -> LidarSpec:
    scan = element.only("scan")
    horizontal, vertical, limits = scan.only("horizontal"), scan.first("vertical"), element.only("range")
    if vertical is not None and vertical.number("samples", 1.0) != 1.0:
        raise vertical.error("only planar lidars (one vertical sample) are supported")
    if horizontal.number("resolution", 1.0) != 1.0:
        raise horizontal.error("only resolution 1 is supported")
    return LidarSpec(
        samples=int(horizontal.positive("samples")),
        min_angle=horizontal.number("min_angle", 0.0),
        max_angle=horizontal.number("max_angle", 0.0),
        min_range=limits.number("min", 0.0),
        max_range=limits.positive("max"),
        noise_stddev=_stddev(element),
    )


def _camera(element: Element) -> CameraSpec:
    image, clip = element.only("image"), element.only("clip")
    if image.word("format", "R8G8B8") not in ("R8G8B8", "RGB_INT8"):
        raise image.error("only the format R8G8B8 is supported")
    return CameraSpec(
        width=int(image.positive("width")),
        height=int(image.positive("height")),
        horizontal_fov=element.positive("horizontal_fov"),
        near=clip.positive("near"),
        far=clip.positive("far"),
    )


def _imu(element: Element | None) -> ImuSpec:
    def axes(tag: str) -> tuple[float, float, float]:
        part = element.first(tag) if element is not None else None
        x, y, z = (_stddev(part.first(axis)) if part is not None else 0.0 for axis in ("x", "y", "z"))
        return x, y, z

    return ImuSpec(axes("angular_velocity"), axes("linear_acceleration"))
