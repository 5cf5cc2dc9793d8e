"""Opening an IFC file and finding a storey in it; every way it can fail has an error of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ifcopenshell.util.placement
import ifcopenshell.util.unit

from fleet_manager.site.errors import (
    AmbiguousStorey,
    DamagedModel,
    NoSuchStorey,
    NotAnIfcFile,
    TruncatedModel,
    UnsupportedSchema,
)
from fleet_manager.site.names import same
from fleet_manager.site.step_file import parse, read_step

NO_UNIT = "the model names no length unit, and metres are assumed"
SUPPORTED_SCHEMAS = ("IFC2X3", "IFC4", "IFC4X3")


@dataclass(frozen=True)
class Model:
    """An opened model. `scale` turns the file's length unit into metres; `unit` says so in words."""

    file: Any
    path: Path
    sha256: str
    schema: str
    scale: float
    unit: str

    def by_type(self, *classes: str) -> list[Any]:
        """Entities of these classes (and their subclasses), by step id, without the classes the schema lacks."""
        found: dict[int, Any] = {}
        for name in classes:
            try:
                for entity in self.file.by_type(name):
                    found[entity.id()] = entity
            except RuntimeError:
                continue  # the schema does not know this class
        return [found[i] for i in sorted(found)]


def open_model(path: Path) -> Model:
    """Open and check a model. Raises ModelNotFound, NotAnIfcFile, TruncatedModel, UnsupportedSchema, DamagedModel."""
    raw = read_step(path)
    head = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"ISO-10303-21"):
        raise NotAnIfcFile(path, "it is ifcXML" if _is_xml(head) else "it does not start with ISO-10303-21")
    tail = raw.rstrip()[-64:]
    if b"END-ISO-10303-21" not in tail:
        raise TruncatedModel(path, "its last line is not END-ISO-10303-21")
    schema = _schema_name(raw)
    if not any(schema == s or schema.startswith("IFC4X3") for s in SUPPORTED_SCHEMAS):
        raise UnsupportedSchema(schema, SUPPORTED_SCHEMAS)
    try:
        file = parse(path, raw)
    except Exception as error:  # the parser raises many kinds; all mean the same to the person
        why = str(error).removesuffix(", check logs")
        raise TruncatedModel(path, f"the parser stopped ({why})") from error
    if not file.by_type("IfcProject"):
        raise TruncatedModel(path, "it holds no IfcProject")
    return Model(file, path, hashlib.sha256(path.read_bytes()).hexdigest(), schema, *_unit(path, file))


def _is_xml(head: bytes) -> bool:
    return head.startswith(b"<") and b"ifc" in head.lower()


def _unit(path: Path, file: Any) -> tuple[float, str]:
    """Length unit in m, and what the model says about it."""
    try:
        scale = float(ifcopenshell.util.unit.calculate_unit_scale(file))
        assignment = file.by_type("IfcProject")[0].UnitsInContext
        named = any(getattr(u, "UnitType", None) == "LENGTHUNIT" for u in (assignment.Units if assignment else ()))
    except Exception as error:  # a damaged unit fails in many ways
        raise DamagedModel(path, f"its length unit cannot be read ({error})") from error
    if not 1e-6 <= scale <= 1e4:
        raise DamagedModel(path, f"its length unit is {scale:g} m")
    return scale, f"the model says that its length unit is {scale:g} m" if named else NO_UNIT


def _schema_name(raw: bytes) -> str:
    start = raw.find(b"FILE_SCHEMA")
    if start < 0:
        return ""
    first, _, rest = raw[start : start + 400].partition(b"'")
    name = rest.partition(b"'")[0] if first else b""
    return name.decode("ascii", "replace").strip().upper()


def storeys_of(model: Model) -> list[Any]:
    """Storeys from the lowest to the highest."""
    return sorted(model.by_type("IfcBuildingStorey"), key=lambda s: (elevation_of(model, s), s.id()))


def elevation_of(model: Model, storey: Any) -> float:
    """Height of the storey's own placement in the model's world frame, m; its Elevation where it has no placement."""
    if storey.ObjectPlacement is not None:
        matrix = ifcopenshell.util.placement.get_local_placement(storey.ObjectPlacement)
        return float(matrix[2][3]) * model.scale
    return float(storey.Elevation or 0.0) * model.scale


def storey_name(storey: Any) -> str:
    """Name a person knows the storey by; its GlobalId where it has none."""
    return next((n.strip() for n in (storey.Name, storey.LongName) if n and n.strip()), str(storey.GlobalId))


def find_storey(model: Model, asked: str | None) -> Any:
    """The storey of this name or GlobalId; letter case and blanks are forgiven. None: the model's only storey.

    Raises NoSuchStorey, AmbiguousStorey.
    """
    storeys = storeys_of(model)
    if asked is None:
        if len(storeys) == 1:
            return storeys[0]
        raise NoSuchStorey("", [storey_name(s) for s in storeys])
    by_guid = [s for s in storeys if s.GlobalId == asked]
    exact = by_guid or [s for s in storeys if storey_name(s) == asked]
    found = exact or [s for s in storeys if same(asked, storey_name(s)) or same(asked, str(s.LongName or ""))]
    if not found:
        raise NoSuchStorey(asked, [storey_name(s) for s in storeys])
    if len(found) > 1:
        raise AmbiguousStorey(asked, [(s.GlobalId, _whereabouts(model, s)) for s in found])
    return found[0]


def _whereabouts(model: Model, storey: Any) -> str:
    building = building_of(storey)
    name = f"{building.Name or 'a building without a name'}, " if building is not None else ""
    return f"{name}at {elevation_of(model, storey):.2f} m"


def building_of(part: Any) -> Any:
    """The outermost IfcBuilding a storey or other spatial part lies in; None where the model has none."""
    found = None
    seen: set[int] = set()  # damaged models have parts that contain themselves
    while part is not None and part.id() not in seen:
        seen.add(part.id())
        if part.is_a("IfcBuilding"):
            found = part
        relation = next(iter(part.Decomposes or ()), None)
        part = relation.RelatingObject if relation is not None else None
    return found


def contained_elements(storey: Any) -> Iterator[Any]:
    """Elements assigned to the storey or to a space in it, with the parts of assemblies."""
    for relation in storey.ContainsElements or ():
        for element in relation.RelatedElements:
            yield from _with_parts(element)
    for relation in storey.IsDecomposedBy or ():
        for part in relation.RelatedObjects:
            if part.is_a("IfcSpatialStructureElement"):
                yield from contained_elements(part)


def _with_parts(element: Any) -> Iterator[Any]:
    yield element
    for relation in getattr(element, "IsDecomposedBy", None) or ():
        for part in relation.RelatedObjects:
            yield from _with_parts(part)


def spaces_of(storey: Any) -> Iterator[Any]:
    """Spaces the storey is decomposed into, nested ones included."""
    for relation in storey.IsDecomposedBy or ():
        for part in relation.RelatedObjects:
            if part.is_a("IfcSpace"):
                yield part
            if part.is_a("IfcSpatialStructureElement") and not part.is_a("IfcBuildingStorey"):
                yield from spaces_of(part)
