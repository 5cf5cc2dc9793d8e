"""The doctor tells what it found and what to do about it, and its exit code tells whether it will work."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sitefleet import doctor
from sitefleet.doctor import Finding, Level


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("ROS_DISTRO", "ROS_DOMAIN_ID", "ROS_LOCALHOST_ONLY", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("ROS_DISCOVERY_SERVER", raising=False)
    return monkeypatch


def test_this_installation_is_healthy_and_every_warning_has_a_remedy() -> None:
    findings = doctor.examine()
    assert doctor.healthy(findings), [finding for finding in findings if finding.level is Level.FAIL]
    assert {"python", "ros", "rmw", "interfaces", "embedded simulator", "disk"} <= {each.name for each in findings}
    assert all(finding.remedy for finding in findings if finding.level is not Level.OK)


def test_without_ros_the_remedy_names_both_ways_to_get_it(bare: pytest.MonkeyPatch) -> None:
    bare.setitem(sys.modules, "rclpy", None)
    finding = doctor.check_ros()
    assert finding.level is Level.FAIL
    assert "source /opt/ros/" in finding.remedy and "wheels" in finding.remedy


def test_a_sourced_ros_for_another_python_is_told_from_no_ros(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("ROS_DISTRO", "jazzy")
    bare.setitem(sys.modules, "rclpy", None)
    finding = doctor.check_ros()
    assert finding.level is Level.FAIL
    assert "jazzy" in finding.found and "another Python" in finding.remedy


def test_two_kinds_of_ros_at_once_are_warned_about(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("ROS_DISTRO", "kilted")
    finding = doctor.check_ros()
    assert finding.level is Level.WARN if finding.found.startswith("wheels") else Level.OK


def test_an_unsupported_python_fails(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(doctor, "PYTHONS", ((3, 98), (3, 99)))
    assert doctor.check_python().level is Level.FAIL


def test_interfaces_of_another_version_fail(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(doctor, "version", lambda: "9.9.9")
    finding = doctor.check_interfaces()
    assert finding.level is Level.FAIL
    assert "9.9.9" in finding.found and "sitefleet_interfaces" in finding.remedy


def test_interfaces_that_cannot_be_imported_fail(bare: pytest.MonkeyPatch) -> None:
    bare.setitem(sys.modules, "sitefleet_interfaces.msg", None)
    assert doctor.check_interfaces().level is Level.FAIL


def test_the_version_of_a_colcon_install_space_is_read(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "share" / "sitefleet_interfaces"
    folder.mkdir(parents=True)
    (folder / "package.xml").write_text("<package><version>3.2.1</version></package>")
    bare.setenv("AMENT_PREFIX_PATH", f"/nowhere{os.pathsep}{tmp_path}")
    assert doctor._ament_version("sitefleet_interfaces") == "3.2.1"
    assert doctor._ament_version("other") == ""


def test_cameras_are_only_a_warning(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(doctor, "RENDER_PROBE", "raise SystemExit(1)")
    finding = doctor.check_cameras()
    assert finding.level is Level.WARN
    assert "libegl1" in finding.remedy


def test_a_renderer_that_crashes_its_process_does_not_take_the_doctor_along(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(doctor, "RENDER_PROBE", "import os; os.abort()")
    assert doctor.check_cameras().level is Level.WARN


def test_a_port_in_use_is_told(bare: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bare.setattr(doctor, "API_PORT", taken.getsockname()[1])
        assert doctor.check_port().level is Level.WARN


@pytest.mark.parametrize(
    ("settings", "name", "level"),
    [
        ({}, "ros domain", Level.OK),
        ({"ROS_DOMAIN_ID": "37"}, "ros domain", Level.OK),
        ({"ROS_DOMAIN_ID": "300"}, "ros domain", Level.FAIL),
        ({"ROS_DOMAIN_ID": "site"}, "ros domain", Level.FAIL),
        ({"ROS_LOCALHOST_ONLY": "1"}, "discovery", Level.WARN),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"}, "discovery", Level.WARN),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF", "ROS_DISCOVERY_SERVER": "h:11811"}, "discovery", Level.OK),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, "discovery", Level.OK),
    ],
)
def test_discovery_settings(bare: pytest.MonkeyPatch, settings: dict[str, str], name: str, level: Level) -> None:
    for key, value in settings.items():
        bare.setenv(key, value)
    found = {finding.name: finding for finding in doctor.check_discovery()}
    assert found[name].level is level


def test_little_disk_is_a_warning(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(doctor, "DISK_FREE", 1 << 62)
    assert next(iter(doctor.check_disk())).level is Level.WARN  # type: ignore[call-overload]


def test_one_failure_makes_it_unhealthy() -> None:
    findings = [Finding("a", Level.OK, ""), Finding("b", Level.WARN, "", "x"), Finding("c", Level.FAIL, "", "y")]
    assert not doctor.healthy(findings)
    assert doctor.healthy(findings[:2])


def test_the_command_ends_with_4_when_something_fails_and_prints_json() -> None:
    environment = {**os.environ, "ROS_DOMAIN_ID": "999"}
    words = [sys.executable, "-m", "sitefleet", "doctor", "--json"]
    run = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert run.returncode == 4, run.stderr
    report = json.loads(run.stdout)
    assert report["healthy"] is False
    assert [each["name"] for each in report["findings"] if each["level"] == "fail"] == ["ros domain"]
