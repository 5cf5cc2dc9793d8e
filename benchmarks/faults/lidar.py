"""The lidar freezes: it falls silent, its driver sends the last message again, or the last ranges under new stamps."""

from __future__ import annotations

import time

from faults.fault import Fault, expect
from faults.session import Session
from faults.values import Case, Run


def frozen(session: Session, case: Case) -> Run:
    """From the last scan that was one."""
    robot, dice = session.robot, case.dice
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.8), dice)
    robot.wires.scan = case.variant
    time.sleep(0.01)
    since = robot.wires.sent["scan"]
    run = session.measured(case, since)
    expect(run, "STOPPED", "scan_lost")
    robot.wires.scan = "pass"
    session.nothing_moves(run)
    session.settle(run, since, robot.into_auto)
    return run


FAULTS = (Fault("frozen-lidar", "lidar frozen", "robot", ("silent", "same", "stamped"), frozen),)
