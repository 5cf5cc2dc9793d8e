"""Random scenes by seed: a floor plan, a fleet, goals and a network."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import disc_fleet
import traffic_plans as plans

from fleet_manager.domain.roadmap import NodeKind, Roadmap
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
) -> tuple[disc_fleet.Run, Any]:
    """Run the scene of a seed."""
    rng = random.Random(seed)
    robots = rng.randrange(2, 7)
    roadmap = floor(rng, robots)
    discs = fleet(rng, roadmap, robots, 4)
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
