"""`sitefleet site`: a building model becomes a site package, and a site package becomes a picture."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from sitefleet.cli.exit_codes import CommandError, ExitCode
from sitefleet.cli.options import Json, SiteFolder
from sitefleet.cli.options import Storey as StoreyOption

if TYPE_CHECKING:
    from fleet_manager.domain.geometry import Pose2
    from fleet_manager.domain.site import SitePackage, Storey
    from fleet_manager.site.errors import SiteImportError
    from fleet_manager.site.options import ReferenceRobot

app = typer.Typer(no_args_is_help=True, help="Turn a building model into a site package, and look at one.")

SHOWN_REASONS = 8
"""Most reasons and remarks printed; --json has all."""


@app.command("import")
def import_command(
    model: Annotated[Path, typer.Argument(help="Building model, IFC2X3, IFC4 or IFC4X3 (.ifc, .ifczip).")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the site package; made, or replaced as a whole.")],
    storey: Annotated[
        str | None, typer.Option("--storey", help="Name or GlobalId of the storey; not needed if there is one.")
    ] = None,
    yard: Annotated[
        float | None,
        typer.Option(help="m of ground around the building. Default: 3 at ground level with doors outside, else 0."),
    ] = None,
    with_furniture: Annotated[
        bool, typer.Option("--with-furniture", help="Furniture and fixtures stand there already.")
    ] = False,
    spacing: Annotated[float, typer.Option(help="m between ceiling anchors.")] = 1.2,
    edge_distance: Annotated[float, typer.Option(help="m between an anchor and the ceiling's edge.")] = 0.45,
    diameter: Annotated[float, typer.Option(help="m, diameter of an anchor's hole.")] = 0.010,
    depth: Annotated[float, typer.Option(help="m, depth of an anchor's hole.")] = 0.050,
    payload: Annotated[float, typer.Option(help="kg of material for each space.")] = 20.0,
    coverage: Annotated[float, typer.Option(help="Share of a space's walls an inspection must see.")] = 0.95,
    homes: Annotated[int, typer.Option(help="Parking places wanted.")] = 12,
    home: Annotated[
        list[str] | None, typer.Option(metavar="X,Y[,YAW]", help="A home at this place instead; may be repeated.")
    ] = None,
    laydown: Annotated[str | None, typer.Option(metavar="X,Y[,YAW]", help="Laydown area at this place.")] = None,
    robots: Annotated[
        str | None, typer.Option(help="Robots to plan for, by comma: driller, hauler, inspector, printer, painter.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read one storey of a model and write its map, roadmap, zones, world and work items."""
    from fleet_manager.site import SiteImportError, import_storey
    from fleet_manager.site.errors import BadOption
    from fleet_manager.site.options import REFERENCE_ROBOTS, ImportOptions

    started = time.monotonic()
    console = Console(stderr=True, quiet=as_json)
    try:
        options = ImportOptions(
            yard=yard,
            with_furniture=with_furniture,
            anchor_spacing=spacing,
            anchor_edge=edge_distance,
            anchor_diameter=diameter,
            anchor_depth=depth,
            payload=payload,
            inspect_coverage=coverage,
            homes=homes,
            home_poses=tuple(_pose(text) for text in home or ()),
            laydown=_pose(laydown) if laydown else None,
            robots=_robots(robots) if robots else REFERENCE_ROBOTS,
        )
        with Progress(
            TextColumn("{task.description:<22}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
        ) as bar:
            task = bar.add_task("", total=1.0)
            site, found = import_storey(
                model, storey, out, options, lambda what, share: bar.update(task, description=what, completed=share)
            )
    except BadOption as error:
        raise _failed(error, as_json, ExitCode.USAGE) from error
    except SiteImportError as error:
        raise _failed(error, as_json, ExitCode.BAD_INPUT) from error
    if as_json:
        typer.echo(json.dumps({**_facts(site, found, out), "seconds": round(time.monotonic() - started, 2)}))
        return
    _print(Console(), site, found)
    typer.echo(f"Written to {out / found.id} in {time.monotonic() - started:.1f} s.")


@app.command("show")
def show_command(
    site: SiteFolder,
    storey: StoreyOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Picture to write, .png or .svg. Default: plan.png in the storey's folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw a storey of a site package, and tell what is in it."""
    from fleet_manager.site import SiteImportError, load_site

    try:
        package = load_site(site)
    except SiteImportError as error:
        raise _failed(error, as_json, ExitCode.BAD_INPUT) from error
    chosen = _chosen(package, storey)
    picture = out or site / chosen.id / "plan.png"
    if picture.suffix.lower() not in (".png", ".svg"):
        raise CommandError(f"{picture} must end in .png or .svg.", ExitCode.USAGE)
    try:
        from fleet_manager.site.draw import draw_storey
    except ImportError as error:
        raise CommandError(f"Drawing needs {error.name}, which is not installed.", ExitCode.MISSING) from error
    try:
        draw_storey(chosen, picture, f"{package.name}, {chosen.name}")
    except OSError as error:
        raise CommandError(f"{picture} cannot be written: {error.strerror}.", ExitCode.BAD_INPUT) from error
    if as_json:
        typer.echo(json.dumps({**_facts(package, chosen, site), "picture": str(picture)}))
        return
    _print(Console(), package, chosen)
    typer.echo(f"Drawn to {picture}.")


def _pose(text: str) -> Pose2:
    from fleet_manager.domain.geometry import Pose2
    from fleet_manager.site.errors import BadOption

    try:
        numbers = [float(n) for n in text.split(",")]
        if len(numbers) not in (2, 3):
            raise ValueError
    except ValueError:
        raise BadOption(f'"{text}" is not a place.', "Write it as X,Y or X,Y,YAW, in m and rad.") from None
    return Pose2(*numbers)


def _robots(text: str) -> tuple[ReferenceRobot, ...]:
    from fleet_manager.site.errors import BadOption
    from fleet_manager.site.options import REFERENCE_ROBOTS

    known = {r.name: r for r in REFERENCE_ROBOTS}
    names = [n.strip() for n in text.split(",") if n.strip()]
    for name in names:
        if name not in known:
            raise BadOption(f'There is no robot "{name}".', f"Choose from: {', '.join(known)}.")
    return tuple(known[n] for n in dict.fromkeys(names))


def _failed(error: SiteImportError, as_json: bool, code: ExitCode) -> Exception:
    if as_json:
        typer.echo(json.dumps({"error": error.as_dict()}))
        return typer.Exit(int(code))
    return CommandError(f"{error.sentence} {error.remedy}", code)


def _chosen(site: SitePackage, name: str | None) -> Storey:
    names = [s.name for s in site.storeys.values()]
    if name is None:
        if len(site.storeys) == 1:
            return next(iter(site.storeys.values()))
        raise CommandError(
            f"The site has several storeys; choose one with --storey: {', '.join(names)}.", ExitCode.USAGE
        )
    wanted = " ".join(name.split()).casefold()
    by_id = [s for s in site.storeys.values() if name == s.ifc_guid or wanted == s.id.casefold()]
    found = by_id or [s for s in site.storeys.values() if wanted == " ".join(s.name.split()).casefold()]
    if len(found) > 1:
        listed = ", ".join(s.id for s in found)
        raise CommandError(f'The site has several storeys "{name}"; choose one of: {listed}.', ExitCode.USAGE)
    if found:
        return found[0]
    raise CommandError(f'The site has no storey "{name}". It has: {", ".join(names)}.', ExitCode.BAD_INPUT)


def _facts(site: SitePackage, storey: Storey, folder: Path) -> dict[str, Any]:
    from fleet_manager.domain.roadmap import NodeKind

    targets = [(w, t) for w in storey.work_items for t in w.targets]
    return {
        "site": site.name,
        "source": site.source,
        "sha256": site.sha256,
        "schema": site.schema,
        "storey": storey.name,
        "folder": str(folder / storey.id),
        "nodes": len(storey.roadmap.nodes),
        "edges": len(storey.roadmap.edges),
        "homes": [n.id for n in storey.roadmap.of_kind(NodeKind.HOME)],
        "zones": [{"id": z.id, "name": z.name, "kind": z.kind.value, "ifc_guid": z.ifc_guid} for z in storey.zones],
        "doors": [
            {
                "ifc_guid": d.ifc_guid,
                "name": d.name,
                "clear_width": d.clear_width,
                "exterior": d.exterior,
                "passable": d.passable,
                "reason": d.reason,
            }
            for d in storey.doorways
        ],
        "items": dict(Counter(w.trade for w in storey.work_items)),
        "targets": dict(Counter(w.trade for w, _ in targets)),
        "unreachable": [{"item": w.id, "index": t.index, "reason": t.reason} for w, t in targets if not t.reachable],
        "notes": list(storey.notes),
    }


def _print(console: Console, site: SitePackage, storey: Storey) -> None:
    from fleet_manager.domain.roadmap import NodeKind
    from fleet_manager.domain.site import ZoneKind

    table = Table(title=f"{site.name}, {storey.name}", title_justify="left", show_header=False, box=None)
    spaces = [z for z in storey.zones if z.kind is ZoneKind.SPACE]
    table.add_row("model", f"{site.source} ({site.schema})")
    table.add_row("spaces", f"{len(spaces)}, and {len(storey.zones) - len(spaces)} no-go zones")
    doors = [d for d in storey.doorways if d.is_door]
    table.add_row("doors", f"{len(doors)}, of which robots use {sum(d.passable for d in doors)}")
    kinds = Counter(n.kind for n in storey.roadmap.nodes.values())
    table.add_row(
        "roadmap",
        f"{len(storey.roadmap.nodes)} nodes, {len(storey.roadmap.edges)} edges, {kinds[NodeKind.HOME]} homes, "
        f"{kinds[NodeKind.LAYDOWN]} laydown",
    )
    for trade in dict.fromkeys(w.trade for w in storey.work_items):
        items = storey.items_of(trade)
        targets = [t for w in items for t in w.targets]
        lost = sum(not t.reachable for t in targets)
        table.add_row(trade, f"{len(items)} items, {len(targets)} targets" + (f", {lost} unreachable" if lost else ""))
    console.print(table)
    reasons = [
        f"{w.title}, target {t.index}: {t.reason}" for w in storey.work_items for t in w.targets if not t.reachable
    ]
    lines = [*storey.notes, *reasons]
    for line in lines[:SHOWN_REASONS]:
        console.print(f"  - {line}", highlight=False, markup=False)
    if len(lines) > SHOWN_REASONS:
        console.print(f"  - and {len(lines) - SHOWN_REASONS} more remarks; --json has all.")
