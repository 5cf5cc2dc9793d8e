"""What the import found in the model, as tables for the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from fleet_manager.analytics.wording import trade_title, trade_unit
from fleet_manager.domain.site import SitePackage, Storey, ZoneKind
from sitefleet.demo.selection import Selection


def show_findings(console: Console, site: SitePackage, storey: Storey, selection: Selection, seconds: float) -> None:
    """Print everything a person should know before the robots start."""
    doors = [d for d in storey.doorways if d.is_door]
    spaces = [z for z in storey.zones if z.kind is ZoneKind.SPACE]
    console.print(
        f"[bold]{site.name}, {storey.name}[/bold]  ({site.source}, {site.schema}; imported in {seconds:.1f} s): "
        f"{len(spaces)} rooms, {len(doors)} doors ({sum(d.passable for d in doors)} that robots use), "
        f"{len(storey.roadmap.nodes)} places on the roadmap",
        highlight=False,
    )
    console.print(_work_table(storey, selection))
    if selection.left_out or storey.notes:
        table = Table("left out", "why", box=None, header_style="dim", padding=(0, 2, 0, 0))
        for what, why in selection.left_out:
            table.add_row(what, why)
        for note in storey.notes:
            table.add_row("note", note)
        console.print(table)


def _work_table(storey: Storey, selection: Selection) -> Table:
    """Rooms down, trades across: places of work in this demo."""
    trades = list(dict.fromkeys(item.trade for item in selection.items))
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("room")
    for trade in trades:
        table.add_column(f"{trade_title(trade).lower()}, {trade_unit(trade)}", justify="right")
    rooms = dict.fromkeys(item.zone_id for item in selection.items)
    for room in rooms:
        zone = storey.zone(room)
        table.add_row(zone.name if zone else room, *(_count(selection, trade, room) for trade in trades))
    table.add_row("[bold]all[/bold]", *(f"[bold]{_count(selection, trade, None)}[/bold]" for trade in trades))
    return table


def _count(selection: Selection, trade: str, room: str | None) -> str:
    items = [i for i in selection.items if i.trade == trade and room in (None, i.zone_id)]
    count = sum(t.reachable for i in items for t in i.targets)
    return str(count) if count else "-"
