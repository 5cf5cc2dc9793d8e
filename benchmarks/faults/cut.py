"""The command stream is cut: autonomy's proposals, or the commands of an operator who holds the switch."""

from __future__ import annotations

import time

from faults.fault import Fault, expect
from faults.session import Session
from faults.values import Case, Run


def autonomy(session: Session, case: Case) -> Run:
    """From the last proposal; then proposals to drive come again, and the robot must not."""
    robot, dice = session.robot, case.dice
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.8), dice)
    robot.wires.proposals = False
    time.sleep(0.01)  # one may be on its way out
    since = robot.wires.sent["proposals"]
    run = session.measured(case, since)
    expect(run, "STOPPED", "proposals_lost")
    robot.wires.proposals = True
    session.nothing_moves(run)
    session.settle(run, since, robot.into_auto)
    return run


def operator(session: Session, case: Case) -> Run:
    """From the last command; then commands to drive come again, and the robot must hold."""
    robot, dice = session.robot, case.dice
    robot.into_teleop(session.next_epoch())
    session.cruise(dice.uniform(0.3, 0.8), dice)
    robot.wires.control = False
    time.sleep(0.01)
    since = robot.wires.sent["control"]
    run = session.measured(case, since)
    expect(run, "HOLD", "control_lost")
    robot.wires.control = True
    session.nothing_moves(run)
    session.settle(run, since, robot.into_hold)
    robot.wires.control = False
    return run


FAULTS = (
    Fault("cut-autonomy", "autonomy's proposals cut", "robot", ("",), autonomy),
    Fault("cut-teleop", "operator's commands cut", "robot", ("",), operator),
)
