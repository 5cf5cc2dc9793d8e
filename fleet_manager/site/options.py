"""Settings of a site import: their units, ranges and defaults, and the robots the plan must serve."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet_manager.domain.geometry import Pose2
from fleet_manager.domain.roadmap import EDGE_MARGIN, NODE_MARGIN
from fleet_manager.site.errors import BadOption


@dataclass(frozen=True, slots=True)
class ReferenceRobot:
    """A robot the roadmap must serve; lengths in m."""

    name: str
    trade: str
    half_width: float
    turning_radius: float

    @property
    def edge_clearance(self) -> float:
        """Least clearance of an edge this robot may drive along, m."""
        return self.half_width + EDGE_MARGIN

    @property
    def node_clearance(self) -> float:
        """Least clearance of a node this robot may turn at, m."""
        return self.turning_radius + NODE_MARGIN


REFERENCE_ROBOTS = (
    ReferenceRobot("driller", "drill", 0.25, 0.376),
    ReferenceRobot("hauler", "transport", 0.25, 0.391),
    ReferenceRobot("inspector", "inspect", 0.18, 0.285),
    ReferenceRobot("printer", "print", 0.21, 0.327),
    ReferenceRobot("painter", "paint", 0.25, 0.383),
)

RANGES: dict[str, tuple[float, float]] = {
    "resolution": (0.02, 0.2),
    "band_low": (0.02, 0.5),
    "band_high": (0.6, 3.0),
    "yard": (0.0, 30.0),
    "pitch": (0.4, 2.0),
    "yard_pitch": (0.4, 3.0),
    "door_frame": (0.0, 0.2),
    "anchor_spacing": (0.3, 10.0),
    "anchor_edge": (0.1, 3.0),
    "anchor_diameter": (0.003, 0.06),
    "anchor_depth": (0.01, 0.4),
    "payload": (0.1, 1000.0),
    "inspect_range": (1.0, 30.0),
    "inspect_coverage": (0.1, 1.0),
    "sensor_height": (0.1, 3.0),
    "homes": (1, 200),
    "home_spacing": (0.9, 10.0),
}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Lengths in m. `yard` None means: 3 m around a storey at ground level with doors to the outside, else none."""

    resolution: float = 0.05
    band_low: float = 0.1
    band_high: float = 1.8
    yard: float | None = None
    with_furniture: bool = False
    pitch: float = 0.6
    yard_pitch: float = 1.0
    door_frame: float = 0.04
    anchor_spacing: float = 1.2
    anchor_edge: float = 0.45
    anchor_diameter: float = 0.010
    anchor_depth: float = 0.050
    payload: float = 20.0
    material: str = "plasterboard"
    inspect_range: float = 8.0
    inspect_coverage: float = 0.95
    sensor_height: float = 0.4
    homes: int = 12
    home_spacing: float = 1.2
    home_poses: tuple[Pose2, ...] = ()
    laydown: Pose2 | None = None
    robots: tuple[ReferenceRobot, ...] = field(default=REFERENCE_ROBOTS)

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise BadOption(
                    f"{name} is {value:g}, which is not within {low:g} to {high:g}.", "Choose another value."
                )
        if not self.robots:
            raise BadOption("No robots are given.", "Name at least one robot.")

    @property
    def narrowest(self) -> ReferenceRobot:
        """Robot with the least turning radius; every node can be turned at by it."""
        return min(self.robots, key=lambda r: (r.turning_radius, r.half_width))

    @property
    def widest(self) -> ReferenceRobot:
        """Robot with the greatest turning radius."""
        return max(self.robots, key=lambda r: (r.turning_radius, r.half_width))

    def robot_for(self, trade: str) -> ReferenceRobot:
        """Robot that does a trade; the widest one where none is named for it."""
        return next((r for r in self.robots if r.trade == trade), self.widest)
