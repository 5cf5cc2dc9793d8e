"""The supervisor's core on the bench: what it lets pass, what it stops, and who may let it go on."""

import math

import numpy as np
import pytest

from sitefleet_robot.safety.limits import SpeedLimit
from sitefleet_robot.safety.memory import Memory
from sitefleet_robot.safety.scan import ScanPoints
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import (
    ZERO,
    Cause,
    Control,
    Failure,
    ModeRequest,
    Proposal,
    ResetRequest,
    ResumeRequest,
    Scan,
    Tick,
    Twist2,
)

WALL_AHEAD = np.column_stack((np.full(21, 0.31), np.linspace(-0.25, 0.25, 21)))


def test_it_starts_in_hold_and_commands_zero_50_times_a_second(bench):
    bench.run(1.0)
    assert bench.state is State.HOLD
    assert len(bench.command_log) >= 50
    assert all(command is ZERO for _, command in bench.command_log)


def test_resume_lets_proposals_pass_at_once(bench):
    bench.in_auto()
    effect = bench.put(Proposal(Twist2(0.2, 0.1)))
    assert effect.publish and bench.core.command == Twist2(0.2, 0.1)


@pytest.mark.parametrize("stream", ["proposals", "scan", "odom", "pose", "bumper"])
def test_resume_is_refused_with_a_sentence_while_a_stream_is_missing(bench, stream):
    bench.alive.discard(stream)
    bench.run(1.0)
    answer = bench.resume()
    assert not answer.success and answer.code == "not_ready"
    assert "yet" in answer.message
    assert bench.state is State.HOLD


def test_a_resume_needs_a_name(bench):
    bench.run(0.5)
    assert bench.put(ResumeRequest("", "")).answer.code == "no_name"


def test_resuming_twice_is_no_error(bench):
    assert bench.in_auto().resume().code == "already_auto"


@pytest.mark.parametrize(
    ("stream", "trigger"),
    [
        ("proposals", Trigger.PROPOSALS_LOST),
        ("scan", Trigger.SCAN_LOST),
        ("odom", Trigger.ODOM_LOST),
        ("pose", Trigger.POSE_LOST),
    ],
)
def test_row_09_and_17_a_lost_stream_in_auto_is_a_latched_stop_within_300_ms(bench, stream, trigger):
    bench.in_auto()
    bench.alive.discard(stream)
    cut = bench.now
    bench.run(1.0)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is trigger
    assert "ms" in bench.core.reason.sentence
    assert 0.1 < bench.zero_after(cut) <= 0.3
    bench.alive.add(stream)
    bench.run(5.0)
    assert bench.state is State.STOPPED
    assert bench.core.command is ZERO


def test_row_09_an_invalid_scan_counts_as_none(bench):
    bench.in_auto()
    bench.alive.discard("scan")
    for _ in range(20):
        bench.put(Scan(ScanPoints(np.zeros((0, 2)), "300 of 360 beams have no usable reading")))
        bench.run(0.02)
    assert bench.state is State.STOPPED
    assert "300 of 360" in bench.core.reason.sentence


def test_an_uncertain_pose_counts_as_none(bench):
    bench.in_auto()
    bench.sigma = 3.0
    bench.run(0.5)
    assert bench.core.reason.trigger is Trigger.POSE_LOST
    assert "uncertain" in bench.core.reason.sentence


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_row_02_a_proposal_that_is_no_number_is_zero_at_once_and_keeps_nothing_alive(bench, bad):
    bench.in_auto()
    bench.alive.discard("proposals")
    cut = bench.now
    for _ in range(30):
        bench.put(Proposal(Twist2(bad, 0.0)))
        assert bench.core.command is ZERO
        bench.run(0.02)
    assert bench.core.reason.trigger is Trigger.PROPOSALS_LOST
    assert bench.zero_after(cut) == 0.0
    assert bench.core.refusals["not_finite"] == 30


def test_proposals_are_limited_to_what_the_model_can_on_the_same_arc(bench):
    bench.in_auto()
    bench.put(Proposal(Twist2(1.6, 0.8)))
    assert bench.core.command == Twist2(0.8, 0.4)


def test_a_limiter_lowers_the_speed_and_the_published_limit(make_bench):
    bench = make_bench(limiters=[lambda s: SpeedLimit(0.3, "test", "for the test")]).in_auto()
    bench.put(Proposal(Twist2(0.6, 0.0)))
    assert bench.core.command == Twist2(0.3, 0.0)
    assert bench.core.speed_limit == 0.3
    bench.put(Proposal(Twist2(0.0, 1.5)))
    assert bench.core.command.angular * bench.core.settings.field.corner_radius == pytest.approx(0.3)


# Remote stop, reset, resume


def test_row_05_and_06_after_a_stop_it_takes_a_reset_and_a_resume(bench):
    bench.in_auto()
    assert bench.stop().success
    assert bench.state is State.STOPPED and bench.core.command is ZERO
    bench.run(3.0)
    assert bench.resume().code == "reset_first"
    assert bench.mode(State.TELEOP).code == "reset_first"
    assert bench.reset().success
    bench.run(3.0)
    assert bench.state is State.HOLD and bench.core.command is ZERO
    assert bench.resume().success and bench.state is State.AUTO


@pytest.mark.parametrize("where", ["BOOT", "HOLD", "AUTO", "TELEOP", "PROTECTIVE", "STOPPED", "FAULT"])
def test_row_07_a_stop_is_granted_in_every_state(make_bench, where):
    bench = make_bench()
    if where == "AUTO":
        bench.in_auto()
    elif where == "TELEOP":
        bench.in_teleop()
    elif where == "PROTECTIVE":
        bench.in_auto().points = WALL_AHEAD
        bench.run(0.5)
        assert bench.state is State.PROTECTIVE_AUTO
    elif where == "STOPPED":
        bench.stop()
    elif where == "FAULT":
        bench.put(Failure("broken"))
    assert bench.stop().success
    assert bench.core.command is ZERO
    assert bench.state is (State.FAULT if where == "FAULT" else State.STOPPED)


def test_reset_is_refused_while_a_cause_persists(bench):
    bench.in_auto()
    bench.alive.discard("scan")
    bench.run(0.5)
    answer = bench.reset()
    assert answer.code == "cause_persists" and "scan" in answer.message
    bench.alive.add("scan")
    bench.run(0.3)
    assert bench.reset().success


def test_every_cause_of_a_stop_must_be_gone_not_only_the_first(bench):
    bench.in_auto()
    bench.stop()
    bench.pressed = True
    bench.run(0.3)
    assert [cause.trigger for cause in bench.core.causes] == [Trigger.REMOTE_STOP, Trigger.CONTACT]
    assert bench.core.reason.trigger is Trigger.REMOTE_STOP
    assert bench.reset().code == "cause_persists"
    bench.pressed = False
    bench.run(0.3)
    assert bench.reset().success
    assert bench.core.causes == []


def test_contact_is_a_latched_stop_also_at_rest(bench):
    bench.run(0.5)
    bench.pressed = True
    bench.run(0.2)
    assert bench.state is State.STOPPED and bench.core.reason.trigger is Trigger.CONTACT
    assert len(bench.transitions) == 2  # started, contact: once, not at each reading


def test_resets_where_nothing_is_latched_are_refused(bench):
    bench.run(0.5)
    assert bench.reset().code == "not_stopped"
    bench.stop()
    assert bench.put(ResetRequest("", "")).answer.code == "no_name"


def test_row_05_a_remembered_stop_starts_stopped(make_bench):
    bench = make_bench(memory=Memory((Cause(Trigger.REMOTE_STOP, "Ada stopped the robot"),), 7, 3))
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.REMOTE_STOP
    assert "before the restart" in bench.core.reason.sentence
    bench.run(1.0)
    assert bench.resume().code == "reset_first"
    assert bench.reset().success and bench.resume().success


def test_an_internal_error_is_final(bench):
    bench.in_auto()
    bench.put(Failure("broken"))
    bench.run(1.0)
    assert bench.state is State.FAULT and bench.core.command is ZERO
    assert {bench.resume().code, bench.reset().code, bench.mode(State.TELEOP).code} == {"fault"}


# Protective stop


def test_a_protective_stop_clears_by_itself_2_s_after_the_field_is_free(bench):
    bench.in_auto()
    bench.points = WALL_AHEAD
    bench.run(0.3)
    assert bench.state is State.PROTECTIVE_AUTO and bench.core.command is ZERO
    bench.run(5.0)
    assert bench.state is State.PROTECTIVE_AUTO
    bench.points = np.zeros((0, 2))
    bench.run(1.9)
    assert bench.state is State.PROTECTIVE_AUTO and bench.core.command is ZERO
    bench.run(0.4)
    assert bench.state is State.AUTO and not bench.core.command.is_zero


def test_a_field_that_is_free_in_between_only_does_not_clear_it(bench):
    bench.in_auto()
    for _ in range(6):
        bench.points = WALL_AHEAD
        bench.run(0.3)
        bench.points = np.zeros((0, 2))
        bench.run(1.5)
        assert bench.state is State.PROTECTIVE_AUTO


def test_asking_for_nothing_does_not_clear_it_but_a_free_way_out_does(bench):
    bench.in_auto()
    bench.points = WALL_AHEAD
    bench.run(0.3)
    bench.twist = ZERO
    bench.run(5.0)
    assert bench.state is State.PROTECTIVE_AUTO
    bench.twist = Twist2(-0.2, 0.0)
    bench.run(2.4)
    assert bench.state is State.AUTO and bench.core.command == Twist2(-0.2, 0.0)


def test_one_noisy_scan_stops_the_wheels_but_is_no_protective_stop(bench):
    bench.in_auto()
    bench.put(Scan(ScanPoints(WALL_AHEAD)))
    assert bench.core.command is ZERO
    bench.put(Scan(ScanPoints(np.zeros((0, 2)))))
    assert bench.state is State.AUTO and not bench.core.command.is_zero


def test_nothing_is_protected_from_a_robot_that_does_not_want_to_move(bench):
    bench.in_auto()
    bench.twist = ZERO
    bench.points = WALL_AHEAD
    bench.run(2.0)
    assert bench.state is State.AUTO


@pytest.mark.parametrize("stream", ["proposals", "scan", "odom", "pose"])
def test_a_loss_in_a_protective_stop_latches(bench, stream):
    bench.in_auto()
    bench.points = WALL_AHEAD
    bench.run(0.3)
    bench.alive.discard(stream)
    bench.run(0.5)
    assert bench.state is State.STOPPED


# Teleoperation


def test_a_lease_lets_the_operator_drive_after_a_neutral_command(bench):
    bench.run(0.5)
    assert bench.mode(State.TELEOP).success
    bench.run(0.5)
    assert bench.core.command is ZERO  # the stick was not neutral yet
    bench.held = False
    bench.run(0.1)
    bench.held = True
    bench.run(0.1)
    assert bench.core.command == Twist2(0.3, 0.0)


def test_hold_to_run_letting_go_stops(bench):
    bench.in_teleop().held = False
    bench.run(0.06)
    assert bench.core.command is ZERO


def test_row_01_the_operators_stream_stops_zero_within_300_ms_and_hold(bench):
    bench.in_teleop()
    assert not bench.core.command.is_zero
    bench.alive.discard("control")
    cut = bench.now
    bench.run(1.0)
    assert bench.zero_after(cut) <= 0.3
    assert bench.state is State.HOLD
    assert bench.core.reason.trigger is Trigger.CONTROL_LOST


def test_row_03_a_thousand_random_drops_never_resume_anything(make_bench):
    rng = np.random.default_rng(3)
    bench = make_bench()
    for epoch in range(1, 1001):
        bench.epoch = epoch
        bench.alive.add("control")
        bench.run(0.4)
        assert bench.mode(State.TELEOP, epoch).success
        bench.held = False
        bench.run(0.1)
        bench.held = True
        bench.run(float(rng.uniform(0.02, 0.3)))
        bench.alive.discard("control")
        bench.run(0.32)
        assert bench.state is State.HOLD
        bench.alive.add("control")  # the stream comes back under the same lease
        bench.run(float(rng.uniform(0.02, 0.5)))
        assert bench.state is State.HOLD and bench.core.command is ZERO
    assert not any(t.after is State.AUTO for t in bench.transitions)


def test_nobody_streams_after_arming_back_to_hold(bench):
    bench.alive.discard("control")
    bench.run(0.5)
    assert bench.mode(State.TELEOP).success
    bench.run(0.9)
    assert bench.state is State.TELEOP and bench.core.command is ZERO
    bench.run(0.2)
    assert bench.state is State.HOLD


def test_row_09_in_teleoperation_too_a_lost_lidar_is_a_latched_stop(bench):
    bench.in_teleop()
    bench.alive.discard("scan")
    cut = bench.now
    bench.run(0.5)
    assert bench.state is State.STOPPED and bench.zero_after(cut) <= 0.3


def test_teleoperation_does_not_need_localisation(bench):
    bench.alive -= {"pose", "proposals"}
    bench.in_teleop()
    bench.run(1.0)
    assert bench.state is State.TELEOP


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"robot_id": "r2"}, "wrong_robot"),
        ({"epoch": 4}, "old_epoch"),
        ({"epoch": 6}, "old_epoch"),
        ({"sequence": 0}, "out_of_order"),
        ({"twist": Twist2(math.nan, 0.0)}, "not_finite"),
        ({"twist": Twist2(0.1, math.inf)}, "not_finite"),
        ({"sent": -0.26}, "too_old"),
    ],
)
def test_row_02_a_command_that_may_not_count_is_refused_and_does_not_keep_the_stream_alive(make_bench, change, code):
    bench = make_bench()
    bench.epoch = 5
    bench.in_teleop()
    bench.alive.discard("control")
    cut = bench.now
    for _ in range(30):
        bench.run(0.02)
        bench.sequence += 1
        fields = {
            "robot_id": "r1",
            "epoch": 5,
            "sequence": bench.sequence,
            "sent": 0.0,
            "held": True,
            "twist": Twist2(0.7, 0.0),
        } | change
        fields["sent"] += bench.now
        bench.put(Control(**fields))
        assert bench.core.command in (ZERO, bench.stick)
        if bench.state is State.HOLD:
            break
    assert bench.state is State.HOLD and bench.now - cut <= 0.3
    assert bench.core.refusals[code] > 5


def test_a_late_command_is_found_out_although_the_clocks_disagree(make_bench):
    bench = make_bench()
    bench.in_teleop()
    bench.alive.discard("control")
    bench.run(0.04)
    bench.sequence += 1
    bench.put(Control("r1", 1, bench.sequence, bench.now - 0.2, True, Twist2(0.1, 0.0)))
    assert bench.core.command == Twist2(0.1, 0.0)
    bench.sequence += 1
    bench.put(Control("r1", 1, bench.sequence, bench.now - 0.3, True, Twist2(0.2, 0.0)))
    assert bench.core.command == Twist2(0.1, 0.0)
    assert bench.core.refusals["too_old"] == 1


def test_an_old_lease_is_not_armed_and_neither_is_another_persons(bench):
    bench.epoch = 5
    bench.in_teleop()
    assert bench.mode(State.HOLD).success
    assert bench.mode(State.TELEOP, 4).code == "old_epoch"
    assert bench.mode(State.TELEOP, 0).code == "old_epoch"
    assert bench.mode(State.TELEOP, 5, by="Bob").code == "not_holder"
    assert bench.mode(State.TELEOP, 5).success


def test_a_lease_older_than_the_remembered_one_is_not_armed_after_a_restart(make_bench):
    bench = make_bench(memory=Memory((), 0, 9))
    bench.run(0.5)
    assert bench.mode(State.TELEOP, 8).code == "old_epoch"


def test_autonomy_is_not_taken_over_in_motion(bench):
    bench.in_auto()
    assert bench.mode(State.TELEOP).code == "not_in_hold"
    assert bench.state is State.AUTO
    assert bench.mode(State.HOLD).success and bench.core.command is ZERO
    assert bench.mode(State.TELEOP).success


@pytest.mark.parametrize(("mode", "code"), [(2, "use_resume"), (5, "unknown_mode"), (77, "unknown_mode")])
def test_other_modes_are_refused(bench, mode, code):
    bench.run(0.5)
    assert bench.put(ModeRequest(mode, "Ada", 1)).answer.code == code


# Time


def test_a_supervisor_that_was_held_up_itself_stands_until_it_hears_every_stream_again(bench):
    bench.in_auto()
    bench.now += 1.5
    bench.put(Proposal(Twist2(0.5, 0.0)))  # it waited in the queue
    assert bench.state is State.AUTO and bench.core.command is ZERO
    bench.alive.discard("scan")
    bench.run(0.1)
    assert bench.state is State.AUTO and bench.core.command is ZERO
    bench.alive.add("scan")
    bench.run(0.2)
    assert bench.state is State.AUTO and not bench.core.command.is_zero


@pytest.mark.parametrize("stream", ["proposals", "scan", "odom", "pose"])
def test_but_being_held_up_excuses_no_real_loss(bench, stream):
    bench.in_auto()
    bench.alive.discard(stream)
    bench.now += 0.5
    bench.put(Tick())
    back = bench.now
    bench.run(0.5)
    assert bench.state is State.STOPPED
    assert bench.zero_after(back) == 0.0


def test_nobody_resumes_a_supervisor_that_has_not_heard_the_streams_since_it_was_held_up(bench):
    bench.run(0.5)
    bench.now += 0.15
    assert bench.resume().code == "not_ready"


def test_events_tell_the_latency_and_the_distance(bench):
    bench.in_auto()
    bench.points = np.array([[1.28, 0.0]] * 3)
    bench.run(0.2)
    bench.alive.discard("proposals")
    bench.run(0.5)
    lost = bench.transitions[-1]
    assert lost.trigger is Trigger.PROPOSALS_LOST
    assert 0.25 < lost.latency <= 0.3
    assert lost.separation == pytest.approx(1.0)
