"""What each input means for the supervisor. Times are monotonic, s."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sitefleet_robot.safety import checks
from sitefleet_robot.safety.ground import ZoneSet
from sitefleet_robot.safety.muting import MutedField
from sitefleet_robot.safety.refusal import Refusal
from sitefleet_robot.safety.standstill import stands
from sitefleet_robot.safety.states import MOVING, PROTECTIVE, State, Trigger
from sitefleet_robot.safety.values import (
    ZERO,
    Alive,
    Attitude,
    Battery,
    Bumper,
    Control,
    Effect,
    Evidence,
    Failure,
    HardwareStop,
    Odometry,
    People,
    Pose,
    Proposal,
    Scan,
    ToolFault,
)

if TYPE_CHECKING:
    from sitefleet_robot.safety.supervisor import Supervisor


def proposal(s: Supervisor, value: Proposal, now: float, effect: Effect) -> None:
    """Autonomy wants something; what is not finite is nothing."""
    effect.publish = s.state is State.AUTO
    refusal = checks.finite(value.twist)
    if refusal is not None:
        # What the last good proposal said is not what autonomy wants now, and what it wants now is not known.
        s.proposal = ZERO
        _refuse(s, Trigger.PROPOSALS_LOST, refusal)
        return
    s.proposal = value.twist
    s.watch[Trigger.PROPOSALS_LOST].seen(now)


def control(s: Supervisor, value: Control, now: float, effect: Effect) -> None:
    """The operator's command; one that does not count does not keep his stream alive either."""
    if s.state not in {State.TELEOP, State.PROTECTIVE_TELEOP}:
        s.refusals["not_armed"] += 1
        return
    refusal = s.teleop.accept(value, now)
    if refusal is not None:
        _refuse(s, Trigger.CONTROL_LOST, refusal)
        return
    s.watch[Trigger.CONTROL_LOST].seen(now)
    s.control_due = -math.inf
    effect.publish = s.state is State.TELEOP


def scan(s: Supervisor, value: Scan, now: float, effect: Effect) -> None:
    """A scan that is bad, or frozen while the robot moves, is none."""
    fault = value.points.fault
    if not fault and value.repeated and not stands(s.motion):
        fault = "the lidar repeats its last scan although the robot moves"
    if fault:
        s.watch[Trigger.SCAN_LOST].faulty(fault)
        s.refusals["bad_scan"] += 1
        return
    s.watch[Trigger.SCAN_LOST].seen(now)
    s.field.seen(value.points)
    wanted = s.limited_wish(now)
    muted = s.mutings.active(MutedField.PROTECTIVE_FIELD)
    if s.state in MOVING and not muted and s.field.confirmed_block(wanted):
        distance = s.field.separation()
        s.apply(Trigger.FIELD_BLOCKED, f"something is {distance:.2f} m from the robot, in its way", now, effect)
    elif s.state in PROTECTIVE:
        s.field.watch_clearing(wanted, now, muted)


def odometry(s: Supervisor, value: Odometry, now: float, effect: Effect) -> None:
    """Measured motion: for the drive's guard, and for how far a stop has taken."""
    refusal = checks.finite(value.twist)
    if refusal is not None:
        _refuse(s, Trigger.ODOM_LOST, refusal)
        return
    s.motion = value.twist
    s.drive.measured(value.twist, now)
    s.watch[Trigger.ODOM_LOST].seen(now)
    stand = s.standstill.moved(value, now)
    if stand is not None:
        sentence = f"the robot stands {1000.0 * stand.duration:.0f} ms and {stand.distance:.2f} m after the cause"
        s.note(
            Trigger.STOOD, sentence, now, effect,
            latency=stand.duration, stop_distance=stand.distance, about=stand.about,
        )  # fmt: skip


def pose(s: Supervisor, value: Pose, now: float, effect: Effect) -> None:
    """A pose that is uncertain, old or has jumped is none; a jump stops autonomy at once."""
    refusal = checks.pose_usable(value, s.settings.pose_max_sigma)
    before = s.pose
    if refusal is None and before is not None and value.stamp and value.stamp == before.stamp:
        refusal = Refusal("pose_repeated", "localisation repeats its last pose")
    if refusal is not None:
        _refuse(s, Trigger.POSE_LOST, refusal)
        return
    s.pose = value
    s.watch[Trigger.POSE_LOST].seen(now)
    jump = None if before is None else checks.pose_jump(value, before, s.settings.max_speed, s.settings.pose_jump)
    if jump is not None:
        s.refusals[jump.code] += 1
        s.apply(Trigger.POSE_LOST, jump.sentence, now, effect)


def bumper(s: Supervisor, value: Bumper, now: float, effect: Effect) -> None:
    """Contact latches."""
    s.watch[Trigger.BUMPER_LOST].seen(now)
    s.bumper_pressed = value.pressed
    if value.pressed:
        s.apply(Trigger.CONTACT, "the contact sensor touches something", now, effect)


def alive(s: Supervisor, value: Alive, now: float, _effect: Effect) -> None:
    """A partner has proved that it is alive."""
    s.watch[Trigger.EXECUTOR_LOST if value.source == "executor" else Trigger.MANAGER_LOST].seen(now)


def hardware_stop(s: Supervisor, value: HardwareStop, now: float, effect: Effect) -> None:
    """The emergency stop circuit acts at once."""
    s.body.circuit(value.open, now)
    _raise(s, Trigger.HARDWARE_STOP, now, effect)


def attitude(s: Supervisor, value: Attitude, now: float, effect: Effect) -> None:
    """So does a lean."""
    s.watch[Trigger.IMU_LOST].seen(now)
    s.body.tilt = value.tilt
    _raise(s, Trigger.TILT, now, effect)


def battery(s: Supervisor, value: Battery, _now: float, _effect: Effect) -> None:
    """Looked at by the clock."""
    s.body.charge = value.charge


def tool_fault(s: Supervisor, value: ToolFault, now: float, effect: Effect) -> None:
    """A tool that is out and cannot be withdrawn: the robot must not drive with it."""
    if value.fault:
        s.apply(Trigger.TOOL_FAULT, f"the tool cannot be withdrawn: {value.fault}", now, effect)


def evidence(s: Supervisor, value: Evidence, _now: float, _effect: Effect) -> None:
    """Looked at by the clock."""
    s.body.evidence_fault = value.fault


def people(s: Supervisor, value: People, now: float, _effect: Effect) -> None:
    """Looked at by the clock."""
    s.people.seen(value.people, now)


def zones(s: Supervisor, value: ZoneSet, now: float, effect: Effect) -> None:
    """Raises ZoneSetError; then the zones before stay in force."""
    before = s.ground.ground.set.version
    s.ground.ground.take(value)
    s.utc.settle()
    if value.version != before:
        count = f"{len(value.zones)} zones, {len(value.permits)} permits"
        s.note(Trigger.ZONES_CHANGED, f"version {value.version} of zones is in force: {count}", now, effect)


def failure(s: Supervisor, value: Failure, now: float, effect: Effect) -> None:
    """The supervisor itself is broken."""
    s.apply(Trigger.INTERNAL_ERROR, value.message, now, effect)


def _refuse(s: Supervisor, stream: Trigger, refusal: Refusal) -> None:
    s.refusals[refusal.code] += 1
    s.watch[stream].faulty(refusal.sentence)


def _raise(s: Supervisor, trigger: Trigger, now: float, effect: Effect) -> None:
    """What the body tells acts at once, not at the next tick."""
    sentence = s.body.persists(trigger, now)
    if sentence:
        s.apply(trigger, sentence, now, effect)
