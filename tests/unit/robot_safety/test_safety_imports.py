"""The supervisor depends on little, and its core on nothing that has to do with ROS."""

import ast
import sys
from pathlib import Path

import sitefleet_robot

PACKAGE = Path(sitefleet_robot.__file__).parent
MESSAGES = {"builtin_interfaces", "diagnostic_msgs", "geometry_msgs", "nav_msgs", "rcl_interfaces", "sensor_msgs"}
ALLOWED = {"rclpy", "numpy", "sitefleet_interfaces", "sitefleet_robot", "std_msgs", *MESSAGES}
EDGE = {"basis.py", "inputs.py", "keeper.py", "messages.py", "node.py", "partners.py", "reporter.py"}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module or "")
    return names


def test_the_supervisor_imports_rclpy_numpy_and_messages_only():
    for folder in ("safety", "common"):
        for path in (PACKAGE / folder).glob("*.py"):
            foreign = {n for n in imported(path) if n.split(".")[0] not in ALLOWED | set(sys.stdlib_module_names)}
            assert not foreign, f"{path.name}: {foreign}"
            inner = {n for n in imported(path) if n.startswith("sitefleet_robot.")}
            other = {n for n in inner if n.split(".")[1] not in {"safety", "common"}}
            assert not other, f"{path.name}: {other}"


def test_the_core_knows_no_ros():
    core = [p for p in (PACKAGE / "safety").glob("*.py") if p.name not in EDGE]
    core += [p for p in (PACKAGE / "localisation").glob("*.py") if p.name not in EDGE]
    assert len(core) > 10
    for path in core:
        roots = {n.split(".")[0] for n in imported(path)}
        assert roots <= {"numpy", "sitefleet_robot", *sys.stdlib_module_names}, path.name


def test_the_core_asks_no_clock():
    for path in (PACKAGE / "safety").glob("*.py"):
        if path.name not in EDGE:
            assert not {"time", "datetime"} & imported(path), path.name
