"""Triangle meshes of elements in the model's world frame, metres."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ifcopenshell.geom
import numpy as np
from numpy.typing import NDArray

from fleet_manager.site.ifc_model import Model

Points = NDArray[np.float64]
Triangles = NDArray[np.int64]


@dataclass(frozen=True)
class ElementMesh:
    """One element's triangles: vertices (n, 3) in m, faces (m, 3)."""

    step_id: int
    guid: str
    name: str
    ifc_class: str
    vertices: Points
    faces: Triangles

    @property
    def low(self) -> float:
        """Lowest z, m."""
        return float(self.vertices[:, 2].min())

    @property
    def high(self) -> float:
        """Highest z, m."""
        return float(self.vertices[:, 2].max())

    def moved(self, dx: float, dy: float, dz: float) -> ElementMesh:
        """The same mesh, shifted."""
        vertices = self.vertices + np.array([dx, dy, dz])
        return ElementMesh(self.step_id, self.guid, self.name, self.ifc_class, vertices, self.faces)


def read_meshes(model: Model, elements: Sequence[Any]) -> dict[int, ElementMesh]:
    """Meshes by step id; elements without a body are left out.

    Openings are not subtracted: the plan cuts them in two dimensions, which is faster and keeps each opening known.
    """
    wanted = [e for e in elements if e.Representation is not None]
    if not wanted:
        return {}
    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", True)
    settings.set("disable-opening-subtractions", True)
    settings.set("no-normals", True)
    settings.set("apply-default-materials", False)
    settings.set("context-ids", _body_contexts(model))
    iterator = ifcopenshell.geom.iterator(settings, model.file, min(4, os.cpu_count() or 1), include=wanted)
    meshes: dict[int, ElementMesh] = {}
    if not iterator.initialize():
        return meshes
    while True:
        shape = iterator.get()
        vertices = np.asarray(shape.geometry.verts, dtype=np.float64).reshape(-1, 3)
        faces = np.asarray(shape.geometry.faces, dtype=np.int64).reshape(-1, 3)
        if len(faces) and np.isfinite(vertices).all():
            entity = model.file.by_id(shape.id)
            name = str(entity.Name or entity.is_a())
            meshes[shape.id] = ElementMesh(shape.id, entity.GlobalId, name, entity.is_a(), vertices, faces)
        if not iterator.next():
            break
    return {i: meshes[i] for i in sorted(meshes)}


def _body_contexts(model: Model) -> list[int]:
    """Ids of the contexts that hold bodies; plan symbols, axes and bounding boxes are not wanted."""
    bodies = [
        c.id()
        for c in model.by_type("IfcGeometricRepresentationSubContext")
        if (c.ContextIdentifier or "") in ("Body", "Facetation", "Body-FallBack")
    ]
    plain = [
        c.id()
        for c in model.by_type("IfcGeometricRepresentationContext")
        if not c.is_a("IfcGeometricRepresentationSubContext") and (c.ContextType or "Model") in ("Model", "Design")
    ]
    return bodies + plain
