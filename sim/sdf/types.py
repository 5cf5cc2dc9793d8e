"""Typed values of an SDF model and world. Lengths m, angles rad, masses kg; poses already resolved to the model."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.sdf.transform import Transform


@dataclass(frozen=True, slots=True)
class Geometry:
    """`size` by kind: box x y z (full lengths); cylinder and capsule radius, length; sphere radius; plane x y."""

    kind: str
    size: tuple[float, ...]
    normal: tuple[float, float, float] = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Collision:
    """Shape that touches and that the lidar sees; `pose` in its link's frame."""

    name: str
    pose: Transform
    geometry: Geometry
    friction: float
    line: int


@dataclass(frozen=True, slots=True)
class Visual:
    """Shape that the camera sees; `pose` in its link's frame."""

    name: str
    pose: Transform
    geometry: Geometry
    rgba: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LidarSpec:
    """A planar scan: `samples` beams from `min_angle` to `max_angle`, both included."""

    samples: int
    min_angle: float
    max_angle: float
    min_range: float
    max_range: float
    noise_stddev: float


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """Pinhole camera that looks along the x axis of its sensor frame, z up, as SDF has it."""

    width: int
    height: int
    horizontal_fov: float
    near: float
    far: float


@dataclass(frozen=True, slots=True)
class ImuSpec:
    """Standard deviations of the gyroscope (rad/s) and the accelerometer (m/s2) per axis."""

    gyro_stddev: tuple[float, float, float]
    accel_stddev: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor of a link. `pose` in the link's frame; `topic` is the Gazebo topic, empty where SDF has none."""

    name: str
    kind: str
    link: str
    pose: Transform
    topic: str
    update_rate: float
    line: int
    lidar: LidarSpec | None = None
    camera: CameraSpec | None = None
    imu: ImuSpec | None = None
    contact_collision: str = ""


@dataclass(frozen=True, slots=True)
class Inertial:
    """Mass and inertia; `pose` of the centre of mass in the link; inertia is ixx iyy izz ixy ixz iyz."""

    mass: float
    pose: Transform
    inertia: tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Link:
    """A rigid body; `pose` in the model's frame with every joint at zero."""

    name: str
    pose: Transform
    inertial: Inertial | None
    collisions: tuple[Collision, ...]
    visuals: tuple[Visual, ...]
    sensors: tuple[Sensor, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Joint:
    """`pose` in the child link's frame, `axis` in the joint's frame; effort and velocity limits, inf without."""

    name: str
    kind: str
    parent: str
    child: str
    pose: Transform
    axis: tuple[float, float, float]
    lower: float
    upper: float
    effort: float
    velocity: float
    damping: float
    friction: float
    line: int


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin and its parameters; a repeated parameter has several values."""

    name: str
    filename: str
    parameters: dict[str, tuple[str, ...]]
    element: str
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Model:
    """One model; `pose` is its place in the world file (identity in a model file)."""

    name: str
    source: str
    static: bool
    pose: Transform
    links: tuple[Link, ...]
    joints: tuple[Joint, ...]
    plugins: tuple[Plugin, ...]
    line: int

    def link(self, name: str) -> Link:
        """The link of that name; KeyError without."""
        for link in self.links:
            if link.name == name:
                return link
        raise KeyError(name)

    def joint(self, name: str) -> Joint:
        """The joint of that name; KeyError without."""
        for joint in self.joints:
            if joint.name == name:
                return joint
        raise KeyError(name)

    def plugins_named(self, name: str) -> tuple[Plugin, ...]:
        """All plugins of a class, for example `gz::sim::systems::DiffDrive`."""
        return tuple(plugin for plugin in self.plugins if plugin.name == name)

    @property
    def root_link(self) -> Link:
        """The link that no joint moves."""
        children = {joint.child for joint in self.joints}
        return next(link for link in self.links if link.name not in children)


@dataclass(frozen=True, slots=True)
class Light:
    """A light, for the camera only."""

    name: str
    kind: str
    pose: Transform
    direction: tuple[float, float, float]
    diffuse: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class World:
    """A world of models. `step` is the physics step in s, 0 where the file names none."""

    name: str
    source: str
    gravity: tuple[float, float, float]
    step: float
    models: tuple[Model, ...]
    lights: tuple[Light, ...] = field(default=())
