"""Which runs are made, what a bad link does, whose commands count, which events are lost."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from faults.events import OUTBOX, compare
from faults.link import CLEAR, CONCRETE, Channel
from faults.measures import Hull, Place, Truth
from faults.person import KEEPS_OFF, Walker
from faults.schedule import variants_of
from faults.steering import ToAndFro
from faults.values import Case, Run


def test_every_variant_is_run_equally_often():
    assert variants_of(3, 7, 0) == [0, 0, 0, 1, 1, 2, 2]
    assert variants_of(24, 14, 24) == list(range(24)), "a fault may need more runs than were asked for"
    assert variants_of(24, 2, 24) == [0, 12], "a quick look is spread"
    assert variants_of(4, 2, 0) == [0, 2]


def test_the_same_seed_draws_the_same_numbers_and_another_does_not():
    case = Case("cut", 3, 1)
    assert case.dice.random() == case.dice.random() == Case("cut", 3, 1).dice.random()
    assert case.dice.random() != Case("cut", 3, 2).dice.random() != Case("cut", 4, 1).dice.random()


@pytest.mark.parametrize(("latency", "limit", "slow"), [(0.3, 0.32, False), (0.33, 0.32, True), (9.0, math.inf, False)])
def test_a_limit_is_broken_above_it(latency: float, limit: float, slow: bool):
    run = Run("cut", "", 0, 1, latency=latency, limit=limit)
    assert run.too_slow is slow
    assert run.good is not slow


@pytest.mark.parametrize("field", ["contacts", "auto_resumes"])
def test_what_must_be_zero_spoils_a_run(field: str):
    assert Run("cut", "", 0, 1, walked_into=1).good
    assert not Run("cut", "", 0, 1, **{field: 1}).good


def test_concrete_delays_loses_in_bursts_and_reorders_with_the_seed():
    def fates(seed: int) -> list[float | None]:
        channel = Channel(CONCRETE, random.Random(seed))
        return [channel.delay(0.05 * k) for k in range(20_000)]

    found = fates(1)
    assert found == fates(1) != fates(2)
    lost = [delay is None for delay in found]
    share = sum(lost) / len(lost)
    assert 0.05 < share < 0.15
    after_loss = sum(b for a, b in itertools.pairwise(lost) if a) / sum(lost)
    assert after_loss > 3.0 * share, "losses come in bursts"
    arrivals = [0.05 * k + delay for k, delay in enumerate(found) if delay is not None]
    assert any(b < a for a, b in itertools.pairwise(arrivals)), "some overtake others"
    assert min(delay for delay in found if delay is not None) > CONCRETE.base


def test_a_clear_link_loses_nothing():
    channel = Channel(CLEAR, random.Random(1))
    delays = [channel.delay(0.05 * k) for k in range(1000)]
    assert all(delay is not None and delay < 0.05 for delay in delays)


def test_events_are_lost_if_missing_twice_or_never_numbered():
    logged = [(1, "a"), (2, "b"), (4, "d"), (OUTBOX, "r")]
    assert compare({"a": 1, "b": 2, "d": 4, "r": OUTBOX}, logged).gaps == (3,)
    whole = compare({"a": 1, "b": 2}, [(1, "a"), (2, "b")])
    assert (whole.lost, whole.made) == (0, 2)
    assert compare({"a": 1, "b": 2}, [(1, "a")]).missing == ("b",)
    assert compare({"a": 1}, [(1, "a"), (1, "a")]).twice == ("a",)
    assert compare({"a": 1, "b": 2}, [(1, "a")]).lost == 1, "a missing event is no gap as well"


def test_a_person_does_not_walk_into_a_robot():
    hull = Hull(0.56, 0.50)
    robot = Truth(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    walker = Walker(hull, (0.0, 2.0))
    walker.go(0.0, -2.0, 1.6)
    x, y = walker.place
    for k in range(100):
        vx, vy = walker.step(0.05, robot)
        x, y = x + 0.05 * vx, y + 0.05 * vy
        walker.seen(Place(0.05 * k, x, y))
    assert hull.gap(robot, x, y) == pytest.approx(KEEPS_OFF, abs=0.25) and hull.gap(robot, x, y) > 0.1
    walker.go(0.0, 2.0, 1.0)
    assert walker.step(0.05, robot)[1] > 0.0, "away from it it may go"


def test_the_robot_drives_to_and_fro_ahead_only():
    lane = ToAndFro((1.0, 6.0), 2.0)
    lane.speed = 0.5
    x, y, yaw, turned = 1.5, 2.1, 0.0, 0
    for _ in range(1200):
        before = lane.target
        speed, turn = lane.wish(Truth(0.0, x, y, yaw, 0.0, 0.0))
        assert 0.0 <= speed <= 0.5
        turned += lane.target != before
        yaw += 0.05 * turn
        x, y = x + 0.05 * speed * math.cos(yaw), y + 0.05 * speed * math.sin(yaw)
        assert 0.8 < x < 6.2 and abs(y - 2.0) < 0.3
    assert turned >= 2
