"""The `sitefleet` command in this process, as a terminal would see it: output, errors and exit code."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from sitefleet.cli import main


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def sitefleet(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """sitefleet("jobs", "list", ...): the console script itself, without the second that a new process takes."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["sitefleet", *words])
        out, err, code = io.StringIO(), io.StringIO(), 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return Ended(code, out.getvalue(), err.getvalue())

    return run
