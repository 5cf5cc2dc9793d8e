"""Row 16: a protective field is muted for a reason, by two people, for a while."""

import numpy as np
import pytest

from sitefleet_robot.safety.separation import Person
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import HardwareStop, People

NEAR = np.column_stack((np.full(21, 0.31), np.linspace(-0.25, 0.25, 21)))


def blocked(bench):
    bench.points = NEAR
    bench.run(0.5)
    assert bench.state is State.PROTECTIVE_AUTO
    return bench


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"field": "watchdogs"}, "unknown_field"),
        ({"field": "remote_stop"}, "unknown_field"),
        ({"reason": " "}, "no_reason"),
        ({"by": ""}, "no_name"),
        ({"co_signed_by": ""}, "no_co_signature"),
        ({"co_signed_by": " aDA "}, "same_person"),
        ({"duration": 901.0}, "bad_duration"),
        ({"duration": -1.0}, "bad_duration"),
        ({"duration": float("nan")}, "bad_duration"),
        ({"duration": 0.0}, "not_muted"),
    ],
)
def test_row_16_without_reason_second_person_or_end_nothing_is_muted(bench, change, code):
    blocked(bench.in_auto())
    answer = bench.mute(**change)
    assert (answer.success, answer.code) == (False, code)
    bench.run(5.0)
    assert bench.state is State.PROTECTIVE_AUTO and bench.core.command.is_zero


def test_row_16_while_the_field_is_muted_the_robot_crawls_and_at_the_end_it_stops(bench):
    blocked(bench.in_auto())
    answer = bench.mute(duration=10.0)
    assert (answer.code, answer.lasts) == ("muted", 10.0)
    bench.run(3.0)
    assert bench.state is State.AUTO
    assert bench.core.command.linear == pytest.approx(bench.core.settings.muted_speed)
    bench.run(7.3)
    assert bench.core.command.is_zero and bench.state is State.PROTECTIVE_AUTO
    told = [t for t in bench.transitions if t.trigger in {Trigger.MUTED, Trigger.UNMUTED}]
    assert [t.trigger for t in told] == [Trigger.MUTED, Trigger.UNMUTED]
    assert told[0].by == "Ada, Bob" and "narrow lift" in told[0].sentence


def test_row_16_a_muting_ends_when_somebody_ends_it(bench):
    blocked(bench.in_auto())
    bench.mute()
    bench.run(3.0)
    assert bench.mute(duration=0.0, co_signed_by="", reason="").code == "unmuted"
    bench.run(0.3)
    assert bench.core.command.is_zero


def test_row_16_people_may_be_muted_by_themselves(bench):
    bench.in_auto()
    bench.mute("separation")
    for _ in range(20):
        bench.put(People((Person("p", 1.7, 2.0, None, 0.03),)))
        bench.run(0.1)
    assert bench.state is State.AUTO
    assert bench.core.command.linear == pytest.approx(0.1)
    bench.points = NEAR
    bench.run(0.5)
    assert bench.state is State.PROTECTIVE_AUTO, "the other field still counts"


@pytest.mark.parametrize("field", ["protective_field", "separation"])
def test_row_16_nothing_else_is_muted(make_bench, field):
    for what, reason in (("pressed", Trigger.CONTACT), ("scan", Trigger.SCAN_LOST), ("stop", Trigger.HARDWARE_STOP)):
        bench = make_bench().in_auto()
        assert bench.mute(field).success
        if what == "pressed":
            bench.pressed = True
        elif what == "scan":
            bench.alive.discard("scan")
        else:
            bench.put(HardwareStop(True))
        bench.run(0.5)
        assert bench.state is State.STOPPED and bench.core.command.is_zero
        assert bench.core.reason.trigger is reason


def test_row_16_a_latched_stop_ends_it_and_a_stopped_robot_is_not_muted(bench):
    bench.in_auto()
    bench.mute()
    bench.stop()
    assert not bench.core.mutings.any
    assert bench.transitions[-1].trigger is Trigger.UNMUTED
    assert bench.mute().code == "reset_first"


def test_row_16_it_is_not_remembered_over_a_restart(bench, make_bench):
    bench.in_auto()
    bench.mute()
    assert not make_bench().core.mutings.any
