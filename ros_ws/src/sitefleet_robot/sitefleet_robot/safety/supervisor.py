"""The supervisor's core: takes what arrives, with the time it arrived, and decides the command. No clock, no ROS.

`handle` is the one entrance. After each call `command` is what the drive must do now; in every state that does not
move it is zero.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sitefleet_robot.safety import checks, requests
from sitefleet_robot.safety.button import ResetButton
from sitefleet_robot.safety.clearance import FieldMonitor
from sitefleet_robot.safety.ground import ZoneSet
from sitefleet_robot.safety.guards import Alarm, BodyGuard, DriveGuard, GroundGuard, PeopleGuard
from sitefleet_robot.safety.limits import Situation, SpeedLimit, SpeedLimiter, lowest, model_limit
from sitefleet_robot.safety.memory import Memory
from sitefleet_robot.safety.parameters import SupervisorSettings
from sitefleet_robot.safety.states import MOVING, PROTECTIVE, State, Trigger, next_state
from sitefleet_robot.safety.teleop import Teleoperation
from sitefleet_robot.safety.values import (
    ZERO,
    Alive,
    Answer,
    Attitude,
    Battery,
    Bumper,
    Cause,
    Control,
    Effect,
    Evidence,
    Failure,
    HardwareStop,
    Input,
    ModeRequest,
    Odometry,
    People,
    Pose,
    Proposal,
    ResetRequest,
    ResumeRequest,
    Scan,
    StopRequest,
    Tick,
    Transition,
    Twist2,
)
from sitefleet_robot.safety.watchdogs import RELIED_ON, SEES_BY, Watchdogs

STOP_CAUSES = frozenset(trigger for trigger in Trigger if next_state(State.AUTO, trigger) is State.STOPPED)
"""What latches a stop."""
_TELEOP_STATES = (State.TELEOP, State.PROTECTIVE_TELEOP)


class Supervisor:
    """State, streams and the command of one robot. Times are monotonic, s."""

    def __init__(
        self, settings: SupervisorSettings, memory: Memory, limiters: Sequence[SpeedLimiter] | None = None
    ) -> None:
        self.settings = settings
        self.state = State.BOOT
        self.reason = Cause(Trigger.STARTED, "starting")
        self.causes: list[Cause] = list(memory.causes)
        self.command = ZERO
        self.speed_limit = settings.max_speed
        self.refusals: Counter[str] = Counter()
        self.watch = Watchdogs(settings)
        self.teleop = Teleoperation(settings.robot_id, settings.command_max_age, memory.lease_epoch)
        self.field = FieldMonitor(settings)
        self.pose: Pose | None = None
        self.motion = ZERO
        self.bumper_pressed = False
        self.button = ResetButton()
        self.people = PeopleGuard(settings)
        self.ground = GroundGuard(settings)
        self.drive = DriveGuard(settings)
        self.body = BodyGuard(settings)
        self._neutral_since = -math.inf
        self._limit = SpeedLimit(settings.max_speed, "model", "")
        self._limiters = [
            model_limit(settings.max_speed),
            lambda situation: self.people.limit(situation.now),
            lambda _situation: self.ground.limit(),
            *(limiters or ()),
        ]
        self._proposal = ZERO
        self._control_due = -math.inf
        self._last_run: float | None = None
        self._handlers: dict[type, Callable[[Any, float, Effect], None]] = {
            Proposal: self._on_proposal,
            Control: self._on_control,
            Scan: self._on_scan,
            Odometry: self._on_odometry,
            Pose: self._on_pose,
            Bumper: self._on_bumper,
            Tick: self._on_tick,
            Alive: self._on_alive,
            HardwareStop: self._on_hardware_stop,
            Attitude: self._on_attitude,
            Battery: self._on_battery,
            Evidence: self._on_evidence,
            People: self._on_people,
            ZoneSet: self._on_zones,
            Failure: self._on_failure,
            StopRequest: self._answering(requests.stop),
            ResetRequest: self._answering(requests.reset),
            ResumeRequest: self._answering(requests.resume),
            ModeRequest: self._answering(requests.set_mode),
        }

    def start(self, now: float) -> Effect:
        """Leave BOOT: to HOLD, or to STOPPED if a stop was latched before the restart."""
        effect = Effect(publish=True)
        if self.causes:
            told = "; ".join(cause.sentence for cause in self.causes)
            self.apply(Trigger.STARTED_LATCHED, f"stopped before the restart: {told}", now, effect)
        else:
            self.apply(Trigger.STARTED, "started; waits for a person to resume", now, effect)
        return effect

    def handle(self, value: Input, now: float) -> Effect:
        """Take in one input that arrived at `now`."""
        effect = Effect()
        before = self.command
        if self._last_run is not None and now - self._last_run > self.settings.stall:
            # Not the streams were away but this process: the drive has stopped by its own watchdog, or soon would.
            self.watch.excuse(now)
        self._last_run = now
        self._handlers[type(value)](value, now, effect)
        self.command = self._decide_command(now)
        self.drive.commanded(self.command, now)
        # Motion that must end, ends now and not at the next tick.
        effect.publish |= bool(effect.transitions) or (self.command.is_zero and not before.is_zero)
        return effect

    def apply(
        self, trigger: Trigger, sentence: str, now: float, effect: Effect, by: str = "", since: float | None = None
    ) -> None:
        """Let a trigger act on the state. `since` is when its cause arose, if that was earlier than now."""
        before, after = self.state, next_state(self.state, trigger)
        further = (
            after is State.STOPPED and trigger in STOP_CAUSES and all(c.trigger is not trigger for c in self.causes)
        )
        if after is before and not further:
            return
        if after is State.STOPPED and trigger in STOP_CAUSES:
            self.causes.append(Cause(trigger, sentence, by))
        elif before is State.STOPPED and after is State.HOLD:
            self.causes.clear()
        if after is not before:
            self.state = after
            code = self.causes[0].trigger if after is State.STOPPED else trigger
            self.reason = Cause(code, sentence, by)
            if after not in _TELEOP_STATES:
                self.teleop.disarm()
            self.field.entered(after)
        stopped = before in MOVING and after not in MOVING
        effect.transitions.append(
            Transition(
                before=before,
                after=after,
                trigger=trigger,
                sentence=sentence,
                by=by,
                lease_holder=self.teleop.holder,
                twist=self.motion,
                pose=self.pose,
                latency=now - (now if since is None else since) if stopped else math.nan,
                separation=self.field.separation(),
            )
        )
        effect.remember = True

    def note(self, trigger: Trigger, sentence: str, effect: Effect, by: str = "") -> None:
        """An event that changes no state."""
        effect.transitions.append(
            Transition(
                before=self.state,
                after=self.state,
                trigger=trigger,
                sentence=sentence,
                by=by,
                lease_holder=self.teleop.holder,
                twist=self.motion,
                pose=self.pose,
                latency=math.nan,
                separation=self.field.separation(),
            )
        )

    def expect_control(self, until: float) -> None:
        """The operator's stream may take until then to begin."""
        self._control_due = until

    def _answering(self, decide: Callable[..., Answer]) -> Callable[[Any, float, Effect], None]:
        def answer(request: Any, now: float, effect: Effect) -> None:
            effect.answer = decide(self, request, now, effect)

        return answer

    def _on_proposal(self, value: Proposal, now: float, effect: Effect) -> None:
        effect.publish = self.state is State.AUTO
        refusal = checks.finite(value.twist)
        if refusal is not None:
            # What the last good proposal said is not what autonomy wants now, and what it wants now is not known.
            self._proposal = ZERO
            self.refusals[refusal.code] += 1
            self.watch[Trigger.PROPOSALS_LOST].faulty(refusal.sentence)
            return
        self._proposal = value.twist
        self.watch[Trigger.PROPOSALS_LOST].seen(now)

    def _on_control(self, value: Control, now: float, effect: Effect) -> None:
        if self.state not in _TELEOP_STATES:
            self.refusals["not_armed"] += 1
            return
        refusal = self.teleop.accept(value, now)
        if refusal is not None:
            self.refusals[refusal.code] += 1
            self.watch[Trigger.CONTROL_LOST].faulty(refusal.sentence)
            return
        self.watch[Trigger.CONTROL_LOST].seen(now)
        self._control_due = -math.inf
        effect.publish = self.state is State.TELEOP

    def _on_scan(self, value: Scan, now: float, effect: Effect) -> None:
        if value.points.fault:
            self.watch[Trigger.SCAN_LOST].faulty(value.points.fault)
            self.refusals["bad_scan"] += 1
            return
        self.watch[Trigger.SCAN_LOST].seen(now)
        self.field.seen(value.points)
        wanted = self._limited_wish(now)
        if self.state in MOVING and self.field.confirmed_block(wanted):
            distance = self.field.separation()
            self.apply(Trigger.FIELD_BLOCKED, f"something is {distance:.2f} m from the robot, in its way", now, effect)
        elif self.state in PROTECTIVE:
            self.field.watch_clearing(wanted, now)

    def _on_odometry(self, value: Odometry, now: float, _effect: Effect) -> None:
        refusal = checks.finite(value.twist)
        if refusal is not None:
            self.refusals[refusal.code] += 1
            self.watch[Trigger.ODOM_LOST].faulty(refusal.sentence)
            return
        self.motion = value.twist
        self.drive.measured(value.twist, now)
        self.watch[Trigger.ODOM_LOST].seen(now)

    def _on_pose(self, value: Pose, now: float, _effect: Effect) -> None:
        refusal = checks.pose_usable(value, self.settings.pose_max_sigma)
        if refusal is not None:
            self.refusals[refusal.code] += 1
            self.watch[Trigger.POSE_LOST].faulty(refusal.sentence)
            return
        self.pose = value
        self.watch[Trigger.POSE_LOST].seen(now)

    def _on_bumper(self, value: Bumper, now: float, effect: Effect) -> None:
        self.watch[Trigger.BUMPER_LOST].seen(now)
        self.bumper_pressed = value.pressed
        if value.pressed:
            self.apply(Trigger.CONTACT, "the contact sensor touches something", now, effect)

    def _on_tick(self, value: Tick, now: float, effect: Effect) -> None:
        effect.publish = True
        lost = self.watch.lost(RELIED_ON.get(self.state, ()), now)
        if now < self._control_due and Trigger.CONTROL_LOST in lost:
            lost.remove(Trigger.CONTROL_LOST)
        for loss in lost:
            watch = self.watch[loss]
            self.apply(loss, watch.complaint(now), now, effect, since=now - watch.age(now))
        self.people.look(self.pose, now)
        self.ground.look(self.pose, self.state, value.utc)
        for alarm in self._alarms(now):
            self.apply(alarm.trigger, alarm.sentence, now, effect, since=alarm.since)
        self._look_at_people(now, effect)
        self._look_at_operator(now, effect)
        if self.state in PROTECTIVE and self.field.cleared(now) and self._people_are_away(now):
            self.apply(Trigger.FIELD_FREE, "the field is free again, the robot goes on", now, effect)

    def _alarms(self, now: float) -> list[Alarm]:
        return [*self.body.alarms(now), *self.drive.alarms(now), *self.ground.alarms(self.state, now)]

    def _look_at_people(self, now: float, effect: Effect) -> None:
        near = self.people.nearest
        if self.state in MOVING and self.people.too_near and near is not None:
            self.apply(Trigger.FIELD_BLOCKED, f"a person is {near.distance:.2f} m from the robot", now, effect)

    def _people_are_away(self, now: float) -> bool:
        return self.people.free_for(now) >= self.settings.clear_time

    def _look_at_operator(self, now: float, effect: Effect) -> None:
        stuck = self.button.stuck(now)
        if stuck:
            self.note(Trigger.RESET_STUCK, stuck, effect)
        if self.state is not State.TELEOP or not self.teleop.twist.is_zero:
            self._neutral_since = now
        elif now - self._neutral_since >= self.settings.idle_timeout:
            sentence = f"the axes were neutral for {self.settings.idle_timeout:.0f} s"
            self.apply(Trigger.IDLE, sentence, now, effect)

    def _on_alive(self, value: Alive, now: float, _effect: Effect) -> None:
        self.watch[Trigger.EXECUTOR_LOST if value.source == "executor" else Trigger.MANAGER_LOST].seen(now)

    def _on_hardware_stop(self, value: HardwareStop, now: float, effect: Effect) -> None:
        self.body.circuit(value.open, now)
        self._raise(Trigger.HARDWARE_STOP, now, effect)

    def _on_attitude(self, value: Attitude, now: float, effect: Effect) -> None:
        self.body.tilt = value.tilt
        self._raise(Trigger.TILT, now, effect)

    def _on_battery(self, value: Battery, _now: float, _effect: Effect) -> None:
        self.body.charge = value.charge

    def _on_evidence(self, value: Evidence, _now: float, _effect: Effect) -> None:
        self.body.evidence_fault = value.fault

    def _on_people(self, value: People, now: float, _effect: Effect) -> None:
        self.people.seen(value.people, now)

    def _on_zones(self, value: ZoneSet, now: float, effect: Effect) -> None:
        """Raises ZoneSetError; then the zones before stay in force."""
        before = self.ground.ground.set.version
        self.ground.ground.take(value)
        if value.version != before:
            count = f"{len(value.zones)} zones, {len(value.permits)} permits"
            self.note(Trigger.ZONES_CHANGED, f"version {value.version} of zones is in force: {count}", effect)

    def _raise(self, trigger: Trigger, now: float, effect: Effect) -> None:
        """What the body tells acts at once, not at the next tick."""
        sentence = self.body.persists(trigger, now)
        if sentence:
            self.apply(trigger, sentence, now, effect)

    def _on_failure(self, value: Failure, now: float, effect: Effect) -> None:
        self.apply(Trigger.INTERNAL_ERROR, value.message, now, effect)

    def _wish(self) -> Twist2:
        if self.state in _TELEOP_STATES:
            return self.teleop.twist
        return self._proposal if self.state in {State.AUTO, State.PROTECTIVE_AUTO} else ZERO

    def _limited_wish(self, now: float) -> Twist2:
        limit = self._limit = lowest(self._limiters, Situation(self.state, self.pose, self.motion, now))
        self.speed_limit = min(limit.speed, self.settings.max_speed)
        # A limit holds for the corners of a robot that turns, too.
        turn = min(self.settings.max_turn_rate, self.speed_limit / self.settings.field.corner_radius)
        return checks.limited(self._wish(), self.speed_limit, turn)

    def _decide_command(self, now: float) -> Twist2:
        wanted = self._limited_wish(now)
        if self.state not in MOVING or wanted.is_zero or self.watch.blind(SEES_BY[self.state]):
            return ZERO
        result = self.field.evaluate(wanted)
        if result.blocked:
            return ZERO
        return wanted if result.scale == 1.0 else wanted.scaled(result.scale)
