"""`sitefleet site` as a person or a script meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from site_models import ModelBuilder, two_rooms

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


def test_a_packed_model_with_one_storey_needs_no_name(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder, storey=builder.storey("一层", 0.0))
    with zipfile.ZipFile(tmp_path / "model.ifczip", "w") as archive:
        archive.write(builder.write(tmp_path / "model.ifc"), "model.ifc")
    done = sitefleet("import", tmp_path / "model.ifczip", "--out", tmp_path / "site", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["storey"] == "一层" and facts["folder"].endswith("/storey")
    for name in ("一层", "storey"):
        done = sitefleet("show", tmp_path / "site", "--storey", name, "--out", tmp_path / "plan.png")
        assert done.returncode == 0, done.stderr


def test_storeys_of_one_name_are_chosen_by_their_id(tmp_path: Path) -> None:
    builder = ModelBuilder()
    storeys = [builder.storey("Level 1", z) for z in (0.0, 3.2)]
    for storey in storeys:
        two_rooms(builder, storey=storey)
    model = builder.write(tmp_path / "model.ifc")
    done = sitefleet("import", model, "--storey", "Level 1", "--out", tmp_path / "site")
    assert done.returncode == 3 and all(s.GlobalId in done.stderr.replace("\n", "") for s in storeys)
    for storey in storeys:
        assert sitefleet("import", model, "--storey", storey.GlobalId, "--out", tmp_path / "site").returncode == 0
    done = sitefleet("show", tmp_path / "site", "--storey", "level 1", "--out", tmp_path / "plan.png")
    assert done.returncode == 2 and "level-1, level-1-2" in done.stderr
    done = sitefleet("show", tmp_path / "site", "--storey", "level-1-2", "--out", tmp_path / "plan.png")
    assert done.returncode == 0, done.stderr
