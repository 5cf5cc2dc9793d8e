"""Triangle meshes of elements in the model's world frame, metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fleet_manager.site.ifc_model import Model
from fleet_manager.site.kernel import triangulate

LARGEST = 20_000.0
"""m; an element of this size is a mistake."""
NOTHING = (np.empty((0, 3)), np.empty((0, 3), dtype=np.int64))
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


def read_meshes(model: Model, elements: Sequence[Any]) -> tuple[dict[int, ElementMesh], dict[int, str]]:
    """Meshes by step id, and why elements that should have a body have none. Raises DamagedModel, ImportFailed.

    Openings are not subtracted: the plan cuts them in two dimensions, which is faster and keeps each opening known.
    """
    wanted = [e for e in elements if e.Representation is not None]
    unread = {e.id(): "it has no geometry" for e in elements if e.Representation is None}
    if not wanted:
        return {}, unread
    bodies, failed = triangulate(model.path, [e.id() for e in wanted], _body_contexts(model))
    meshes: dict[int, ElementMesh] = {}
    for entity in wanted:
        vertices, faces = bodies.get(entity.id(), NOTHING)
        if not len(faces):
            unread[entity.id()] = failed.get(entity.id(), "its geometry cannot be worked out")
        elif not np.isfinite(vertices).all() or float(np.ptp(vertices, axis=0).max()) > LARGEST:
            unread[entity.id()] = f"it would be larger than {LARGEST / 1000:.0f} km"
        else:
            name = str(entity.Name or entity.is_a())
            mesh = ElementMesh(entity.id(), entity.GlobalId, name, entity.is_a(), vertices, faces)
            meshes[entity.id()] = mesh
    return {i: meshes[i] for i in sorted(meshes)}, unread


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
