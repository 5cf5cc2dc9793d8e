"""Options of the demo, its free port and domain, and the errors of its command line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from site_models import ModelBuilder, two_rooms
from typer.testing import CliRunner

from sitefleet.cli.demo import app
from sitefleet.cli.exit_codes import ExitCode
from sitefleet.demo.errors import DemoArgumentError
from sitefleet.demo.options import DemoOptions
from sitefleet.demo.ports import Claims
from sitefleet.resources import share


def test_robots_are_of_different_kinds_and_then_again() -> None:
    options = DemoOptions(Path("x.ifc"), "Level 1", robots=5)
    assert options.robot_wishes() == (
        "driller:driller", "hauler:hauler", "inspector:inspector", "driller_2:driller", "hauler_2:hauler",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--site", "nowhere.ifc"], "--site: there is no file nowhere.ifc"),
        (["--robots", "0"], "--robots: 0 is not between 1 and 12"),
        (["--speed", "0"], "--speed: 0 is not between"),
        (["--speed", "nan"], "--speed: nan is not between"),
        (["--people", "-1"], "--people: -1"),
        (["--max-items", "0"], "--max-items: 0"),
        (["--domain-id", "900"], "--domain-id: 900"),
        (["--time-limit", "0"], "--time-limit: 0"),
        (["--storey", "Attic", "--headless"], "Level 1"),
    ],
)
def test_an_option_that_cannot_work_is_named_before_anything_starts(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)])
    assert words in str(result.exception)
    assert getattr(result.exception, "code", None) in {ExitCode.USAGE, ExitCode.BAD_INPUT}
    assert list(tmp_path.glob("*/logs/manager.log")) == []


def test_a_trade_that_the_model_asks_nothing_of_is_named(tmp_path: Path) -> None:
    builder = ModelBuilder()
    two_rooms(builder)
    model = builder.write(tmp_path / "model.ifc")
    words = ["--site", str(model), "--storey", "Ground", "--out", str(tmp_path / "runs")]
    result = CliRunner().invoke(app, [*words, "--headless", "--trades", "paint"])
    assert "there is: drill, transport, inspect" in str(result.exception)
    assert getattr(result.exception, "code", None) in {ExitCode.USAGE, ExitCode.BAD_INPUT}


def test_a_model_that_is_no_model_is_told_so(tmp_path: Path) -> None:
    model = tmp_path / "plan.ifc"
    model.write_text("not a model", encoding="utf-8")
    result = CliRunner().invoke(app, ["--site", str(model), "--headless", "--out", str(tmp_path / "runs")])
    assert "plan.ifc is not an IFC file" in str(result.exception)
    assert getattr(result.exception, "code", None) is ExitCode.BAD_INPUT


def test_the_model_that_comes_along_is_there() -> None:
    assert share("models/duplex.ifc").stat().st_size > 1_000_000


def test_a_taken_port_is_refused_and_otherwise_stepped_over() -> None:
    with socket.socket() as taken, Claims() as claims:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DemoArgumentError, match=f"{port} is in use"):
            claims.port(port)
        assert 8000 <= claims.port(None) < 8100


def test_a_domain_in_use_is_stepped_over() -> None:
    with Claims() as claims:
        first = claims.domain(range(62, 69))
        claims.release()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
            participant.bind(("0.0.0.0", 7400 + 250 * first + 10))
            assert claims.domain(range(first, 70)) > first


def test_runs_that_begin_side_by_side_find_different_ports_and_domains() -> None:
    with Claims() as ours, Claims() as theirs:
        port, domain = ours.port(None), ours.domain(range(62, 69))
        assert theirs.port(None) != port
        with pytest.raises(DemoArgumentError, match=f"{port} is in use"):
            theirs.port(port)
        assert theirs.domain(range(domain, 70)) > domain
        ours.release()
        assert theirs.domain([domain]) == domain
