"""What a site package says of a storey: its areas, doors, floor plan, roadmap and work."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.work import WorkItem

Ring = tuple[tuple[float, float], ...]
"""Corners in m (map frame), first and last the same."""


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon with holes, map frame."""

    exterior: Ring
    holes: tuple[Ring, ...] = ()

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside and in none of the holes."""
        return _inside(self.exterior, x, y) and not any(_inside(h, x, y) for h in self.holes)


def _inside(ring: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    inside = False
    for (x0, y0), (x1, y1) in itertools.pairwise(ring):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


class ZoneKind(str, Enum):
    """What a zone is: a named space, or ground no robot may enter."""

    SPACE = "space"
    NO_GO = "no_go"


@dataclass(frozen=True, slots=True)
class Zone:
    """A named part of the storey with the GlobalId of the element it comes from."""

    id: str
    name: str
    kind: ZoneKind
    ifc_guid: str
    areas: tuple[Area, ...]

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies in the zone."""
        return any(a.contains(x, y) for a in self.areas)


@dataclass(frozen=True, slots=True)
class PlanElement:
    """One element of the floor plan for drawing. Kinds: wall, column, stair, railing, window, door, passage,
    furniture, hole, other.
    """

    kind: str
    ifc_guid: str
    name: str
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Doorway:
    """A door or doorless passage robots may use. Widths in m; (x, y) is its middle, `normal` the way through, rad."""

    ifc_guid: str
    name: str
    is_door: bool
    x: float
    y: float
    normal: float
    clear_width: float
    exterior: bool
    passable: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Storey:
    """One storey of a site package. `id` is the map id and the folder; elevation in m of the model."""

    id: str
    name: str
    ifc_guid: str
    elevation: float
    roadmap: Roadmap
    zones: tuple[Zone, ...]
    floorplan: tuple[PlanElement, ...]
    doorways: tuple[Doorway, ...]
    work_items: tuple[WorkItem, ...]
    notes: tuple[str, ...] = ()

    def zone(self, zone_id: str) -> Zone | None:
        """The zone of this id, if there is one."""
        return next((z for z in self.zones if z.id == zone_id), None)

    def items_of(self, trade: str) -> tuple[WorkItem, ...]:
        """Work items of one trade, in the order of the file."""
        return tuple(w for w in self.work_items if w.trade == trade)


@dataclass(frozen=True, slots=True)
class SitePackage:
    """A site as imported from a building model. `offset` is what was taken off the model's x and y, m."""

    name: str
    source: str
    sha256: str
    project_guid: str
    schema: str
    offset: tuple[float, float]
    storeys: Mapping[str, Storey]
