"""Random scenes by seed: a floor plan, a fleet, goals and a network."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import disc_fleet
import traffic_plans as plans

from fleet_manager.domain.roadmap import NodeKind, Roadmap
from fleet_manager.traffic import TrafficStep
from fleet_manager.traffic.reservation import ReservationTraffic

RADII = (0.285, 0.376, 0.391)


def floor(rng: random.Random, robots: int) -> Roadmap:
    kind = rng.randrange(4)
    if kind == 0:
        length = rng.randrange(5, 12)
        bays = tuple(sorted(rng.sample(range(1, length), rng.randrange(0, 3))))
        return plans.corridor(length, bays, robots)
    if kind == 1:
        return plans.rooms(rng, rng.randrange(1, 4), rng.randrange(1, 3), robots)
    if kind == 2:
        return plans.lattice_rooms(rng, rng.randrange(1, 4), rng.randrange(1, 3), robots)
    return plans.tree(rng, rng.randrange(4, 12), robots)


def fleet(rng: random.Random, roadmap: Roadmap, robots: int, goals: int) -> list[disc_fleet.Disc]:
    homes = [n.id for n in roadmap.of_kind(NodeKind.HOME)]
    places = [n.id for n in roadmap.nodes.values() if n.kind is NodeKind.WAY and not n.id.startswith("yard")]
    discs = []
    for i in range(robots):
        home = roadmap.nodes[homes[i]]
        wanted = [(rng.choice(places), rng.choice([0.0, 2.0, 15.0])) for _ in range(rng.randrange(1, goals + 1))]
        discs.append(
            disc_fleet.Disc(
                disc_fleet.sheet(f"robot{i}", home.id, rng.choice(RADII)),
                home.x,
                home.y,
                wanted,
                random.Random(rng.random()),
            )
        )
    return discs


def scene(
    seed: int,
    trace: list[str] | None = None,
    wrap: Callable[[ReservationTraffic], Any] = lambda c: c,
    limit: float = 900.0,
    goals: int = 4,
) -> tuple[disc_fleet.Run, Any]:
    """Run the scene of a seed."""
    rng = random.Random(seed)
    robots = rng.randrange(2, 7)
    roadmap = floor(rng, robots)
    discs = fleet(rng, roadmap, robots, goals)
    network = rng.choice([disc_fleet.QUIET, disc_fleet.Network()])
    stop_rate = rng.choice([0.0, 0.0, 0.005])
    restart_rate = rng.choice([0.0, 0.0, 0.005])
    managers_die = rng.random() < 0.3
    controller = wrap(ReservationTraffic(roadmap, instance=f"t{seed}"))

    def successor(generation: int) -> Any:
        return wrap(ReservationTraffic(roadmap, instance=f"t{seed}.{generation}"))

    result = disc_fleet.run(
        roadmap,
        discs,
        controller,
        seed=seed,
        limit=limit,
        network=network,
        stop_rate=stop_rate,
        restart_rate=restart_rate,
        successor=successor if managers_die else None,
        trace=trace,
    )
    return result, controller


DEMO_SIZES = ((0.25, 0.376), (0.25, 0.391), (0.18, 0.285), (0.21, 0.327), (0.25, 0.383))
"""Half width and turning radius of driller, hauler, inspector, printer and painter, m."""


def reachable(roadmap: Roadmap, start: str, half_width: float, radius: float) -> set[str]:
    """Nodes a robot of this size can drive to, by the rule of the site package."""
    seen, queue = {start}, [start]
    while queue:
        for other, edge in roadmap.neighbours(queue.pop()):
            wide = edge.clearance >= half_width + 0.05 and roadmap.nodes[other].clearance >= radius + 0.02
            if wide and other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def site_scene(
    roadmap: Roadmap,
    seed: int,
    robots: int,
    trace: list[str] | None = None,
    times: list[float] | None = None,
    visits: int = 8,
) -> disc_fleet.Run:
    """Robots of the demo drive from stance to stance, with work from a moment to a minute at each."""
    rng = random.Random(seed)
    homes = roadmap.of_kind(NodeKind.HOME)
    discs = []
    for i in range(robots):
        half_width, radius = DEMO_SIZES[i % len(DEMO_SIZES)]
        home = homes[i]
        able = reachable(roadmap, home.id, half_width, radius)
        stances = [n.id for n in roadmap.of_kind(NodeKind.STANCE) if n.id in able]
        laydown = [n.id for n in roadmap.of_kind(NodeKind.LAYDOWN) if n.id in able]
        goals = []
        for k in range(visits):
            fetch = bool(laydown) and i % len(DEMO_SIZES) == 1 and k % 2 == 0
            goals.append((rng.choice(laydown if fetch else stances), rng.choice([0.5, 5.0, 20.0, 60.0])))
        sheet = disc_fleet.sheet(f"robot{i}", home.id, radius, half_width)
        discs.append(disc_fleet.Disc(sheet, home.x, home.y, goals, random.Random(rng.random())))
    controller = Stopwatch(ReservationTraffic(roadmap, instance=f"s{seed}"), times if times is not None else [])
    return disc_fleet.run(
        roadmap, discs, controller, seed=seed, limit=3000.0, stop_rate=rng.choice([0.0, 0.001]), trace=trace
    )


class Stopwatch:
    """A controller whose steps are timed, in s of this process."""

    def __init__(self, inner: ReservationTraffic, times: list[float]) -> None:
        self.inner, self.times = inner, times

    def step(self, *args: Any) -> TrafficStep:
        begin = time.process_time()
        answer = self.inner.step(*args)
        self.times.append(time.process_time() - begin)
        return answer
