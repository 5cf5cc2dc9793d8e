"""Which building elements matter to a robot, and what each class counts as."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from fleet_manager.site.ifc_model import Model
from fleet_manager.site.meshes import ElementMesh

KIND_OF_CLASS: tuple[tuple[str, str], ...] = (
    ("IfcWall", "wall"),
    ("IfcCurtainWall", "wall"),
    ("IfcPlate", "wall"),
    ("IfcColumn", "column"),
    ("IfcPile", "column"),
    ("IfcStair", "stair"),
    ("IfcStairFlight", "stair"),
    ("IfcRamp", "stair"),
    ("IfcRampFlight", "stair"),
    ("IfcRailing", "railing"),
    ("IfcMember", "other"),
    ("IfcBeam", "other"),
    ("IfcSlab", "other"),
    ("IfcRoof", "other"),
    ("IfcFooting", "other"),
    ("IfcChimney", "other"),
    ("IfcShadingDevice", "other"),
    ("IfcBuildingElementPart", "wall"),
    ("IfcBuildingElementProxy", "other"),
    ("IfcTransportElement", "other"),
)
"""First match by subclass wins; a member of a curtain wall or stair takes the kind of its whole."""

FURNITURE_CLASSES = (
    "IfcFurnishingElement",
    "IfcFlowTerminal",
    "IfcEnergyConversionDevice",
    "IfcFlowStorageDevice",
    "IfcFlowMovingDevice",
    "IfcFlowTreatmentDevice",
    "IfcFlowController",
    "IfcElectricalElement",
)
"""Fitted after the robots' work; obstacles only when asked for."""

SERVICE_CLASSES = ("IfcFlowSegment", "IfcFlowFitting", "IfcBeam")
"""What may hang below a ceiling."""

WALL_KINDS = frozenset({"wall", "window"})


@dataclass(frozen=True)
class Hole:
    """An opening in an element: its footprint in the band, and its sill and head (m above the storey's floor)."""

    guid: str
    name: str
    kind: str
    footprint: BaseGeometry
    low: float
    high: float
    filling: Any = None


@dataclass
class Obstacle:
    """An element at robot height: footprint in the band, heights in m above the storey's floor."""

    guid: str
    name: str
    kind: str
    ifc_class: str
    footprint: BaseGeometry
    low: float
    high: float
    step_id: int
    holes: list[Hole] = field(default_factory=list)
    carved: BaseGeometry = field(default_factory=Polygon)
    """Footprint less everything a robot may pass through."""


def obstacle_classes(with_furniture: bool) -> list[str]:
    """IFC classes to read for obstacles."""
    return [c for c, _ in KIND_OF_CLASS] + (list(FURNITURE_CLASSES) if with_furniture else [])


def kind_of(entity: Any) -> str:
    """What an element counts as."""
    whole = whole_of(entity)
    if whole is not None and (entity.is_a("IfcMember") or entity.is_a("IfcPlate") or entity.is_a("IfcSlab")):
        for name, kind in (("IfcCurtainWall", "wall"), ("IfcStair", "stair"), ("IfcRamp", "stair")):
            if whole.is_a(name):
                return kind
    for name, kind in KIND_OF_CLASS:
        if _is_a(entity, name):
            return kind
    return "furniture"


def whole_of(entity: Any) -> Any:
    """The element this one is a part of, or None."""
    for relation in getattr(entity, "Decomposes", None) or ():
        whole = relation.RelatingObject
        return whole if whole.is_a("IfcElement") else None
    return None


def _is_a(entity: Any, name: str) -> bool:
    try:
        return bool(entity.is_a(name))
    except RuntimeError:
        return False


def openings_of(model: Model, meshes: dict[int, ElementMesh]) -> list[tuple[Any, Any, Any]]:
    """(opening, host element, filling or None) for every opening with a body; recesses are openings too."""
    found = []
    for relation in model.by_type("IfcRelVoidsElement"):
        opening, host = relation.RelatedOpeningElement, relation.RelatingBuildingElement
        if opening is None or host is None or opening.id() not in meshes:
            continue
        fillings = [r.RelatedBuildingElement for r in opening.HasFillings or ()]
        found.append((opening, host, fillings[0] if fillings else None))
    return found


def union(obstacles: list[Obstacle], kinds: frozenset[str] | None = None, carved: bool = True) -> BaseGeometry:
    """All footprints of some kinds in one geometry."""
    chosen = [o.carved if carved else o.footprint for o in obstacles if kinds is None or o.kind in kinds]
    return shapely.union_all(chosen) if chosen else Polygon()
