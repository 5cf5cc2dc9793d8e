"""An operator drives over WiFi through concrete walls; he stops the robot, or the link breaks for good."""

from __future__ import annotations

import threading
import time

from sitefleet_interfaces.msg import SafetyState

from faults import measures, world
from faults.fault import Fault, expect
from faults.relay_process import accepted
from faults.session import Session
from faults.values import LIMIT, Case, Run


def driven(session: Session, case: Case) -> Run:
    """`cut`, and where the robot holds by itself before: from the last command that came in time. `stop`: from the
    first press of Remote Stop, pressed again every second until the robot has stopped; there is no limit for it.
    """
    robot, dice, link = session.robot, case.dice, session.link
    assert link is not None
    link.say("clear")
    robot.into_teleop(session.next_epoch())
    del link.arrivals[:]
    session.cruise(0.5, dice, room=4.0)
    link.say("concrete")
    begun = time.monotonic()
    end = begun + dice.uniform(0.5, 3.0)
    while time.monotonic() < end and robot.state == SafetyState.TELEOP:
        time.sleep(0.005)
    by_itself = robot.state != SafetyState.TELEOP
    if case.variant == "stop" and not by_itself:
        run, since = _stopped(session, case)
    else:
        if not by_itself:
            link.say("cut")
        robot.until(lambda: robot.state == SafetyState.HOLD, "HOLD", 3.0)
        zero = measures.lasting_zero(robot.series.commands, begun, time.monotonic()) or robot.series.states[-1].t
        good = [a.t for a in accepted(list(link.arrivals)) if a.t < zero]
        since = good[-1]
        run = session.measured(case, since, limit=LIMIT)
        expect(run, "HOLD", "control_lost")
        link.say("concrete")
    run.notes["held_by_itself"] = float(by_itself)
    session.nothing_moves(run, 2.0)
    link.say("clear")
    robot.wires.control = False
    session.settle(run, since, robot.into_hold)
    return run


def _stopped(session: Session, case: Case) -> tuple[Run, float]:
    robot = session.robot
    since = time.monotonic()

    def press() -> None:
        session.site.post(f"/robots/{world.ROBOT}/stop", "Ada")

    while robot.state != SafetyState.STOPPED and time.monotonic() < since + 20.0:
        threading.Thread(target=press, daemon=True).start()
        again = time.monotonic() + 1.0
        while time.monotonic() < again and robot.state != SafetyState.STOPPED:
            time.sleep(0.01)
    run = session.measured(case, since, limit=None)
    expect(run, "STOPPED", "remote_stop")
    return run, since


FAULTS = (Fault("bad-link", "WiFi through concrete walls", "link", ("stop", "cut"), driven),)
