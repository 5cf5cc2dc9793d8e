"""Button, idle operator, heartbeats and the machine's own state. Numbers are rows of the table."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitefleet_robot.safety.button import ResetButton
from sitefleet_robot.safety.heartbeat import Challenger
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import (
    Alive,
    Attitude,
    Battery,
    Evidence,
    HardwareStop,
    Odometry,
    ToolFault,
    Twist2,
)

# Row 6: the reset button


def test_row_06_a_press_of_the_right_length_resets_on_release(bench):
    bench.in_auto().stop()
    assert bench.press().code == "pressed"
    bench.run(0.5)
    assert bench.state is State.STOPPED, "it acts when it is released"
    assert bench.release().code == "reset"
    assert bench.state is State.HOLD


@pytest.mark.parametrize(("held", "code"), [(0.1, "reset_too_short"), (0.3, "reset_too_short"), (2.3, "reset_stuck")])
def test_row_06_a_press_of_the_wrong_length_does_not(bench, held, code):
    bench.in_auto().stop()
    bench.press()
    bench.run(held)
    assert bench.release().code == code
    assert bench.state is State.STOPPED


def test_row_06_a_release_without_a_press_or_by_another_hand_does_not(bench):
    bench.in_auto().stop()
    assert bench.release().code == "not_pressed"
    bench.press("Ada")
    bench.run(0.5)
    assert bench.release("Bob").code == "reset_other_hand"
    assert bench.state is State.STOPPED


def test_row_06_pressing_again_does_not_keep_a_stuck_button_young(bench):
    bench.in_auto().stop()
    for _ in range(5):
        bench.press()
        bench.run(0.5)
    assert bench.release().code == "reset_stuck"
    assert [t.trigger for t in bench.transitions].count(Trigger.RESET_STUCK) == 1


def test_row_06_a_press_that_began_before_the_stop_does_not_reset_it(bench):
    bench.in_auto()
    bench.press()
    bench.run(0.3)
    bench.stop()
    bench.run(0.3)
    assert bench.release().code == "pressed_before"
    assert bench.state is State.STOPPED


@given(st.floats(0.0, 5.0))
def test_row_06_the_pulse_is_350_ms_to_2_s(held):
    button = ResetButton()
    button.press("Ada", 10.0)
    assert (button.release("Ada", 10.0 + held) is None) == (0.35 <= 10.0 + held - 10.0 <= 2.0)


# Row 4: idle


def test_row_04_neutral_axes_disarm_after_5_s(bench):
    bench.in_teleop()
    bench.held = False
    bench.run(4.9)
    assert bench.state is State.TELEOP
    bench.run(0.3)
    assert bench.state is State.HOLD
    assert bench.core.reason.trigger is Trigger.IDLE


def test_row_04_who_drives_is_not_disarmed(bench):
    bench.in_teleop()
    bench.run(8.0)
    assert bench.state is State.TELEOP


def test_row_04_a_lease_before_the_first_tick_has_its_5_s_too(bench):
    bench.send_all()
    assert bench.mode(State.TELEOP).success
    bench.held = False
    bench.run(4.5)
    assert bench.state is State.TELEOP
    bench.run(1.0)
    assert bench.core.reason.trigger is Trigger.IDLE


# Row 14: heartbeats


def challenger(answers=(7, 8, 9, 10)):
    draw = iter(answers)
    return Challenger(lambda: next(draw), lambda challenge: challenge * 3)


def test_row_14_only_the_right_answer_to_a_fresh_challenge_counts_and_only_once():
    c = challenger()
    first = c.next()
    assert not c.accepts("executor", first, first * 3 + 1)
    assert c.accepts("executor", first, first * 3)
    assert not c.accepts("executor", first, first * 3), "repeated"
    assert c.accepts("manager", first, first * 3)
    c.next()
    c.next()
    assert not c.accepts("other", first, first * 3), "too old"
    assert c.refused == 3


def test_row_14_autonomy_stops_without_the_executor_and_holds_without_the_manager(make_bench):
    for silent, after in (("executor", State.STOPPED), ("manager", State.HOLD)):
        bench = make_bench(executor_timeout=1.0, manager_timeout=1.0)
        bench.put(Alive("executor"))
        bench.put(Alive("manager"))
        bench.in_auto()
        for _ in range(10):
            bench.put(Alive("manager" if silent == "executor" else "executor"))
            bench.run(0.2)
        assert bench.state is after
        assert bench.core.command.is_zero


def test_row_14_nobody_resumes_a_robot_whose_partners_are_silent(make_bench):
    bench = make_bench(executor_timeout=1.0)
    bench.run(0.5)
    assert bench.resume().code == "not_ready"
    bench.put(Alive("executor"))
    assert bench.resume().success


# The machine


def test_a_hardware_stop_latches_and_is_reset_only_when_it_is_released(bench):
    bench.in_auto()
    bench.put(HardwareStop(True))
    assert bench.state is State.STOPPED and bench.core.command.is_zero
    assert bench.reset().code == "cause_persists"
    bench.put(HardwareStop(False))
    assert bench.state is State.STOPPED, "releasing it permits nothing"
    assert bench.reset().success


def test_row_09_a_stop_circuit_that_is_not_heard_is_an_open_one(make_bench):
    bench = make_bench(estop_timeout=0.3, estop_required=True)
    bench.put(HardwareStop(False))
    bench.run(0.1)
    assert bench.state is State.HOLD
    bench.run(0.4)
    assert bench.state is State.STOPPED


def test_a_robot_that_leans_stops_and_one_that_leaned_is_reset(bench):
    bench.in_auto()
    bench.put(Attitude(0.3))
    assert bench.state is State.STOPPED
    assert bench.reset().code == "cause_persists"
    bench.put(Attitude(0.01))
    assert bench.reset().success


def test_an_attitude_that_is_no_number_is_a_lean(bench):
    bench.in_auto()
    bench.put(Attitude(math.nan))
    assert bench.state is State.STOPPED


def test_autonomy_holds_with_an_empty_battery(bench):
    bench.in_auto()
    bench.put(Battery(0.04))
    bench.run(0.1)
    assert bench.state is State.HOLD


def test_a_disk_that_takes_no_events_stops_the_robot_with_the_reason(bench):
    bench.in_auto()
    bench.put(Evidence("No space left on device"))
    bench.run(0.1)
    assert bench.state is State.STOPPED
    assert "No space left" in bench.core.reason.sentence
    assert bench.reset().code == "cause_persists"


def test_a_drive_that_runs_away_stops_and_one_that_brakes_does_not(bench):
    bench.in_auto()
    bench.alive.discard("odom")
    for _ in range(20):
        bench.put(Odometry(Twist2(0.55, 0.0)))
        bench.run(0.04)
    assert bench.state is State.AUTO
    for _ in range(20):
        bench.put(Odometry(Twist2(0.8, 0.0)))
        bench.run(0.04)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.DRIVE_FAULT


def test_a_drive_that_runs_backwards_when_told_to_go_ahead_stops(bench):
    bench.in_auto()
    bench.motion = Twist2(-0.3, 0.0)
    bench.run(1.0)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.DRIVE_FAULT


def test_row_09_a_stop_circuit_that_was_heard_once_must_go_on(bench):
    bench.in_auto()
    bench.put(HardwareStop(False))
    bench.run(0.4)
    assert bench.state is State.AUTO
    bench.run(0.3)
    assert bench.state is State.STOPPED
    assert "not heard" in bench.core.reason.sentence


def test_row_09_so_must_an_imu(bench):
    bench.in_auto()
    bench.run(1.0)
    assert bench.state is State.AUTO, "a robot without one is not stopped"
    bench.put(Attitude(0.0))
    bench.run(0.6)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.IMU_LOST
    assert bench.reset().code == "cause_persists"
    bench.put(Attitude(0.0))
    assert bench.reset(0.36).success


def test_a_tool_that_cannot_be_withdrawn_stops_the_robot(bench):
    bench.in_auto()
    bench.put(ToolFault(""))
    assert bench.state is State.AUTO
    bench.put(ToolFault("DRILL_TOOL_FAULT"))
    assert bench.state is State.STOPPED
    assert "DRILL_TOOL_FAULT" in bench.core.reason.sentence
    assert bench.reset().success, "the executor tries again, once a person has looked"
