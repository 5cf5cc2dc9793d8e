"""A wheel has everything the program needs at run time, installed where the program looks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Folders of a checkout that are no part of the product, or are made by building it.
SKIPPED = shutil.ignore_patterns(
    ".git", ".venv", "build", "install", "log", "runs", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis", "tests"
)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both pure Python wheels, built from a copy so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("wheels")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=SKIPPED)
    words = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    built = subprocess.run(
        [*words, str(source), str(source / "ros_ws/src/sitefleet_robot")],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert built.returncode == 0, built.stderr
    return folder


def contents(wheels: Path, package: str) -> set[str]:
    (wheel,) = wheels.glob(f"{package}-[0-9]*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def relative(*patterns: str, below: Path = ROOT) -> set[str]:
    return {str(path.relative_to(below)) for pattern in patterns for path in below.glob(pattern) if path.is_file()}


def test_every_module_and_data_file_is_in_the_wheel(wheels: Path) -> None:
    inside = contents(wheels, "sitefleet")
    modules = relative("fleet_manager/**/*.py", "perception/**/*.py", "sim/**/*.py", "sitefleet/**/*.py")
    data = relative("sim/models/**/*", "sim/worlds/*", "sim/*.yaml", "sim/scenarios/*", "fleet_manager/**/*.mako")
    data |= relative("fleet_manager/**/*.css", "fleet_manager/analytics/*.js")
    assert len(modules) > 50 and len(data) > 15
    assert modules | data <= inside, sorted((modules | data) - inside)


def test_launch_files_parameters_model_and_ament_index_land_in_share(wheels: Path) -> None:
    inside = contents(wheels, "sitefleet")
    share = {name.partition(".data/data/share/")[2] for name in inside}
    wanted = {f"sitefleet/{name}" for name in relative("launch/*.launch.py", "launch/params/*.yaml", "models/*.ifc")}
    assert wanted | {"ament_index/resource_index/packages/sitefleet", "sitefleet/package.xml"} <= share


def test_nothing_but_our_packages_is_installed(wheels: Path) -> None:
    tops = {name.split("/")[0] for name in contents(wheels, "sitefleet") if ".data/" not in name}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "fleet_manager",
        "perception",
        "sim",
        "sitefleet",
    }


def test_the_robot_wheel_has_every_module_and_its_place_in_the_ament_index(wheels: Path) -> None:
    inside = contents(wheels, "sitefleet_robot")
    modules = relative("sitefleet_robot/**/*.py", below=ROOT / "ros_ws/src/sitefleet_robot")
    assert len(modules) > 10
    assert modules <= inside
    assert any(name.endswith("share/ament_index/resource_index/packages/sitefleet_robot") for name in inside)


def test_the_installed_program_finds_its_files_outside_a_checkout(wheels: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps"]
    # Without --ignore-installed, pip would take the editable installation out of this very environment.
    words += ["--ignore-installed", "--prefix", str(tmp_path / "prefix")]
    (wheel,) = wheels.glob("sitefleet-[0-9]*.whl")
    subprocess.run([*words, str(wheel)], check=True, timeout=100)
    (site_packages,) = (tmp_path / "prefix").glob("lib/python*/site-packages")
    script = (
        "import sys; sys.prefix = sys.argv[1]\n"
        "from sitefleet.resources import checkout, share, sim\n"
        "from sitefleet.version import version\n"
        "assert checkout() is None\n"
        "print(version(), share('launch/params/driller.yaml'), share('models/duplex.ifc'), sim('models'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "prefix")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site_packages), "AMENT_PREFIX_PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count(str(tmp_path / "prefix")) == 3
