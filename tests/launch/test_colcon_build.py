"""colcon builds the three packages the way a ROS machine does, with the wheels as its underlay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD_TIMEOUT = 560  # s; a minute on two idle cores
COLCON = Path(sys.prefix, "bin", "colcon")
PACKAGES = {
    "sitefleet": "ros.ament_python",
    "sitefleet_interfaces": "ros.ament_cmake",
    "sitefleet_robot": "ros.ament_python",
}

IN_INSTALL_SPACE = """
import os, subprocess, sys
import fleet_manager, sim, sitefleet, sitefleet_robot, sitefleet_interfaces
from ament_index_python.packages import get_package_prefix, get_package_share_directory
from sitefleet.resources import checkout, share
from sitefleet.version import version
from sitefleet_interfaces.action import ExecuteTask
from sitefleet_interfaces.msg import RobotState
from sitefleet_interfaces.srv import Stop

install = sys.argv[1]
for module in (fleet_manager, sim, sitefleet, sitefleet_robot, sitefleet_interfaces):
    assert module.__file__.startswith(install), module.__file__
for interface in (RobotState, Stop, ExecuteTask):
    interface.__class__.__import_type_support__()
assert RobotState.__class__._TYPE_SUPPORT is not None
assert checkout() is None
assert str(share("launch/site.launch.py")).startswith(install)
assert get_package_share_directory("sitefleet_interfaces").startswith(install)
for package, name in (("sitefleet", "sitefleet"), ("sitefleet", "fleet_manager"), ("sitefleet", "simulator"),
                      ("sitefleet_robot", "safety_supervisor"), ("sitefleet_robot", "autonomy"),
                      ("sitefleet_robot", "evidence")):
    script = os.path.join(get_package_prefix(package), "lib", package, name)
    assert os.access(script, os.X_OK), script
command = os.path.join(get_package_prefix("sitefleet"), "lib", "sitefleet", "sitefleet")
print(version(), subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout.strip())
"""


def colcon(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [str(COLCON), "--log-base", str(folder / "log"), *words],
        cwd=folder,
        env={**os.environ, "PATH": f"{COLCON.parent}{os.pathsep}{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_TIMEOUT,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run


def test_colcon_knows_the_three_packages_and_how_each_is_built(tmp_path: Path) -> None:
    listed = colcon("list", "--base-paths", str(ROOT), str(ROOT / "ros_ws/src"), folder=tmp_path).stdout
    found = dict(line.split("\t")[::2] for line in listed.splitlines())
    assert found == {package: f"({kind})" for package, kind in PACKAGES.items()}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_colcon_builds_an_install_space_that_works(tmp_path: Path) -> None:
    colcon(
        "build",
        "--base-paths", str(ROOT), str(ROOT / "ros_ws/src"),
        "--build-base", str(tmp_path / "build"),
        "--install-base", str(tmp_path / "install"),
        "--executor", "sequential",
        "--cmake-args", "-DBUILD_TESTING=OFF", f"-DPython3_EXECUTABLE={sys.executable}",
        folder=tmp_path,
        AMENT_PREFIX_PATH=sys.prefix,
        CMAKE_PREFIX_PATH=sys.prefix,
    )  # fmt: skip
    script = tmp_path / "check.py"
    script.write_text(IN_INSTALL_SPACE)
    # bash, since the install space's set-up file is a shell script; `exec` leaves one process.
    command = f'. "{tmp_path}/install/setup.bash" && exec "{sys.executable}" "{script}" "{tmp_path}/install"'
    run = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    versions = set(run.stdout.split())
    assert len(versions) == 1, run.stdout
