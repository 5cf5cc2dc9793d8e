"""Whatever comes over the network, a robot never drives beyond what is released to it."""

from __future__ import annotations

import math
import random
from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitefleet_robot.motion.follower import Follower
from sitefleet_robot.motion.freespace import OPEN, FreeSpace
from sitefleet_robot.motion.leg import CUT, SHARP
from sitefleet_robot.motion.phases import FollowerTuning
from sitefleet_robot.motion.route import FollowedRoute, RoutePoint, RouteRefused, RouteUpdate
from sitefleet_robot.motion.values import DriveLimits, Footprint, Pose2

DT = 0.05
LATE = 0.24
"""s from a message to wheels that obey it: the pose's age, the drive's lag, one step."""
SPEED = FollowerTuning().wide_speed
OVERSHOOT = CUT + math.sin(0.5 * SHARP) * (SPEED**2 / (4.0 * DriveLimits().decel) + LATE * SPEED)
"""m: how far a robot may get from what was ever released when a message changes the way within a corner that it
drives through: it is beside the old line by what it cuts, looks between the two lines, and brakes with twice the
deceleration it plans with. The manager does not change what a moving robot holds; that robots keep to what it does
send is the second property.
"""
CLOSE = 0.05
"""m: the deviation that the manager allows and keeps free."""
SIZE = 12


def neighbours(node: tuple[int, int]) -> list[tuple[int, int]]:
    x, y = node
    around = [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1), (x + 1, y + 1), (x - 1, y - 1)]
    return [(a, b) for a, b in around if 0 <= a < SIZE and 0 <= b < SIZE]


def walk(source: random.Random, start: tuple[int, int], length: int) -> list[tuple[int, int]]:
    nodes = [start]
    for _ in range(length):
        nodes.append(source.choice(neighbours(nodes[-1])))
    return nodes


def message(route_id: str, update_id: int, nodes: list[tuple[int, int]], released: int, first: int) -> RouteUpdate:
    points = tuple(
        RoutePoint(first + i, f"{x}/{y}", float(x), float(y), 0.6, 0.1, route_id) for i, (x, y) in enumerate(nodes)
    )
    return RouteUpdate(route_id, update_id, points, first + released - 1)


def off_base(pose: Pose2, lines: list[tuple[RoutePoint, RoutePoint]]) -> float:
    """Distance to the nearest released line or place of a released node, m."""
    best = float("inf")
    for a, b in lines:
        dx, dy = b.x - a.x, b.y - a.y
        length2 = dx * dx + dy * dy
        share = 0.0 if length2 == 0 else max(0.0, min(1.0, ((pose.x - a.x) * dx + (pose.y - a.y) * dy) / length2))
        best = min(best, pose.distance_to(a.x + share * dx, a.y + share * dy))
    return best


Lines = list[tuple[RoutePoint, RoutePoint]]


def released_lines(update: RouteUpdate) -> Lines:
    """What a message releases: its lines and, as lines of no length, its nodes."""
    base = [p for p in update.points if p.sequence_id <= update.released_up_to]
    return [*pairwise(base), *((p, p) for p in base)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), messages=st.integers(2, 8))
def test_the_robot_never_leaves_the_released_lines(drive_at: Any, seed: int, messages: int) -> None:
    source = random.Random(seed)
    drive = drive_at(Pose2(0.0, 0.0, source.uniform(-3, 3)), seed=seed)
    route = FollowedRoute()
    follower = Follower(DriveLimits(), Footprint(0.6, 0.5))
    nodes, update_id, number = [(0, 0)], 0, 0
    lines: Lines = []
    for _ in range(messages):
        update_id += 1
        if source.random() < 0.5 or not route.held:  # a new route, honest or not
            number += 1
            start = (0, 0)
            if route.held:
                held = [(int(x), int(y)) for x, y in (n.split("/") for n in route.base_node_ids)]
                start = source.choice([held[0], held[-1], source.choice(held), (3, 3)])
            nodes, update_id = walk(source, start, source.randint(1, 4)), 1
        update = message(f"r{number}", update_id, nodes, source.randint(1, len(nodes)), 1)
        with suppress(RouteRefused):
            if route.accept(update, drive.seen(), abs(follower.last.v) > 0.02):
                lines += released_lines(update)
        for _ in range(source.randint(10, 120)):
            drive.move(follower.step(drive.seen(), route, OPEN, DT, drive.delay + 0.06))
            if lines:
                assert off_base(drive.pose, lines) < OVERSHOOT


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_with_messages_as_the_manager_sends_them_it_keeps_to_its_lines(drive_at: Any, seed: int) -> None:
    """The base is extended at any moment, also when the robot is about to halt at its end; an obstructed one is called
    back to the node it last passed.
    """
    source = random.Random(seed)
    drive = drive_at(Pose2(0.0, 0.0, source.uniform(-3, 3)), seed=seed)
    route, follower, lines = FollowedRoute(), Follower(DriveLimits(), Footprint(0.6, 0.5)), list[Any]()
    nodes, number, update_id, first = walk(source, (0, 0), source.randint(2, 10)), 1, 1, 1
    released = source.randint(1, 2)

    def drives(steps: int, space: FreeSpace) -> None:
        for _ in range(steps):
            drive.move(follower.step(drive.seen(), route, space, DT, drive.delay + 0.06))
            assert off_base(drive.pose, lines) < CLOSE

    for _ in range(source.randint(3, 12)):
        update = message(f"r{number}", update_id, nodes, released, first)
        route.accept(update, drive.seen(), abs(follower.last.v) > 0.02)
        lines += released_lines(update)
        drives(source.randint(10, 100), OPEN)
        if source.random() < 0.3 and len(route.held) > 1 and not route.approaching:
            drives(60, FreeSpace(ahead=0.0))
            here = route.held[0].node_id.split("/")
            first += len(nodes)
            nodes = walk(source, (int(here[0]), int(here[1])), source.randint(2, 8))
            number, update_id, released = number + 1, 1, 1
        else:
            update_id, released = update_id + 1, min(len(nodes), released + source.randint(1, 3))
