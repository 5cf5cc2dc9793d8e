"""Exit code and summary of a demo, and the report command on its folder."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from fleet_manager.analytics import RunRecord, summarise
from fleet_manager.analytics.values import ContactCheck
from fleet_manager.api import schemas
from sitefleet.cli.exit_codes import ExitCode
from sitefleet.cli.report import app
from sitefleet.demo.ending import print_summary, verdict
from sitefleet.demo.errors import DemoError
from sitefleet.demo.folder import RunFolder
from sitefleet.demo.session import SessionEnd

NOW = datetime(2026, 5, 4, tzinfo=timezone.utc)


def job(**tasks: int) -> schemas.Job:
    counts = schemas.TargetCounts(total=3, done=3, deferred=0, open=0)
    return schemas.Job(
        id="job-1", name="all", state="succeeded", priority=50, requested_by="t", created_at=NOW, started_at=NOW,
        ended_at=NOW, progress=1.0, tasks=tasks, targets=counts, trades=[],
    )  # fmt: skip


DONE = SessionEnd(job=job(succeeded=2, deferred=1), work_seconds=100.0, first_motion=("driller", 11.5))
CLEAN = summarise(RunRecord("run", contact_check=ContactCheck(0)))


@pytest.mark.parametrize(
    ("end", "contacts", "code"),
    [
        (DONE, 0, ExitCode.OK),
        (DONE, 2, ExitCode.FAILED),
        (DONE, None, ExitCode.FAILED),
        (replace(DONE, job=job(succeeded=2, failed=1)), 0, ExitCode.FAILED),
        (replace(DONE, job=job(canceled=1)), 0, ExitCode.FAILED),
        (replace(DONE, error=DemoError("process manager ended (1)")), 0, ExitCode.FAILED),
        (replace(DONE, work_seconds=None, interrupted=True), 0, ExitCode.INTERRUPTED),
        (SessionEnd(interrupted=True), 0, ExitCode.INTERRUPTED),
        # Ctrl-C after the work, while only the API was served, is a good end.
        (replace(DONE, interrupted=True), 0, ExitCode.OK),
    ],
)
def test_only_a_whole_and_clean_run_ends_with_zero(end: SessionEnd, contacts: int | None, code: ExitCode) -> None:
    assert verdict(end, summarise(RunRecord("run", contact_check=ContactCheck(contacts))))[0] is code


def test_the_summary_tells_first_motion_resets_and_where_the_report_is() -> None:
    text = io.StringIO()
    end = replace(DONE, resets=("hauler: no good pose",))
    print_summary(Console(file=text, width=100), CLEAN, end, Path("runs/x/report.html"), "All work has ended.")
    for words in ("First motion after 11.5 s (driller)", "reset hauler: no good pose", "runs/x/report.html"):
        assert words in text.getvalue()


def test_two_runs_in_one_second_get_two_folders(tmp_path: Path) -> None:
    first, second = (RunFolder.create(tmp_path, "Duplex A/B") for _ in range(2))
    assert first.path != second.path
    assert first.path.name.endswith("Z-duplex-a-b")


def test_a_run_that_only_began_has_a_report(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "duplex")
    folder.note(ended_because="Interrupted during the import of the model.")
    result = CliRunner().invoke(app, [str(folder.path)])
    assert result.exit_code == 0, result.output
    assert "Interrupted during the import" in (folder.path / "report.html").read_text(encoding="utf-8")


def test_the_report_command_prints_figures_as_json(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "duplex")
    folder.note()
    result = CliRunner().invoke(app, [str(folder.path), "--json"])
    figures = json.loads(result.output)
    assert (figures["complete"], figures["counts"], figures["contacts"]) == (False, {}, None)


def test_the_report_command_refuses_a_folder_that_is_no_run(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path)])
    assert getattr(result.exception, "code", None) is ExitCode.BAD_INPUT
