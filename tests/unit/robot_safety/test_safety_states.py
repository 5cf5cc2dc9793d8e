"""The table of states: total, and no way around a person."""

import itertools

import pytest

from sitefleet_robot.safety.events import EVENT_KINDS
from sitefleet_robot.safety.states import MOVING, PROTECTIVE, TABLE, State, Trigger, next_state

PAIRS = list(itertools.product(State, Trigger))
LOSSES = [t for t in Trigger if t.value.endswith("_lost")]
STOPPING = {State.STOPPED, State.FAULT}

# Written a second time by hand, state by state: only what changes the state.
EXPECTED = {
    State.BOOT: {Trigger.STARTED: State.HOLD, Trigger.STARTED_LATCHED: State.STOPPED},
    State.HOLD: {Trigger.RESUME: State.AUTO, Trigger.LEASE: State.TELEOP},
    State.AUTO: {
        Trigger.HOLD: State.HOLD,
        Trigger.FIELD_BLOCKED: State.PROTECTIVE_AUTO,
        Trigger.PROPOSALS_LOST: State.STOPPED,
        Trigger.SCAN_LOST: State.STOPPED,
        Trigger.ODOM_LOST: State.STOPPED,
        Trigger.POSE_LOST: State.STOPPED,
        Trigger.BUMPER_LOST: State.STOPPED,
    },
    State.TELEOP: {
        Trigger.HOLD: State.HOLD,
        Trigger.FIELD_BLOCKED: State.PROTECTIVE_TELEOP,
        Trigger.CONTROL_LOST: State.HOLD,
        Trigger.SCAN_LOST: State.STOPPED,
        Trigger.ODOM_LOST: State.STOPPED,
        Trigger.BUMPER_LOST: State.STOPPED,
    },
    State.PROTECTIVE_AUTO: {
        Trigger.HOLD: State.HOLD,
        Trigger.FIELD_FREE: State.AUTO,
        Trigger.PROPOSALS_LOST: State.STOPPED,
        Trigger.SCAN_LOST: State.STOPPED,
        Trigger.ODOM_LOST: State.STOPPED,
        Trigger.POSE_LOST: State.STOPPED,
        Trigger.BUMPER_LOST: State.STOPPED,
    },
    State.PROTECTIVE_TELEOP: {
        Trigger.HOLD: State.HOLD,
        Trigger.FIELD_FREE: State.TELEOP,
        Trigger.CONTROL_LOST: State.HOLD,
        Trigger.SCAN_LOST: State.STOPPED,
        Trigger.ODOM_LOST: State.STOPPED,
        Trigger.BUMPER_LOST: State.STOPPED,
    },
    State.STOPPED: {Trigger.RESET: State.HOLD},
    State.FAULT: {},
}
for _state, _row in EXPECTED.items():
    if _state is not State.FAULT:
        _row[Trigger.INTERNAL_ERROR] = State.FAULT
        if _state is not State.STOPPED:
            _row[Trigger.REMOTE_STOP] = _row[Trigger.CONTACT] = _row[Trigger.HARDWARE_STOP] = State.STOPPED
            if _state is not State.BOOT:
                _row[Trigger.TILT] = State.STOPPED
for _state in (State.AUTO, State.TELEOP, State.PROTECTIVE_AUTO, State.PROTECTIVE_TELEOP):
    for _trigger in (
        *(Trigger.ZONE_INTRUSION, Trigger.GEOFENCE, Trigger.PERMIT_ENDED, Trigger.DRIVE_FAULT),
        *(Trigger.EVIDENCE_LOST, Trigger.TOOL_FAULT, Trigger.IMU_LOST),
    ):
        EXPECTED[_state][_trigger] = State.STOPPED
for _state in (State.AUTO, State.PROTECTIVE_AUTO):
    EXPECTED[_state] |= {
        Trigger.EXECUTOR_LOST: State.STOPPED,
        Trigger.MANAGER_LOST: State.HOLD,
        Trigger.BATTERY_LOW: State.HOLD,
    }
EXPECTED[State.TELEOP][Trigger.IDLE] = State.HOLD


@pytest.mark.parametrize(("state", "trigger"), PAIRS, ids=lambda v: v.name)
def test_every_pair_has_the_entry_that_the_specification_gives_it(state, trigger):
    assert next_state(state, trigger) is EXPECTED[state].get(trigger, state)


def test_the_table_is_total_and_holds_nothing_else():
    assert set(TABLE) == set(PAIRS)


@pytest.mark.parametrize("state", State, ids=lambda s: s.name)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda t: t.name)
def test_row_03_no_loss_of_anything_ever_leads_to_motion(state, loss):
    after = next_state(state, loss)
    assert after is state or after in {State.HOLD, State.STOPPED}


def test_motion_begins_only_by_resume_a_lease_or_a_field_that_is_free_again():
    ways = {(s, t, n) for (s, t), n in TABLE.items() if n in MOVING and n is not s}
    assert ways == {
        (State.HOLD, Trigger.RESUME, State.AUTO),
        (State.HOLD, Trigger.LEASE, State.TELEOP),
        (State.PROTECTIVE_AUTO, Trigger.FIELD_FREE, State.AUTO),
        (State.PROTECTIVE_TELEOP, Trigger.FIELD_FREE, State.TELEOP),
    }


def test_row_05_and_06_stopped_is_left_by_reset_only_and_to_hold_only():
    assert {t: n for (s, t), n in TABLE.items() if s is State.STOPPED and n is not s} == {
        Trigger.RESET: State.HOLD,
        Trigger.INTERNAL_ERROR: State.FAULT,
    }


def test_a_fault_is_final():
    assert all(next_state(State.FAULT, t) is State.FAULT for t in Trigger)


def test_a_protective_stop_keeps_what_it_interrupted():
    reached_from = {n: {s for (s, _), m in TABLE.items() if m is n and s is not n} for n in PROTECTIVE}
    assert reached_from == {State.PROTECTIVE_AUTO: {State.AUTO}, State.PROTECTIVE_TELEOP: {State.TELEOP}}


def test_every_trigger_makes_a_kind_of_event():
    assert set(EVENT_KINDS) == set(Trigger)
    classes = {
        *("ESTOP", "REMOTE_STOP", "PROTECTIVE_STOP", "SPEED_LIMITED", "ZONE_INTRUSION", "COMMS_LOSS"),
        *("CONTROL_HANDOVER", "RESET", "RESUME", "MUTING", "SENSOR_FAULT", "NEAR_MISS", "CONTACT", "INJURY"),
        *("DANGEROUS_OCCURRENCE", "PERMIT_VIOLATION", "TOOL_FAULT", "SECURITY", "CONFIG_CHANGE"),
    }
    measured = {Trigger.STOOD: {""}}  # it has the class of the stop that it measures
    assert all(kind.event_class in measured.get(trigger, classes) for trigger, kind in EVENT_KINDS.items())
    assert all(0 <= kind.severity <= 3 for kind in EVENT_KINDS.values())


def test_the_published_numbers_are_those_of_the_interface():
    from sitefleet_interfaces.msg import SafetyState

    assert all(state.number == getattr(SafetyState, state.label) for state in State)
