"""What is kept in memory, and when a recording begins, goes on and ends."""

from evidence_parts import BY_NAME, NS, record, state, twist
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sitefleet_robot.evidence.clocks import WindowClock, monotonic_of
from sitefleet_robot.evidence.ring import OVERHEAD_BYTES, Ring, Sample
from sitefleet_robot.evidence.windows import Closed, Joined, Opened, RecordedEvent, Windows, WindowSettings

SETTINGS = WindowSettings(before=30 * NS, after=15 * NS, longest=120 * NS, patience=90 * NS)
NAMES = ["cmd_vel", "scan", "safety_state", "zones"]


def ring(keep=30, total=10**6, topic=10**6) -> Ring:
    return Ring(keep * NS, total, topic)


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 400)), max_size=80),
    st.integers(300, 4000),
    st.integers(300, 2000),
)
@settings(deadline=None)
def test_limits_hold_whatever_comes_and_the_oldest_go_first(arrivals, total, per_topic):
    kept = ring(total=total, topic=per_topic)
    sent: list[Sample] = []
    for at, (name, size) in enumerate(arrivals):
        sample = Sample(BY_NAME[name], at * NS // 10, 0, 0, bytes(size))
        sent.append(sample)
        kept.add(sample)
        assert kept.bytes <= total or len(kept) == 1
    held = kept.between(0, 10**18)
    assert kept.bytes == sum(len(s.data) + OVERHEAD_BYTES for s in held)
    for name in NAMES:
        topic = BY_NAME[name]
        mine = [s for s in held if s.topic is topic]
        every = [s for s in sent if s.topic is topic]
        assert mine == every[len(every) - len(mine) :]  # what is left is the newest of it
        assert kept.dropped.get(name, 0) == len(every) - len(mine)
        if topic.latched and every:
            # The newest value of a latched topic is never lost, whatever the limits.
            assert (mine or kept.in_force_at(10**18))[-1:] and every[-1] in [*mine, *kept.in_force_at(10**18)]


def test_old_messages_leave_and_the_value_in_force_stays_for_good():
    kept = ring()
    kept.extend([state(0, "first"), state(1, "second"), twist(1), twist(50)])
    kept.forget_before(60 * NS)
    assert kept.between(0, 100 * NS) == [twist(50)]
    assert kept.in_force_at(30 * NS) == [state(1, "second")]
    kept.add(state(55, "third"))
    assert kept.in_force_at(30 * NS) == [state(1, "second")]
    assert kept.in_force_at(56 * NS) == [state(55, "third")]
    kept.clear()
    assert kept.between(0, 100 * NS) == [] and kept.bytes == 0
    assert kept.in_force_at(0) == [state(55, "third")]


def event(at: float) -> RecordedEvent:
    return RecordedEvent(1, record(at), int(at * NS))


def kinds(steps) -> list[type]:
    return [type(step) for step in steps]


def test_a_recording_reaches_from_30_s_before_to_15_s_after():
    windows = Windows(SETTINGS)
    (opened,) = windows.event(event(100), 0)
    assert (opened.recording.start, opened.recording.until) == (70 * NS, 115 * NS)
    assert windows.tick(115 * NS - 1, 1) == []
    assert kinds(windows.tick(115 * NS, 2)) == [Closed]
    assert windows.current is None and windows.tick(200 * NS, 3) == []


def test_overlapping_events_share_a_file_until_it_is_as_long_as_it_may_be():
    windows = Windows(SETTINGS)
    windows.event(event(100), 0)
    assert kinds(windows.event(event(110), 0)) == [Joined]
    assert windows.current is not None and windows.current.until == 125 * NS
    for at in (120, 130, 140, 150, 160, 170, 175):
        assert kinds(windows.event(event(at), 0)) == [Joined]
    closed, opened = windows.event(event(180), 0)
    assert isinstance(closed, Closed) and isinstance(opened, Opened)
    assert closed.recording.until == 190 * NS and len(closed.recording.events) == 9
    assert (opened.recording.start, opened.recording.until) == (150 * NS, 195 * NS)


def test_a_recording_ends_although_the_window_clock_stands_still():
    windows = Windows(SETTINGS)
    windows.event(event(100), mono=0)
    assert windows.tick(101 * NS, 90 * NS - 1) == []
    assert kinds(windows.tick(101 * NS, 90 * NS)) == [Closed]


class AnyLife(RuleBasedStateMachine):
    """Events and time in any order: every event ends in exactly one closed recording that covers it."""

    def __init__(self) -> None:
        super().__init__()
        self.windows = Windows(SETTINGS)
        self.now = 0
        self.made: list[RecordedEvent] = []
        self.closed: list[RecordedEvent] = []

    def carry_out(self, steps) -> None:
        for step in steps:
            if isinstance(step, Closed):
                recording = step.recording
                assert recording.until - recording.start <= SETTINGS.longest
                for each in recording.events:
                    assert recording.start <= each.at <= recording.until - SETTINGS.after
                self.closed += recording.events

    @rule(late=st.integers(0, 15 * NS))
    def event(self, late: int) -> None:
        new = RecordedEvent(len(self.made), {}, max(self.now - late, 0))
        # The oldest file of all may not reach back as far: nothing was recorded before the start.
        self.made.append(new)
        self.carry_out(self.windows.event(new, self.now))

    @rule(step=st.integers(0, 40 * NS))
    def time(self, step: int) -> None:
        self.now += step
        self.carry_out(self.windows.tick(self.now, self.now))

    @precondition(lambda self: self.windows.current is not None)
    @rule()
    def leave(self) -> None:
        self.carry_out(self.windows.finish())

    @invariant()
    def every_event_is_in_exactly_one_recording(self) -> None:
        running = self.windows.current.events if self.windows.current else []
        assert sorted(e.seq for e in [*self.closed, *running]) == [e.seq for e in self.made]


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=60, deadline=None)


def test_on_a_robot_monotonic_seconds_count_and_in_a_simulation_those_of_its_clock():
    assert WindowClock(simulated=False).at(123) == 123
    clock = WindowClock(simulated=True)
    assert not clock.running and clock.at(5) == 0
    # Eight simulated seconds in one of the wall.
    for k in range(11):
        assert clock.tick(mono_ns=1000 + k * NS // 10, clock_ns=k * 8 * NS // 10)
    assert clock.at(1000 + NS // 2) == 4 * NS
    assert clock.at(1000 + NS // 2 + 10) == 4 * NS
    assert clock.at(0) == 0 and clock.at(100 * NS) == 8 * NS
    assert not clock.tick(2 * NS, 0)
    assert clock.at(1000) == 0


def test_a_step_of_the_system_clock_does_not_move_a_message_by_more_than_its_wait():
    now_mono, now_utc = 50 * NS, 1_700_000_000 * NS
    assert monotonic_of(now_utc - 40_000_000, now_mono, now_utc) == now_mono - 40_000_000
    for received in (0, now_utc + 3600 * NS, now_utc - 3600 * NS):
        assert monotonic_of(received, now_mono, now_utc) == now_mono
