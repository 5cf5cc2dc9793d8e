"""kill -9 of each process while the robot drives. Each is started again, as a robot's init system would."""

from __future__ import annotations

import time

from sitefleet_interfaces.msg import SafetyState
from sitefleet_interfaces.srv import Stop

from faults.fault import Fault, expect
from faults.session import Session
from faults.values import LIMIT, Case, Run, Unexpected

BRAKING_SEEN = 0.03
"""s by which the moment at which the drive began to brake is uncertain: a sample of the true speed, and its noise."""
MANAGER_LOST = 10.0
"""s without the manager's sign of life after which autonomy holds."""
STOP_LIMIT = 0.5
"""s from a person's request to zero (row 8)."""


def supervisor(session: Session, case: Case) -> Run:
    """From the kill until the drive's own watchdog brakes. The new supervisor must hold."""
    robot, dice = session.robot, case.dice
    robot.into_auto()
    session.cruise(dice.uniform(0.4, 0.8), dice)
    since = session.site.kill("safety")
    run = session.measured(case, since, limit=LIMIT + BRAKING_SEEN, silent=True)
    again = time.monotonic()
    session.site.start("safety")
    robot.until(lambda: robot.series.states[-1].t > again + 0.2, "the new supervisor", 30.0)
    robot.until(lambda: robot.state != SafetyState.BOOT, "HOLD", 5.0)
    run.state, run.reason = ("HOLD" if robot.state == SafetyState.HOLD else str(robot.state)), ""
    expect(run, "HOLD")
    session.nothing_moves(run)
    session.settle(run, since, robot.into_auto)
    return run


def evidence(session: Session, case: Case) -> Run:
    """Recorder and courier are no part of driving: the robot drives on, and a person's stop works as ever."""
    robot, dice = session.robot, case.dice
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.6), dice, room=3.5)
    session.site.kill("evidence")
    time.sleep(dice.uniform(0.5, 1.0))
    if robot.state != SafetyState.AUTO:
        raise Unexpected("the robot stopped when its recorder was killed")
    since = time.monotonic()
    robot.call(Stop, reason="the recorder was killed")
    run = session.measured(case, since, limit=STOP_LIMIT)
    expect(run, "STOPPED", "remote_stop")
    session.site.start("evidence")
    session.nothing_moves(run)
    session.settle(run, since, robot.into_auto)
    return run


def manager(session: Session, case: Case) -> Run:
    """From the kill until the robot holds because nobody sees it."""
    robot, dice = session.robot, case.dice
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.6), dice)
    since = session.site.kill("manager")
    robot.until(lambda: robot.state == SafetyState.HOLD, "HOLD", MANAGER_LOST + 2.0)
    run = session.measured(case, since, limit=MANAGER_LOST)
    expect(run, "HOLD", "manager_lost")
    session.site.start("manager")
    robot.until(session.site.sees_robot, "the new manager sees the robot", 60.0)
    session.nothing_moves(run)
    session.settle(run, since, robot.into_auto)
    return run


def drive(session: Session, case: Case) -> Run:
    """The bridge to drive and sensors dies (here: the simulator): from the kill to zero.

    Where the robot came to stand nobody knows.
    """
    robot, dice = session.robot, case.dice
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.8), dice)
    since = session.site.kill("simulator")
    run = session.measured(case, since, world=False)
    expect(run, "STOPPED", "scan_lost", "odom_lost", "pose_lost", "imu_lost", "bumper_lost")
    robot.wires.pose = True
    session.site.start("simulator")
    begun = time.monotonic()
    robot.until(lambda: robot.truth.t > begun, "the world", 60.0)
    session.nothing_moves(run)
    session.settle(run, since, robot.into_auto)
    return run


FAULTS = (
    Fault("kill-supervisor", "kill -9 supervisor (drive's watchdog)", "robot", ("",), supervisor),
    Fault("kill-evidence", "kill -9 recorder (a person stops)", "robot", ("",), evidence),
    Fault("kill-manager", "kill -9 fleet manager", "robot", ("",), manager),
    Fault("kill-drive", "kill -9 bridge of drive and sensors", "robot", ("",), drive),
)
