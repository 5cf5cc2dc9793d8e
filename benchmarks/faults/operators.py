"""Two operators at once, with leases of the real fleet manager."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sitefleet_interfaces.msg import SafetyState
from sitefleet_interfaces.srv import SetMode

from faults import rival, world
from faults.fault import Fault, expect
from faults.kills import STOP_LIMIT
from faults.session import Session
from faults.values import Case, Run, Unexpected

ADA, BO = "Ada", "Bo"
PATH = f"/robots/{world.ROBOT}"
OWN, OTHERS = 0.25, 0.55
"""m/s that the one who has the lease wants, and that the other one wants: so it is seen whose command passes."""
SPARE = 0.03


def two(session: Session, case: Case) -> Run:
    """Speeds tell whose commands pass.

    `old`: Bo sends under an older lease and asks in vain for a new one; Ada's stream ends and his goes on.
    `take`: Bo takes the lease by force, from his request; Ada goes on sending.
    """
    robot, dice, site = session.robot, case.dice, session.site
    robot.into_hold()
    epoch = _lease(session, "request", ADA)
    with _renewed(session, ADA, epoch):
        _arm(session, ADA, epoch)
        if case.variant == "old":
            with rival.sending(robot, lambda n: rival.command(max(epoch - 1 - n % 3, 0), 10**6 + n, OTHERS, 0.6)):
                session.cruise(OWN, dice)
                begun = time.monotonic()
                status, _ = site.post(f"{PATH}/lease/request", BO)
                refused = robot.call(SetMode, mode=SafetyState.TELEOP, lease_epoch=epoch, requested_by=BO)
                time.sleep(0.5)
                passed = rival.fastest(robot, begun)
                robot.wires.control = False
                time.sleep(0.01)
                since = robot.wires.sent["control"]
                run = session.measured(case, since)
                expect(run, "HOLD", "control_lost")
                if status < 400 or refused.success:
                    run.failures.append("a second operator was let in")
                _only_ours(run, passed)
                session.nothing_moves(run)
            session.settle(run, since, robot.into_hold)
            return run
        session.cruise(OTHERS, dice)
        since = time.monotonic()
        taken = _lease(session, "take", BO, reason="the benchmark wants it")
        run = session.measured(case, since, limit=STOP_LIMIT)
        expect(run, "HOLD", "hold")
        # Ada goes on under her lease.
        session.nothing_moves(run, 0.8)
    _both(session, run, epoch, taken)
    session.settle(run, since, robot.into_hold)
    return run


def _both(session: Session, run: Run, old: int, new: int) -> None:
    """Bo drives, Ada sends on: only his commands may pass."""
    robot = session.robot
    robot.wires.control = False
    with _renewed(session, BO, new), rival.sending(robot, lambda n: rival.command(old, 10**6 + n, OTHERS, 0.6)):
        _arm(session, BO, new)
        begun = time.monotonic()
        robot.stand_in.lane.speed = OWN
        robot.until(lambda: not robot.commanded_zero(), "Bo drives", 5.0)
        time.sleep(0.8)
        _only_ours(run, rival.fastest(robot, begun))
        robot.stand_in.lane.speed = 0.0
        robot.into_hold()
    robot.wires.control = False


def _only_ours(run: Run, passed: tuple[float, float, float]) -> None:
    low, high, _ = passed
    if high > OWN + SPARE or low < -SPARE:
        run.failures.append(f"commands of the other operator passed: {low:.2f} to {high:.2f} m/s")


def _lease(session: Session, act: str, by: str, **body: str) -> int:
    end = time.monotonic() + 10.0
    while True:
        status, answer = session.site.post(f"{PATH}/lease/{act}", by, **body)
        if status < 300:
            session.epoch = max(session.epoch, int(answer["epoch"]))
            return int(answer["epoch"])
        # The last holder's lease is stale after 2 s.
        if time.monotonic() > end:
            raise Unexpected(f"no lease: {status} {answer}")
        time.sleep(0.2)


def _arm(session: Session, by: str, epoch: int) -> None:
    """With neutral axes first."""
    robot = session.robot
    robot.stand_in.lane.speed = 0.0
    robot.wires.epoch, robot.wires.held, robot.wires.control = epoch, False, True
    end = time.monotonic() + 10.0
    while True:
        status, answer = session.site.post(f"{PATH}/teleop", by, epoch=epoch)
        if status < 300:
            break
        if time.monotonic() > end:
            raise Unexpected(f"not armed: {status} {answer}")
        time.sleep(0.2)
    robot.until(lambda: robot.state == SafetyState.TELEOP, "TELEOP", 3.0)
    time.sleep(0.15)
    robot.wires.held = True


@contextmanager
def _renewed(session: Session, by: str, epoch: int) -> Iterator[None]:
    """Signs of the holder, until this ends; a refusal, as after a take, ends them too."""
    leave = threading.Event()

    def run() -> None:
        while not leave.wait(0.6):
            status, _ = session.site.post(f"{PATH}/lease/renew", by, epoch=epoch)
            if status >= 400:
                return

    thread = threading.Thread(target=run, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        leave.set()
        thread.join()


FAULTS = (Fault("two-operators", "two operators at once", "robot", ("old", "take"), two),)
