"""Transport: take a load at the laydown (target 0), put it down in the space (target 1)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from sitefleet_robot.common.geometry import quaternion_of_yaw
from sitefleet_robot.common.parameters import Parameters, ParameterSpec
from sitefleet_robot.motion.positioning import Stance
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.steps import align, measure, move_joint, reach, rest
from sitefleet_robot.tasks.trade import Canceled, Steps, TargetDeferred, TaskFault
from sitefleet_robot.tasks.values import Order, Outcome, Pose3, Record, RobotView, Wants, WorkTarget

PICK_UP, DROP = 0, 1
LIFT_TOLERANCE = 0.004


class Transport:
    """Carries loads on a lift deck (joint `lift`)."""

    PARAMETERS: ClassVar = (
        ParameterSpec(
            "transport_lift_height", 0.12, "Deck's stroke that carries the load clear of the floor", "m", 0.01, 1
        ),
        ParameterSpec("transport_stance_tolerance", 0.02, "Exactness of the stance", "m", 0.002, 0.2),
    )

    def __init__(self, params: Parameters, wants: Wants) -> None:
        self._wants = wants
        self._up = params.real("transport_lift_height")
        self._max_payload = params.real("max_payload")
        self._exact = params.real("transport_stance_tolerance")
        self._reach_limit = params.real("reach_time_limit")
        self._instrument_limit = params.real("instrument_time_limit")

    def refusal(self, order: Order) -> tuple[TaskOutcome, str] | None:
        """Too heavy."""
        payload = order.number("payload", 0.0)
        if payload > self._max_payload:
            message = f"payload {payload:.0f} kg, this robot carries {self._max_payload:.0f} kg"
            return TaskOutcome.TASK_REFUSED, message
        return None

    def still_done(self, done: Mapping[int, Record]) -> Mapping[int, Record]:
        """A load that was put down. One that was only picked up may be gone since, or lie under another task's load:
        whoever orders the pick-up again gets it again.
        """
        return done if DROP in done else {index: record for index, record in done.items() if index != PICK_UP}

    def work(self, order: Order, target: WorkTarget) -> Steps[Record]:
        """Pick up or drop."""
        picking = target.index == PICK_UP
        view = yield
        if not picking and not self._loaded(view):
            raise TaskFault(TaskOutcome.TRANSPORT_NO_LOAD, "the deck is down: there is no load to drop on this robot")
        view = yield from reach(self._wants, target, self._reach_limit)
        stance = target.stance
        view = yield from align(
            self._wants, Stance(stance.x, stance.y, stance.yaw, target.heading_free, self._exact, 0.05)
        )
        if view.cancel:
            raise Canceled
        if picking and self._loaded(view):  # a load that was never dropped goes back to the laydown first
            yield from self._lift(0.0, "lowering")
        yield from self._lift(self._up if picking else 0.0, "lifting" if picking else "lowering")
        yield from rest(0.3)
        return (yield from self._record(order, target))

    def withdraw(self) -> Steps[None]:
        """A deck may travel up or down; nothing is to be done."""
        yield

    def stow(self) -> Steps[None]:
        """A load that was not dropped stays where it is: on the deck."""
        yield

    def _loaded(self, view: RobotView) -> bool:
        joint = view.joints.get("lift")
        return joint is not None and joint.position > 0.5 * self._up

    def _lift(self, height: float, phase: str) -> Steps[None]:
        self._wants.phase = phase
        at = yield from move_joint(
            self._wants, "lift", height, tolerance=LIFT_TOLERANCE, fault=TaskOutcome.TRANSPORT_NO_LOAD
        )
        if abs(at - height) > 2 * LIFT_TOLERANCE:
            raise TargetDeferred("TRANSPORT_LIFT_FAULT", f"lift stopped at {at:.3f} m instead of {height:.3f} m")

    def _record(self, order: Order, target: WorkTarget) -> Steps[Record]:
        """Where the base stands, by the site's instrument, against where the load is to be."""
        self._wants.phase = "measuring"
        measurement = yield from measure(self._wants, "base_link", self._instrument_limit)
        view = yield
        deviation = math.hypot(measurement.x - target.pose.x, measurement.y - target.pose.y)
        passed = deviation <= order.tolerance or target.index == PICK_UP
        return Record(
            target_index=target.index,
            outcome=Outcome.DONE if passed else Outcome.DEFERRED,
            measured=Pose3(measurement.x, measurement.y, measurement.z, *quaternion_of_yaw(view.pose.yaw)),
            deviation=deviation,
            passed=passed,
            reason_code="" if passed else "TRANSPORT_OUT_OF_TOLERANCE",
            reason="" if passed else f"load is {deviation * 1000:.0f} mm beside its place",
            instrument=measurement.instrument,
            stamp=view.stamp,
        )
