"""Clock offsets by four timestamps: within their bound whatever the network does, and steps are noticed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.domain.clocks import KEPT_FOR, SECOND, RobotClock, RoundTrip, SteadyWatch

MS = 1_000_000
START = 1_900_000_000 * SECOND


def trip(at: int, offset: int, out: int, work: int, back: int, boot: str = "b", manager_set_by: int = 0) -> RoundTrip:
    """A round trip at `at` ns after the start, of a robot whose clock is `offset` ahead."""
    sent, mono = START + at, at
    return RoundTrip(
        sent=sent,
        received=sent + out + offset,
        replied=sent + out + work + offset,
        returned=sent + out + work + back + manager_set_by,
        sent_mono=mono,
        returned_mono=mono + out + work + back,
        robot_mono=77 * SECOND + mono + out + work,
        boot_id=boot,
    )


delays = st.integers(0, 400 * MS)


@given(
    offset=st.integers(-(10**6) * SECOND, 10**6 * SECOND),
    trips=st.lists(st.tuples(delays, st.integers(0, 50 * MS), delays), min_size=1, max_size=30),
)
def test_the_true_offset_lies_within_the_error_bound_however_uneven_the_network_is(
    offset: int, trips: list[tuple[int, int, int]]
) -> None:
    clock = RobotClock()
    for n, (out, work, back) in enumerate(trips):
        clock.take(trip(n * SECOND, offset, out, work, back))
    found = clock.offset(len(trips) * SECOND + 500 * MS)
    assert found is not None
    assert abs(found.offset - offset) <= found.error + 1


def test_the_best_of_several_round_trips_counts() -> None:
    clock = RobotClock()
    for n, delay in enumerate((80, 2, 120)):
        clock.take(trip(n * SECOND, 5 * SECOND, delay * MS, MS, 0))
    found = clock.offset(3 * SECOND)
    assert found is not None and found.delay == 2 * MS
    assert abs(found.offset - 5 * SECOND) <= MS and found.error < 2 * MS


def test_old_measurements_do_not_count() -> None:
    clock = RobotClock()
    clock.take(trip(0, 0, MS, MS, MS))
    assert clock.offset(KEPT_FOR) is not None
    assert clock.offset(KEPT_FOR + SECOND) is None


def test_a_step_of_the_robots_clock_is_noticed_with_its_size_and_voids_what_was_measured() -> None:
    clock = RobotClock()
    assert clock.take(trip(0, 0, MS, MS, MS)) == 0
    assert clock.take(trip(SECOND, 0, 3 * MS, MS, MS)) == 0
    step = clock.take(trip(2 * SECOND, -30 * SECOND, 200 * MS, MS, MS))
    assert abs(step + 30 * SECOND) < MS, "the delay on the way is no part of it"
    found = clock.offset(3 * SECOND)
    assert found is not None and abs(found.offset + 30 * SECOND) <= found.error
    assert clock.take(trip(3 * SECOND, -30 * SECOND, MS, MS, MS)) == 0


def test_slewing_is_no_step_and_a_restarted_machine_begins_anew() -> None:
    clock = RobotClock()
    for n in range(60):
        assert clock.take(trip(n * SECOND, n * 500_000, MS, MS, MS)) == 0, "500 ppm"
    assert clock.take(trip(70 * SECOND, 900 * SECOND, MS, MS, MS, boot="another")) == 0


def test_a_round_trip_during_which_the_managers_clock_was_set_is_not_used() -> None:
    clock = RobotClock()
    clock.take(trip(0, 0, MS, MS, MS, manager_set_by=2 * SECOND))
    assert clock.offset(SECOND) is None


def test_a_set_clock_is_told_from_one_that_runs() -> None:
    watch = SteadyWatch()
    assert watch.look(START, 0) == 0
    assert watch.look(START + SECOND + 5 * MS, SECOND) == 0
    assert watch.look(START + 2 * SECOND - 3600 * SECOND, 2 * SECOND) == -3600 * SECOND - 5 * MS
    assert watch.look(START + 3 * SECOND - 3600 * SECOND, 3 * SECOND) == 0
