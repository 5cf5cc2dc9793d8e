"""Scenes for the tests of the embedded simulator: a clock that the test turns, and robots by model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim.embedded.camera import choose_renderer

choose_renderer()

from sim.embedded.options import load_model  # noqa: E402
from sim.embedded.scene import Obstruction, Placed  # noqa: E402
from sim.embedded.simulation import Simulation  # noqa: E402
from sim.paths import PERSON, WORLDS  # noqa: E402
from sim.sdf import read_world  # noqa: E402

MakeSimulation = Callable[..., Simulation]


@dataclass
class ManualClock:
    """A watchdog clock that stands still unless the test moves it."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make_simulation(clock: ManualClock) -> Iterator[MakeSimulation]:
    """Builder: robots as {id: (model, x, y, yaw)}, people as {id: (x, y)}."""
    made: list[Simulation] = []

    def make(
        robots: dict[str, tuple[str, float, float, float]],
        people: dict[str, tuple[float, float]] | None = None,
        world: str | Path = "empty.sdf",
        obstructions: tuple[Obstruction, ...] = (),
        **settings: object,
    ) -> Simulation:
        placed = [Placed(load_model(m, name), x, y, yaw, m) for name, (m, x, y, yaw) in robots.items()]
        walkers = [Placed(load_model(PERSON, n), x, y, kind=PERSON) for n, (x, y) in (people or {}).items()]
        simulation = Simulation(
            read_world(WORLDS / world), placed, walkers, obstructions, **{"clock": clock, **settings}
        )
        made.append(simulation)
        return simulation

    yield make
    for simulation in made:
        simulation.renderer.close()


@pytest.fixture(params=["driller", "hauler", "inspector", "printer", "painter"])
def robot_model(request: pytest.FixtureRequest) -> str:
    return str(request.param)
