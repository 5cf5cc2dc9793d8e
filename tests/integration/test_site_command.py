"""`sitefleet site` as a person or a script meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
MODEL = REPOSITORY / "models" / "duplex.ifc"


def sitefleet(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sitefleet", "site", *map(str, words)]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment, cwd=REPOSITORY, check=False
    )


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("command") / "site"
    done = sitefleet("import", MODEL, "--storey", "Level 1", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "10, and 2 no-go zones" in done.stdout and "6, of which robots use 6" in done.stdout
    return out


def test_import_tells_a_script_what_it_found(tmp_path: Path) -> None:
    done = sitefleet("import", MODEL, "--storey", "Level 1", "--out", tmp_path / "site", "--json")
    facts = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == ""
    assert facts["items"] == {"drill": 10, "transport": 10, "inspect": 10}
    assert len(facts["doors"]) == 6 and all(d["passable"] for d in facts["doors"])
    assert len(facts["homes"]) >= 8
    assert all(u["reason"] for u in facts["unreachable"])


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_show_draws_the_storey(package: Path, tmp_path: Path, ending: str) -> None:
    picture = tmp_path / f"plan.{ending}"
    done = sitefleet("show", package, "--out", picture)
    assert done.returncode == 0, done.stderr
    content = picture.read_bytes()
    if ending == "png":
        assert content.startswith(b"\x89PNG") and len(content) > 50_000
    else:
        text = content.decode()
        assert text.lstrip().startswith("<?xml") and "Living Room" in text and "Bathroom 1" in text


def test_show_refuses_other_endings_and_other_storeys(package: Path, tmp_path: Path) -> None:
    done = sitefleet("show", package, "--out", tmp_path / "plan.gif")
    assert done.returncode == 2 and ".png or .svg" in done.stderr
    done = sitefleet("show", package, "--storey", "Level 9")
    assert done.returncode == 3 and "Level 1" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["import", MODEL, "--storey", "Attic", "--out", "OUT"], 3, '"T/FDN", "Level 1", "Level 2", "Roof"'),
        (["import", MODEL, "--out", "OUT"], 3, "The model has 4 storeys."),
        (["import", REPOSITORY / "LICENSE", "--storey", "x", "--out", "OUT"], 3, "not an IFC file"),
        (["import", MODEL, "--storey", "Level 1", "--spacing", "0", "--out", "OUT"], 2, "anchor_spacing"),
        (["import", MODEL, "--storey", "Level 1", "--home", "here", "--out", "OUT"], 2, '"here" is not a place'),
        (["import", MODEL, "--storey", "Level 1", "--robots", "tank", "--out", "OUT"], 2, 'no robot "tank"'),
        (["import", MODEL, "--storey", "Roof", "--out", "OUT"], 3, "No robot can stand"),
    ],
)
def test_errors_are_one_clear_line_and_an_exit_code(tmp_path: Path, words: list, code: int, message: str) -> None:
    out = tmp_path / "site"
    done = sitefleet(*[out if w == "OUT" else w for w in words])
    assert done.returncode == code
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not out.exists() and list(tmp_path.iterdir()) == []


def test_errors_are_json_for_scripts(tmp_path: Path) -> None:
    done = sitefleet("import", MODEL, "--storey", "Attic", "--out", tmp_path / "site", "--json")
    assert done.returncode == 3
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "NO_SUCH_STOREY" and "Level 2" in error["remedy"]
