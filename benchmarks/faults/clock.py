"""The robot's wall clock is set while it drives: watchdogs must not care, permits must."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

from sitefleet_interfaces.msg import SafetyState

from faults import world
from faults.fault import Fault, expect
from faults.session import Session
from faults.values import LIMIT, Case, Run

PERMIT_LIMIT = 1.0
"""s from the end of a permit to zero (row 15)."""
LANE = [[0.2, 0.2], [world.LENGTH - 0.2, 0.2], [world.LENGTH - 0.2, world.WIDTH - 0.2], [0.2, world.WIDTH - 0.2]]
OFFICER = "safety officer"


def stepped(session: Session, case: Case) -> Run:
    """`permit`: from the step over the end of a permit; else from the last proposal, which is cut after the step."""
    robot, dice = session.robot, case.dice
    assert session.clock is not None
    if case.variant == "permit":
        return _permit(session, case)
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.6), dice, room=3.5)
    by = dice.choice([0.5, 5.0, 300.0, 7200.0, 86_400.0]) * dice.uniform(0.9, 1.1)
    begun = time.monotonic()
    session.clock.step(by if case.variant == "forward" else -by)
    time.sleep(dice.uniform(0.4, 0.9))
    went_on = robot.state == SafetyState.AUTO
    session.unless_stopped()
    robot.wires.proposals = False
    time.sleep(0.01)
    since = robot.wires.sent["proposals"]
    run = session.measured(case, since, limit=LIMIT)
    run.notes["step"] = by
    expect(run, "STOPPED", "proposals_lost")
    if not went_on:
        run.failures.append("the step stopped the robot")
    if "clock_step" not in {trigger for _, trigger, at in robot.series.events.values() if at > begun}:
        run.failures.append("no event of the step")
    robot.wires.proposals = True
    session.nothing_moves(run)
    session.clock.right()
    time.sleep(0.2)
    session.settle(run, since, robot.into_auto)
    return run


def _permit(session: Session, case: Case) -> Run:
    robot, dice, clock = session.robot, case.dice, session.clock
    assert clock is not None
    name = f"{case.number}-{time.monotonic_ns()}"
    ends = datetime.now(timezone.utc) + timedelta(hours=1)
    robot.into_hold()
    session.said("/zones", OFFICER, id=f"Z{name}", name="Shaft", kind="restricted", outlines=[LANE])
    session.said("/permits", OFFICER, id=f"P{name}", holder="Ada", zone_ids=[f"Z{name}"], valid_to=ends.isoformat())
    session.zones_known()
    robot.into_auto()
    session.cruise(dice.uniform(0.3, 0.6), dice)
    since = time.monotonic()
    clock.step(dice.uniform(3700.0, 20_000.0))
    run = session.measured(case, since, limit=PERMIT_LIMIT)
    expect(run, "STOPPED", "permit_ended")
    # Set back, the clock says that the permit is valid again; only the manager may say so.
    clock.right()
    session.nothing_moves(run)
    session.said(f"/zones/Z{name}/end", OFFICER)
    session.zones_known()
    session.settle(run, since, robot.into_auto)
    return run


FAULTS = (Fault("clock-step", "robot's clock is set", "clock", ("forward", "back", "permit"), stepped),)
