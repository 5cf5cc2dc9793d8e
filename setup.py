"""Builds sitefleet with colcon (ament_python) and with pip. The version is that of package.xml."""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

PACKAGE = "sitefleet"
HERE = Path(__file__).resolve().parent
SHARE = f"share/{PACKAGE}"

# What the Python packages need apart from ROS. rclpy and the message packages come from the ROS installation or from
# the wheels (extra "ros"), which name them differently.
REQUIREMENTS = [
    "SQLAlchemy>=2.0",
    "PyYAML>=6",
    "alembic>=1.13",
    "fastapi>=0.115",
    "httpx>=0.27",
    "ifcopenshell>=0.8",
    "lxml>=5",
    "mujoco>=3.3",
    "networkx>=3.2",
    "numpy>=1.26",
    "opencv-python-headless>=4.9",
    "pillow>=10",
    "pydantic>=2.7",
    "rich>=13",
    "scipy>=1.11",
    "shapely>=2.0",
    "typer>=0.12",
    "uvicorn>=0.30",
]
ROS_WHEELS = [
    "ros-rclpy[fastrtps]",
    "ros-diagnostic-msgs",
    "ros-geometry-msgs",
    "ros-lifecycle-msgs",
    "ros-nav-msgs",
    "ros-rosgraph-msgs",
    "ros-sensor-msgs",
    "ros-std-msgs",
    "ros-std-srvs",
]
# For `make test`: checks, tests, and colcon, which builds these packages the way a ROS machine does.
DEVELOPMENT = [
    "colcon-common-extensions",
    "hypothesis>=6",
    "import-linter>=2",
    "mypy>=1.11",
    "pytest>=8",
    "pytest-timeout>=2.3",
    "ruff>=0.6",
    "setuptools>=68",
    "uv>=0.5",
    "wheel",
]


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
    packages=find_packages(include=[f"{top}{rest}" for top in ("fleet_manager", "perception", "sim", "sitefleet")
                                    for rest in ("", ".*")]),
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
    install_requires=REQUIREMENTS,
    extras_require={"ros": ROS_WHEELS, "dev": DEVELOPMENT},
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
