"""A robot between walls under its real supervisor: lidar by ray casting, kinematic drive, clock turned by the test."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sitefleet_robot.motion.follower import Follower
from sitefleet_robot.motion.obstacles import LidarMount, ScanGeometry
from sitefleet_robot.motion.pilot import Pilot
from sitefleet_robot.motion.positioning import PositioningTuning
from sitefleet_robot.motion.route import RoutePoint, RouteUpdate
from sitefleet_robot.motion.sweep import gaps, seen_from
from sitefleet_robot.motion.values import Drive, DriveLimits, Footprint, Pose2
from sitefleet_robot.safety.field import FieldSettings
from sitefleet_robot.safety.memory import Memory
from sitefleet_robot.safety.parameters import SupervisorSettings
from sitefleet_robot.safety.scan import Mount, ScanConverter
from sitefleet_robot.safety.states import State
from sitefleet_robot.safety.supervisor import Supervisor
from sitefleet_robot.safety.values import (
    Bumper,
    Odometry,
    Pose,
    Proposal,
    ResumeRequest,
    Scan,
    Tick,
    Twist2,
)

Array = NDArray[np.float64]
Segment = tuple[float, float, float, float]
DT = 0.05
BEAMS = 720
OUTLINE = Footprint(0.56, 0.50)
SETTINGS = SupervisorSettings(
    "r1", FieldSettings(0.56, 0.50, deceleration=1.0, turn_deceleration=2.5), max_speed=0.8, max_turn_rate=1.5
)


def box(x0: float, y0: float, x1: float, y1: float) -> list[Segment]:
    """The four faces of a rectangle, m."""
    return [(x0, y0, x1, y0), (x1, y0, x1, y1), (x1, y1, x0, y1), (x0, y1, x0, y0)]


def doorway(width: float = 0.70, x: float = 1.2, thick: float = 0.2) -> list[Segment]:
    """A wall across the way with an opening about y = 0, in a room."""
    half = 0.5 * width
    room = [(-2.0, -2.0, 5.0, -2.0), (-2.0, 2.0, 5.0, 2.0), (-2.0, -2.0, -2.0, 2.0), (5.0, -2.0, 5.0, 2.0)]
    return [*box(x, half, x + thick, 2.0), *box(x, -2.0, x + thick, -half), *room]


def filled(segments: list[Segment]) -> Array:
    """Points every centimetre of the walls."""
    ends = [((a, b), (c, d)) for a, b, c, d in segments]
    return np.concatenate([np.linspace(p, q, max(2, int(math.dist(p, q) / 0.01))) for p, q in ends])


def true_gap(dense: Array, pose: Pose2) -> float:
    """Distance of the outline at a pose to the walls, m; negative inside."""
    return float(gaps(seen_from(dense, Pose2(0.0, 0.0), pose), OUTLINE).min())


@dataclass
class Bench:
    """Pilot, supervisor and drive in one loop of DT."""

    segments: list[Segment]
    pose: Pose2
    places: tuple[tuple[float, float], ...] = ((0.0, 0.0), (2.6, 0.0))
    noise: float = 0.004
    seed: int = 0
    now: float = 100.0
    v: float = 0.0
    w: float = 0.0
    states: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.walls = np.array(self.segments)
        self.dense = filled(self.segments)
        limits = DriveLimits(decel=0.4)
        self.pilot = Pilot(Follower(limits, OUTLINE), PositioningTuning(), limits, corridor=0.28)
        self.pilot.lock = ""
        self.pilot.step(Pose2(*self.places[0], 0.0), 0.001, self.now, 0.0, False)
        points = tuple(RoutePoint(i + 1, f"n{i}", x, y, 0.5, 0.05, "r") for i, (x, y) in enumerate(self.places))
        self.pilot.take_route(RouteUpdate("r", 1, points, len(points)))
        self.core = Supervisor(SETTINGS, Memory())
        self.core.start(self.now)
        self.geometry, self.converter = ScanGeometry(LidarMount(), OUTLINE), ScanConverter(Mount(0.0, 0.0, 0.0))
        self.nearest = math.inf
        self.count = 0
        for _ in range(2):  # the second round is seen by every watch
            self._feed(Drive())
        answer = self.core.handle(ResumeRequest("Ada", "work"), self.now).answer
        assert answer is not None and answer.success, answer

    @property
    def auto(self) -> bool:
        return self.core.state is State.AUTO

    def gap(self) -> float:
        """True distance of the outline to the walls, m."""
        return true_gap(self.dense, self.pose)

    def ranges(self) -> Array:
        """One scan, with noise."""
        angles = self.pose.yaw - math.pi + 2.0 * math.pi / BEAMS * np.arange(BEAMS)
        ux, uy = np.cos(angles)[:, None], np.sin(angles)[:, None]
        ax, ay = self.walls[:, 0] - self.pose.x, self.walls[:, 1] - self.pose.y
        dx, dy = self.walls[:, 2] - self.walls[:, 0], self.walls[:, 3] - self.walls[:, 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            across = ux * dy - uy * dx
            distance = (ax * dy - ay * dx) / across
            share = (ax * uy - ay * ux) / across
        hit = np.where((distance > 0.0) & (share >= 0.0) & (share <= 1.0), distance, np.inf).min(axis=1)
        return np.asarray(hit + self.random.normal(0.0, self.noise, BEAMS))

    def _feed(self, drive: Drive) -> None:
        core, now = self.core, self.now
        core.handle(Proposal(Twist2(drive.v, drive.w)), now)
        core.handle(Odometry(Twist2(self.v, self.w)), now)
        core.handle(Pose(self.pose.x, self.pose.y, self.pose.yaw, 0.002), now)
        core.handle(Bumper(False), now)
        if self.count % 2 == 0:
            ranges = self.ranges()
            step = 2.0 * math.pi / BEAMS
            core.handle(Scan(self.converter.convert(ranges, -math.pi, step, 0.1, 12.0)), now)
            self.pilot.take_scan(lambda: self.geometry.points(ranges, -math.pi, step, 0.1, 12.0), now)
        core.handle(Tick(), now)

    def step(self) -> None:
        """DT on."""
        self.now += DT
        self.count += 1
        noisy = Pose2(
            *(
                p + self.random.normal(0.0, s)
                for p, s in zip((self.pose.x, self.pose.y, self.pose.yaw), (0.001, 0.001, 0.002), strict=True)
            )
        )
        protective = self.core.state is State.PROTECTIVE_AUTO
        drive = self.pilot.step(noisy, 0.002, self.now, 0.06, self.auto, protective)
        self._feed(drive)
        share = 1.0 - math.exp(-DT / 0.08)
        self.v += share * (self.core.command.linear - self.v)
        self.w += share * (self.core.command.angular - self.w)
        self.pose = self.pose.moved(self.v * DT, self.w * DT)
        self.nearest = min(self.nearest, self.gap())
        if not self.states or self.states[-1] != self.core.state.label:
            self.states.append(self.core.state.label)

    def run(self, seconds: float) -> bool:
        """Until the route is done; says whether it is."""
        end = self.now + seconds
        while self.now < end:
            self.step()
            if self.pilot.route.next_point is None and self.pilot.route.held:
                return True
        return False
