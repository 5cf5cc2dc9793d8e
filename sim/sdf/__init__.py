"""SDF 1.9 as typed values: what both the embedded simulator and the instruments read from the models."""

from sim.sdf.errors import SdfError
from sim.sdf.reader import read_model, read_world
from sim.sdf.types import Collision, Geometry, Joint, Link, Model, Plugin, Sensor, Visual, World

__all__ = [
    "Collision",
    "Geometry",
    "Joint",
    "Link",
    "Model",
    "Plugin",
    "SdfError",
    "Sensor",
    "Visual",
    "World",
    "read_model",
    "read_world",
]
