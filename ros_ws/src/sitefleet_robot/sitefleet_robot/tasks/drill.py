"""Ceiling drilling: stand below the hole, raise the mast, measure the mouth, drill, record, withdraw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sitefleet_robot.common.parameters import Parameters, ParameterSpec
from sitefleet_robot.motion.positioning import Stance
from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.steps import align, measure, move_joint, reach, rest
from sitefleet_robot.tasks.trade import Canceled, Steps, TargetDeferred, TaskFault
from sitefleet_robot.tasks.values import Measurement, Order, Outcome, Pose3, Record, RobotView, Wants, WorkTarget

MAST_TOLERANCE = 0.004
FEED_TOLERANCE = 0.0015


@dataclass(frozen=True, slots=True)
class _Mouth:
    """The place that the drill points at, as measured, and how far it is from where it should be (in the plane)."""

    measurement: Measurement
    deviation: float
    offset: tuple[float, float]


class Drill:
    """Drills holes upward. Joints: `mast` lifts the drill, `feed` pushes the bit beyond the crown of the mast."""

    PARAMETERS: ClassVar = (
        ParameterSpec("drill_tip_height", 0.95, "Bit above the floor with mast and feed retracted", "m", 0.1, 5.0),
        ParameterSpec("drill_mast_stroke", 2.4, "Stroke of the mast", "m", 0.1, 5.0),
        ParameterSpec("drill_feed_stroke", 0.12, "Stroke of the feed", "m", 0.01, 1.0),
        ParameterSpec(
            "drill_travel_height", 1.85, "Bit above the floor while driving; below every lintel", "m", 0.5, 5.0
        ),
        ParameterSpec("drill_stand_off", 0.01, "Gap kept between bit and ceiling before drilling", "m", 0.002, 0.1),
        ParameterSpec("drill_feed_speed", 0.03, "Speed of the feed in material", "m/s", 0.001, 0.2),
        ParameterSpec("drill_stance_tolerance", 0.005, "Exactness of the stance", "m", 0.001, 0.05),
        ParameterSpec("drill_realignments", 2, "Times the robot re-aligns before a hole is deferred", "", 0, 10),
    )

    def __init__(self, params: Parameters, wants: Wants) -> None:
        self._wants = wants
        self._tip = params.real("drill_tip_height")
        self._stroke = params.real("drill_mast_stroke")
        self._feed_stroke = params.real("drill_feed_stroke")
        self._travel = max(0.0, params.real("drill_travel_height") - self._tip)
        self._stand_off = params.real("drill_stand_off")
        self._feed_speed = params.real("drill_feed_speed")
        self._exact = params.real("drill_stance_tolerance")
        self._realignments = params.integer("drill_realignments")
        self._reach_limit = params.real("reach_time_limit")
        self._instrument_limit = params.real("instrument_time_limit")

    def refusal(self, order: Order) -> tuple[TaskOutcome, str] | None:
        """A hole deeper than the feed's stroke is none of this drill's work."""
        depth = order.number("depth", 0.0)
        if not 0.0 < depth <= self._feed_stroke - self._stand_off:
            return (
                TaskOutcome.TASK_REFUSED,
                f"depth {depth:.3f} m, the feed drills up to {self._feed_stroke - self._stand_off:.3f} m",
            )
        return None

    def still_done(self, done: Mapping[int, Record]) -> Mapping[int, Record]:
        """A hole stays a hole."""
        return done

    def work(self, order: Order, target: WorkTarget) -> Steps[Record]:
        """One hole."""
        raised = target.pose.z - self._tip - self._stand_off
        if not 0.0 <= raised <= self._stroke:
            low, high = self._tip + self._stand_off, self._tip + self._stand_off + self._stroke
            raise TargetDeferred(
                "DRILL_OUT_OF_REACH", f"hole is {target.pose.z:.2f} m high, the drill reaches {low:.2f} to {high:.2f} m"
            )
        # The manager may plan the way while the mast comes down.
        self._wants.goal_node, self._wants.drive = target.node_id, False
        yield from self.withdraw()
        yield from reach(self._wants, target, self._reach_limit)
        mouth = yield from self._point_at(order, target, raised)
        yield from self._begin(target)
        depth = yield from self._feed(order.number("depth", 0.0), mouth, target)
        view = yield
        measurement = mouth.measurement
        pose = target.pose
        return Record(
            target_index=target.index,
            outcome=Outcome.DONE,
            measured=Pose3(
                measurement.x, measurement.y, measurement.z + self._stand_off, pose.qx, pose.qy, pose.qz, pose.qw
            ),
            deviation=mouth.deviation,
            depth=depth,
            passed=mouth.deviation <= order.tolerance,
            instrument=measurement.instrument,
            stamp=view.stamp,
        )

    def withdraw(self) -> Steps[None]:
        """Bit in, mast down to travel height (or lower, where it is)."""
        view = yield
        feed, mast = view.joints.get("feed"), view.joints.get("mast")
        feed_in = feed is not None and abs(feed.position) <= 2 * FEED_TOLERANCE
        mast_low = mast is not None and mast.position <= self._travel + 2 * MAST_TOLERANCE
        self._wants.joints["feed"] = 0.0
        if mast_low and feed_in:
            return
        self._wants.phase = "withdrawing"
        if not mast_low:  # both move at once
            yield from self._settle_mast(self._travel)
        if not feed_in:
            at = yield from move_joint(
                self._wants, "feed", 0.0, tolerance=2 * FEED_TOLERANCE, fault=TaskOutcome.DRILL_TOOL_FAULT
            )
            if at > 2 * FEED_TOLERANCE:
                raise TaskFault(TaskOutcome.DRILL_TOOL_FAULT, f"feed stuck, bit is {at:.3f} m out")

    def stow(self) -> Steps[None]:
        """Mast all the way down."""
        yield from self.withdraw()
        self._wants.phase = "stowing"
        yield from self._settle_mast(0.0)

    def _settle_mast(self, height: float) -> Steps[None]:
        at = yield from move_joint(
            self._wants, "mast", height, tolerance=MAST_TOLERANCE, fault=TaskOutcome.DRILL_TOOL_FAULT
        )
        if at > height + 2 * MAST_TOLERANCE:
            raise TaskFault(TaskOutcome.DRILL_TOOL_FAULT, f"mast stuck {at - height:.2f} m above its travel height")

    def _point_at(self, order: Order, target: WorkTarget, raised: float) -> Steps[_Mouth]:
        """Stand, raise, measure; again from a better place if the bit is not over the hole."""
        stance = self._stance(target)
        tries = 0
        while True:
            view = yield from align(self._wants, stance)
            yield from self._raise(target, raised)
            measurement = yield from measure(self._wants, "drill_tip", self._instrument_limit)
            mouth = _compare(measurement, target, view.pose)
            if mouth.deviation <= order.tolerance:
                return mouth
            tries += 1
            yield from self.withdraw()
            if tries > self._realignments:
                found = Pose3(measurement.x, measurement.y, measurement.z + self._stand_off)
                raise TargetDeferred(
                    "DRILL_OUT_OF_TOLERANCE",
                    f"bit is {mouth.deviation * 1000:.1f} mm beside the hole after {self._realignments} re-alignments,"
                    f" {order.tolerance * 1000:.1f} mm are allowed",
                    measured=found,
                    deviation=mouth.deviation,
                    instrument=measurement.instrument,
                )
            stance = self._stance(target, tool=mouth.offset)

    def _stance(self, target: WorkTarget, tool: tuple[float, float] | None = None) -> Stance:
        """Where the robot stands; with a measured tool offset the bit, not the base, goes to the hole."""
        s = target.stance
        if tool is None:
            return Stance(s.x, s.y, s.yaw, target.heading_free, self._exact)
        return Stance(target.pose.x, target.pose.y, s.yaw, target.heading_free, self._exact, tool=tool)

    def _raise(self, target: WorkTarget, raised: float) -> Steps[None]:
        """Mast up to the stand-off below the ceiling. Raises TargetDeferred (DRILL_BLOCKED)."""
        view = yield
        if view.cancel:
            raise Canceled
        self._wants.phase = "raising"
        at = yield from move_joint(
            self._wants, "mast", raised, tolerance=MAST_TOLERANCE, fault=TaskOutcome.DRILL_TOOL_FAULT
        )
        if at < raised - MAST_TOLERANCE:
            yield from self.withdraw()
            gap = target.pose.z - self._tip - at
            raise TargetDeferred("DRILL_BLOCKED", f"mast stopped {gap:.2f} m below the ceiling")
        self._wants.phase = "measuring"
        yield from rest(0.2)

    def _begin(self, target: WorkTarget) -> Steps[None]:
        """The last moment to cancel; then the disk knows that this hole is touched, a step before the feed moves."""
        view = yield
        if view.cancel:
            raise Canceled
        self._wants.phase, self._wants.begin = "drilling", target.index

    def _feed(self, depth: float, mouth: _Mouth, target: WorkTarget) -> Steps[float]:
        """Drill, and return the depth from the feed's position, m. Raises TargetDeferred (DRILL_STALLED)."""
        view = yield
        goal = self._stand_off + depth
        begun, reached = view.now, 0.0
        still_since: float | None = None
        while reached < goal - FEED_TOLERANCE:
            self._wants.joints["feed"] = min(goal, self._feed_speed * (view.now - begun) + 0.002)
            view = yield
            before, reached = reached, _position(view, "feed")
            if reached > before + 1e-4 or view.now - begun < 1.0:
                still_since = None
            elif still_since is None:
                still_since = view.now
            elif view.now - still_since > 2.0:
                got = max(0.0, reached - self._stand_off)
                yield from self.withdraw()
                raise TargetDeferred(
                    "DRILL_STALLED",
                    f"drill stopped at {got * 1000:.0f} of {depth * 1000:.0f} mm",
                    measured=Pose3(mouth.measurement.x, mouth.measurement.y, target.pose.z),
                    deviation=mouth.deviation,
                    instrument=mouth.measurement.instrument,
                )
        return reached - self._stand_off


def _position(view: RobotView, name: str) -> float:
    joint = view.joints.get(name)
    return 0.0 if joint is None else joint.position


def _compare(measurement: Measurement, target: WorkTarget, base: Pose2) -> _Mouth:
    """Deviation of the bit from the hole in the plane, and the bit's place on base_link."""
    dx, dy = measurement.x - target.pose.x, measurement.y - target.pose.y
    bx, by = measurement.x - base.x, measurement.y - base.y
    cos, sin = math.cos(base.yaw), math.sin(base.yaw)
    return _Mouth(measurement, math.hypot(dx, dy), (cos * bx + sin * by, cos * by - sin * bx))
