"""Steps that every trade shares: reach the stance, stand exactly, move a joint, ask the instrument, wait."""

from __future__ import annotations

import math
from collections.abc import Generator

from sitefleet_robot.common.parameters import ParameterSpec
from sitefleet_robot.motion.positioning import PositioningStatus, Stance
from sitefleet_robot.motion.route import ON_NODE
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.trade import Canceled, Steps, TargetDeferred, TaskFault
from sitefleet_robot.tasks.values import Measurement, MeasureRequest, RobotView, Wants, WorkTarget

REACH_LIMIT = ParameterSpec(
    "reach_time_limit", 120.0, "Time without progress towards a stance after which its target is deferred", "s", 5, 3600
)
INSTRUMENT_LIMIT = ParameterSpec(
    "instrument_time_limit", 20.0, "Time after which an instrument that does not answer has failed", "s", 1, 600
)
STALL_TIME = 0.6
"""s a joint must stand still short of its setpoint to count as stalled."""
STALL_RATE = 0.004
"""m/s (rad/s) below which a joint counts as standing still."""
PROGRESS = 0.3
"""m the robot must get nearer for the reach limit to start anew."""


def reach(wants: Wants, target: WorkTarget, limit: float) -> Steps[RobotView]:
    """Let the manager route the robot to the target's node; the drive may move. Raises TargetDeferred and Canceled."""
    wants.goal_node, wants.drive, wants.phase = target.node_id, True, "waiting"
    stance = target.stance
    since, anchor, last = -math.inf, None, ""
    while True:
        view = yield
        if view.cancel:
            raise Canceled
        wants.phase = "driving" if view.moving else "waiting"
        if not view.moving and _stands_on(view, target):
            wants.drive = False
            return view
        distance = view.pose.distance_to(stance.x, stance.y)
        if anchor is None or abs(anchor - distance) > PROGRESS:
            since, anchor = view.now, distance
        last = view.obstruction or last
        if view.now - since > limit:
            why = last if view.obstructed else "no way to it was released"
            raise TargetDeferred("STANCE_UNREACHABLE", f"node {target.node_id} not reached in {limit:.0f} s: {why}")


def _stands_on(view: RobotView, target: WorkTarget) -> bool:
    """On the target's node by name, or (before any route is known) by place."""
    if not view.at_base_end:
        return False
    near = view.pose.distance_to(target.stance.x, target.stance.y)
    return near <= ON_NODE or (view.node_id == target.node_id and near <= 3 * ON_NODE)


def align(wants: Wants, stance: Stance) -> Steps[RobotView]:
    """Stand exactly. Raises TargetDeferred (ALIGN_FAILED) and Canceled."""
    wants.align, wants.phase = stance, "aligning"
    try:
        while True:
            view = yield
            if view.cancel:
                raise Canceled
            if view.alignment is PositioningStatus.SUCCEEDED:
                return view
            if view.alignment is PositioningStatus.FAILED:
                raise TargetDeferred("ALIGN_FAILED", view.alignment_reason)
    finally:
        wants.align = None


def move_joint(
    wants: Wants, name: str, goal: float, *, tolerance: float, start_limit: float = 5.0, fault: TaskOutcome
) -> Generator[None, RobotView, float]:
    """Move a joint and return where it came to rest: at the goal, or where something stopped it.

    Raises TaskFault if the joint says nothing for `start_limit` s.
    """
    wants.joints[name] = goal
    begun, still_since = math.nan, math.nan
    heard = math.nan
    while True:
        view = yield
        if math.isnan(begun):
            begun = heard = view.now
        joint = view.joints.get(name)
        if joint is None:
            if view.now - heard > start_limit:
                raise TaskFault(fault, f"joint {name} does not report its position")
            continue
        heard = view.now
        if abs(joint.position - goal) <= tolerance:
            return joint.position
        if abs(joint.velocity) > STALL_RATE or view.now - begun < 0.5:
            still_since = math.nan
        elif math.isnan(still_since):
            still_since = view.now
        elif view.now - still_since >= STALL_TIME:
            return joint.position


def measure(wants: Wants, frame: str, limit: float) -> Steps[Measurement]:
    """Where the origin of a frame of the robot is, by the site's instrument. Raises TaskFault (INSTRUMENT_FAILED)."""
    serial = 1 if wants.measure is None else wants.measure.serial + 1
    wants.measure = MeasureRequest(serial, frame)
    begun, why = math.nan, "no answer"
    while True:
        view = yield
        if math.isnan(begun):
            begun = view.now
        answer = view.measurement
        if answer is not None and answer.serial == wants.measure.serial:
            if answer.success:
                return answer
            why = answer.message
            wants.measure = MeasureRequest(wants.measure.serial + 1, frame)
        if view.now - begun > limit:
            raise TaskFault(TaskOutcome.INSTRUMENT_FAILED, f"instrument did not measure {frame}: {why}")


def rest(seconds: float) -> Steps[RobotView]:
    """Wait so long."""
    begun = math.nan
    while True:
        view = yield
        if math.isnan(begun):
            begun = view.now
        if view.now - begun >= seconds:
            return view
