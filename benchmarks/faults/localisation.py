"""Localisation fails: it jumps, loses certainty, repeats itself, or falls silent."""

from __future__ import annotations

import math
import time

from faults.fault import Fault, expect
from faults.session import Session
from faults.values import Case, Run


def lost(session: Session, case: Case) -> Run:
    """From the last good pose."""
    robot, dice = session.robot, case.dice
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.8), dice)
    wires = robot.wires
    if case.variant == "jump":
        way, towards = dice.uniform(0.8, 4.0), dice.uniform(-math.pi, math.pi)
        wires.pose_shift = way * math.cos(towards), way * math.sin(towards)
    elif case.variant == "uncertain":
        wires.pose_sigma = dice.uniform(0.6, 2.0)
    elif case.variant == "repeated":
        wires.pose_repeats = True
    else:
        wires.pose = False
    time.sleep(0.01)
    since = wires.sent["pose"]
    run = session.measured(case, since)
    expect(run, "STOPPED", "pose_lost")
    session.mend()
    session.nothing_moves(run)
    session.settle(run, since, robot.into_auto)
    return run


FAULTS = (
    Fault("pose-jump", "localisation jumps or is lost", "robot", ("jump", "uncertain", "repeated", "silent"), lost),
)
