"""A person steps in from the side, at four speeds and three distances, seen by the lidar only or tracked as well."""

from __future__ import annotations

import math
import time

from sitefleet_interfaces.msg import SafetyState

from faults import measures, world
from faults.fault import Fault
from faults.session import Session
from faults.values import Case, Run, Unexpected

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
"""s between two places of the person that are known, less one, and a tick."""


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
    side = 1.0 if dice.random() < 0.5 else -1.0
    crossing = robot.truth.x + ahead * needed
    # Around the robot, not through it, to where it waits.
    walker.go(crossing, world.LANE + side * ASIDE, 1.5)
    if (walker.place[1] - world.LANE) * side < 0.0:
        _walk(
            session,
            [
                (
                    robot.truth.x - ahead * 1.2 if abs(robot.truth.x - walker.place[0]) < 2 else crossing,
                    walker.place[1],
                ),
                (crossing, world.LANE + side * ASIDE),
            ],
        )
    robot.until(lambda: walker.there, "the person waits beside the lane", 25.0)
    lane.speed = CRUISE
    start = robot.truth.x
    begin = ahead * crossing - 0.5 * hull.length - distance - CRUISE * takes
    robot.until(
        lambda: (ahead * robot.truth.x >= begin and lane.aligned(robot.truth)) or robot.state != SafetyState.AUTO,
        "the robot comes near", 30.0,
    )  # fmt: skip
    began = time.monotonic()
    walker.go(crossing, world.LANE + dice.uniform(-0.1, 0.1), speed)
    in_way = robot.until(lambda: abs(walker.place[1] - world.LANE) < half, "the person is in the way", takes + 6.0)
    robot.until(lambda: robot.state == SafetyState.PROTECTIVE_STOP and robot.stands(), "protective stop", 30.0)
    run = session.measured(case, in_way, limit=None)
    run.notes["began"], run.notes["approach"] = began, abs(robot.truth.x - start)
    if run.state != "PROTECTIVE_STOP":
        run.failures.append(f"state {run.state} instead of PROTECTIVE_STOP")
    time.sleep(dice.uniform(0.3, 1.5))
    gone = _leave(session, crossing, side, speed)
    _no_start_before(session, run, gone)
    run.separation = measures.least_gap(robot.series.truth, robot.series.person, hull, began, time.monotonic())
    session.settle(run, began, robot.into_auto)
    return run


def _walk(session: Session, corners: list[tuple[float, float]]) -> None:
    walker = session.robot.stand_in.walker
    for corner in corners:
        walker.go(*corner, 1.5)
        session.robot.until(lambda: walker.there, "the person walks around the robot", 25.0)


def _leave(session: Session, crossing: float, side: float, speed: float) -> float:
    """The person walks on to the other side; when nothing of it was in the hull's way any more."""
    robot = session.robot
    walker, hull = robot.stand_in.walker, robot.stand_in.hull
    walker.go(crossing, world.LANE - side * 2.6, max(speed, 0.8))
    half = 0.5 * hull.width + hull.person
    return robot.until(lambda: abs(walker.place[1] - world.LANE) > half, "the person has left the way", 15.0)


def _no_start_before(session: Session, run: Run, gone: float) -> None:
    """It goes on by itself, which a protective stop may; but not before the way was free for 2 s."""
    robot = session.robot
    zero = float(run.notes["zero"])
    went = None
    end = time.monotonic() + 12.0
    while went is None and time.monotonic() < end:
        went = next((c.t for c in robot.series.commands[-3000:] if c.t > zero and c.moves), None)
        if robot.state not in {SafetyState.PROTECTIVE_STOP, SafetyState.AUTO}:
            break
        time.sleep(0.02)
    run.notes["free_for"] = math.nan if went is None else went - gone
    if went is not None and went < gone + FREE_FOR - SEEN_LATE:
        run.auto_resumes += 1
    if went is None:
        run.failures.append(f"did not go on within 12 s: {robot.series.states[-1]}")
        if robot.state == SafetyState.AUTO:
            raise Unexpected("the robot is in AUTO and does not drive")


VARIANTS = tuple(f"{seen}/{v}/{d}" for seen in ("lidar", "tracked") for v in SPEEDS for d in DISTANCES)
FAULTS = (Fault("person", "person steps in from the side", "people", VARIANTS, stepping_in, each=len(VARIANTS)),)
