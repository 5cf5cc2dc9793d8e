"""package.xml, setup.py and the code agree, so that colcon, rosdep and pip see the same packages."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from catkin_pkg.package import parse_package

from sitefleet.processes import TABLE

ROOT = Path(__file__).resolve().parents[3]
ROBOT = ROOT / "ros_ws/src/sitefleet_robot"
INTERFACES = ROOT / "ros_ws/src/sitefleet_interfaces"
# ROS packages that a module of this name comes from.
ROS_PACKAGES = frozenset({
    "action_msgs", "ament_index_python", "builtin_interfaces", "diagnostic_msgs", "geometry_msgs", "launch",
    "launch_ros", "lifecycle_msgs", "nav_msgs", "rcl_interfaces", "rclpy", "rosgraph_msgs", "sensor_msgs",
    "sitefleet_interfaces", "std_msgs", "std_srvs", "trajectory_msgs", "unique_identifier_msgs", "visualization_msgs",
})  # fmt: skip

# Packages that are imported under another name.
MODULE_OF = {"pyyaml": "yaml", "opencv-python-headless": "cv2", "pillow": "PIL", "mcap-ros2-support": "mcap_ros2"}


def imported(*folders: Path) -> set[str]:
    """Top-level names of everything the Python files below these folders import."""
    names: set[str] = set()
    for file in (file for folder in folders for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(
    ("folder", "build_type"),
    [(ROOT, "ament_python"), (ROBOT, "ament_python"), (INTERFACES, "ament_cmake")],
    ids=["sitefleet", "sitefleet_robot", "sitefleet_interfaces"],
)
def test_catkin_pkg_accepts_the_manifest(folder: Path, build_type: str) -> None:
    warnings: list[str] = []
    package = parse_package(str(folder), warnings=warnings)
    assert package.get_build_type() == build_type
    assert warnings == []
    assert all(re.fullmatch(r"[\w.+-]+@[\w-]+\.[\w.]+", person.email) for person in package.maintainers)


@pytest.mark.parametrize(
    ("manifest", "folders"),
    [
        (ROOT / "package.xml", [ROOT / name for name in ("fleet_manager", "perception", "sim", "sitefleet", "launch")]),
        (ROBOT / "package.xml", [ROBOT / "sitefleet_robot"]),
    ],
    ids=["sitefleet", "sitefleet_robot"],
)
def test_every_ros_package_that_is_imported_is_declared(manifest: Path, folders: list[Path]) -> None:
    declared = {tag.text for tag in ElementTree.parse(manifest).iter() if tag.tag.endswith("depend")}
    assert imported(*folders) & ROS_PACKAGES <= declared


def required(name: str) -> set[str]:
    """Modules that the packages of requirements/NAME.txt bring, by the names they are imported with."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    names = {re.split(r"[<>=\[ ]", line)[0].lower() for line in lines if line and not line.startswith("#")}
    return {MODULE_OF.get(each, each).replace("-", "_") for each in names}


@pytest.mark.parametrize("folder", ["fleet_manager", "perception", "sim", "sitefleet", "launch", ROBOT / ROBOT.name])
def test_every_other_module_that_is_imported_is_required(folder: str | Path) -> None:
    ours = {"fleet_manager", "perception", "sim", "sitefleet", "sitefleet_robot"}
    others = imported(ROOT / folder) - set(sys.stdlib_module_names) - ROS_PACKAGES - ours
    assert others <= required("runtime")


def test_nothing_is_required_that_the_product_does_not_import() -> None:
    assert required("runtime") <= imported(
        *(ROOT / name for name in ("fleet_manager", "perception", "sim", "sitefleet")), ROBOT / ROBOT.name
    )


def test_every_process_of_the_table_is_an_executable_of_its_package() -> None:
    scripts: dict[str, str] = {}
    for package, folder in (("sitefleet", ROOT), ("sitefleet_robot", ROBOT)):
        text = (folder / "setup.py").read_text(encoding="utf-8").replace("{PACKAGE}", package)
        scripts.update((f"{package}/{name}", module) for name, module in re.findall(r'"(\w+) = ([\w.]+):main"', text))
    for row in TABLE:
        assert scripts[f"{row.package}/{row.executable}"] == row.module


def test_every_interface_file_is_built_and_every_folder_of_them_is_known() -> None:
    lists = (INTERFACES / "CMakeLists.txt").read_text(encoding="utf-8")
    for kind in ("msg", "srv", "action"):
        assert f"/{kind}/*.{kind}" in lists
        assert list((INTERFACES / kind).glob(f"*.{kind}"))


def test_the_lock_names_no_host_and_pins_everything() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert len(packages) > 100
    assert [line for line in packages if not re.match(r"[\w.-]+==[\w.+!-]+( ; .+)?$", line)] == []
    assert "://" not in "\n".join(lines)


@pytest.mark.parametrize("folder", ["launch", "docs", "tests", "benchmarks"])
def test_folders_that_are_no_packages_stay_none(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()
