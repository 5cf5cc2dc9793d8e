"""`sitefleet robot`: the processes of one robot, simulated or real."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sitefleet.cli import options
from sitefleet.cli.foreground import chosen, processes_of, run_in_foreground
from sitefleet.processes import SiteRun

app = typer.Typer()


@app.command()
def robot(
    site: options.SiteFolder,
    robot: Annotated[str, typer.Argument(help="MODEL, ID:MODEL or ID:MODEL:HOME, as given to `sitefleet sim`.")],
    storey: options.Storey = None,
    real: Annotated[bool, typer.Option("--real", help="On a real robot: wall clock, no simulator.")] = False,
    run: options.RunFolder = Path("runs/robot"),
    keys: options.Keys = Path("runs/keys"),
) -> None:
    """Run one robot: its safety supervisor and its recorder, each alone in its process, and its autonomy.

    Example: sitefleet robot site d1:driller:home_1

    The robot starts on hold; the manager, or a person with the `resume` service, lets it drive. Ctrl-C ends it.

    Its supervisor works only while executor and manager answer with the robot's pairing key. The key is made here, in
    the robot's state folder and in --keys; a manager on another machine needs a copy of KEYS/<id>.key, mode 0600.
    """
    name, specs = chosen(site, storey, [robot])
    site_run = SiteRun(
        site=site, storey=name, robots=specs, sim="none" if real else "embedded", state_dir=run / "state", keys=keys
    )
    run_in_foreground(processes_of(site_run, "safety", "evidence", "autonomy"), run / "log")
