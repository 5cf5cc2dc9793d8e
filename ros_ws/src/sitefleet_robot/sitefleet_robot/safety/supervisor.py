"""The supervisor's core: takes what arrives, with the time it arrived, and decides the command. No clock, no ROS.

`handle` is the one entrance. After each call `command` is what the drive must do now; in every state that does not
move it is zero. What single inputs mean is in `senses`, what is looked at by the clock in `rounds`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sitefleet_robot.safety import checks, requests, rounds, senses
from sitefleet_robot.safety.button import ResetButton
from sitefleet_robot.safety.clearance import FieldMonitor
from sitefleet_robot.safety.ground import ZoneSet
from sitefleet_robot.safety.guards import BodyGuard, DriveGuard, GroundGuard, PeopleGuard
from sitefleet_robot.safety.limits import Situation, SpeedLimit, SpeedLimiter, lowest, model_limit
from sitefleet_robot.safety.memory import Memory
from sitefleet_robot.safety.moments import UtcWatch
from sitefleet_robot.safety.muting import MutedField, MuteRequest, Mutings
from sitefleet_robot.safety.notices import LimitNotices
from sitefleet_robot.safety.parameters import SupervisorSettings
from sitefleet_robot.safety.standstill import StandstillMeasure, stands
from sitefleet_robot.safety.states import MOVING, State, Trigger, next_state
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
    ToolFault,
    Transition,
    Twist2,
)
from sitefleet_robot.safety.watchdogs import SEES_BY, Watchdogs

STOP_CAUSES = frozenset(trigger for trigger in Trigger if next_state(State.AUTO, trigger) is State.STOPPED)
"""What latches a stop."""
TELEOP_STATES = frozenset({State.TELEOP, State.PROTECTIVE_TELEOP})


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
        self.proposal = ZERO
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
        self.mutings = Mutings()
        self.utc = UtcWatch()
        self.standstill = StandstillMeasure()
        self.notices = LimitNotices(settings.max_speed)
        self.neutral_since = -math.inf
        self.control_due = -math.inf
        self.limit = SpeedLimit(settings.max_speed, "model", "")
        self._limiters = [
            model_limit(settings.max_speed),
            lambda situation: self.people.limit(situation.now),
            lambda _situation: self.ground.limit(),
            lambda _situation: self._muted_limit(),
            *(limiters or ()),
        ]
        self._count = 0
        self._last_run: float | None = None
        self._handlers: dict[type, Callable[[Any, float, Effect], None]] = {
            kind: self._sensing(sense) for kind, sense in _SENSES.items()
        } | {kind: self._answering(decide) for kind, decide in _REQUESTS.items()}

    @property
    def speed_limit(self) -> float:
        """Highest speed now, m/s."""
        return min(self.limit.speed, self.settings.max_speed)

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
        stalled = self._last_run is not None and now - self._last_run > self.settings.stall
        if stalled:
            # Not the streams were away but this process: the drive has stopped by its own watchdog, or soon would.
            self.watch.excuse(now)
        self._last_run = now
        self._handlers[type(value)](value, now, effect)
        if type(value) in _FOR_THE_TICK and not effect.transitions and not stalled:
            return effect
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
        effect.remember = True
        if after is State.STOPPED and trigger in STOP_CAUSES:
            self.causes.append(Cause(trigger, sentence, by))
        elif before is State.STOPPED and after is State.HOLD:
            self.causes.clear()
        arose = now if since is None else since
        stopped = before in MOVING and after not in MOVING
        latency = now - arose if stopped else math.nan
        distance = 0.0 if stopped and stands(self.motion) else math.nan
        self._tell(trigger, after, sentence, by, effect, latency=latency, stop_distance=distance)
        if stopped and not stands(self.motion):
            self.standstill.begin(self._count, arose, now)
        if after is not before:
            self._enter(after, trigger, sentence, by)
        if after.latched:
            for ended in self.mutings.end_all():
                self.note(Trigger.UNMUTED, ended, now, effect)

    def note(self, trigger: Trigger, sentence: str, _now: float, effect: Effect, by: str = "", **measured: Any) -> None:
        """An event that changes no state."""
        self._tell(trigger, self.state, sentence, by, effect, **measured)

    def _tell(
        self, trigger: Trigger, after: State, sentence: str, by: str, effect: Effect, latency: float = math.nan,
        **measured: Any,
    ) -> None:  # fmt: skip
        self._count += 1
        effect.transitions.append(
            Transition(
                number=self._count,
                before=self.state,
                after=after,
                trigger=trigger,
                sentence=sentence,
                by=by,
                lease_holder=self.teleop.holder,
                twist=self.motion,
                pose=self.pose,
                latency=latency,
                separation=self.field.separation(),
                **measured,
            )
        )

    def _enter(self, after: State, trigger: Trigger, sentence: str, by: str) -> None:
        self.state = after
        code = self.causes[0].trigger if after is State.STOPPED else trigger
        self.reason = Cause(code, sentence, by)
        if after not in TELEOP_STATES:
            self.teleop.disarm()
        if after is State.STOPPED:
            self.button.void()
        self.field.entered(after)

    def expect_control(self, until: float) -> None:
        """The operator's stream may take until then to begin."""
        self.control_due = until

    def _sensing(self, sense: Callable[..., None]) -> Callable[[Any, float, Effect], None]:
        return lambda value, now, effect: sense(self, value, now, effect)

    def _answering(self, decide: Callable[..., Answer]) -> Callable[[Any, float, Effect], None]:
        def answer(request: Any, now: float, effect: Effect) -> None:
            effect.answer = decide(self, request, now, effect)

        return answer

    def _muted_limit(self) -> SpeedLimit | None:
        if not self.mutings.any:
            return None
        return SpeedLimit(self.settings.muted_speed, "muted", f"{self.mutings.names()} muted")

    def _wish(self) -> Twist2:
        if self.state in TELEOP_STATES:
            return self.teleop.twist
        return self.proposal if self.state in {State.AUTO, State.PROTECTIVE_AUTO} else ZERO

    def limited_wish(self, now: float) -> Twist2:
        """What is wanted, within the speed limit of the moment."""
        self.limit = lowest(self._limiters, Situation(self.state, self.pose, self.motion, now))
        wish = self._wish()
        if wish.is_zero:
            return ZERO
        # A limit holds for the corners of a robot that turns, too.
        turn = min(self.settings.max_turn_rate, self.speed_limit / self.settings.field.corner_radius)
        return checks.limited(wish, self.speed_limit, turn)

    def _decide_command(self, now: float) -> Twist2:
        wanted = self.limited_wish(now)
        if self.state not in MOVING or wanted.is_zero or self.watch.blind(SEES_BY[self.state]):
            return ZERO
        if self.mutings.active(MutedField.PROTECTIVE_FIELD):
            return wanted
        result = self.field.evaluate(wanted)
        if result.blocked:
            return ZERO
        return wanted if result.scale == 1.0 else wanted.scaled(result.scale)


_FOR_THE_TICK = frozenset({Odometry, Pose, Attitude, Battery, Alive, Bumper, HardwareStop, ToolFault, Evidence})
"""Inputs that change the command through a transition, or else through the limits that the next tick looks at."""


_SENSES: dict[type, Callable[..., None]] = {
    Proposal: senses.proposal,
    Control: senses.control,
    Scan: senses.scan,
    Odometry: senses.odometry,
    Pose: senses.pose,
    Bumper: senses.bumper,
    Tick: rounds.tick,
    Alive: senses.alive,
    HardwareStop: senses.hardware_stop,
    Attitude: senses.attitude,
    Battery: senses.battery,
    ToolFault: senses.tool_fault,
    Evidence: senses.evidence,
    People: senses.people,
    ZoneSet: senses.zones,
    Failure: senses.failure,
}
_REQUESTS: dict[type, Callable[..., Answer]] = {
    StopRequest: requests.stop,
    ResetRequest: requests.reset,
    ResumeRequest: requests.resume,
    ModeRequest: requests.set_mode,
    MuteRequest: requests.mute,
}
