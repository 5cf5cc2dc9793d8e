"""Who may move where, when. `TrafficController` is the interface; the manager takes any implementation of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot


@dataclass(frozen=True, slots=True)
class RouteStep:
    """A node of a route; speed (m/s) and allowed deviation (m) belong to the edge that leads to it."""

    sequence_id: int
    node_id: str
    x: float
    y: float
    max_speed: float
    allowed_deviation: float


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A route as a robot gets it: base up to `released_up_to`, horizon after it."""

    robot_id: str
    route_id: str
    update_id: int
    steps: tuple[RouteStep, ...]
    released_up_to: int


@dataclass(frozen=True, slots=True)
class TrafficNotice:
    """Something a person should know: code (BLOCKED, NO_PATH, YIELDING, OFF_ROADMAP, DETOUR, OBSTRUCTED), robot,
    sentence.
    """

    code: str
    robot_id: str
    message: str


@dataclass(frozen=True, slots=True)
class ClosedOff:
    """Nodes that a robot cannot get to just now, because something that no plan knows stands in the way."""

    nodes: frozenset[str]
    message: str
    given_up: bool
    """Its goal has been one of them for as long as the settings allow: the work there is to be deferred."""


@dataclass(frozen=True, slots=True)
class TrafficStep:
    """Result of one step: only routes that changed, and notices that are new."""

    routes: tuple[RoutePlan, ...]
    notices: tuple[TrafficNotice, ...]
    closed_off: Mapping[str, ClosedOff] = field(default_factory=dict)
    """By robot; those that can get everywhere are left out."""


class TrafficController(Protocol):
    """Plans routes and releases them so that robots neither meet nor block one another for good."""

    def step(
        self,
        now: float,
        robots: Mapping[str, RobotSnapshot],
        factsheets: Mapping[str, RobotFactsheet],
        goals: Mapping[str, str],
        closed: Mapping[str, frozenset[str]] | None = None,
    ) -> TrafficStep:
        """One cycle. `now` is s of a monotonic clock; `goals` names the node each robot should reach (a robot
        without one stays, but may be asked to yield); `closed` names the edges that zones keep each robot from:
        none of them is released to it. Called at 10 Hz or faster; deterministic.
        """
        ...
