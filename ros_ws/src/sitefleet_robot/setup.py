"""Builds sitefleet_robot with colcon (ament_python) and with pip. The version is that of package.xml."""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

PACKAGE = "sitefleet_robot"
HERE = Path(__file__).resolve().parent

setup(
    name=PACKAGE,
    version=ElementTree.parse(HERE / "package.xml").findtext("version"),
    description="What runs on a Sitefleet robot: safety supervisor, recorder, localisation, motion, task executor",
    author="Sitefleet maintainers",
    author_email="maintainers@sitefleet.dev",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=find_packages(include=[f"{PACKAGE}*"]),
    package_data={PACKAGE: ["py.typed", "evidence/*.xml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    # rclpy and the message packages come from the ROS installation or from the wheels, so they are not listed here:
    # the two name them differently.
    install_requires=["mcap>=1.6", "numpy", "PyYAML", "zstandard"],
    extras_require={"camera": ["opencv-python-headless"]},
    zip_safe=False,
    entry_points={
        "console_scripts": [
            f"safety_supervisor = {PACKAGE}.safety.node:main",
            f"autonomy = {PACKAGE}.autonomy:main",
            f"evidence = {PACKAGE}.evidence.node:main",
        ],
    },
)
