"""Looks at an installation: which ROS, which simulators, what is missing, and what to do about each.

A check is a function of the probes below that returns findings; CHECKS is the list. A check never raises.
"""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

from sitefleet.version import version

PYTHONS = ((3, 10), (3, 13))
API_PORT = 8000
DISK_FREE = 1 << 30  # bytes; a run with recordings of three robots stays below
SHARED_MEMORY = 64 << 20  # bytes; Fast DDS' segments of about ten processes
PROBE_TIMEOUT = 30.0  # s

RENDER_PROBE = "import mujoco; context = mujoco.GLContext(64, 64); context.make_current(); context.free()"


class Level(str, Enum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"  # works, but something optional is missing or unusual
    FAIL = "fail"  # will not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: what was looked at, what was found, what to do (empty when nothing)."""

    name: str
    level: Level
    found: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        """For --json."""
        return {**asdict(self), "level": self.level.value}


def check_python() -> Finding:
    """Python 3.10 to 3.13."""
    found = f"{platform.python_version()} ({sys.executable})"
    low, high = PYTHONS
    if low <= sys.version_info[:2] <= high:
        return Finding("python", Level.OK, found)
    return Finding("python", Level.FAIL, found, "use Python 3.10 to 3.13: make clean venv PYTHON=python3.12")


def check_ros() -> Finding:
    """A sourced ROS 2, the wheels, or none."""
    distro = os.environ.get("ROS_DISTRO")
    wheels = _distribution("ros-rclpy")
    try:
        origin = importlib.import_module("rclpy").__file__ or ""
    except ImportError as error:
        if distro:
            remedy = f"the ROS of /opt/ros/{distro} is for another Python than {platform.python_version()}"
            return Finding("ros", Level.FAIL, f"sourced {distro}, but rclpy cannot be imported: {error}", remedy)
        remedy = "source /opt/ros/DISTRO/setup.bash, or `make venv` to use the wheels"
        return Finding("ros", Level.FAIL, f"no ROS 2: {error}", remedy)
    from_wheels = Path(origin).is_relative_to(sys.prefix)
    if distro and from_wheels:
        found = f"wheels {wheels}, although {distro} is sourced"
        return Finding("ros", Level.WARN, found, "start a shell without sourcing ROS, or leave the virtual environment")
    if from_wheels:
        return Finding("ros", Level.OK, f"wheels, rclpy {wheels}")
    return Finding("ros", Level.OK, f"installation {distro or 'of unknown distribution'} ({origin})")


def check_rmw() -> Finding:
    """The middleware that rclpy will use."""
    try:
        utilities = importlib.import_module("rclpy.utilities")
        return Finding("rmw", Level.OK, str(utilities.get_rmw_implementation_identifier()))
    except Exception as error:  # whatever loading a C++ middleware can raise
        wanted = os.environ.get("RMW_IMPLEMENTATION", "")
        remedy = f"RMW_IMPLEMENTATION={wanted} is not installed; unset it" if wanted else "see the line `ros`"
        return Finding("rmw", Level.FAIL, f"cannot be loaded: {error}", remedy)


def check_interfaces() -> Finding:
    """sitefleet_interfaces: importable with its type support, and of this version."""
    remedy = "pip install ./ros_ws/src/sitefleet_interfaces, or colcon build and source install/setup.bash"
    try:
        message = importlib.import_module("sitefleet_interfaces.msg").RobotState
        message.__class__.__import_type_support__()
    except Exception as error:  # ImportError, or what the loader of the type support raises
        return Finding("interfaces", Level.FAIL, f"sitefleet_interfaces cannot be loaded: {error}", remedy)
    built = _distribution("sitefleet_interfaces") or _ament_version("sitefleet_interfaces")
    if built != version():
        return Finding("interfaces", Level.FAIL, f"{built or 'unknown version'}, but Sitefleet is {version()}", remedy)
    return Finding("interfaces", Level.OK, built)


def check_robot() -> Finding:
    """The package that runs on robots."""
    try:
        importlib.import_module("sitefleet_robot")
    except ImportError as error:
        return Finding("robot", Level.FAIL, str(error), "pip install ./ros_ws/src/sitefleet_robot, or colcon build")
    built = _distribution("sitefleet_robot") or _ament_version("sitefleet_robot")
    level = Level.OK if built == version() else Level.WARN
    return Finding("robot", level, built or "unknown version", "" if level is Level.OK else f"build {version()}")


def check_embedded_simulator() -> Finding:
    """MuJoCo."""
    try:
        return Finding("embedded simulator", Level.OK, f"mujoco {importlib.import_module('mujoco').__version__}")
    except ImportError as error:
        return Finding("embedded simulator", Level.FAIL, str(error), "pip install mujoco")


def check_cameras() -> Finding:
    """Rendering without a screen; probed in a process of its own, since a bad driver ends the process."""
    for backend in ("egl", "osmesa"):
        environment = {**os.environ, "MUJOCO_GL": backend}
        try:
            probe = subprocess.run(
                [sys.executable, "-c", RENDER_PROBE],
                env=environment,
                capture_output=True,
                timeout=PROBE_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            continue
        if probe.returncode == 0:
            return Finding("simulated cameras", Level.OK, f"render with MUJOCO_GL={backend}")
    remedy = "apt-get install libegl1 libgl1-mesa-dri (or libosmesa6); everything but camera images works without"
    return Finding("simulated cameras", Level.WARN, "no EGL and no OSMesa: cameras stay off", remedy)


def check_gazebo() -> Finding:
    """Gazebo and its bridge, only for --sim gazebo."""
    gz = shutil.which("gz")
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    missing = [
        package
        for package in ("ros_gz_sim", "ros_gz_bridge")
        if not any(Path(prefix, "share", package).is_dir() for prefix in prefixes if prefix)
    ]
    if gz and not missing:
        return Finding("gazebo", Level.OK, gz)
    found = "; ".join(filter(None, ["" if gz else "no `gz`", f"no {', '.join(missing)}" if missing else ""]))
    return Finding("gazebo", Level.WARN, found, "only for sim:=gazebo: install ros-DISTRO-ros-gz of a ROS 2")


def check_compiler() -> Finding:
    """A C++ compiler, to build the interfaces."""
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler:
        return Finding("compiler", Level.OK, compiler)
    return Finding("compiler", Level.WARN, "no C++ compiler", "apt-get install g++, to build sitefleet_interfaces")


def check_port() -> Finding:
    """The default port of the HTTP API."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", API_PORT))
        except OSError as error:
            found = f"port {API_PORT}: {error.strerror}"
            return Finding("api port", Level.WARN, found, "sitefleet manager SITE --port ANOTHER")
    return Finding("api port", Level.OK, f"{API_PORT} is free")


def check_discovery() -> Iterable[Finding]:
    """Who will hear this machine's ROS traffic."""
    domain = os.environ.get("ROS_DOMAIN_ID", "")
    if domain and not (domain.isdigit() and int(domain) <= 101):
        yield Finding("ros domain", Level.FAIL, f"ROS_DOMAIN_ID={domain}", "use 0 to 101")
    else:
        yield Finding("ros domain", Level.OK, domain or "0 (default)")
    if "ROS_LOCALHOST_ONLY" in os.environ:
        remedy = "unset ROS_LOCALHOST_ONLY and set ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST"
        yield Finding("discovery", Level.WARN, "ROS_LOCALHOST_ONLY is set; it is deprecated and overrides", remedy)
        return
    reach = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "")
    server = os.environ.get("ROS_DISCOVERY_SERVER", "")
    if reach == "OFF" and not server:
        remedy = "use LOCALHOST or SUBNET, or name peers or a discovery server"
        yield Finding("discovery", Level.WARN, "ROS_AUTOMATIC_DISCOVERY_RANGE=OFF: nodes find nobody", remedy)
        return
    note = f", discovery server {server}" if server else ""
    yield Finding("discovery", Level.OK, f"{reach or 'LOCALHOST for what `sitefleet` starts, else SUBNET'}{note}")


def check_disk() -> Iterable[Finding]:
    """Room for run folders, and shared memory for the middleware."""
    free = shutil.disk_usage(Path.cwd()).free
    level, remedy = (Level.OK, "") if free >= DISK_FREE else (Level.WARN, "free some, or use --run on another disk")
    yield Finding("disk", level, f"{free / (1 << 30):.1f} GiB free in {Path.cwd()}", remedy)
    shm = Path("/dev/shm")
    if shm.is_dir():
        free = shutil.disk_usage(shm).free
        small = "give the container more (--shm-size 256m), or ROS messages between processes get slow or lost"
        level, remedy = (Level.OK, "") if free >= SHARED_MEMORY else (Level.WARN, small)
        yield Finding("shared memory", level, f"{free / (1 << 20):.0f} MiB free in {shm}", remedy)


CHECKS: tuple[Callable[[], Finding | Iterable[Finding]], ...] = (
    check_python,
    check_ros,
    check_rmw,
    check_interfaces,
    check_robot,
    check_embedded_simulator,
    check_cameras,
    check_gazebo,
    check_compiler,
    check_port,
    check_discovery,
    check_disk,
)


def examine(checks: Iterable[Callable[[], Finding | Iterable[Finding]]] = CHECKS) -> list[Finding]:
    """Run all checks, in order."""
    findings: list[Finding] = []
    for check in checks:
        result = check()
        findings += [result] if isinstance(result, Finding) else list(result)
    return findings


def healthy(findings: Iterable[Finding]) -> bool:
    """Nothing that will not work."""
    return all(finding.level is not Level.FAIL for finding in findings)


def _distribution(name: str) -> str:
    """Version of an installed Python distribution; empty when there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _ament_version(package: str) -> str:
    """Version of a package in a sourced install space; empty when there is none."""
    for prefix in filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        manifest = Path(prefix, "share", package, "package.xml")
        if manifest.is_file():
            return ElementTree.parse(manifest).findtext("version") or ""
    return ""
