"""`sitefleet sim`: the embedded simulator, the instruments and people of a site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sitefleet.cli import options
from sitefleet.cli.foreground import chosen, processes_of, run_in_foreground
from sitefleet.processes import SiteRun

app = typer.Typer()


@app.command()
def sim(
    site: options.SiteFolder,
    robots: Annotated[
        list[str] | None, typer.Argument(help="MODEL, ID:MODEL or ID:MODEL:HOME, one a robot [default: driller]")
    ] = None,
    storey: options.Storey = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100.0, help="Simulated seconds a second.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all noise.")] = 0,
    people: Annotated[
        Path | None, typer.Option(help="Walking people: file of scripted paths.", exists=True, dir_okay=False)
    ] = None,
    run: options.RunFolder = Path("runs/sim"),
) -> None:
    """Run the embedded simulator: robots stand on their home places and wait for `cmd_vel`.

    Example: sitefleet sim site driller hauler --speed 4

    The robots themselves are `sitefleet robot`, with the same ids. Ctrl-C ends it.
    """
    name, specs = chosen(site, storey, robots or ["driller"])
    site_run = SiteRun(site=site, storey=name, robots=specs, speed=speed, seed=seed, people=people)
    run_in_foreground(processes_of(site_run, "simulator", "instruments", "people"), run / "log")
