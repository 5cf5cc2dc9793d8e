"""Builds sitefleet with colcon (ament_python) and with pip. The version is that of package.xml."""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

PACKAGE = "sitefleet"
HERE = Path(__file__).resolve().parent
SHARE = f"share/{PACKAGE}"
TOP = ("fleet_manager", "perception", "sim", "sitefleet")


def requirements(name: str) -> list[str]:
    """The packages that requirements/NAME.txt lists."""
    lines = (HERE / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def files(pattern: str) -> list[str]:
    """Files under this folder that match, relative to it as setuptools wants them."""
    return sorted(str(path.relative_to(HERE)) for path in HERE.glob(pattern) if path.is_file())


setup(
    name=PACKAGE,
    version=ElementTree.parse(HERE / "package.xml").findtext("version"),
    description="Fleet controller for construction robots: from the building model to as-built records",
    long_description=(HERE / "README.md").read_text(encoding="utf-8") if (HERE / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    author="Sitefleet maintainers",
    author_email="maintainers@sitefleet.dev",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=[name for top in TOP for name in (top, f"{top}.*")]),
    package_data={
        "fleet_manager": ["py.typed", "**/*.ini", "**/*.mako", "**/*.html", "**/*.css", "**/*.js", "**/*.svg"],
        "perception": ["py.typed", "**/*.yaml", "**/*.onnx"],
        "sim": ["py.typed", "*.yaml", "models/**/*", "worlds/**/*", "scenarios/**/*"],
        "sitefleet": ["py.typed", "**/*.yaml", "**/*.ifc", "**/*.html"],
    },
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (SHARE, ["package.xml"]),
        (f"{SHARE}/launch", files("launch/*.launch.py")),
        (f"{SHARE}/launch/params", files("launch/params/*.yaml")),
        (f"{SHARE}/models", files("models/*.ifc")),
    ],
    # rclpy and the message packages come from the ROS installation, or from the wheels (extra "ros"); the two name
    # them differently, so they cannot stand among the requirements.
    install_requires=requirements("runtime"),
    extras_require={name: requirements(name) for name in ("ros", "postgresql", "dev")},
    zip_safe=False,
    entry_points={
        "console_scripts": [
            "sitefleet = sitefleet.cli:main",
            # the names under which `ros2 run sitefleet ...` and the launch files find the processes
            "simulator = sim.embedded.node:main",
            "instruments = sim.instruments:main",
            "people = sim.people:main",
            "fleet_manager = fleet_manager.main:main",
        ],
    },
)
