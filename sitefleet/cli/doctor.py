"""`sitefleet doctor`."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.text import Text

from sitefleet.cli.exit_codes import ExitCode
from sitefleet.cli.options import Json
from sitefleet.doctor import Level, examine, healthy
from sitefleet.version import version

app = typer.Typer()

STYLE = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}
WIDTH = 18  # of the name column


@app.command()
def doctor(as_json: Json = False) -> None:
    """Tell which ROS was found, what is missing, and what to do about it.

    Lines are ok, warn (works, something optional is missing) or fail. Exit code 4 when any line says fail, else 0.
    """
    findings = examine()
    if as_json:
        lines = [finding.as_dict() for finding in findings]
        typer.echo(json.dumps({"sitefleet": version(), "healthy": healthy(findings), "findings": lines}))
    else:
        console = Console(soft_wrap=True)
        console.print(f"Sitefleet {version()}", highlight=False)
        for finding in findings:
            level = Text(f"{finding.level.value:<5}", STYLE[finding.level])
            console.print(level, f"{finding.name:<{WIDTH}}", finding.found, highlight=False, markup=False)
            if finding.remedy:
                console.print(" " * (WIDTH + 6), "->", finding.remedy, highlight=False, markup=False)
    if not healthy(findings):
        raise typer.Exit(ExitCode.MISSING)
