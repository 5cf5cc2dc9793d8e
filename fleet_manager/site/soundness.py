"""Whether what a model says can be true: units that fit a building, and elements that have a body."""

from __future__ import annotations

from typing import Any

from fleet_manager.site.errors import DoubtfulUnits
from fleet_manager.site.ifc_model import NO_UNIT, Model, contained_elements, spaces_of
from fleet_manager.site.meshes import ElementMesh

LOWEST_WALL, HIGHEST_WALL = 0.3, 75.0
"""m; where no wall is higher than the first, or half of them are higher than the second, the unit is wrong."""
NAMED = 10
"""Most elements named in remarks."""


def check_units(model: Model, meshes: dict[int, ElementMesh]) -> None:
    """Raises DoubtfulUnits."""
    heights = [(m.high - m.low, m) for m in meshes.values() if m.ifc_class.startswith("IfcWall")]
    if not heights:
        return
    heights.sort(key=lambda pair: pair[0])
    height, wall = heights[-1]
    if height >= LOWEST_WALL:
        height, wall = heights[len(heights) // 2]
        if height <= HIGHEST_WALL:
            return
    raise DoubtfulUnits(f"{wall.name} ({wall.guid})", height, model.unit)


def without_body(model: Model, storey: Any, unread: dict[int, str]) -> list[str]:
    """Remarks on elements and spaces of the storey that had to be left out, and on a unit that was assumed.

    A whole without a body of its own is no loss: its parts have theirs. Neither is a filling: its opening is cut.
    """
    notes = [f"{NO_UNIT[0].upper()}{NO_UNIT[1:]}."] if model.unit == NO_UNIT else []
    lost = []
    for element in [*contained_elements(storey), *spaces_of(storey)]:
        openings = [r.RelatedOpeningElement for r in getattr(element, "HasOpenings", None) or ()]
        for part in (element, *(o for o in openings if o is not None)):
            if part.id() in unread and not getattr(part, "IsDecomposedBy", None):
                lost.append((part, unread[part.id()]))
    notes += [f"{e.Name or e.is_a()} ({e.GlobalId}) is left out: {why}." for e, why in lost[:NAMED]]
    if len(lost) > NAMED:
        notes.append(f"{len(lost) - NAMED} more elements are left out for want of a body.")
    return notes
