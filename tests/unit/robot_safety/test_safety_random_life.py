"""A supervisor through random lives: whatever happens, nobody moves without a person's act."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from thoroughness import thorough

from sitefleet_robot.safety.memory import Memory
from sitefleet_robot.safety.states import MOVING, PROTECTIVE, State, Trigger
from sitefleet_robot.safety.values import Cause, Failure, Proposal, Twist2

STREAMS = ("proposals", "control", "scan", "odom", "pose", "bumper")
NEAR = np.column_stack((np.full(21, 0.30), np.linspace(-0.25, 0.25, 21)))


class RandomLife(RuleBasedStateMachine):
    """`permitted` is what persons' acts allow: nothing, autonomy, or the operator of a lease."""

    make = None

    @initialize(latched=st.booleans())
    def begin(self, latched):
        causes = (Cause(Trigger.REMOTE_STOP, "stopped"),) if latched else ()
        self.bench = type(self).make(memory=Memory(causes, 0, 0))
        self.permitted = None
        self.reset_done = not latched
        self.seen = len(self.bench.transitions)

    def follow(self):
        """Take away what the transitions since the last step end."""
        for transition in self.bench.transitions[self.seen :]:
            if transition.after in {State.STOPPED, State.FAULT}:
                self.permitted, self.reset_done = None, False
            elif transition.after is State.HOLD and transition.before is not State.STOPPED:
                self.permitted = None
        self.seen = len(self.bench.transitions)

    @rule(seconds=st.sampled_from([0.02, 0.1, 0.4, 1.0, 2.5]))
    def time_passes(self, seconds):
        self.bench.run(seconds)
        self.follow()

    @rule()
    def somebody_clears_everything_up(self):
        self.bench.alive, self.bench.pressed = set(STREAMS), False
        self.bench.points = np.zeros((0, 2))
        self.time_passes(0.5)
        self.reset()

    @rule()
    def operator_takes_the_stick_and_drives(self):
        self.hold()
        self.lease(new=True)
        for self.bench.held in (False, True):
            self.time_passes(0.1)

    @rule(stream=st.sampled_from(STREAMS))
    def stream_is_cut_for_a_while(self, stream):
        self.bench.alive.discard(stream)
        self.time_passes(0.4)

    @rule(stream=st.sampled_from(STREAMS))
    def stream_breaks(self, stream):
        self.bench.alive.discard(stream)

    @rule()
    def streams_come_back(self):
        self.bench.alive = set(STREAMS)

    @rule(near=st.booleans())
    def something_comes_or_goes(self, near):
        self.bench.points = NEAR if near else np.zeros((0, 2))

    @rule(pressed=st.booleans())
    def bumper(self, pressed):
        self.bench.pressed = pressed

    @rule(v=st.floats(-1, 1), w=st.floats(-2, 2))
    def autonomy_wants(self, v, w):
        self.bench.twist = Twist2(v, w)
        self.bench.put(Proposal(self.bench.twist))
        self.follow()

    @rule(held=st.booleans())
    def operator_holds(self, held):
        self.bench.held = held

    @rule()
    def stop(self):
        assert self.bench.stop().success
        self.follow()
        assert self.bench.core.command.is_zero

    @rule()
    def reset(self):
        done = self.bench.reset().success
        self.follow()
        self.reset_done |= done

    @rule()
    def resume(self):
        before = self.bench.state
        answer = self.bench.resume()
        if answer.success:
            assert before in {State.HOLD, State.AUTO, State.PROTECTIVE_AUTO}
            assert self.reset_done
            self.permitted = "autonomy"
        self.follow()

    @rule(new=st.booleans())
    def lease(self, new):
        self.bench.epoch += new
        before = self.bench.state
        if self.bench.mode(State.TELEOP, self.bench.epoch).success:
            assert before is State.HOLD and self.reset_done
            self.permitted = "operator"
        self.follow()

    @rule()
    def hold(self):
        self.bench.mode(State.HOLD)
        self.follow()

    @rule(rare=st.integers(0, 30))
    def breaks_inside(self, rare):
        if rare == 0:
            self.bench.put(Failure("broken"))
            self.follow()

    @invariant()
    def only_what_a_person_permitted_moves(self):
        if not hasattr(self, "bench"):
            return
        state, command = self.bench.state, self.bench.core.command
        if not command.is_zero:
            assert state in MOVING
        if state in {State.AUTO, State.PROTECTIVE_AUTO}:
            assert self.permitted == "autonomy"
        if state in {State.TELEOP, State.PROTECTIVE_TELEOP}:
            assert self.permitted == "operator"
        if state in PROTECTIVE:
            assert command.is_zero

    @invariant()
    def it_is_never_silent(self):
        if hasattr(self, "bench") and len(self.bench.command_log) > 1:
            times = [t for t, _ in self.bench.command_log[-100:]]
            assert max(np.diff(times), default=0.0) < 0.021


def test_row_03_05_06_no_random_life_moves_without_the_acts_that_permit_it(make_bench):
    RandomLife.make = staticmethod(make_bench)
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        RandomLife, settings=settings(max_examples=thorough(30, 1000), stateful_step_count=40, deadline=None)
    )
