"""One version for the three packages, wherever it is written or read."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest

import sitefleet

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = {
    "sitefleet": ROOT,
    "sitefleet_robot": ROOT / "ros_ws/src/sitefleet_robot",
    "sitefleet_interfaces": ROOT / "ros_ws/src/sitefleet_interfaces",
}


def manifest_version(package: str) -> str | None:
    return ElementTree.parse(PACKAGES[package] / "package.xml").findtext("version")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_xml_says_the_same_version(package: str) -> None:
    assert manifest_version(package) == manifest_version("sitefleet")


@pytest.mark.parametrize("package", ["sitefleet", "sitefleet_robot"])
def test_setup_py_says_the_version_of_package_xml(package: str) -> None:
    run = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "--version"],
        cwd=PACKAGES[package],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout.split()[-1] == manifest_version(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_installed_is_of_this_version(package: str) -> None:
    assert metadata.version(package) == manifest_version(package), "run `make venv` again"


def test_the_command_says_the_version_of_package_xml() -> None:
    assert sitefleet.__version__ == manifest_version("sitefleet")


def test_the_changelog_has_the_version() -> None:
    assert f"## {manifest_version('sitefleet')}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
