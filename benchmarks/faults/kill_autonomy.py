"""kill -9 of the real autonomy, which drives along a route that the benchmark has released."""

from __future__ import annotations

import time

from sitefleet_interfaces.msg import Route, RouteNode, SafetyState

from faults import world
from faults.fault import Fault, expect
from faults.session import Session
from faults.values import Case, Run

HOME = world.ENDS[0] + 0.4
"""x, m; an operator drives the robot back to here before the next run."""


def autonomy(session: Session, case: Case) -> Run:
    """From the kill. Then autonomy is started again, finds its place and its route, and must wait for a person."""
    robot, dice = session.robot, case.dice
    lane = robot.stand_in.lane
    if robot.truth.x > HOME:
        robot.into_teleop(session.next_epoch())
        lane.target = world.ENDS[0]
        lane.speed = 0.8
        robot.until(lambda: robot.truth.x < HOME or robot.state != SafetyState.TELEOP, "the robot is at home", 60.0)
        session.unless_stopped()
        lane.speed = 0.0
        robot.until(robot.stands, "it stands", 5.0)
        robot.wires.control = False
    robot.into_hold()
    robot.resume(60.0)
    _release(session)
    robot.until(lambda: robot.truth.speed > 0.3 or robot.state == SafetyState.STOPPED, "it drives", 30.0)
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


def _release(session: Session) -> None:
    """A new route along the lane, all of it released."""
    route = Route(route_id=f"bench-{time.monotonic_ns()}", update_id=1, released_up_to=3)
    places = (("h", world.ENDS[0]), ("m", 7.0), ("e", world.ENDS[1]))
    for number, (name, x) in enumerate(places, start=1):
        node = RouteNode(sequence_id=number, node_id=name, x=x, y=world.LANE, max_speed=0.6, allowed_deviation=0.3)
        route.nodes.append(node)
    session.robot.stand_in.routes.publish(route)


FAULTS = (Fault("kill-autonomy", "kill -9 autonomy", "autonomy", ("",), autonomy),)
