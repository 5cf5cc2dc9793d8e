"""States of the safety supervisor and the table of their transitions: data, pure, total."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class State(Enum):
    """A state; `number` is the one published in SafetyState.

    A protective stop remembers what it interrupted, because it may clear only to that: so it is two states here and
    one to the outside.
    """

    BOOT = "BOOT"
    HOLD = "HOLD"
    AUTO = "AUTO"
    TELEOP = "TELEOP"
    PROTECTIVE_AUTO = "PROTECTIVE_STOP (from AUTO)"
    PROTECTIVE_TELEOP = "PROTECTIVE_STOP (from TELEOP)"
    STOPPED = "STOPPED"
    FAULT = "FAULT"

    @property
    def number(self) -> int:
        """The constant of sitefleet_interfaces/SafetyState."""
        return _NUMBERS[self]

    @property
    def label(self) -> str:
        """The name of that constant."""
        return "PROTECTIVE_STOP" if self in PROTECTIVE else self.value

    @property
    def moves(self) -> bool:
        """Whether a command other than zero may pass."""
        return self in MOVING

    @property
    def latched(self) -> bool:
        """Whether only a person's act (reset) or a restart leaves the state."""
        return self in {State.STOPPED, State.FAULT}


MOVING = frozenset({State.AUTO, State.TELEOP})
PROTECTIVE = frozenset({State.PROTECTIVE_AUTO, State.PROTECTIVE_TELEOP})
_NUMBERS = {
    State.BOOT: 0,
    State.HOLD: 1,
    State.AUTO: 2,
    State.TELEOP: 3,
    State.PROTECTIVE_AUTO: 4,
    State.PROTECTIVE_TELEOP: 4,
    State.STOPPED: 5,
    State.FAULT: 6,
}


class Trigger(Enum):
    """What can change a state; the value is the machine code that state, answers and events carry."""

    __hash__ = object.__hash__  # members are single: Enum's own, written in Python, is asked a thousand times a second

    STARTED = "started"
    STARTED_LATCHED = "stop_remembered"
    RESUME = "resume"
    LEASE = "lease"
    HOLD = "hold"
    FIELD_BLOCKED = "field_blocked"
    FIELD_FREE = "field_free"
    REMOTE_STOP = "remote_stop"
    CONTACT = "contact"
    PROPOSALS_LOST = "proposals_lost"
    CONTROL_LOST = "control_lost"
    SCAN_LOST = "scan_lost"
    ODOM_LOST = "odom_lost"
    POSE_LOST = "pose_lost"
    BUMPER_LOST = "bumper_lost"
    IMU_LOST = "imu_lost"
    EXECUTOR_LOST = "executor_lost"
    MANAGER_LOST = "manager_lost"
    HARDWARE_STOP = "hardware_stop"
    ZONE_INTRUSION = "zone_intrusion"
    GEOFENCE = "geofence"
    PERMIT_ENDED = "permit_ended"
    TILT = "tilt"
    TOOL_FAULT = "tool_fault"
    DRIVE_FAULT = "drive_fault"
    EVIDENCE_LOST = "evidence_lost"
    BATTERY_LOW = "battery_low"
    IDLE = "idle"
    SPEED_LIMITED = "speed_limited"
    RESET_STUCK = "reset_stuck"
    ZONES_CHANGED = "zones_changed"
    MUTED = "muting_started"
    UNMUTED = "muting_ended"
    STOOD = "stood_still"
    CLOCK_STEP = "clock_step"
    RESET = "reset"
    INTERNAL_ERROR = "internal_error"


_LETTERS = {
    "H": State.HOLD,
    "A": State.AUTO,
    "T": State.TELEOP,
    "a": State.PROTECTIVE_AUTO,
    "t": State.PROTECTIVE_TELEOP,
    "S": State.STOPPED,
    "F": State.FAULT,
}

# One row a trigger, one column a state in the order of `State`; a dot stays. RESUME, LEASE and RESET stand for the
# granted request: what must hold before they are granted is decided in `supervisor`.
_GRID = {
    #                         B H A T a t S F
    Trigger.STARTED:         "H . . . . . . .",
    Trigger.STARTED_LATCHED: "S . . . . . . .",
    Trigger.RESUME:          ". A . . . . . .",
    Trigger.LEASE:           ". T . . . . . .",
    Trigger.HOLD:            ". . H H H H . .",
    Trigger.FIELD_BLOCKED:   ". . a t . . . .",
    Trigger.FIELD_FREE:      ". . . . A T . .",
    Trigger.REMOTE_STOP:     "S S S S S S . .",
    Trigger.CONTACT:         "S S S S S S . .",
    Trigger.PROPOSALS_LOST:  ". . S . S . . .",
    Trigger.CONTROL_LOST:    ". . . H . H . .",
    Trigger.SCAN_LOST:       ". . S S S S . .",
    Trigger.ODOM_LOST:       ". . S S S S . .",
    Trigger.POSE_LOST:       ". . S . S . . .",
    Trigger.BUMPER_LOST:     ". . S S S S . .",
    Trigger.IMU_LOST:        ". . S S S S . .",
    Trigger.EXECUTOR_LOST:   ". . S . S . . .",
    Trigger.MANAGER_LOST:    ". . H . H . . .",
    Trigger.HARDWARE_STOP:   "S S S S S S . .",
    Trigger.ZONE_INTRUSION:  ". . S S S S . .",
    Trigger.GEOFENCE:        ". . S S S S . .",
    Trigger.PERMIT_ENDED:    ". . S S S S . .",
    Trigger.TILT:            ". S S S S S . .",
    Trigger.TOOL_FAULT:      ". . S S S S . .",
    Trigger.DRIVE_FAULT:     ". . S S S S . .",
    Trigger.EVIDENCE_LOST:   ". . S S S S . .",
    Trigger.BATTERY_LOW:     ". . H . H . . .",
    Trigger.IDLE:            ". . . H . . . .",
    Trigger.SPEED_LIMITED:   ". . . . . . . .",
    Trigger.RESET_STUCK:     ". . . . . . . .",
    Trigger.ZONES_CHANGED:   ". . . . . . . .",
    Trigger.MUTED:           ". . . . . . . .",
    Trigger.UNMUTED:         ". . . . . . . .",
    Trigger.STOOD:           ". . . . . . . .",
    Trigger.CLOCK_STEP:      ". . . . . . . .",
    Trigger.RESET:           ". . . . . . H .",
    Trigger.INTERNAL_ERROR:  "F F F F F F F F",
}  # fmt: skip


def _read(grid: Mapping[Trigger, str]) -> dict[tuple[State, Trigger], State]:
    table: dict[tuple[State, Trigger], State] = {}
    for trigger, row in grid.items():
        for state, letter in zip(State, row.split(), strict=True):
            table[state, trigger] = state if letter == "." else _LETTERS[letter]
    return table


TABLE: Mapping[tuple[State, Trigger], State] = MappingProxyType(_read(_GRID))
"""The next state for every pair of state and trigger."""


def next_state(state: State, trigger: Trigger) -> State:
    """The state after a trigger; the same state if the trigger means nothing there."""
    return TABLE[state, trigger]
