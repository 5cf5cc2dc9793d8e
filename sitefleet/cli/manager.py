"""`sitefleet manager`: the fleet manager with its HTTP API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sitefleet.cli import options
from sitefleet.cli.foreground import chosen, processes_of, run_in_foreground
from sitefleet.processes import SiteRun

app = typer.Typer()


@app.command()
def manager(
    site: options.SiteFolder,
    storey: options.Storey = None,
    database: Annotated[
        str | None, typer.Option(help="SQLAlchemy URL of the store [default: SQLite in the run folder]")
    ] = None,
    host: Annotated[str, typer.Option(help="Address the HTTP API listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the HTTP API.")] = 8000,
    real: Annotated[bool, typer.Option("--real", help="Real robots: wall clock, no simulator.")] = False,
    run: options.RunFolder = Path("runs/manager"),
    keys: options.Keys = Path("runs/keys"),
) -> None:
    """Run the fleet manager: jobs, dispatch, traffic and the HTTP API (its description is at /docs).

    Example: sitefleet manager site --port 8080

    It may be ended and started again at any moment: what it accepted is in the store, and robots at work are joined.
    """
    name, _ = chosen(site, storey, [])
    run.mkdir(parents=True, exist_ok=True)
    site_run = SiteRun(
        site=site,
        storey=name,
        sim="none" if real else "embedded",
        database=database or f"sqlite:///{(run / 'sitefleet.db').resolve()}",
        api_host=host,
        api_port=port,
        keys=keys,
    )
    run_in_foreground(processes_of(site_run, "manager"), run / "log")
