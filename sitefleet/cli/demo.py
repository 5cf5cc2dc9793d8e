"""`sitefleet demo`: from a building model to finished work, with simulated robots as real ROS 2 processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

Site = Annotated[Path | None, typer.Option(help="Building model (IFC) (default: the duplex that comes along)")]
StoreyName = Annotated[str, typer.Option(help="Storey of the model.")]
Robots = Annotated[int, typer.Option(help="How many: driller, hauler, inspector, and again.")]
Speed = Annotated[float, typer.Option(help="Simulated seconds a second, at most; robots that cannot keep up slow it.")]
Seed = Annotated[int, typer.Option(help="Seed of all noise, and of the hole that is blocked.")]
Headless = Annotated[
    bool, typer.Option("--headless", help="Plain lines instead of a screen; so too without a terminal.")
]
Exit = Annotated[
    bool | None,
    typer.Option("--exit-when-done/--keep-serving", help="(default: exit when headless, else serve until Ctrl-C)"),
]
Out = Annotated[Path, typer.Option(help="Folder in which the run gets its own folder.")]
Port = Annotated[int | None, typer.Option(help="Port of the HTTP API (default: a free one from 8000 on)")]
Domain = Annotated[int | None, typer.Option(help="ROS domain (default: a free one)")]
People = Annotated[int, typer.Option(help="People who walk about, as far as there is room.")]
Obstruction = Annotated[
    bool,
    typer.Option("--obstruction/--no-obstruction", help="Hang a duct box, unknown to the robots, before one hole."),
]
Spacing = Annotated[float, typer.Option(help="m between the ceiling anchors that are taken from the model.")]
Trades = Annotated[list[str] | None, typer.Option("--trades", help="Only this trade; may be given again.")]
Zones = Annotated[list[str] | None, typer.Option("--zones", help="Only this room; may be given again.")]
MaxItems = Annotated[int | None, typer.Option(help="At most so many work items, trades in turn.")]
TimeLimit = Annotated[float | None, typer.Option(help="Give up when the work takes longer than so many seconds.")]


@app.command()
def demo(
    site: Site = None,
    storey: StoreyName = "Level 1",
    robots: Robots = 3,
    speed: Speed = 6.0,
    seed: Seed = 1,
    headless: Headless = False,
    exit_when_done: Exit = None,
    out: Out = Path("runs"),
    port: Port = None,
    domain_id: Domain = None,
    people: People = 1,
    obstruction: Obstruction = True,
    anchor_spacing: Spacing = 1.5,
    trades: Trades = None,
    zones: Zones = None,
    max_items: MaxItems = None,
    time_limit: TimeLimit = None,
) -> None:
    """Import a building model, start simulator, robots and fleet manager, and do the work that the model asks for.

    Example: sitefleet demo --robots 3 --speed 6

    Every run leaves a folder with its store, logs and report.html. Ctrl-C stops the robots first, then the rest.
    Exit code 0: all work has ended, no task failed, and no robot touched anything.
    """
    from rich.console import Console

    from sitefleet.demo.options import DemoOptions
    from sitefleet.demo.run import run_demo
    from sitefleet.resources import share

    console = Console()
    quiet = headless or not console.is_terminal
    options = DemoOptions(
        site=site or share("models/duplex.ifc"),
        storey=storey,
        robots=robots,
        speed=speed,
        seed=seed,
        headless=quiet,
        exit_when_done=quiet if exit_when_done is None else exit_when_done,
        out=out,
        port=port,
        domain_id=domain_id,
        people=people,
        obstruction=obstruction,
        anchor_spacing=anchor_spacing,
        trades=tuple(trades or ()),
        zones=tuple(zones or ()),
        max_items=max_items,
        time_limit=time_limit,
    )
    raise typer.Exit(run_demo(options, console))
