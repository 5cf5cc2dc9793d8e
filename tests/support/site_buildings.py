"""Three buildings that look like nothing in the repository, made with ifcopenshell's own authoring calls.

Each tells what a plan of it must say: floor, doors, windows and ceilings are known from the numbers it is made of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.api.aggregate
import ifcopenshell.api.context
import ifcopenshell.api.feature
import ifcopenshell.api.geometry
import ifcopenshell.api.owner
import ifcopenshell.api.owner.settings
import ifcopenshell.api.project
import ifcopenshell.api.root
import ifcopenshell.api.spatial
import ifcopenshell.api.unit
import ifcopenshell.util.unit
import numpy as np
import shapely
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

Point = tuple[float, float]
FRAME = 0.04
"""m of frame on each side of a door, the importer's default."""


@dataclass
class Truth:
    """What the plan of one storey must say, in the building's own coordinates (m)."""

    storey: str
    floor: BaseGeometry
    elevation: float
    used: set[str]
    unused: dict[str, str] = field(default_factory=dict)
    """Doors nobody gets through, with a part of the reason."""
    ways: list[Point] = field(default_factory=list)
    panes: list[Point] = field(default_factory=list)
    """Middles of windows and glass that a robot must not drive through."""
    ceilings: dict[str, float] = field(default_factory=dict)
    """Name of the space or ceiling: height of its anchors above the floor."""
    unreachable: set[str] = field(default_factory=set)
    """Zones nobody gets into."""
    turn: float = 0.0
    origin: Point = (0.0, 0.0)

    def at(self, point: Point) -> Point:
        c, s = math.cos(self.turn), math.sin(self.turn)
        return self.origin[0] + c * point[0] - s * point[1], self.origin[1] + s * point[0] + c * point[1]


class Author:
    """A project with one site, in any schema and unit. All lengths given to its methods are in m."""

    def __init__(self, schema: str, unit: str, turn: float = 0.0, origin: Sequence[float] = (0.0, 0.0, 0.0)) -> None:
        api = ifcopenshell.api
        self.file = api.project.create_file(schema)
        if schema == "IFC2X3":  # which wants to know who made it
            self._sign()
        self.project = api.root.create_entity(self.file, "IfcProject", name="Stranger")
        if unit == "mm":
            length = api.unit.add_si_unit(self.file, "LENGTHUNIT", prefix="MILLI")
        elif unit == "m":
            length = api.unit.add_si_unit(self.file, "LENGTHUNIT")
        else:
            length = api.unit.add_conversion_based_unit(self.file, unit)
        api.unit.assign_unit(self.file, units=[length, api.unit.add_si_unit(self.file, "PLANEANGLEUNIT")])
        model = api.context.add_context(self.file, context_type="Model")
        self.body = api.context.add_context(
            self.file, context_type="Model", context_identifier="Body", target_view="MODEL_VIEW", parent=model
        )
        c, s = math.cos(turn), math.sin(turn)
        self.frame = np.array([[c, -s, 0, origin[0]], [s, c, 0, origin[1]], [0, 0, 1, origin[2]], [0, 0, 0, 1.0]])
        self.site = self._part("IfcSite", "Plot", self.project, np.eye(4))

    def _sign(self) -> None:
        owner = ifcopenshell.api.owner
        person = owner.add_person(self.file, identification="tests")
        firm = owner.add_organisation(self.file, identification="tests", name="Tests")
        user = owner.add_person_and_organisation(self.file, person=person, organisation=firm)
        application = owner.add_application(self.file, application_developer=firm)
        owner.settings.get_user = lambda _: user
        owner.settings.get_application = lambda _: application

    def building(self, name: str) -> Any:
        return self._part("IfcBuilding", name, self.site, self.frame)

    def storey(self, building: Any, name: str, z: float) -> Any:
        storey = self._part("IfcBuildingStorey", name, building, self._at((0.0, 0.0, z)))
        storey.Elevation = (z + self.frame[2, 3]) / ifcopenshell.util.unit.calculate_unit_scale(self.file)
        storey.Description = str(z)
        return storey

    def space(self, storey: Any, number: str, name: str, outline: Sequence[Point], height: float) -> Any:
        z = float(storey.Description)
        space = self._part("IfcSpace", number, storey, self._at((0.0, 0.0, z)))
        space.LongName = name
        self._prism(space, outline, height)
        return space

    def wall(
        self, storey: Any, start: Point, end: Point, thickness: float, height: float, name: str = "Wall", z: float = 0.0
    ) -> Any:
        """A wall to the left of its line from `start` to `end`."""
        wall = ifcopenshell.api.root.create_entity(self.file, "IfcWall", name=name)
        self._contain(storey, wall)
        angle = math.atan2(end[1] - start[1], end[0] - start[0])
        self._place(wall, self._at((*start, z + float(storey.Description)), angle))
        shape = ifcopenshell.api.geometry.add_wall_representation(
            self.file, self.body, length=math.dist(start, end), height=height, thickness=thickness
        )
        ifcopenshell.api.geometry.assign_representation(self.file, product=wall, representation=shape)
        return wall

    def prism(
        self, storey: Any, cls: str, outline: Sequence[Point], low: float, high: float, name: str, **values: Any
    ) -> Any:
        """An upright body, as a mesh."""
        element = ifcopenshell.api.root.create_entity(self.file, cls, name=name)
        for key, value in values.items():
            setattr(element, key, value)
        self._contain(storey, element)
        self._place(element, self._at((0.0, 0.0, low + float(storey.Description))))
        self._prism(element, outline, high - low)
        return element

    def wedge(self, storey: Any, cls: str, low: Point, high: Point, rise: float, name: str) -> Any:
        """A ramp that rises along y over a rectangle."""
        element = ifcopenshell.api.root.create_entity(self.file, cls, name=name)
        self._contain(storey, element)
        self._place(element, self._at((0.0, 0.0, float(storey.Description))))
        (x0, y0), (x1, y1) = low, high
        corners = [(x0, y0, 0.0), (x1, y0, 0.0), (x1, y1, 0.0), (x0, y1, 0.0), (x0, y1, rise), (x1, y1, rise)]
        faces = [[3, 2, 1, 0], [0, 1, 5, 4], [2, 3, 4, 5], [1, 2, 5], [3, 0, 4]]
        self._mesh(element, corners, faces)
        return element

    def opening(self, host: Any, storey: Any, outline: Sequence[Point], low: float, high: float, name: str) -> Any:
        opening = ifcopenshell.api.root.create_entity(self.file, "IfcOpeningElement", name=name)
        ifcopenshell.api.feature.add_feature(self.file, feature=opening, element=host)
        self._place(opening, self._at((0.0, 0.0, low + float(storey.Description))))
        self._prism(opening, outline, high - low)
        return opening

    def filled(
        self, host: Any, storey: Any, cls: str, outline: Sequence[Point], low: float, high: float, width: float,
        name: str, **values: Any,
    ) -> Any:  # fmt: skip
        """A door or window in an opening of the host; the outline goes through the wall."""
        opening = self.opening(host, storey, outline, low, high, f"For {name}")
        filling = ifcopenshell.api.root.create_entity(self.file, cls, name=name)
        scale = ifcopenshell.util.unit.calculate_unit_scale(self.file)
        filling.OverallWidth, filling.OverallHeight = width / scale, (high - low) / scale
        for key, value in values.items():
            setattr(filling, key, value)
        ifcopenshell.api.feature.add_filling(self.file, opening=opening, element=filling)
        self._contain(storey, filling)
        self._place(filling, self._at((0.0, 0.0, low + float(storey.Description))))
        self._prism(filling, outline, high - low)
        return filling

    def whole(self, storey: Any, cls: str, name: str, parts: list[Any]) -> Any:
        """An assembly without a body of its own."""
        element = ifcopenshell.api.root.create_entity(self.file, cls, name=name)
        ifcopenshell.api.aggregate.assign_object(self.file, products=parts, relating_object=element)
        self._contain(storey, element)
        return element

    def write(self, path: Path) -> Path:
        self.file.write(str(path))
        return path

    def _part(self, cls: str, name: str, whole: Any, matrix: np.ndarray) -> Any:
        part = ifcopenshell.api.root.create_entity(self.file, cls, name=name)
        ifcopenshell.api.aggregate.assign_object(self.file, products=[part], relating_object=whole)
        self._place(part, matrix)
        return part

    def _contain(self, storey: Any, element: Any) -> None:
        ifcopenshell.api.spatial.assign_container(self.file, products=[element], relating_structure=storey)

    def _at(self, place: Sequence[float], angle: float = 0.0) -> np.ndarray:
        c, s = math.cos(angle), math.sin(angle)
        x, y, z = place
        return np.asarray(self.frame @ np.array([[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, z], [0, 0, 0, 1.0]]))

    def _place(self, element: Any, matrix: np.ndarray) -> None:
        ifcopenshell.api.geometry.edit_object_placement(self.file, product=element, matrix=matrix)

    def _prism(self, element: Any, outline: Sequence[Point], height: float) -> None:
        ring = list(Polygon(outline).normalize().exterior.coords)[:-1][::-1]  # counter-clockwise
        n = len(ring)
        corners = [(x, y, z) for z in (0.0, height) for x, y in ring]
        sides = [[i, (i + 1) % n, n + (i + 1) % n, n + i] for i in range(n)]
        self._mesh(element, corners, [list(range(n))[::-1], [n + i for i in range(n)], *sides])

    def _mesh(self, element: Any, corners: list[tuple[float, float, float]], faces: list[list[int]]) -> None:
        shape = ifcopenshell.api.geometry.add_mesh_representation(
            self.file, self.body, vertices=[corners], faces=[faces], unit_scale=None
        )
        ifcopenshell.api.geometry.assign_representation(self.file, product=element, representation=shape)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def circle(centre: Point, radius: float, corners: int = 48, start: float = 0.0) -> list[Point]:
    angles = [start + 2 * math.pi * k / corners for k in range(corners)]
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def farmhouse(path: Path) -> Truth:
    """IFC2X3 in inches: no ceilings, a double door, a door too narrow, one on a step, columns, a stair."""
    made = Author("IFC2X3", "inch")
    ground = made.storey(made.building("Farmhouse"), "Ground floor", 0.0)
    south = made.wall(ground, (12.3, 0.0), (-0.3, 0.0), 0.3, 2.9, "South")
    made.wall(ground, (-0.3, 7.0), (12.3, 7.0), 0.3, 2.9, "North")
    west = made.wall(ground, (0.0, 0.0), (0.0, 7.0), 0.3, 2.9, "West")
    made.wall(ground, (12.3, 0.0), (12.3, 7.0), 0.3, 2.9, "East")
    middle = made.wall(ground, (7.075, 0.0), (7.075, 7.0), 0.15, 2.9, "Middle")
    closet = made.wall(ground, (7.075, 4.95), (12.0, 4.95), 0.1, 2.9, "Closet wall")
    made.filled(south, ground, "IfcDoor", rectangle(2.5, -0.3, 3.5, 0.0), 0.0, 2.1, 1.0, "Front door")
    made.filled(south, ground, "IfcWindow", rectangle(8.5, -0.3, 10.5, 0.0), 0.0, 2.2, 2.0, "French window")
    made.filled(west, ground, "IfcDoor", rectangle(-0.3, 3.0, 0.0, 4.0), 0.25, 2.3, 1.0, "Step door")
    made.filled(middle, ground, "IfcDoor", rectangle(6.925, 1.2, 7.075, 2.8), 0.0, 2.1, 1.6, "Double door")
    made.filled(closet, ground, "IfcDoor", rectangle(9.3, 4.95, 9.75, 5.05), 0.0, 2.1, 0.45, "Closet door")
    made.prism(ground, "IfcColumn", rectangle(2.8, 4.3, 3.2, 4.7), 0.0, 2.9, "Post")
    made.prism(ground, "IfcColumn", circle((5.5, 2.0), 0.2), 0.0, 2.9, "Round post")
    flight = made.prism(ground, "IfcStairFlight", rectangle(0.2, 4.5, 1.3, 6.8), 0.0, 1.5, "Flight")
    made.whole(ground, "IfcStair", "Stair", [flight])
    made.prism(ground, "IfcSlab", rectangle(-0.3, -0.3, 12.3, 7.3), -0.2, 0.0, "Floor", PredefinedType="FLOOR")
    made.prism(ground, "IfcSlab", rectangle(-0.3, -0.3, 12.3, 7.3), 2.9, 3.1, "Deck", PredefinedType="FLOOR")
    rooms = {
        "1 Hall": rectangle(0.0, 0.0, 6.925, 7.0),
        "2 Kitchen": rectangle(7.075, 0.0, 12.0, 4.95),
        "3 Closet": rectangle(7.075, 5.05, 12.0, 7.0),
    }
    for title, outline in rooms.items():
        made.space(ground, *title.split(), outline, 2.9)
    made.write(path)
    doorways = [
        box(2.5 + FRAME, -0.3, 3.5 - FRAME, 0.0),
        box(6.925, 1.2 + FRAME, 7.075, 2.8 - FRAME),
        box(9.3 + FRAME, 4.95, 9.75 - FRAME, 5.05),
    ]
    standing = [box(2.8, 4.3, 3.2, 4.7), Polygon(circle((5.5, 2.0), 0.2)), box(0.2, 4.5, 1.3, 6.8)]
    floor = shapely.union_all([*map(Polygon, rooms.values()), *doorways]) - shapely.union_all(standing)
    return Truth(
        "Ground floor", floor, 0.0,
        used={"Front door", "Double door"},
        unused={"Closet door": "0.37 m clear", "Step door": "sill 0.25 m"},
        ways=[(3.0, -0.15), (7.0, 2.0)],
        panes=[(9.5, -0.15), (-0.15, 3.5)],
        ceilings=dict.fromkeys(rooms, 2.9),
        unreachable={"3"},
    )  # fmt: skip


def workshop(path: Path) -> Truth:
    """IFC4 in mm, turned by 30 degrees, 1.7 km off: an L with a curtain wall, a ramp, a hole, a revolving door."""
    turn, origin = math.radians(30.0), (1500.0, -800.0, 12.0)
    made = Author("IFC4", "mm", turn, origin)
    house = made.building("Workshop")
    below = made.storey(house, "EG", 0.0)
    lower = made.wall(below, (14.0, 0.0), (0.0, 0.0), 0.24, 3.9, "Lower south")
    made.filled(lower, below, "IfcDoor", rectangle(3.0, -0.24, 4.0, 0.0), 0.0, 2.1, 1.0, "Lower door")
    upper = made.storey(house, "1. OG", 4.2)
    south = made.wall(upper, (14.24, 0.0), (-0.24, 0.0), 0.24, 3.4, "South")
    for start, end in (
        ((0.0, 0.0), (0.0, 12.24)),
        ((0.0, 12.0), (6.24, 12.0)),
        ((6.0, 12.0), (6.0, 6.0)),
        ((6.0, 6.0), (8.0, 6.0)),
        ((12.0, 6.0), (14.24, 6.0)),
        ((14.0, 6.0), (14.0, 0.0)),
    ):
        made.wall(upper, start, end, 0.24, 3.4)
    divider = made.wall(upper, (6.0, 6.0), (6.0, 0.0), 0.1, 3.4, "Divider")
    made.opening(divider, upper, rectangle(6.0, 2.3, 6.1, 3.7), 0.0, 2.5, "Gap")
    made.filled(
        south, upper, "IfcDoor", rectangle(9.4, -0.24, 10.6, 0.0), 0.0, 2.3, 1.2, "Drum", OperationType="REVOLVING"
    )
    panels = [
        made.prism(upper, "IfcPlate", rectangle(x0, 6.0, x1, 6.04), 0.0, 3.0, f"Pane {x0}")
        for x0, x1 in ((8.0, 9.5), (10.5, 12.0))
    ]
    post = made.prism(upper, "IfcMember", rectangle(8.67, 6.0, 8.73, 6.1), 0.0, 3.0, "Post")
    made.whole(upper, "IfcCurtainWall", "Glass front", [*panels, post])
    glass = made.prism(upper, "IfcDoor", rectangle(9.5, 6.0, 10.5, 6.04), 0.0, 2.2, "Glass door")
    glass.OverallWidth = 1000.0
    flight = made.wedge(upper, "IfcRampFlight", (0.2, 7.0), (1.7, 11.0), 0.6, "Slope")
    made.whole(upper, "IfcRamp", "Ramp", [flight])
    outline = [(-0.2, -0.2), (14.2, -0.2), (14.2, 6.2), (6.2, 6.2), (6.2, 12.2), (-0.2, 12.2)]
    slab = made.prism(upper, "IfcSlab", outline, -0.3, 0.0, "Deck", PredefinedType="FLOOR")
    made.opening(slab, upper, rectangle(4.0, 9.0, 5.0, 10.5), -0.4, 0.1, "Shaft")
    made.space(upper, "W", "Werkstatt", rectangle(0.0, 0.0, 6.0, 12.0), 2.8)
    made.space(upper, "O", "Büro", rectangle(6.1, 0.0, 14.0, 6.0), 2.8)
    made.prism(upper, "IfcCovering", rectangle(0.0, 0.0, 6.0, 12.0), 2.55, 2.6, "Low", PredefinedType="CEILING")
    made.prism(upper, "IfcCovering", rectangle(6.1, 0.0, 14.0, 6.0), 3.0, 3.05, "High", PredefinedType="CEILING")
    made.write(path)
    floor = shapely.union_all([box(0, 0, 6, 12), box(6.1, 0, 14, 6), box(6.0, 2.3, 6.1, 3.7)])
    # of the ramp, what rises above the 0.1 m that robots climb
    floor = floor - shapely.union_all([box(0.2, 7.0 + 4.0 * 0.1 / 0.6, 1.7, 11.0), box(4, 9, 5, 10.5)])
    return Truth(
        "1. OG", floor, 16.2,
        used={"Gap"},
        unused={"Drum": "a revolving door", "Glass door": "no place to stand in front of it"},
        ways=[(6.05, 3.0), (10.0, 6.02)],
        panes=[(10.0, -0.12), (9.0, 6.02), (11.0, 6.02), (4.5, 9.7)],
        ceilings={"Low": 2.55, "High": 3.0},
        turn=turn,
        origin=origin[:2],
    )  # fmt: skip


def cellar(path: Path) -> Truth:
    """IFC4X3: the basement of the first of two buildings, below zero, without spaces, with an oblique wall."""
    made = Author("IFC4X3", "m")
    tower = made.building("Tower")
    basement = made.storey(tower, "Basement", -3.2)
    ground = made.storey(tower, "Ground", 0.0)
    for start, end in (
        ((-0.3, -0.3), (10.3, -0.3)),
        ((10.3, 0.0), (10.3, 6.0)),
        ((10.3, 6.3), (-0.3, 6.3)),
        ((-0.3, 6.0), (-0.3, 0.0)),
    ):
        made.wall(basement, start, end, 0.3, 3.0)
    # 45 degrees, from (4, 0) to (10, 6): faces half the thickness off its axis
    outline = [(3.9, 0.0), (4.1, 0.0), (10.0, 5.9), (10.0, 6.0), (9.9, 6.0)]
    oblique = made.prism(basement, "IfcWall", outline, 0.0, 3.0, "Oblique")
    c = math.sqrt(0.5)
    middle = np.array([7.0, 3.0])
    along, through = np.array([c, c]), np.array([-c, c])
    corners = [middle + a * along + b * through for a, b in ((-0.5, -0.3), (0.5, -0.3), (0.5, 0.3), (-0.5, 0.3))]
    made.filled(oblique, basement, "IfcDoor", [tuple(p) for p in corners], 0.0, 2.1, 1.0, "Oblique door")
    made.prism(basement, "IfcColumn", rectangle(1.8, 2.8, 2.2, 3.2), 0.0, 3.0, "Pillar")
    left = [(0.0, 0.0), (3.9, 0.0), (9.9, 6.0), (0.0, 6.0)]
    right = [(4.1, 0.0), (10.0, 0.0), (10.0, 5.9)]
    made.prism(basement, "IfcCovering", left, 2.2, 2.25, "Duct ceiling", PredefinedType="CEILING")
    made.prism(basement, "IfcCovering", right, 2.5, 2.55, "Store ceiling", PredefinedType="CEILING")
    made.prism(basement, "IfcSlab", rectangle(-0.3, -0.3, 10.3, 6.3), -0.3, 0.0, "Base", PredefinedType="BASESLAB")
    round_wall(made, ground)
    other = made.building("Hall")
    hall = made.storey(other, "Ground", 0.0)
    for start, end in (((20.0, 0.0), (26.0, 0.0)), ((26.3, 0.3), (26.3, 6.0)), ((26.0, 6.3), (20.0, 6.3))):
        made.wall(hall, start, end, 0.3, 4.0, "Hall wall")
    made.space(hall, "H", "Hall", rectangle(20.0, 0.3, 26.0, 6.0), 3.5)
    made.write(path)
    width = 1.0 - 2 * FRAME
    door = Polygon([middle + a * along + b * through for a, b in (
        (-width / 2, -0.0707), (width / 2, -0.0707), (width / 2, 0.0707), (-width / 2, 0.0707))])  # fmt: skip
    floor = shapely.union_all([Polygon(left), Polygon(right), door]) - box(1.8, 2.8, 2.2, 3.2)
    return Truth(
        "Basement", floor, -3.2,
        used={"Oblique door"},
        ways=[(7.0, 3.0)],
        panes=[(5.0, 1.0), (9.0, 5.0)],
        ceilings={"Duct ceiling": 2.2, "Store ceiling": 2.5},
    )  # fmt: skip


def round_wall(made: Author, ground: Any) -> None:
    """A tower of a single round wall with a door to the east and a window to the west."""
    inner, outer = (np.array(circle((5.0, 3.0), r, 64, math.pi / 64)) for r in (4.0, 4.4))
    n = len(inner)
    corners = [(*map(float, p), z) for z in (0.0, 3.2) for ring in (inner, outer) for p in ring]
    faces = []
    for i in range(n):
        j = (i + 1) % n
        faces += [
            [n + i, n + j, 3 * n + j, 3 * n + i],
            [j, i, 2 * n + i, 2 * n + j],
            [i, j, n + j, n + i],
            [2 * n + j, 2 * n + i, 3 * n + i, 3 * n + j],
        ]
    wall = ifcopenshell.api.root.create_entity(made.file, "IfcWall", name="Round")
    made._contain(ground, wall)
    made._place(wall, made._at((0.0, 0.0, 0.0)))
    made._mesh(wall, corners, faces)
    made.filled(wall, ground, "IfcDoor", rectangle(8.5, 2.5, 9.9, 3.5), 0.0, 2.1, 1.0, "Tower door")
    made.filled(wall, ground, "IfcWindow", rectangle(0.1, 2.4, 1.5, 3.6), 0.0, 2.1, 1.2, "Tower window")
    made.space(ground, "T", "Turm", [tuple(p) for p in inner], 3.0)


def tower(path: Path) -> Truth:
    """The ground floor above that cellar: round, and with the name of another building's storey."""
    cellar(path)
    model = ifcopenshell.open(str(path))
    storeys = model.by_type("IfcBuildingStorey")
    (storey,) = (s for s in storeys if (s.Name, s.Decomposes[0].RelatingObject.Name) == ("Ground", "Tower"))
    room = Polygon(circle((5.0, 3.0), 4.0, 64, math.pi / 64))
    floor = shapely.union(room, box(9.0, 2.5 + FRAME, 9.4, 3.5 - FRAME))
    return Truth(
        storey.GlobalId, floor, 0.0,
        used={"Tower door"}, ways=[(9.2, 3.0)], panes=[(0.8, 3.0)], ceilings={"T Turm": 3.0},
    )  # fmt: skip
