"""Gazebo's own checker on every SDF file: `ign sdf -k`, made strict."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sim.expand import expand_model
from sim.paths import MODELS, ROOT, WORLDS

IGN = shutil.which("ign") or shutil.which("gz")
FILES = sorted([*MODELS.glob("*/model.sdf"), *WORLDS.glob("*.sdf")])

pytestmark = pytest.mark.skipif(
    IGN is None, reason="Gazebo's checker is not installed (apt-get install ignition-tools libsdformat-dev)"
)


def problems_of(path: Path, home: Path) -> str:
    """What the checker finds; empty for a good file. Unknown elements are only in its log, so read that too."""
    environment = {**os.environ, "HOME": str(home), "IGN_HOMEDIR": str(home)}
    for name in ("LD_LIBRARY_PATH", "PYTHONPATH"):
        environment.pop(name, None)
    done = subprocess.run(
        [IGN or "", "sdf", "-k", str(path)], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    log = home / ".sdformat" / "sdformat.log"
    text = log.read_text() if log.exists() else ""
    found = [
        line
        for line in (text + done.stderr).splitlines()
        if "not defined in SDF" in line or "Unable to convert" in line
    ]
    if done.returncode != 0 or "Valid." not in done.stdout or "Error" in done.stderr:
        found.append(done.stdout + done.stderr)
    return "\n".join(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_gazebo_accepts_the_file(path, tmp_path):
    assert problems_of(path, tmp_path) == ""


def test_gazebo_accepts_the_copy_for_a_robot(tmp_path):
    path = tmp_path / "drill_7.sdf"
    path.write_text(expand_model("driller", "drill_7"))
    assert problems_of(path, tmp_path) == ""


def test_the_check_finds_an_unknown_element(tmp_path):
    path = tmp_path / "bad.sdf"
    path.write_text((WORLDS / "empty.sdf").read_text().replace("<static>", "<sttic>1</sttic><static>", 1))
    assert "sttic" in problems_of(path, tmp_path)


def test_the_check_finds_two_things_of_one_name(tmp_path):
    path = tmp_path / "bad.sdf"
    path.write_text((WORLDS / "room.sdf").read_text().replace('model name="duct"', 'model name="column"'))
    assert problems_of(path, tmp_path) != ""
