"""Commands that are replayed, reordered or forged, sent beside those of the operator who holds the lease."""

from __future__ import annotations

import copy
import math
import random
import time
from typing import Any

from faults import rival
from faults.fault import Fault, expect
from faults.session import Session
from faults.values import Case, Run

FAST, SLOW = 0.6, 0.2
"""m/s that the operator wanted while somebody recorded, and wants now."""
SPARE = 0.03


def attacked(session: Session, case: Case) -> Run:
    """From the operator's last command: what others send must neither pass nor keep the robot going."""
    robot, dice = session.robot, case.dice
    recorded: list[Any] = []
    robot.stand_in.on_command = lambda message: recorded.append(copy.deepcopy(message))
    epoch = session.next_epoch()
    robot.into_teleop(epoch)
    session.cruise(FAST, dice)
    robot.stand_in.lane.speed = SLOW
    robot.until(lambda: robot.series.commands[-1].linear < SLOW + SPARE, "slow", 5.0)
    time.sleep(0.1)
    fast = [m for m in recorded if m.twist.linear.x > FAST - SPARE]
    begun = time.monotonic()
    with rival.sending(robot, lambda n: _attack(case.variant, n, epoch, fast, recorded, dice), period=0.02):
        time.sleep(1.0)
        low, high, _ = rival.fastest(robot, begun)
        stood = robot.series.commands[-1].linear == 0.0
        robot.wires.control = False
        time.sleep(0.01)
        since = robot.wires.sent["control"]
        run = session.measured(case, since)
        expect(run, "HOLD", "control_lost")
        if high > SLOW + SPARE or low < -SPARE:
            run.failures.append(f"commands of others passed: {low:.2f} to {high:.2f} m/s")
        if stood:
            run.failures.append("others' commands stopped the operator's")
        session.nothing_moves(run)
    session.settle(run, since, robot.into_hold)
    return run


def _attack(kind: str, n: int, epoch: int, fast: list[Any], recorded: list[Any], dice: random.Random) -> Any:
    """The n-th message of somebody who may send to the topic but has no lease."""
    if kind == "replayed":
        return fast[n % len(fast)]
    if kind == "reordered":
        return copy.deepcopy(dice.choice(fast[-40:]))
    newest = recorded[-1].sequence
    if kind == "not finite":
        message = rival.command(epoch, newest + 1, dice.choice([math.nan, math.inf, -math.inf]))
        message.twist.angular.z = dice.choice([0.0, math.nan])
        return message
    if kind == "wrong robot":
        return rival.command(epoch, newest + 5, FAST, robot=dice.choice(["r2", "", "R1", "r1 "]))
    if kind == "too old":
        message = rival.command(epoch, newest + 5, FAST)
        message.header.stamp.sec -= dice.randint(1, 3600)
        return message
    return rival.command(dice.choice([epoch + 1, epoch + 100, 2**63, epoch - 1, 0]), newest + 5, FAST, 0.5)


VARIANTS = ("replayed", "reordered", "not finite", "wrong robot", "too old", "other lease")
FAULTS = (Fault("forged", "replayed, reordered, forged commands", "robot", VARIANTS, attacked, each=12),)
