"""Inspection: stand at a viewpoint, scan, and compare what is there with the plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from sitefleet_robot.common.geometry import quaternion_of_yaw
from sitefleet_robot.common.parameters import Parameters, ParameterSpec
from sitefleet_robot.motion.positioning import Stance
from sitefleet_robot.sitemap import Array, MapError, SiteMap
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.steps import align, reach
from sitefleet_robot.tasks.trade import Canceled, Steps, TaskFault
from sitefleet_robot.tasks.values import Order, Outcome, Pose3, Record, Scan, Wants, WorkTarget

SCANS = 5
SCAN_LIMIT = 10.0


class Inspect:
    """Compares lidar ranges with the site's map; the scans are kept as evidence."""

    PARAMETERS: ClassVar = (
        ParameterSpec("inspect_stance_tolerance", 0.02, "Exactness of the stance", "m", 0.002, 0.2),
        ParameterSpec("inspect_heading_tolerance", 0.05, "Exactness of the heading", "rad", 0.005, 0.5),
        ParameterSpec("inspect_agreement", 0.10, "Difference up to which a ray agrees with the plan", "m", 0.01, 1.0),
        ParameterSpec("inspect_min_share", 0.6, "Share of rays that must agree for a record to pass", "", 0.0, 1.0),
    )

    def __init__(self, params: Parameters, wants: Wants) -> None:
        self._wants = wants
        self._exact = params.real("inspect_stance_tolerance")
        self._heading = params.real("inspect_heading_tolerance")
        self._agreement = params.real("inspect_agreement")
        self._min_share = params.real("inspect_min_share")
        self._reach_limit = params.real("reach_time_limit")
        self._map_yaml = params.text("map_yaml")
        self._evidence = Path(params.text("state_dir")) / "evidence"
        self._map: SiteMap | None = None

    def refusal(self, order: Order) -> tuple[TaskOutcome, str] | None:
        """Without the plan there is nothing to compare with."""
        try:
            self._map = SiteMap.load(Path(self._map_yaml))
        except MapError as fault:
            return TaskOutcome.TASK_REFUSED, f"no plan to compare with: {fault}"
        return None

    def still_done(self, done: Mapping[int, Record]) -> Mapping[int, Record]:
        """A viewpoint that was seen need not be seen again."""
        return done

    def work(self, order: Order, target: WorkTarget) -> Steps[Record]:
        """One viewpoint."""
        yield from reach(self._wants, target, self._reach_limit)
        s = target.stance
        view = yield from align(self._wants, Stance(s.x, s.y, s.yaw, target.heading_free, self._exact, self._heading))
        if view.cancel:
            raise Canceled
        scans = yield from self._collect()
        view = yield
        share = self._agreeing(scans, order.number("range", math.inf))
        passed = share >= self._min_share
        pose = scans[-1].pose
        return Record(
            target_index=target.index,
            outcome=Outcome.DONE if passed else Outcome.DEFERRED,
            measured=Pose3(pose.x, pose.y, target.pose.z, *quaternion_of_yaw(pose.yaw)),
            deviation=pose.distance_to(target.pose.x, target.pose.y),
            value=share,
            passed=passed,
            reason_code="" if passed else "INSPECT_DISAGREES",
            reason="" if passed else f"{share:.0%} of the rays agree with the plan, {self._min_share:.0%} are expected",
            instrument="lidar",
            evidence_uri=self._keep(order, target, scans),
            stamp=view.stamp,
        )

    def withdraw(self) -> Steps[None]:
        """There is no tool to withdraw."""
        yield

    def stow(self) -> Steps[None]:
        """There is no tool to stow."""
        yield

    def _collect(self) -> Steps[list[Scan]]:
        """The next scans, taken at rest. Raises TaskFault (INSPECT_NO_SCAN)."""
        self._wants.scan, self._wants.phase = True, "scanning"
        try:
            scans: list[Scan] = []
            begun, last = math.nan, -math.inf
            while len(scans) < SCANS:
                view = yield
                if math.isnan(begun):
                    begun, last = view.now, view.stamp  # older ones may be from before the robot stood
                if view.scan is not None and view.scan.stamp > last:
                    last = view.scan.stamp
                    scans.append(view.scan)
                if view.now - begun > SCAN_LIMIT:
                    raise TaskFault(TaskOutcome.INSPECT_NO_SCAN, f"{len(scans)} scans came in {SCAN_LIMIT:.0f} s")
            return scans
        finally:
            self._wants.scan = False

    def _agreeing(self, scans: list[Scan], reach: float) -> float:
        """Share of rays whose mean range agrees with the map, of those that the plan lets end within reach."""
        assert self._map is not None
        reach = min(reach, scans[0].range_max)
        ranges = _mean_range(scans)
        pose = scans[-1].pose
        expected = self._map.cast(pose.x, pose.y, scans[0].angles + pose.yaw, reach)
        judged = expected < reach - 1e-6
        agrees = np.abs(ranges - expected) <= self._agreement  # False where there is no range
        return float(agrees[judged].mean()) if judged.any() else 0.0

    def _keep(self, order: Order, target: WorkTarget, scans: list[Scan]) -> str:
        """Write scans and poses to the robot's disk; returns their URI."""
        self._evidence.mkdir(parents=True, exist_ok=True)
        name = "".join(
            c if c.isalnum() or c in "-_" else "_" for c in f"{order.task_id}-{order.attempt}-{target.index}"
        )
        path = (self._evidence / f"{name}.npz").resolve()
        np.savez_compressed(
            path,
            ranges=np.stack([s.ranges for s in scans]),
            angles=scans[0].angles,
            poses=np.array([(s.pose.x, s.pose.y, s.pose.yaw) for s in scans]),
            stamps=np.array([s.stamp for s in scans]),
        )
        return path.as_uri()


def _mean_range(scans: list[Scan]) -> Array:
    """Mean of the valid ranges of each ray; NaN where no scan has one."""
    stack = np.stack([s.ranges for s in scans])
    valid = np.isfinite(stack)
    counts = valid.sum(axis=0)
    total = np.where(valid, stack, 0.0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
