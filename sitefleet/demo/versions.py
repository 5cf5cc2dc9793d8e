"""Which software a run was made with."""

from __future__ import annotations

import platform
from importlib import metadata

from sitefleet.version import version

PACKAGES = {
    "MuJoCo": "mujoco",
    "IfcOpenShell": "ifcopenshell",
    "rclpy": "ros-rclpy",
    "Fast DDS": "ros-fastrtps",
    "SQLAlchemy": "sqlalchemy",
    "FastAPI": "fastapi",
    "NumPy": "numpy",
}


def versions() -> dict[str, str]:
    """Names and versions for the report; what comes from a ROS installation has none of pip's."""
    found = {"Sitefleet": version(), "Python": platform.python_version(), "System": platform.platform()}
    for title, package in PACKAGES.items():
        try:
            found[title] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
