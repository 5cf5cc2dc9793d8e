"""Small building models for tests, written entity by entity so that every number in them is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.guid

Point = tuple[float, float]
SCALES = {"metre": 1.0, "millimetre": 0.001, "foot": 0.3048}


class ModelBuilder:
    """Builds a model in any unit and schema. All lengths given to its methods are in m."""

    def __init__(
        self,
        schema: str = "IFC4",
        unit: str = "metre",
        rotation: float = 0.0,
        origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        """`rotation` (degrees) and `origin` are the building's, relative to the site."""
        self.file = ifcopenshell.file(schema=schema)
        self.scale = SCALES[unit]
        make = self.file.create_entity
        if unit == "foot":
            si = make("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")
            measure = make("IfcMeasureWithUnit", make("IfcLengthMeasure", 0.3048), si)
            dimensions = make("IfcDimensionalExponents", 1, 0, 0, 0, 0, 0, 0)
            length = make("IfcConversionBasedUnit", dimensions, "LENGTHUNIT", "FOOT", measure)
        else:
            prefix = "MILLI" if unit == "millimetre" else None
            length = make("IfcSIUnit", UnitType="LENGTHUNIT", Prefix=prefix, Name="METRE")
        angle = make("IfcSIUnit", UnitType="PLANEANGLEUNIT", Name="RADIAN")
        units = make("IfcUnitAssignment", [length, angle])
        world = make("IfcAxis2Placement3D", make("IfcCartesianPoint", (0.0, 0.0, 0.0)))
        self.context = make("IfcGeometricRepresentationContext", None, "Model", 3, 1e-5, world)
        self.project = self._root(
            "IfcProject", "Test project", UnitsInContext=units, RepresentationContexts=[self.context]
        )
        self.site = self._root("IfcSite", "Site", ObjectPlacement=self._placement(None, (0.0, 0.0, 0.0), 0.0))
        self.building = self._root(
            "IfcBuilding", "Building", ObjectPlacement=self._placement(self.site, origin, rotation)
        )
        self._aggregate(self.project, [self.site])
        self._aggregate(self.site, [self.building])

    def storey(self, name: str, elevation: float) -> Any:
        storey = self._root("IfcBuildingStorey", name, Elevation=elevation / self.scale)
        storey.ObjectPlacement = self._placement(self.building, (0.0, 0.0, elevation), 0.0)
        self._aggregate(self.building, [storey])
        return storey

    def wall(
        self,
        storey: Any,
        start: Point,
        end: Point,
        thickness: float = 0.2,
        height: float = 3.0,
        low: float = 0.0,
        cls: str = "IfcWall",
        name: str = "Wall",
    ) -> Any:
        """A straight wall on its axis; its own frame starts at `start` and runs along x."""
        length = math.dist(start, end)
        angle = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
        t = thickness / 2
        wall = self._root(cls, name, ObjectPlacement=self._placement(storey, (*start, low), angle))
        self._body(wall, [(0, -t), (length, -t), (length, t), (0, t)], height)
        self._contain(storey, wall)
        return wall

    def opening(
        self,
        wall: Any,
        at: float,
        width: float,
        low: float = 0.0,
        high: float = 2.1,
        depth: float = 1.0,
        offset: float = 0.0,
        filling: str | None = None,
        storey: Any = None,
        name: str = "",
    ) -> Any:
        """An opening whose middle is `at` m along the wall; filled by a door or window, or by nothing.

        Returns the filling, or the opening where there is none.
        """
        opening = self._root("IfcOpeningElement", name or "Opening")
        opening.ObjectPlacement = self._placement(wall, (at - width / 2, offset, low), 0.0)
        self._body(opening, [(0, -depth / 2), (width, -depth / 2), (width, depth / 2), (0, depth / 2)], high - low)
        self.file.create_entity("IfcRelVoidsElement", ifcopenshell.guid.new(), None, None, None, wall, opening)
        if filling is None:
            return opening
        kind = {"door": "IfcDoor", "window": "IfcWindow"}[filling]
        panel = self._root(
            kind, name or filling, OverallWidth=width / self.scale, OverallHeight=(high - low) / self.scale
        )
        panel.ObjectPlacement = self._placement(opening, (0.0, 0.0, 0.0), 0.0)
        self._body(panel, [(0, -0.02), (width, -0.02), (width, 0.02), (0, 0.02)], high - low)
        self.file.create_entity("IfcRelFillsElement", ifcopenshell.guid.new(), None, None, None, opening, panel)
        self._contain(storey, panel)
        return panel

    def prism(
        self, storey: Any, cls: str, outline: Sequence[Point], low: float, high: float, name: str = "", **values: Any
    ) -> Any:
        """An upright body of any class."""
        element = self._root(cls, name or cls, **values)
        element.ObjectPlacement = self._placement(storey, (0.0, 0.0, low), 0.0)
        self._body(element, outline, high - low)
        self._contain(storey, element)
        return element

    def slab(
        self, storey: Any, outline: Sequence[Point], top: float = 0.0, holes: Sequence[Sequence[Point]] = ()
    ) -> Any:
        slab = self.prism(storey, "IfcSlab", outline, top - 0.2, top, "Slab", PredefinedType="FLOOR")
        for hole in holes:
            opening = self._root("IfcOpeningElement", "Hole")
            opening.ObjectPlacement = self._placement(slab, (0.0, 0.0, -0.1), 0.0)
            self._body(opening, hole, 0.4)
            self.file.create_entity("IfcRelVoidsElement", ifcopenshell.guid.new(), None, None, None, slab, opening)
        return slab

    def space(self, storey: Any, name: str, long_name: str, outline: Sequence[Point], height: float = 2.6) -> Any:
        space = self._root("IfcSpace", name, LongName=long_name)
        space.ObjectPlacement = self._placement(storey, (0.0, 0.0, 0.0), 0.0)
        self._body(space, outline, height)
        self._aggregate(storey, [space])
        return space

    def ceiling(self, storey: Any, outline: Sequence[Point], height: float, name: str = "Ceiling") -> Any:
        return self.prism(storey, "IfcCovering", outline, height, height + 0.05, name, PredefinedType="CEILING")

    def circle(self, centre: Point, radius: float, corners: int = 24) -> list[Point]:
        return [
            (
                centre[0] + radius * math.cos(2 * math.pi * k / corners),
                centre[1] + radius * math.sin(2 * math.pi * k / corners),
            )
            for k in range(corners)
        ]

    def write(self, path: Path) -> Path:
        self.file.write(str(path))
        return path

    def _root(self, cls: str, name: str, **values: Any) -> Any:
        return self.file.create_entity(cls, GlobalId=ifcopenshell.guid.new(), Name=name, **values)

    def _placement(self, parent: Any, at: Sequence[float], degrees: float) -> Any:
        make = self.file.create_entity
        turn = math.radians(degrees)
        axes = make(
            "IfcAxis2Placement3D",
            make("IfcCartesianPoint", tuple(float(v) / self.scale for v in at)),
            make("IfcDirection", (0.0, 0.0, 1.0)),
            make("IfcDirection", (math.cos(turn), math.sin(turn), 0.0)),
        )
        return make("IfcLocalPlacement", parent.ObjectPlacement if parent is not None else None, axes)

    def _body(self, element: Any, outline: Sequence[Point], height: float) -> None:
        make = self.file.create_entity
        points = [make("IfcCartesianPoint", (float(x) / self.scale, float(y) / self.scale)) for x, y in outline]
        profile = make("IfcArbitraryClosedProfileDef", "AREA", None, make("IfcPolyline", [*points, points[0]]))
        axes = make("IfcAxis2Placement3D", make("IfcCartesianPoint", (0.0, 0.0, 0.0)))
        up = make("IfcDirection", (0.0, 0.0, 1.0))
        solid = make("IfcExtrudedAreaSolid", profile, axes, up, height / self.scale)
        shape = make("IfcShapeRepresentation", self.context, "Body", "SweptSolid", [solid])
        element.Representation = make("IfcProductDefinitionShape", None, None, [shape])

    def _aggregate(self, whole: Any, parts: list[Any]) -> None:
        self.file.create_entity("IfcRelAggregates", ifcopenshell.guid.new(), None, None, None, whole, parts)

    def _contain(self, storey: Any, element: Any) -> None:
        if storey is not None:
            make = self.file.create_entity
            make("IfcRelContainedInSpatialStructure", ifcopenshell.guid.new(), None, None, None, [element], storey)


def two_rooms(builder: ModelBuilder, spaces: bool = True, door: bool = True, storey: Any = None) -> dict[str, Any]:
    """8 m by 5 m inside, a 0.1 m wall at x = 4.95..5.05 with a 0.9 m door at y = 2.5, front door 1.0 m at x = 2."""
    ground = storey if storey is not None else builder.storey("Ground", 0.0)
    made: dict[str, Any] = {"storey": ground}
    made["south"] = builder.wall(ground, (-0.2, -0.1), (8.2, -0.1), name="South")
    made["north"] = builder.wall(ground, (-0.2, 5.1), (8.2, 5.1), name="North")
    made["west"] = builder.wall(ground, (-0.1, 0.0), (-0.1, 5.0), name="West")
    made["east"] = builder.wall(ground, (8.1, 0.0), (8.1, 5.0), name="East")
    made["middle"] = builder.wall(ground, (5.0, 0.0), (5.0, 5.0), thickness=0.1, name="Middle")
    made["front"] = builder.opening(made["south"], 2.2, 1.0, filling="door", storey=ground, name="Front door")
    if door:
        made["door"] = builder.opening(made["middle"], 2.5, 0.9, filling="door", storey=ground, name="Inner door")
    if spaces:
        made["room"] = builder.space(ground, "1", "Hall", [(0, 0), (4.95, 0), (4.95, 5), (0, 5)])
        made["small"] = builder.space(ground, "2", "Store", [(5.05, 0), (8, 0), (8, 5), (5.05, 5)])
    return made
