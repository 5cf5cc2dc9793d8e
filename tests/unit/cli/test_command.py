"""The `sitefleet` command as a whole: quick help, versions, clear errors and exit codes."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sitefleet.cli import COMMANDS
from sitefleet.cli.exit_codes import ExitCode
from sitefleet.version import version

Command = Callable[..., Any]


def process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sitefleet", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1"},
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site package as far as the choice of storey and robots needs one."""
    storeys = {"l1": "Level 1", "l2": "Level 2"}
    listed = [{"id": key, "name": name} for key, name in storeys.items()]
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.yaml").write_text(json.dumps({"storeys": listed}))
    for storey in storeys:
        folder = tmp_path / "site" / storey
        folder.mkdir(parents=True)
        home = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [0.0, 0.0]},
            "properties": {"id": "home_0", "kind": "home", "heading": 0.0},
        }
        (folder / "roadmap.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [home]}))
    return tmp_path / "site"


def test_help_lists_every_command_and_the_exit_codes(sitefleet: Command) -> None:
    run = sitefleet("--help")
    assert run.returncode == 0, run.stderr
    for name, (_, summary) in COMMANDS.items():
        assert f" {name} " in run.stdout
        assert summary.split()[0] in run.stdout
    assert "Exit codes" in run.stdout


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['sitefleet', '--help']\n"
        "from sitefleet.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'rclpy', 'mujoco', 'numpy', 'ifcopenshell', 'sqlalchemy', 'fastapi', 'httpx'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr


def test_help_comes_at_once() -> None:
    # Processor time, since a busy machine makes wall time mean nothing; on an idle one the two are equal here.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process("--help").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_exists_and_explains_itself(name: str, sitefleet: Command) -> None:
    run = sitefleet(name, "--help")
    assert run.returncode == 0, run.stderr
    assert f"sitefleet {name}" in run.stdout


def test_the_version_is_that_of_the_package(sitefleet: Command) -> None:
    assert sitefleet("--version").stdout.strip() == version()
    assert json.loads(sitefleet("version", "--json").stdout)["sitefleet"] == version()


def test_an_unknown_command_is_a_usage_error_of_the_process_too(sitefleet: Command) -> None:
    assert process("fly").returncode == sitefleet("fly").returncode == ExitCode.USAGE


@pytest.mark.parametrize("name", ["sim", "robot", "manager"])
def test_a_folder_that_is_no_site_package_is_exit_code_3(name: str, tmp_path: Path, sitefleet: Command) -> None:
    run = sitefleet(name, str(tmp_path), *(["driller"] if name == "robot" else []))
    assert run.returncode == ExitCode.BAD_INPUT
    assert "sitefleet site import" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_site_of_several_storeys_asks_which(site: Path, sitefleet: Command) -> None:
    run = sitefleet("sim", str(site))
    assert run.returncode == ExitCode.USAGE
    assert '"Level 1" | "Level 2"' in run.stderr


def test_an_unknown_storey_and_too_many_robots_are_named(site: Path, sitefleet: Command) -> None:
    assert 'there are: "Level 1" | "Level 2"' in sitefleet("sim", str(site), "--storey", "L9").stderr
    run = sitefleet("sim", str(site), "driller", "hauler", "--storey", "Level 1")
    assert run.returncode == ExitCode.BAD_INPUT
    assert "only 1 home nodes" in run.stderr


def test_a_process_that_dies_ends_the_command_with_1_and_its_last_lines(
    site: Path, tmp_path: Path, sitefleet: Command
) -> None:
    # The site has no world, so the simulator cannot start.
    run = sitefleet("sim", str(site), "--storey", "l1", "--run", str(tmp_path / "run"))
    assert run.returncode == ExitCode.FAILED
    assert "process simulator ended" in run.stderr
    assert (tmp_path / "run" / "log" / "simulator.log").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_what_runs_in_the_foreground(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "sf_sleeper.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    script = (
        "from pathlib import Path; from sitefleet.cli.foreground import run_in_foreground\n"
        "from sitefleet.processes import Process\n"
        f"run_in_foreground([Process('s', 'p', 'e', 'sf_sleeper')], Path({str(tmp_path)!r}))\n"
        "print('ended in order', flush=True)"
    )
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "s | up\n"
        command.send_signal(number)
        assert command.stdout.read().splitlines()[-1] == "ended in order"
    assert command.returncode == 0
