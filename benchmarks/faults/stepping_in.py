"""A person steps in from the side, at four speeds and three distances, seen by the lidar only or tracked as well."""

from __future__ import annotations

import math
import time

from sitefleet_interfaces.msg import SafetyState

from faults import measures, world
from faults.fault import Fault
from faults.session import Session
from faults.values import Case, Run

SPEEDS = (0.4, 0.8, 1.2, 1.6)
"""m/s of the person."""
DISTANCES = (0.8, 1.3, 2.0)
"""m from the robot's front to where the person comes into its way, if the robot did not slow down. The least is the
length of the field at the robot's highest speed, 0.74 m, and a little."""
ASIDE = 1.8
"""m from the lane's middle at which the person waits."""
CRUISE = 0.8
FREE_FOR = 2.0
"""s that the way must have been free before the robot may go on by itself."""
SEEN_LATE = 0.06
"""s by which the moment when a person was out of the way is uncertain: true places come 10 and 50 times a second."""
FIELD = 0.10
"""m ahead of the hull that must be free at any speed: margin at a crawl, and the margin for a field that clears."""
TOO_NEAR = 0.80
"""m from the robot's middle to that of a tracked person at which it has to stand whatever the person does: radius of
the robot, reach of an arm, and the way at half of walking speed within the reaction time."""
WAITS = {SafetyState.STOPPED, SafetyState.HOLD, SafetyState.FAULT}


def stepping_in(session: Session, case: Case) -> Run:
    """From the moment that the person's body is in the way of the robot's hull."""
    seen, speed_text, distance_text = case.variant.split("/")
    speed, distance = float(speed_text), float(distance_text)
    robot, dice = session.robot, case.dice
    lane, walker, hull = robot.stand_in.lane, robot.stand_in.walker, robot.stand_in.hull
    robot.wires.tracks = robot.wires.tracks or seen == "tracked"
    robot.into_auto()
    half = 0.5 * hull.width + hull.person
    takes = (ASIDE - half) / speed
    needed = 0.5 * hull.length + 1.0 + distance + CRUISE * takes + dice.uniform(0.0, 0.4)
    if lane.room(robot.truth) < needed + 1.0:
        lane.turn_round()
    ahead = lane.heading_for(robot.truth)
    crossing = robot.truth.x + ahead * needed
    # From the side that the person has come to: nobody has to walk around the robot, which goes on meanwhile.
    side = math.copysign(1.0, walker.place[1] - world.LANE)
    walker.go(crossing, world.LANE + side * ASIDE, 1.5)
    robot.until(lambda: walker.there, "the person waits beside the lane", 25.0)
    lane.speed = CRUISE
    start = robot.truth.x
    begin = ahead * crossing - 0.5 * hull.length - distance - CRUISE * takes
    robot.until(
        lambda: (ahead * robot.truth.x >= begin and lane.aligned(robot.truth)) or robot.state != SafetyState.AUTO,
        "the robot comes near", 30.0,
    )  # fmt: skip
    session.unless_stopped()
    began = time.monotonic()
    walker.go(crossing, world.LANE + dice.uniform(-0.1, 0.1), speed)
    in_way = robot.until(lambda: abs(walker.place[1] - world.LANE) < half, "the person is in the way", takes + 6.0)
    robot.until(
        lambda: (robot.state == SafetyState.PROTECTIVE_STOP and robot.stands()) or robot.state in WAITS,
        "protective stop", 40.0,
    )  # fmt: skip
    session.unless_stopped()
    run = session.measured(case, in_way, limit=None)
    run.notes["began"], run.notes["approach"] = began, abs(robot.truth.x - start)
    if run.state != "PROTECTIVE_STOP":
        run.failures.append(f"state {run.state} instead of PROTECTIVE_STOP")
    time.sleep(dice.uniform(0.3, 1.5))
    walker.go(crossing + ahead * 0.6, world.LANE - side * 2.6, max(speed, 0.8))
    _no_start_before(session, run, seen == "tracked")
    run.separation = measures.least_gap(robot.series.truth, robot.series.person, hull, began, time.monotonic())
    session.settle(run, began, robot.into_auto)
    return run


def _no_start_before(session: Session, run: Run, tracked: bool) -> None:
    """It goes on by itself, which a protective stop may; but not before the way was free for 2 s."""
    robot = session.robot
    series, zero = robot.series, float(run.notes["zero"])

    def went() -> float | None:
        return next((c.t for c in series.commands[-2000:] if c.t > zero and c.moves), None)

    robot.until(lambda: went() is not None or robot.state in WAITS, "the robot goes on by itself", 20.0)
    session.unless_stopped()
    moment = went() or math.nan
    near = TOO_NEAR if tracked else 0.0
    free = measures.last_near(series.truth, series.person, robot.stand_in.hull, zero, ahead=FIELD, radius=near)
    run.notes["free_for"] = moment - free
    if moment < free + FREE_FOR - SEEN_LATE:
        run.auto_resumes += 1


VARIANTS = tuple(f"{seen}/{v}/{d}" for seen in ("lidar", "tracked") for v in SPEEDS for d in DISTANCES)
FAULTS = (Fault("person", "person steps in from the side", "people", VARIANTS, stepping_in, each=len(VARIANTS)),)
