"""What a person may ask of the supervisor, and when it is granted. Codes are stable, sentences are for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sitefleet_robot.safety.muting import MuteRequest
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import Answer, Effect, ModeRequest, ResetRequest, ResumeRequest, StopRequest
from sitefleet_robot.safety.watchdogs import CLEARS, NEEDED_FOR_LEASE, NEEDED_FOR_RESUME

if TYPE_CHECKING:
    from sitefleet_robot.safety.supervisor import Supervisor

_NO_NAME = Answer(False, "no_name", "say who asks: requested_by is empty")
_FAULT = Answer(False, "fault", "the supervisor has an internal error; restart it")
_RESET_FIRST = Answer(False, "reset_first", "a stop is latched; reset it first, then ask again")


def stop(supervisor: Supervisor, request: StopRequest, now: float, effect: Effect) -> Answer:
    """Remote stop: granted to anyone, always."""
    before = supervisor.state
    said = f"{request.by or 'somebody'} stopped the robot"
    sentence = f"{said}: {request.reason}" if request.reason else said
    supervisor.apply(Trigger.REMOTE_STOP, sentence, now, effect, by=request.by)
    if before is State.FAULT:
        return Answer(True, "fault", "the robot stands already: the supervisor has an internal error")
    code = "already_stopped" if before is State.STOPPED else "stopped"
    return Answer(True, code, "stopped and latched; it takes a reset and a resume to go on")


def reset(supervisor: Supervisor, request: ResetRequest, now: float, effect: Effect) -> Answer:
    """STOPPED to HOLD, when the button is released after a press of the right length and every cause is gone."""
    if not request.by:
        return _NO_NAME
    if request.pressed:
        supervisor.button.press(request.by, now)
        if supervisor.state is State.FAULT:
            return _FAULT
        if supervisor.state is not State.STOPPED:
            return Answer(False, "not_stopped", f"nothing to reset: the robot is in {supervisor.state.label}")
        return Answer(True, "pressed", "release it; the reset acts then")
    refusal = supervisor.button.release(request.by, now)
    if supervisor.state is State.FAULT:
        return _FAULT
    if supervisor.state is not State.STOPPED:
        return Answer(False, "not_stopped", f"nothing to reset: the robot is in {supervisor.state.label}")
    if refusal is not None:
        return Answer(False, refusal.code, refusal.sentence)
    causes = {cause.trigger for cause in supervisor.causes}
    if Trigger.CONTACT in causes and supervisor.bumper_pressed:
        return Answer(False, "cause_persists", "the contact sensor still touches something")
    needed = tuple(dict.fromkeys(CLEARS[trigger] for trigger in causes if trigger in CLEARS))
    missing = supervisor.watch.missing(needed, now)
    if missing:
        return Answer(False, "cause_persists", supervisor.watch.complaints(missing, now))
    persisting = [sentence for sentence in (supervisor.body.persists(c, now) for c in causes) if sentence]
    if persisting:
        return Answer(False, "cause_persists", "; ".join(persisting))
    supervisor.apply(Trigger.RESET, _said(request.by, "reset the stop", request.reason), now, effect, by=request.by)
    return Answer(True, "reset", "the stop is reset; the robot holds until somebody resumes")


def resume(supervisor: Supervisor, request: ResumeRequest, now: float, effect: Effect) -> Answer:
    """HOLD to AUTO, if everything autonomy relies on is there."""
    state = supervisor.state
    if state is State.FAULT:
        return _FAULT
    if state is State.STOPPED:
        return _RESET_FIRST
    if state in {State.AUTO, State.PROTECTIVE_AUTO}:
        return Answer(True, "already_auto", "autonomy drives already")
    if state is not State.HOLD:
        return Answer(False, "not_in_hold", f"the robot is in {state.label}; give it back to HOLD first")
    if not request.by:
        return _NO_NAME
    missing = supervisor.watch.missing(NEEDED_FOR_RESUME, now)
    if missing:
        return Answer(False, "not_ready", supervisor.watch.complaints(missing, now))
    if supervisor.ground.trespass:
        return Answer(False, "in_zone", f"{supervisor.ground.trespass}; drive it out first")
    supervisor.apply(
        Trigger.RESUME, _said(request.by, "let autonomy drive", request.reason), now, effect, by=request.by
    )
    return Answer(True, "resumed", "autonomy drives")


def set_mode(supervisor: Supervisor, request: ModeRequest, now: float, effect: Effect) -> Answer:
    """TELEOP under a lease, or back to HOLD."""
    if supervisor.state is State.FAULT:
        return _FAULT
    if supervisor.state is State.STOPPED:
        return _RESET_FIRST
    if not request.by:
        return _NO_NAME
    if request.mode == State.HOLD.number:
        supervisor.apply(Trigger.HOLD, f"{request.by} asked the robot to hold", now, effect, by=request.by)
        return Answer(True, "hold", "the robot holds")
    if request.mode == State.TELEOP.number:
        return _teleop(supervisor, request, now, effect)
    if request.mode == State.AUTO.number:
        return Answer(False, "use_resume", "autonomy is let to drive by the service resume")
    return Answer(False, "unknown_mode", f"mode {request.mode} cannot be asked for; TELEOP and HOLD can")


def mute(supervisor: Supervisor, request: MuteRequest, now: float, effect: Effect) -> Answer:
    """Let a protective field not count for a while, or end that before its time."""
    if supervisor.state is State.FAULT:
        return _FAULT
    refusal = supervisor.mutings.refusal(request)
    if refusal is not None:
        return Answer(False, refusal.code, refusal.sentence)
    if request.duration > 0.0 and supervisor.state is State.STOPPED:
        return _RESET_FIRST
    sentence = supervisor.mutings.take(request, now)
    ended = request.duration == 0.0
    by = request.by if ended else f"{request.by}, {request.co_signed_by}"
    supervisor.note(Trigger.UNMUTED if ended else Trigger.MUTED, sentence, now, effect, by=by)
    return Answer(True, "unmuted" if ended else "muted", sentence, lasts=request.duration)


def _teleop(supervisor: Supervisor, request: ModeRequest, now: float, effect: Effect) -> Answer:
    if supervisor.state is not State.HOLD:
        message = f"teleoperation begins from HOLD; the robot is in {supervisor.state.label}"
        return Answer(False, "not_in_hold", message)
    missing = supervisor.watch.missing(NEEDED_FOR_LEASE, now)
    if missing:
        return Answer(False, "not_ready", supervisor.watch.complaints(missing, now))
    refusal = supervisor.teleop.arm(request.epoch, request.by)
    if refusal is not None:
        return Answer(False, refusal.code, refusal.sentence)
    supervisor.expect_control(now + supervisor.settings.arming_time)
    supervisor.neutral_since = now
    sentence = f"{request.by} drives under lease {request.epoch}"
    supervisor.apply(Trigger.LEASE, sentence, now, effect, by=request.by)
    return Answer(True, "teleop", "send commands with neutral axes first")


def _said(by: str, what: str, reason: str) -> str:
    return f"{by} {what}: {reason}" if reason else f"{by} {what}"
