"""The speed governor: pure, so every time is written here."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.embedded.governor import SpeedGovernor


def _commanded(speed=math.inf, **settings):
    governor = SpeedGovernor(speed, **settings)
    governor.set_commanded("r", True, 0.0)
    return governor


def test_it_follows_wall_time_times_the_speed():
    governor = SpeedGovernor(5.0)
    assert governor.decide(0.0, 100.0) == 0.0
    assert governor.decide(0.1, 100.0) == pytest.approx(0.02)
    assert governor.decide(0.1, 100.021) == 0.0
    assert governor.decide(0.11, 100.021) > 0.0


def test_without_limit_it_never_waits_for_the_wall():
    governor = SpeedGovernor(math.inf)
    assert all(governor.decide(float(sim), 0.0) == 0.0 for sim in range(100))


def test_time_lost_is_caught_up_only_a_little():
    governor = SpeedGovernor(2.0)
    governor.decide(0.0, 0.0)
    governor.decide(0.0, 10.0)
    assert governor.decide(0.15, 10.0) == 0.0
    assert governor.decide(0.25, 10.0) > 0.0


def test_it_holds_for_a_robot_that_is_silent():
    governor = _commanded()
    assert governor.decide(0.2, 0.0) == 0.0
    assert governor.decide(0.26, 0.0) > 0.0
    assert governor.waiting_for() == ["r"]
    governor.heard("r", 0.26)
    assert governor.decide(0.26, 0.01) == 0.0
    assert governor.waiting_for() == []


def test_a_robot_silent_for_too_long_counts_as_dead_and_is_left_out():
    governor = _commanded()
    governor.decide(0.3, 10.0)
    assert governor.decide(0.3, 10.29) > 0.0
    assert governor.decide(0.3, 10.31) == 0.0
    assert governor.decide(5.0, 10.31) == 0.0
    assert governor.deaths == 1


def test_a_dead_robot_that_speaks_is_waited_for_again():
    governor = _commanded()
    governor.decide(0.3, 10.0)
    governor.decide(0.3, 10.5)
    governor.heard("r", 2.0)
    assert governor.decide(2.2, 11.0) == 0.0
    assert governor.decide(2.3, 11.0) > 0.0


def test_each_robot_has_its_own_patience():
    governor = _commanded()
    governor.set_commanded("s", True, 0.0)
    governor.decide(0.3, 0.0)
    governor.heard("s", 0.3)
    governor.decide(0.3, 0.31)
    assert governor.decide(0.5, 0.32) == 0.0
    assert governor.decide(0.6, 0.40) > 0.0
    assert governor.waiting_for() == ["s"]


def test_a_robot_that_nobody_commands_is_not_waited_for():
    governor = SpeedGovernor(math.inf)
    governor.heard("r", 0.0)
    assert governor.decide(9.0, 0.0) == 0.0
    governor = _commanded()
    governor.set_commanded("r", False, 1.0)
    assert governor.decide(9.0, 0.0) == 0.0


def test_seeing_a_publisher_again_is_not_a_command():
    governor = _commanded()
    governor.set_commanded("r", True, 0.3)
    assert governor.decide(0.3, 0.0) > 0.0


def test_time_spent_holding_is_not_caught_up_and_is_counted():
    governor = _commanded(speed=1.0)
    wall = 0.0
    sim = 0.0
    while sim < 0.26:
        wall += max(governor.decide(sim, wall), 0.001)
        sim += 0.01
    while governor.decide(sim, wall) > 0.0 and not governor.waiting_for():
        wall += 0.001
    start = wall
    while wall < start + 0.2:
        governor.decide(sim, wall)
        wall += 0.01
    governor.heard("r", sim)
    governor.decide(sim, wall)
    assert governor.decide(sim + 0.05, wall) > 0.0
    assert governor.held_time == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan])
def test_a_speed_that_is_not_above_zero_is_refused(speed):
    with pytest.raises(ValueError, match="above zero"):
        SpeedGovernor(speed)


@given(st.lists(st.tuples(st.floats(0.001, 0.05), st.booleans()), max_size=200))
def test_a_living_robot_never_gets_ahead_of_its_commands(events):
    """Whatever the order of commands and steps, simulated time stays within the silence allowed, plus one slice."""
    governor = _commanded(max_silence=0.25, patience=1e9)
    sim = wall = heard = 0.0
    for dt, speaks in events:
        wall += dt
        if speaks:
            governor.heard("r", sim)
            heard = sim
        if governor.decide(sim, wall) == 0.0:
            sim += 0.01
        assert sim - heard < 0.25 + 0.01 + 1e-9


def test_a_robot_that_stands_does_not_hold_the_simulation_however_long_it_is_silent():
    governor = _commanded(max_silence=0.25, patience=1e9)
    governor.heard("r", math.inf)
    assert governor.decide(100.0, 0.0) == 0.0
    governor.heard("r", 100.0)
    assert governor.decide(100.2, 0.0) == 0.0
    assert governor.decide(100.3, 0.0) > 0.0
