"""Work items the model asks for: ceiling anchors, material drops, inspections."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fleet_manager.domain.geometry import Pose2, Pose3
from fleet_manager.domain.roadmap import Node, NodeKind
from fleet_manager.domain.work import WorkItem, WorkTarget
from fleet_manager.site.anchors import AnchorGrid
from fleet_manager.site.ground import Clearance, Ground
from fleet_manager.site.network import Network
from fleet_manager.site.occupancy import OccupancyMap
from fleet_manager.site.options import ImportOptions, ReferenceRobot
from fleet_manager.site.spaces import Space
from fleet_manager.site.visibility import fewest, seen_from, wall_faces
from fleet_manager.site.zones import ZoneIndex

ITEM_TARGETS = 12
"""Most targets of one drill item."""
LOOK_IN = 1.5
"""m around a space from where it may be looked into."""
MOST_VIEWPOINTS = 40
"""Candidates looked at in one space; more make large halls slow and help nothing."""
DRILL_TOLERANCE, DROP_TOLERANCE, VIEW_TOLERANCE = 0.010, 0.10, 0.10


@dataclass(frozen=True)
class WorkPlanner:
    """Makes the items of a storey. All methods are deterministic; ids come from GlobalIds."""

    ground: Ground
    clearance: Clearance
    grid: OccupancyMap
    zones: ZoneIndex
    network: Network
    options: ImportOptions
    walls: BaseGeometry

    def items(self, grids: list[AnchorGrid]) -> list[WorkItem]:
        """All items: drill, transport, inspect."""
        return [*self._drill(grids), *self._transport(), *self._inspect()]

    # ceiling anchors

    def _drill(self, grids: list[AnchorGrid]) -> list[WorkItem]:
        robot = self.options.robot_for("drill")
        able = self.network.reachable_by(robot)
        items: list[WorkItem] = []
        for grid in sorted(grids, key=lambda g: g.guid):
            zone_of = self.zones.of_points(grid.points[:, :2])
            number = 0
            for zone in sorted(set(zone_of), key=lambda z: z or ""):
                points = grid.points[[z == zone for z in zone_of]]
                chunks = [points[i : i + ITEM_TARGETS] for i in range(0, len(points), ITEM_TARGETS)]
                for part, chunk in enumerate(chunks, start=1):
                    number += 1
                    count = f" ({part} of {len(chunks)})" if len(chunks) > 1 else ""
                    items.append(
                        WorkItem(
                            id=f"drill-{grid.guid}-{number:02d}",
                            trade="drill",
                            ifc_guid=grid.guid,
                            element_name=grid.name,
                            zone_id=zone or "",
                            title=f"Ceiling anchors, {self.zones.name(zone) if zone else grid.name}{count}",
                            tolerance=DRILL_TOLERANCE,
                            parameters={
                                "diameter": self.options.anchor_diameter,
                                "depth": self.options.anchor_depth,
                                "spacing": self.options.anchor_spacing,
                                "edge_distance": self.options.anchor_edge,
                            },
                            targets=tuple(self._anchor(i, p, robot, able) for i, p in enumerate(chunk)),
                        )
                    )
        return items

    def _anchor(self, index: int, point: NDArray[np.float64], robot: ReferenceRobot, able: set[str]) -> WorkTarget:
        x, y, z = (round(float(v), 4) for v in point)
        node_id = self.network.stances.get((x, y), "")
        reason = ""
        if not node_id:
            reason = self._no_stance(x, y, robot)
        elif node_id not in able:
            reason = f"the {robot.name} cannot get there: {self.network.hindrance(node_id, robot)}"
        return WorkTarget(
            index, node_id if not reason else "", Pose2(x, y, 0.0), True, Pose3(x, y, z), not reason, reason
        )

    def _no_stance(self, x: float, y: float, robot: ReferenceRobot) -> str:
        room = float(self.clearance.of_points(np.array([[x, y]]))[0])
        if room >= robot.node_clearance:
            return "no way there from the homes"
        what = self.what_is_at(x, y)
        if room <= 0.0 and what:
            return f"no place to stand: {what} below"
        return f"no place to stand: {room:.2f} m to the nearest obstacle, {robot.node_clearance:.2f} m needed"

    def what_is_at(self, x: float, y: float) -> str:
        """What stands where no robot can."""
        point = shapely.points(x, y)
        for what, region in (
            ("stairs", self.ground.stairs),
            ("an opening in the floor", self.ground.holes),
            ("an obstacle", self.ground.obstacles),
        ):
            if shapely.intersects(region, point):
                return what
        return ""

    # material drops

    def _transport(self) -> list[WorkItem]:
        robot = self.options.robot_for("transport")
        able = self.network.reachable_by(robot)
        laydowns = self.network.roadmap.of_kind(NodeKind.LAYDOWN)
        items = []
        for zone, space in self.zones.spaces.items():
            drop = self._drop(0, zone, space, robot, able)
            home = self.network.laydown_of.get(drop.node_id, laydowns[0].id if laydowns else "")
            pick = self._pick_up(home, robot, able)
            items.append(
                WorkItem(
                    id=f"transport-{self._own_id(zone)}",
                    trade="transport",
                    ifc_guid=space.guid,
                    element_name=self.zones.name(zone),
                    zone_id=zone,
                    title=f"Bring {self.options.material} to {self.zones.name(zone)}",
                    tolerance=DROP_TOLERANCE,
                    parameters={"payload": self.options.payload, "material": self.options.material},
                    targets=(pick, drop),
                )
            )
        return items

    def _own_id(self, zone: str) -> str:
        """GlobalId of a space; the zone's id where rooms that are not in the model share one."""
        guid = self.zones.spaces[zone].guid
        return zone if sum(s.guid == guid for s in self.zones.spaces.values()) > 1 else guid

    def _pick_up(self, node_id: str, robot: ReferenceRobot, able: set[str]) -> WorkTarget:
        if not node_id:
            return WorkTarget(0, "", Pose2(0.0, 0.0), True, Pose3(0.0, 0.0, 0.0), False, "there is no laydown area")
        node = self.network.roadmap.nodes[node_id]
        reason = "" if node_id in able else f"the {robot.name} cannot get to the laydown area"
        return _on_floor(0, node, reason)

    def _drop(self, _: int, zone: str, space: Space, robot: ReferenceRobot, able: set[str]) -> WorkTarget:
        inside = [n for n in self.network.roadmap.nodes.values() if n.zone_id == zone]
        stops = [n for n in inside if n.id in able and n.kind in (NodeKind.WAY, NodeKind.STANCE)]
        middle = space.area.centroid
        if stops:
            node = min(stops, key=lambda n: (round(math.hypot(n.x - middle.x, n.y - middle.y), 3), n.id))
            return _on_floor(1, node, "")
        point = middle if shapely.intersects(space.area, middle) else space.area.representative_point()
        x, y = round(point.x, 4), round(point.y, 4)
        return WorkTarget(1, "", Pose2(x, y), True, Pose3(x, y, 0.0), False, self._no_entry(inside, space, robot))

    def _no_entry(self, inside: list[Node], space: Space, robot: ReferenceRobot) -> str:
        """Why a robot cannot work in a space."""
        if not inside:
            if shapely.intersection(space.area, self.ground.stairs).area > 0.4 * space.area.area:
                return "no place to stand: stairs fill the space"
            return "no robot can get into the space from the homes"
        room = max(n.clearance for n in inside)
        if room < robot.node_clearance:
            return (
                f"no place to turn: at most {room:.2f} m to the nearest obstacle, {robot.node_clearance:.2f} m needed"
            )
        widest = max(inside, key=lambda n: (n.clearance, n.id))
        return f"the {robot.name} cannot get there: {self.network.hindrance(widest.id, robot)}"

    # inspections

    def _inspect(self) -> list[WorkItem]:
        robot = self.options.robot_for("inspect")
        able = self.network.reachable_by(robot)
        items = []
        for zone, space in self.zones.spaces.items():
            targets, coverage, reason = self._viewpoints(zone, space, robot, able)
            enough = coverage >= self.options.inspect_coverage
            title = f"Inspect the walls of {self.zones.name(zone)}"
            if targets and not enough:
                title += f" (only {100 * coverage:.0f} % can be seen)"
            if not targets:
                point = space.area.representative_point()
                x, y = round(point.x, 4), round(point.y, 4)
                pose = Pose3(x, y, self.options.sensor_height)
                targets = [WorkTarget(0, "", Pose2(x, y), True, pose, False, reason)]
            items.append(
                WorkItem(
                    id=f"inspect-{self._own_id(zone)}",
                    trade="inspect",
                    ifc_guid=space.guid,
                    element_name=self.zones.name(zone),
                    zone_id=zone,
                    title=title,
                    tolerance=VIEW_TOLERANCE,
                    parameters={
                        "coverage": math.floor(coverage * 1000) / 1000,
                        "coverage_wanted": self.options.inspect_coverage,
                        "range": self.options.inspect_range,
                    },
                    targets=tuple(targets),
                )
            )
        return items

    def _viewpoints(
        self, zone: str, space: Space, robot: ReferenceRobot, able: set[str]
    ) -> tuple[list[WorkTarget], float, str]:
        inside = [n for n in self.network.roadmap.nodes.values() if n.zone_id == zone]
        if not any(n.id in able for n in inside):
            return [], 0.0, self._no_entry(inside, space, robot)
        standing = [n for n in inside if n.id in able and n.kind in (NodeKind.WAY, NodeKind.STANCE)]
        # In front of doors it would be in the way, and from the next room it sees little: only at need.
        with_doors = [n for n in inside if n.id in able and n.kind not in (NodeKind.HOME, NodeKind.LAYDOWN)]
        around = self._around(space, able)
        best: tuple[list[WorkTarget], float] = ([], 0.0)
        for stops in (standing, with_doors, with_doors + [n for n in around if n not in with_doors]):
            found = self._cover(stops, space)
            if found[1] > best[1] + 1e-6:
                best = found
            if best[1] >= self.options.inspect_coverage:
                break
        return best[0], best[1], ""

    def _around(self, space: Space, able: set[str]) -> list[Node]:
        """Nodes just outside a space, for corners that cannot be seen from within."""
        near = space.area.buffer(LOOK_IN)
        kinds = (NodeKind.WAY, NodeKind.STANCE, NodeKind.DOOR)
        nodes = [n for n in self.network.roadmap.nodes.values() if n.id in able and n.kind in kinds]
        inside = shapely.contains_xy(near, [n.x for n in nodes], [n.y for n in nodes])
        return [n for n, i in zip(nodes, inside.tolist(), strict=True) if i]

    def _cover(self, stops: list[Node], space: Space) -> tuple[list[WorkTarget], float]:
        if not stops:
            return [], 0.0
        if len(stops) > MOST_VIEWPOINTS:
            stops = stops[:: math.ceil(len(stops) / MOST_VIEWPOINTS)]
        faces = wall_faces(self.grid, space.area, self.walls)
        points = np.array([[n.x, n.y] for n in stops])
        chosen, coverage = fewest(
            seen_from(self.grid, points, faces, self.options.inspect_range), self.options.inspect_coverage
        )
        targets = [
            WorkTarget(
                i,
                stops[k].id,
                Pose2(stops[k].x, stops[k].y, 0.0),
                False,
                Pose3(stops[k].x, stops[k].y, self.options.sensor_height),
            )
            for i, k in enumerate(chosen)
        ]
        return targets, coverage


def _on_floor(index: int, node: Node, reason: str) -> WorkTarget:
    return WorkTarget(
        index, "" if reason else node.id, Pose2(node.x, node.y, node.heading or 0.0), True,
        Pose3(node.x, node.y, 0.0), not reason, reason,
    )  # fmt: skip
