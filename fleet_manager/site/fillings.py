"""Doors and windows that no opening cuts out of a wall: their own body tells where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from fleet_manager.site.elements import Obstacle
from fleet_manager.site.ifc_model import Model
from fleet_manager.site.meshes import ElementMesh
from fleet_manager.site.options import ImportOptions
from fleet_manager.site.passages import passage_axis, wall_axis
from fleet_manager.site.section import footprint

PROBES = (-0.4, -0.2, 0.0, 0.2, 0.4)
"""Shares of an opening's width at which its wall is looked for."""
TURNING = ("REVOLVING", "TURNSTILE")
"""Kinds of doors that let nobody through who cannot push them on."""


def loose_fillings(model: Model, meshes: dict[int, ElementMesh], obstacles: list[Obstacle]) -> list[Any]:
    """Doors and windows whose opening cuts nothing.

    They fill none, or one without a body or a wall, or their wall's body has the hole in it already.
    """
    hosts = {o.step_id: o for o in obstacles}
    return [f for f in model.by_type("IfcDoor", "IfcWindow") if _is_loose(f, meshes, hosts)]


def _is_loose(filling: Any, meshes: dict[int, ElementMesh], hosts: dict[int, Obstacle]) -> bool:
    for relation in filling.FillsVoids or ():
        opening = relation.RelatingOpeningElement
        mesh = meshes.get(opening.id()) if opening is not None else None
        if mesh is None:
            continue
        for void in opening.VoidsElements or ():
            owner = hosts.get(void.RelatingBuildingElement.id())
            # An opening whose wall does not stand on this storey cuts nothing here, and needs not.
            if owner is None or _cuts(opening, mesh, owner):
                return False
    return True


def _cuts(opening: Any, mesh: ElementMesh, owner: Obstacle) -> bool:
    """Whether there is wall to be cut over most of the opening's width."""
    body = footprint(mesh, mesh.low - 1, mesh.high + 1)
    if body.is_empty:
        return True
    along = wall_axis(owner.footprint, body)
    if along is None:
        along = passage_axis(opening, body, None)
    through = np.array([-along[1], along[0]])
    coords = shapely.get_coordinates(body)
    width, depth = float(np.ptp(coords @ along)), float(np.ptp(coords @ through))
    middle = (along * ((coords @ along).max() + (coords @ along).min())) / 2
    middle = middle + (through * ((coords @ through).max() + (coords @ through).min())) / 2
    starts = np.array([middle + along * width * share for share in PROBES])
    reach = through * (depth / 2 + 0.05)
    probes = shapely.linestrings(np.stack([starts - reach, starts + reach], axis=1))
    return int(shapely.intersects(owner.footprint, probes).sum()) > len(PROBES) // 2


def turning_kind(door: Any) -> str:
    """What kind of turning door it is; empty for doors that stand open."""
    entities = [door]
    for relation in [*(getattr(door, "IsTypedBy", None) or ()), *(door.IsDefinedBy or ())]:
        if relation.is_a("IfcRelDefinesByType") and relation.RelatingType is not None:
            entities.append(relation.RelatingType)
    for entity in entities:
        for name in ("OperationType", "PredefinedType"):
            kind = str(getattr(entity, name, None) or "")
            if kind in TURNING:
                return kind.lower()
    return ""


def why_unusable(low: float, high: float, open_above: bool, door: Any, options: ImportOptions) -> str:
    """Why robots do not go through a door with this sill and head (m); empty if they do."""
    if low > options.band_low or (high < options.band_high and not open_above):
        return f"sill {low:.2f} m, head {high:.2f} m: too low or on a step, not used"
    kind = turning_kind(door) if door is not None and door.is_a("IfcDoor") else ""
    return f"a {kind} door, not used" if kind == "revolving" else f"a {kind}, not used" if kind else ""
