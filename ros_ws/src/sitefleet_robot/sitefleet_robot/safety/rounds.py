"""What the supervisor looks at by the clock, at each tick. Times are monotonic, s."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sitefleet_robot.safety.muting import MutedField
from sitefleet_robot.safety.states import MOVING, PROTECTIVE, State, Trigger
from sitefleet_robot.safety.values import Effect, Tick
from sitefleet_robot.safety.watchdogs import RELIED_ON

if TYPE_CHECKING:
    from sitefleet_robot.safety.supervisor import Supervisor


def tick(s: Supervisor, value: Tick, now: float, effect: Effect) -> None:
    """One round: what is lost, who and what is near, where the robot is, what has ended."""
    effect.publish = True
    _clock(s, value.utc, now, effect)
    _losses(s, now, effect)
    _mutings(s, now, effect)
    s.people.look(s.pose, now, s.watch[Trigger.POSE_LOST].age(now))
    s.ground.look(s.pose, s.state, s.utc.moments(value.utc), now)
    for guard in (s.body.alarms(now), s.drive.alarms(now), s.ground.alarms(s.state, now)):
        for alarm in guard:
            s.apply(alarm.trigger, alarm.sentence, now, effect, since=alarm.since)
    _people(s, now, effect)
    _operator(s, now, effect)
    if s.state in PROTECTIVE and s.field.cleared(now) and s.people.free_for(now) >= s.settings.clear_time:
        s.apply(Trigger.FIELD_FREE, "the field is free again, the robot goes on", now, effect)
    if s.state in MOVING:
        told = s.notices.look(s.limit, now)
        if told:
            s.note(Trigger.SPEED_LIMITED, told, now, effect)


def _clock(s: Supervisor, utc: float, now: float, effect: Effect) -> None:
    step = s.utc.look(utc, now)
    if step:
        s.note(Trigger.CLOCK_STEP, f"the clock was set by {step:+.1f} s; permits must hold by both times", now, effect)


def _losses(s: Supervisor, now: float, effect: Effect) -> None:
    for loss in s.watch.lost(RELIED_ON.get(s.state, ()), now):
        if loss is Trigger.CONTROL_LOST and now < s.control_due:
            continue
        watch = s.watch[loss]
        s.apply(loss, watch.complaint(now), now, effect, since=now - watch.age(now))


def _mutings(s: Supervisor, now: float, effect: Effect) -> None:
    for ended in s.mutings.expire(now):
        s.note(Trigger.UNMUTED, ended, now, effect)
    s.people.muted = s.mutings.active(MutedField.SEPARATION)


def _people(s: Supervisor, now: float, effect: Effect) -> None:
    near = s.people.nearest
    if s.state in MOVING and s.people.too_near and near is not None:
        s.apply(Trigger.FIELD_BLOCKED, f"a person is {near.distance:.2f} m from the robot", now, effect)


def _operator(s: Supervisor, now: float, effect: Effect) -> None:
    stuck = s.button.stuck(now)
    if stuck:
        s.note(Trigger.RESET_STUCK, stuck, now, effect)
    if s.state is not State.TELEOP or not s.teleop.twist.is_zero:
        s.neutral_since = now
    elif now - s.neutral_since >= s.settings.idle_timeout:
        s.apply(Trigger.IDLE, f"the axes were neutral for {s.settings.idle_timeout:.0f} s", now, effect)
