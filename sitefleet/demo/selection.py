"""Which work of the model the demo does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from fleet_manager.domain.site import Storey, ZoneKind
from fleet_manager.domain.work import WorkItem
from sitefleet.demo.errors import DemoArgumentError

TRADE_OF = {"driller": "drill", "hauler": "transport", "inspector": "inspect"}
"""What each model of the demo's robots does."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Work items of the demo, and what of the model it leaves out: (what, why)."""

    items: tuple[WorkItem, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def targets(self) -> int:
        """Places of work that a robot can reach."""
        return sum(t.reachable for item in self.items for t in item.targets)


def select_work(
    storey: Storey, models: Sequence[str], trades: Sequence[str], zones: Sequence[str], max_items: int | None
) -> Selection:
    """Work of the wanted trades and zones (ids or names) that the robots' models can do, at most `max_items`, the
    trades taken in turn.

    Raises:
        DemoArgumentError: a trade or zone that the storey does not have, or nothing is left to do.
    """
    offered = {item.trade: None for item in storey.work_items}
    for trade in trades:
        if trade not in offered:
            raise DemoArgumentError(f"--trades: no work of trade {trade!r}; there is: {', '.join(offered) or 'none'}")
    zone_ids = {found for zone in zones for found in _zone_ids(storey, zone)}
    able = {TRADE_OF[model] for model in models if model in TRADE_OF}
    items = [
        item
        for item in storey.work_items
        if item.trade in able and (not trades or item.trade in trades) and (not zones or item.zone_id in zone_ids)
    ]
    if not items:
        raise DemoArgumentError(
            f"nothing to do: no work item fits these trades and zones and robots ({', '.join(sorted(set(models)))})"
        )
    chosen = list(_in_turn(items))[:max_items]
    keep = {item.id for item in chosen}
    return Selection(tuple(i for i in items if i.id in keep), tuple(_left_out(storey, able, keep)))


def _zone_ids(storey: Storey, wanted: str) -> list[str]:
    spaces = [zone for zone in storey.zones if zone.kind is ZoneKind.SPACE]
    found = [zone.id for zone in spaces if wanted == zone.id or wanted.lower() == zone.name.lower()]
    if not found:
        names = ", ".join(sorted({zone.name for zone in spaces}))
        raise DemoArgumentError(f"--zones: no room {wanted!r}; there are: {names or 'none'}")
    return found


def _in_turn(items: Sequence[WorkItem]) -> Iterator[WorkItem]:
    by_trade: dict[str, list[WorkItem]] = {}
    for item in items:
        by_trade.setdefault(item.trade, []).append(item)
    for row in zip_longest(*by_trade.values()):
        yield from (item for item in row if item is not None)


def _left_out(storey: Storey, able: set[str], keep: set[str]) -> Iterator[tuple[str, str]]:
    for item in storey.work_items:
        if item.id in keep:
            yield from ((f"{item.title}, place {t.index + 1}", t.reason) for t in item.targets if not t.reachable)
    unable = sorted({item.trade for item in storey.work_items} - able)
    for trade in unable:
        count = sum(item.trade == trade for item in storey.work_items)
        yield f"{count} work items of trade {trade}", "no robot of this demo does it"
    wished_away = sum(item.id not in keep and item.trade in able for item in storey.work_items)
    if wished_away:
        yield f"{wished_away} work items", "left out by --trades, --zones or --max-items"
