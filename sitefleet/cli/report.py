"""`sitefleet report`: the report of a run, made again from its folder."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from sitefleet.cli import options
from sitefleet.cli.exit_codes import CommandError, ExitCode

app = typer.Typer()


@app.command()
def report(
    run_folder: Annotated[
        Path, typer.Argument(help="Folder of a run, for example runs/20260504T073000Z-duplex.", file_okay=False)
    ],
    out: Annotated[Path | None, typer.Option(help="File to write (default: report.html in the run's folder)")] = None,
    as_json: options.Json = False,
) -> None:
    """Write the report of a run: one HTML file that needs nothing else, for screen and paper.

    Example: sitefleet report runs/20260504T073000Z-duplex
    """
    from fleet_manager.analytics import read_run, summarise
    from fleet_manager.analytics.report import write_report
    from fleet_manager.analytics.run_folder import REPORT, NotARunError

    try:
        summary = summarise(read_run(run_folder))
    except NotARunError as error:
        raise CommandError(str(error), ExitCode.BAD_INPUT) from error
    path = write_report(summary, out or run_folder / REPORT)
    if as_json:
        figures = {
            "headline": summary.headline,
            "complete": summary.complete,
            "counts": {outcome.value: n for outcome, n in summary.counts.items()},
            "contacts": summary.record.contact_check.contacts,
            "left": [dataclasses.asdict(target) for target in summary.deferred],
            "report": str(path),
        }
        typer.echo(json.dumps(figures, indent=1, default=str))
        return
    typer.echo(summary.headline)
    typer.echo(path)
