"""Safety events and people's deeds reach the evidence log exactly once, and are acknowledged only after that."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from manager_fakes import FakeRobot, factsheet, work_item

from fleet_manager.domain.clocks import SECOND, RoundTrip
from fleet_manager.domain.evidence import SOURCE
from fleet_manager.domain.fleet import ClockRead, SafetyEventSeen

Make = Callable[..., Any]


def event(seq: int, robot: str = "d1", **fields: object) -> SafetyEventSeen:
    record = {
        "event_id": f"{robot}-{seq}", "robot_id": robot, "seq": seq, "event_class": "PROTECTIVE_STOP", "severity": 1,
        "trigger": "person", "min_separation": None, **fields,
    }  # fmt: skip
    return SafetyEventSeen(robot, f"{robot}-{seq}", "PROTECTIVE_STOP", 1, "", "too near", {"mode": 4}, seq, record)


@pytest.fixture
def b(bench: Make) -> Any:
    made = bench([work_item("a", ["s1"])], [FakeRobot(factsheet("d1"), node="h0")])
    made.evidence.records.clear()
    return made


def seqs(b: Any, robot: str = "d1") -> list[int]:
    return [r.seq for r in b.evidence.records if r.robot_id == robot]


def kept(b: Any) -> list[str]:
    return [e.source_event_id for e in b.queries.safety_events(0, 1000)]


def test_an_event_is_acknowledged_with_its_place_in_the_log(b: Any) -> None:
    b.fleet.news += [event(1), event(2)]
    b.step()
    assert [(a.robot_id, a.event_id, a.seq, a.log_id, a.leaf_index) for a in b.fleet.acknowledged] == [
        ("d1", "d1-1", 1, "test-log", 0),
        ("d1", "d1-2", 2, "test-log", 1),
    ]
    assert kept(b) == ["d1-1", "d1-2"]


def test_what_the_robot_said_is_kept_word_for_word_and_arrival_stands_beside_it(b: Any) -> None:
    b.fleet.news.append(event(1))
    b.step()
    stored = json.loads(b.evidence.records[0].data)
    arrival = stored.pop("manager")
    assert stored == event(1).record
    assert arrival["clock_offset_ns"] is None and arrival["received_at"].startswith("2030-01-01T")


def test_the_clock_offset_of_the_moment_is_recorded_with_its_error(b: Any) -> None:
    now = round(b.clock.now * SECOND)
    utc = round(b.clock.utc().timestamp() * SECOND)
    trip = RoundTrip(utc, utc + 2 * SECOND, utc + 2 * SECOND, utc + 8_000_000, now, now + 8_000_000, now, "boot")
    b.fleet.news += [ClockRead("d1", trip), event(1)]
    b.step()
    arrival = json.loads(b.evidence.records[0].data)["manager"]
    assert abs(arrival["clock_offset_ns"] - 2 * SECOND) <= arrival["clock_error_ns"] < 10_000_000


def test_doubled_and_reordered_deliveries_are_stored_once_and_acknowledged_each_time(b: Any) -> None:
    events = [event(n) for n in (3, 1, 2, 2, 1, 3)]
    b.fleet.news += events
    b.step()
    b.fleet.news += events
    b.step()
    assert sorted(seqs(b)) == [1, 2, 3]
    assert sorted(kept(b)) == ["d1-1", "d1-2", "d1-3"]
    assert {a.event_id for a in b.fleet.acknowledged} == {"d1-1", "d1-2", "d1-3"}
    assert len(b.fleet.acknowledged) == 6


def test_a_log_that_cannot_be_written_to_acknowledges_nothing_is_said_and_catches_up(b: Any) -> None:
    b.evidence.broken = "disk full"
    b.fleet.news.append(event(1))
    b.step()
    assert b.fleet.acknowledged == [] and b.operations.evidence.fault == "disk full"
    assert b.kinds().count("evidence_fault") == 1
    b.evidence.broken = ""
    b.fleet.news.append(event(1))
    b.step()
    assert [a.event_id for a in b.fleet.acknowledged] == ["d1-1"] and b.operations.evidence.fault == ""
    assert kept(b) == ["d1-1"], "seen twice, kept once"


def test_killed_between_log_and_acknowledgement_the_next_delivery_finds_it_there(b: Any) -> None:
    b.evidence.die_after_append = True
    b.fleet.news.append(event(1))
    with pytest.raises(SystemExit):
        b.step()
    assert b.fleet.acknowledged == [] and seqs(b) == [1]
    b.restart()
    b.fleet.news.append(event(1))
    b.step()
    assert seqs(b) == [1] and [a.event_id for a in b.fleet.acknowledged] == ["d1-1"] and kept(b) == ["d1-1"]


def test_a_second_different_record_under_a_known_id_is_kept_and_named_not_overwritten(b: Any) -> None:
    forged = event(1, trigger="nothing at all")
    b.fleet.news.append(event(1))
    b.step()
    b.fleet.news += [forged, forged]
    b.step()
    b.fleet.news.append(forged)
    b.step()
    first, second = b.evidence.records
    assert json.loads(first.data)["trigger"] == "person"
    conflict = json.loads(second.data)
    assert (conflict["event_class"], conflict["trigger"], conflict["about"]) == ("SECURITY", "conflicting_event", "d1")
    assert conflict["details"]["record"] == forged.record
    assert second.robot_id == SOURCE


def test_any_life_of_a_manager_leaves_each_number_once_and_no_gap(bench: Make) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    b = bench([work_item("a", ["s1"])], [FakeRobot(factsheet("d1"), node="h0")])
    robot = {n: event(n) for n in range(1, 61)}  # the robot's disk: sent until acknowledged
    for _ in range(2000):
        for ack in b.fleet.acknowledged:
            robot.pop(ack.seq, None)
        b.fleet.acknowledged.clear()
        if not robot:
            break
        batch = chance.sample(sorted(robot), min(len(robot), chance.randint(1, 8)))
        b.fleet.news += [robot[n] for n in batch + chance.sample(batch, len(batch) // 2)]
        b.evidence.broken = "busy" if chance.random() < 0.2 else ""
        b.evidence.die_after_append = chance.random() < 0.2 and not b.evidence.broken
        try:
            b.step()
        except SystemExit:
            b.restart_after_kill()
        if chance.random() < 0.1:
            b.evidence.broken, b.evidence.die_after_append = "", False
            b.restart()
    assert not robot, f"seed {seed}"
    assert sorted(seqs(b)) == list(range(1, 61)), f"seed {seed}"
    assert sorted(kept(b)) == sorted(f"d1-{n}" for n in range(1, 61))


def test_two_robots_have_series_of_their_own(b: Any) -> None:
    b.fleet.news += [event(1), replace(event(1, robot="d2"))]
    b.step()
    assert seqs(b) == [1] and seqs(b, "d2") == [1]


def test_a_set_clock_on_either_side_is_an_event_of_the_log(b: Any) -> None:
    b.step()
    at = round(b.clock.now * SECOND)
    for n, ahead in enumerate((0, 0, 5)):
        utc = round(b.clock.utc().timestamp() * SECOND) + n * SECOND
        robot = utc + ahead * SECOND
        mono = at + n * SECOND
        b.fleet.news.append(ClockRead("d1", RoundTrip(utc, robot, robot, utc, mono, mono, mono, "boot")))
    b.step()
    deed = json.loads(b.evidence.records[-1].data)
    assert (deed["event_class"], deed["trigger"], deed["about"]) == ("SECURITY", "clock_step", "d1")
    assert deed["details"]["step_ns"] == 5 * SECOND
    b.clock.set_by += 60.0
    b.step()
    deed = json.loads(b.evidence.records[-1].data)
    assert (deed["trigger"], deed["about"]) == ("clock_step", "")
    assert abs(deed["details"]["step_ns"] - 60 * SECOND) < 1000
    assert b.kinds().count("clock_step") == 2
