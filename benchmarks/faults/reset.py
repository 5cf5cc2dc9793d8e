"""The reset button sticks, is pressed too shortly, by two hands, or before the stop. None of that is a reset."""

from __future__ import annotations

import time

from sitefleet_interfaces.msg import SafetyState
from sitefleet_interfaces.srv import Reset, Stop

from faults.fault import Fault, expect
from faults.kills import STOP_LIMIT
from faults.robot import ME
from faults.session import Session
from faults.values import Case, Run

CODES = {
    "stuck": "reset_stuck",
    "short": "reset_too_short",
    "other hand": "reset_other_hand",
    "before the stop": "pressed_before",
}


def button(session: Session, case: Case) -> Run:
    """From a person's stop; then the bad press, and autonomy wants to drive all the time."""
    robot, dice = session.robot, case.dice
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.8), dice)
    if case.variant == "before the stop":
        robot.call(Reset, pressed=True)
    since = time.monotonic()
    robot.call(Stop, reason="the reset's button is tried")
    run = session.measured(case, since, limit=STOP_LIMIT)
    expect(run, "STOPPED", "remote_stop")
    if case.variant != "before the stop":
        robot.call(Reset, pressed=True)
        if case.variant == "stuck":
            time.sleep(dice.uniform(2.1, 3.0))
            # Released and pressed again by a loose contact: still one press.
            robot.call(Reset, pressed=True)
        elif case.variant == "short":
            time.sleep(dice.uniform(0.0, 0.2))
        else:
            time.sleep(dice.uniform(0.5, 1.5))
    by = "another person" if case.variant == "other hand" else ME
    answer = robot.call(Reset, pressed=False, requested_by=by)
    if answer.success or answer.code != CODES[case.variant]:
        run.failures.append(f"answered {answer.code} instead of {CODES[case.variant]}")
    told = {trigger for _, trigger, at in robot.series.events.values() if at > since}
    if case.variant == "stuck" and "reset_stuck" not in told:
        run.failures.append("no event of the stuck button")
    session.nothing_moves(run, 0.8)
    if robot.state != SafetyState.STOPPED:
        run.failures.append("the stop is not latched any more")
    session.settle(run, since, robot.into_auto)
    return run


FAULTS = (Fault("stuck-reset", "reset stuck, too short, by two hands, too early", "robot", tuple(CODES), button),)
