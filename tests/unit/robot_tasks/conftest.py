"""A robot without ROS for tests of the trades: joints with a speed, a drive, an instrument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sitefleet_robot.common.parameters import Parameters, check_values
from sitefleet_robot.common.robot import ROBOT_PARAMETERS
from sitefleet_robot.motion.positioning import PositioningStatus, Stance
from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.tasks.executor import Identity, TaskExecutor
from sitefleet_robot.tasks.journal import Journal
from sitefleet_robot.tasks.parameters import EXECUTOR_PARAMETERS
from sitefleet_robot.tasks.trade import trade_factory
from sitefleet_robot.tasks.values import (
    Joint,
    Measurement,
    MeasureRequest,
    Order,
    Pose3,
    Record,
    RobotView,
    Scan,
    Wants,
    WorkTarget,
)

DT = 0.1


@dataclass
class FakeRobot:
    """Does what the executor wants, in steps of 0.1 s, and notes what it saw."""

    executor: TaskExecutor
    pose: Pose2 = field(default_factory=lambda: Pose2(0.0, 0.0))
    speeds: dict[str, float] = field(default_factory=lambda: {"mast": 0.5, "feed": 0.05, "lift": 0.1})
    stops: dict[str, float] = field(default_factory=dict)
    """Joint to the position at which something blocks it."""
    bit: tuple[float, float] = (0.0, 0.0)
    """True place of the tool beside the base, m."""
    instrument_works: bool = True
    aligns: bool = True
    routed: bool = True
    auto: bool = True
    ranges: Any = None
    stamp: float = 100.0
    joints: dict[str, float] = field(default_factory=lambda: {"mast": 0.0, "feed": 0.0, "lift": 0.0})
    records: list[Record] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    drove_with_mast_at: float = 0.0
    _velocities: dict[str, float] = field(default_factory=dict)
    _stance: Stance | None = None
    _aligned: PositioningStatus | None = None
    _asked: MeasureRequest | None = None
    _answer: Measurement | None = None
    _places: dict[str, Pose2] = field(default_factory=dict)

    def knows(self, order: Order) -> None:
        """Where the order's nodes are."""
        self._places.update({t.node_id: t.stance for t in order.targets})

    def step(self) -> None:
        """0.1 s of ROS time."""
        self.stamp += DT
        wants = self.executor.wants
        view = RobotView(
            now=0.0,
            stamp=self.stamp,
            pose=self.pose,
            joints={n: Joint(p, self._velocities.get(n, 0.0)) for n, p in self.joints.items()},
            alignment=self._aligned,
            alignment_reason="blocked" if self._aligned is PositioningStatus.FAILED else "",
            measurement=self._answer,
            scan=self._scan() if wants.scan else None,
        )
        if not self.auto:
            self.executor.hold(self.pose)
            return
        record = self.executor.step(view)
        if record is not None:
            self.records.append(record)
        wants = self.executor.wants
        if not self.phases or self.phases[-1] != wants.phase:
            self.phases.append(wants.phase)
        self._move_joints(wants)
        self._drive(wants)
        self._measure(wants)

    def run(self, limit: float = 400.0) -> Any:
        """Until the attempt ends; returns its ending."""
        end = self.stamp + limit
        while self.stamp < end:
            self.step()
            ended = self.executor.close()
            if ended is not None:
                return ended[1]
        raise AssertionError(f"not ended; phases {self.phases}")

    def run_until(self, condition: Callable[[], bool], limit: float = 200.0) -> None:
        end = self.stamp + limit
        while not condition():
            assert self.stamp < end, self.phases
            self.step()

    def _move_joints(self, wants: Wants) -> None:
        for name, goal in wants.joints.items():
            before = self.joints[name]
            step = self.speeds[name] * DT
            after = min(max(goal, before - step), before + step)
            after = min(after, self.stops.get(name, after))
            self.joints[name], self._velocities[name] = after, (after - before) / DT

    def _drive(self, wants: Wants) -> None:
        if wants.align is not self._stance:
            self._stance, self._aligned = wants.align, PositioningStatus.RUNNING
        elif self._stance is not None and self._aligned is PositioningStatus.RUNNING:
            self._aligned = PositioningStatus.SUCCEEDED if self.aligns else PositioningStatus.FAILED
            s = self._stance
            self.pose = Pose2(s.x - s.tool[0], s.y - s.tool[1], 0.0)
        if not self.executor.drive_lock and self.routed and wants.goal_node:
            place = self._places[wants.goal_node]
            if self.pose.distance_to(place.x, place.y) > 0.2:
                self.drove_with_mast_at = max(self.drove_with_mast_at, self.joints["mast"])
                self.pose = Pose2(place.x + 0.01, place.y, 0.0)

    def _measure(self, wants: Wants) -> None:
        request = wants.measure
        if request is None or request == self._asked:
            return
        self._asked = request
        self.measured.append(request.frame)
        if not self.instrument_works:
            self._answer = Measurement(request.serial, False, "no line of sight")
            return
        tool = self.bit if request.frame == "drill_tip" else (0.0, 0.0)
        z = 0.95 + self.joints["mast"] + self.joints["feed"] if request.frame == "drill_tip" else 0.0
        x, y = self.pose.x + tool[0], self.pose.y + tool[1]
        self._answer = Measurement(request.serial, True, "", x, y, z, 0.001, "total_station_1")

    def _scan(self) -> Scan | None:
        if self.ranges is None:
            return None
        angles = np.linspace(-np.pi, np.pi, len(self.ranges), endpoint=False)
        return Scan(self.stamp, self.pose, self.ranges, angles, 12.0)


@pytest.fixture
def make_robot(tmp_path: Path) -> Callable[..., FakeRobot]:
    """make_robot("drill", max_payload=..): a robot of that trade whose journal is in the test's folder."""

    def make(trade: str, **given: Any) -> FakeRobot:
        params = parameters(tmp_path, **given)
        executor = TaskExecutor(
            Identity("r1", "L1", (trade,)),
            Journal(tmp_path / "journal"),
            lambda name, wants: trade_factory(name)(params, wants),
        )
        return FakeRobot(executor)

    return make


def parameters(folder: Path, **given: Any) -> Parameters:
    return check_values((*ROBOT_PARAMETERS, *EXECUTOR_PARAMETERS), {"state_dir": str(folder), **given})


@pytest.fixture
def make_order() -> Callable[..., Order]:
    """make_order("drill", [(x, y, z), ...], tolerance=..., depth=...)."""

    def make(
        trade: str,
        places: list[tuple[float, float, float]],
        *,
        task_id: str = "t/1",
        attempt: int = 1,
        tolerance: float = 0.01,
        **numbers: float,
    ) -> Order:
        targets = tuple(
            WorkTarget(i, f"n{i}", Pose2(x, y, 0.0), trade == "drill", Pose3(x, y, z))
            for i, (x, y, z) in enumerate(places)
        )
        return Order(task_id, attempt, trade, "item", "guid", "zone", "L1", targets, numbers, tolerance)

    return make


@pytest.fixture
def retry() -> Callable[[Order, int], Order]:
    """The same order as another attempt."""
    return lambda order, attempt: replace(order, attempt=attempt)
