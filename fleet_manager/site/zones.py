"""Named spaces and no-go ground as zones with readable, stable ids."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.domain.site import Area, Ring, Zone, ZoneKind
from fleet_manager.site.ground import Ground
from fleet_manager.site.names import slug, unique
from fleet_manager.site.plan import Plan
from fleet_manager.site.section import polygons
from fleet_manager.site.spaces import Space, title

DECIMALS = 4


def areas_of(geometry: BaseGeometry) -> tuple[Area, ...]:
    """Domain areas of a geometry, largest first."""
    parts = sorted(polygons(geometry), key=lambda p: (-round(p.area, 3), p.bounds))
    return tuple(Area(_ring(p.exterior), tuple(_ring(h) for h in p.interiors)) for p in parts)


def _ring(ring: BaseGeometry) -> Ring:
    return tuple((round(float(x), DECIMALS), round(float(y), DECIMALS)) for x, y in shapely.get_coordinates(ring))


class ZoneIndex:
    """Spaces with their zone ids; finds the zone of a point."""

    def __init__(self, plan: Plan, ground: Ground) -> None:
        self.spaces: dict[str, Space] = {}
        for space in sorted(ground.spaces, key=lambda s: (s.name, s.guid)):
            wanted = slug(space.name, "") or slug(space.long_name, "space")
            self.spaces[unique(wanted, self.spaces)] = space
        self._plan = plan
        self._ground = ground
        self._ids = list(self.spaces)
        self._tree = shapely.STRtree([s.area for s in self.spaces.values()])

    def of_points(self, points: NDArray[np.float64]) -> list[str | None]:
        """Zone id of each point (n, 2); None outside all spaces. The smallest space wins where they overlap."""
        result: list[str | None] = [None] * len(points)
        which, zone = self._tree.query(shapely.points(points), predicate="intersects")
        best = [float("inf")] * len(points)
        for i, z in zip(which.tolist(), zone.tolist(), strict=True):
            size = self.spaces[self._ids[z]].area.area
            if size < best[i]:
                best[i], result[i] = size, self._ids[z]
        return result

    def disjoint(self) -> list[BaseGeometry]:
        """The spaces without overlaps, smallest first; the smaller one keeps what two share."""
        taken: BaseGeometry = Polygon()
        parts = []
        for space in sorted(self.spaces.values(), key=lambda s: (s.area.area, s.guid)):
            parts.append(shapely.difference(space.area, taken))
            taken = shapely.union(taken, space.area)
        return parts

    def name(self, zone_id: str | None) -> str:
        """Name a person reads; empty id is outside."""
        if not zone_id:
            return "outside"
        return title(self.spaces[zone_id]) or zone_id

    def zones(self) -> tuple[Zone, ...]:
        """All zones: spaces, then stairs and missing floor as no-go."""
        found = [Zone(i, self.name(i), ZoneKind.SPACE, s.guid, areas_of(s.area)) for i, s in self.spaces.items()]
        guid = self._plan.storey_guid
        stairs = [o for o in self._plan.obstacles if o.kind == "stair"]
        for number, part in enumerate(polygons(self._ground.stairs), start=1):
            owner = max(stairs, key=lambda o: (shapely.intersection(o.footprint, part).area, o.guid))
            zone_id = unique(f"no-go-stair-{number}", self.spaces)
            found.append(Zone(zone_id, owner.name, ZoneKind.NO_GO, owner.guid, areas_of(part)))
        for number, part in enumerate(polygons(self._ground.holes), start=1):
            zone_id = unique(f"no-go-hole-{number}", self.spaces)
            found.append(Zone(zone_id, "Opening in the floor", ZoneKind.NO_GO, guid, areas_of(part)))
        return tuple(found)
