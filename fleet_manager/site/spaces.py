"""Rooms of a storey, its ceilings, and the stairs that come up into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.elements import kind_of, whole_of
from fleet_manager.site.ifc_model import Model, spaces_of
from fleet_manager.site.meshes import ElementMesh
from fleet_manager.site.section import footprint

STEP_DOWN = 0.6
"""m; a stair that goes down farther than this leaves a hole to fall into."""


@dataclass(frozen=True)
class Space:
    """A room as the model has it; heights in m above the storey's floor."""

    guid: str
    name: str
    long_name: str
    area: BaseGeometry
    low: float
    high: float


def title(space: Space) -> str:
    """Number and name of a space, on one line; a name that has the number in it already is not said twice."""
    number, name = " ".join(space.name.split()), " ".join(space.long_name.split())
    words = [set(re.findall(r"\w+", text.casefold())) for text in (number, name)]
    if words[0] <= words[1] or words[1] <= words[0]:
        return max(name, number, key=len)
    return f"{number} {name}".strip()


def read_spaces(model: Model, meshes: dict[int, ElementMesh]) -> list[Space]:
    """Spaces at the height of a robot, whichever storey they are assigned to."""
    found: list[Space] = []
    for entity in model.by_type("IfcSpace"):
        mesh = meshes.get(entity.id())
        if mesh is None or not mesh.low < 1.0 < mesh.high:
            continue
        area = footprint(mesh, 0.99, 1.0)
        if area.is_empty or area.area < 0.2:
            continue
        found.append(Space(mesh.guid, str(entity.Name or ""), str(entity.LongName or ""), area, mesh.low, mesh.high))
    return _without_wholes(found)


def _without_wholes(spaces: list[Space]) -> list[Space]:
    """Drop spaces that only sum up others (gross areas): most of them is covered by smaller ones."""
    kept = []
    for space in spaces:
        smaller = [s.area for s in spaces if s.area.area < 0.9 * space.area.area]
        if smaller and shapely.intersection(shapely.union_all(smaller), space.area).area > 0.8 * space.area.area:
            continue
        kept.append(space)
    return kept


def is_ceiling(covering: Any) -> bool:
    """Whether a covering hangs overhead: by its type, else by its name."""
    kind = covering.PredefinedType
    for relation in getattr(covering, "IsTypedBy", None) or ():
        kind = kind or relation.RelatingType.PredefinedType
    if kind in (None, "NOTDEFINED", "USERDEFINED"):
        return "ceil" in f"{covering.Name} {covering.ObjectType}".casefold()
    return bool(kind == "CEILING")


def covers_space_of(covering: Any, storey: Any) -> bool:
    """Whether a covering is tied to a space of the storey without being contained in it."""
    spaces = {s.id() for s in spaces_of(storey)}
    for relation in getattr(covering, "CoversSpaces", None) or ():
        space = getattr(relation, "RelatedSpace", None) or getattr(relation, "RelatingSpace", None)
        if space is not None and space.id() in spaces:
            return True
    return False


def stairs_below(model: Model, meshes: dict[int, ElementMesh]) -> list[ElementMesh]:
    """Parts of stairs that come up to this floor from below: over them there is no floor."""
    groups: dict[int, list[ElementMesh]] = {}
    for entity in model.by_type("IfcStair", "IfcStairFlight", "IfcRamp", "IfcRampFlight", "IfcSlab", "IfcMember"):
        mesh = meshes.get(entity.id())
        whole = whole_of(entity)
        if mesh is not None and kind_of(entity) == "stair":
            groups.setdefault(whole.id() if whole is not None else entity.id(), []).append(mesh)
    found: list[ElementMesh] = []
    for parts in groups.values():
        below = [m for m in parts if m.low < -STEP_DOWN and m.high < STEP_DOWN]
        if below and max(m.high for m in below) > -STEP_DOWN:
            found.extend(below)
    return found
