"""kill -9 of the real autonomy, which drives home by the real manager's route."""

from __future__ import annotations

import time

from sitefleet_interfaces.msg import SafetyState

from faults import world
from faults.fault import Fault, expect
from faults.session import Session
from faults.values import Case, Run

AWAY = 8.0
"""x to which an operator drives the robot, m; from there it goes home by itself."""


def autonomy(session: Session, case: Case) -> Run:
    """From the kill. Then autonomy is started again, finds its place and its route, and must wait for a person."""
    robot, dice = session.robot, case.dice
    lane = robot.stand_in.lane
    robot.into_teleop(session.next_epoch())
    lane.target = world.ENDS[1]
    lane.speed = 0.8
    robot.until(lambda: robot.truth.x > AWAY or robot.state != SafetyState.TELEOP, "the robot is away", 40.0)
    session.unless_stopped()
    lane.speed = 0.0
    robot.until(robot.stands, "it stands", 5.0)
    robot.wires.control = False
    robot.into_hold()
    robot.resume(60.0)
    robot.until(lambda: robot.truth.speed > 0.3 or robot.state == SafetyState.STOPPED, "it drives home", 30.0)
    session.unless_stopped()
    time.sleep(dice.uniform(0.0, 2.0))
    since = session.site.kill("autonomy")
    run = session.measured(case, since)
    expect(run, "STOPPED", "proposals_lost", "pose_lost")
    session.site.start("autonomy")
    robot.reset(60.0)
    run.notes["ready_after"] = time.monotonic() - since
    session.nothing_moves(run, 2.0)
    session.settle(run, since)
    return run


FAULTS = (Fault("kill-autonomy", "kill -9 autonomy", "autonomy", ("",), autonomy),)
