"""The same seed and commands give the same run to the last bit; another seed gives other noise."""

from __future__ import annotations

import numpy as np
import pytest

from sim.embedded.simulation import SimulationUnstableError


@pytest.fixture
def run(make_simulation, clock):
    def once(seed):
        simulation = make_simulation(
            {"a": ("driller", 1.0, 1.0, 0.0), "b": ("inspector", 3.0, 4.0, 2.0)},
            {"p": (4.0, 2.0)},
            world="room.sdf",
            seed=seed,
        )
        trace = []
        for index in range(800):
            simulation.robots["a"].drive.command(0.4, 0.2, clock.now)
            simulation.robots["b"].drive.command(0.3, -0.5, clock.now)
            simulation.people["p"].command(0.5, 0.0, 0.3, clock.now)
            if index == 100:
                simulation.robots["a"].axes["mast"].command(0.7)
            simulation.step()
            if index % 20 == 0:
                trace.append(simulation.scene.data.qpos.copy())
                trace.append(simulation.scan("a"))
                trace.append(np.array(simulation.robots["b"].read_odometry().position))
                trace.append(np.array(simulation.robots["b"].read_imu("imu", simulation.time).angular_velocity))
        return np.concatenate(trace)

    return once


def test_the_same_seed_repeats_bit_for_bit(run):
    assert run(7).tobytes() == run(7).tobytes()


def test_another_seed_differs(run):
    assert run(7).tobytes() != run(8).tobytes()


def test_physics_that_blow_up_are_an_error_and_not_a_jump(make_simulation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its log where it runs
    simulation = make_simulation({"a": ("driller", 1.0, 1.0, 0.0)})
    simulation.scene.data.qvel[0] = np.nan
    with pytest.raises(SimulationUnstableError):
        simulation.run(0.2)
