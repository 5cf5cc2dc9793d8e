"""The pose over time: odometry as it comes, fixes whenever they come, and how good the result is.

A fix speaks of the past. A short history of odometry and fixes is kept; a fix is put in at its own stamp, and what
came after it is applied again.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from sitefleet_robot.common.geometry import compose, relative
from sitefleet_robot.localisation.ekf import Belief, Fix, MotionNoise, Step, initial, mahalanobis, predict, update

Pose2 = tuple[float, float, float]


class Quality(Enum):
    """How far the pose may be relied on."""

    GOOD = "good"
    DEGRADED = "degraded"
    LOST = "lost"


@dataclass(frozen=True)
class EstimatorSettings:
    """Limits of the estimator; s, m, rad."""

    noise: MotionNoise = field(default_factory=MotionNoise)
    history: float = 2.0
    """s of odometry kept for late fixes."""
    gate: float = 16.3
    """Squared Mahalanobis distance beyond which a fix is an outlier (chi square, 3 degrees of freedom, 99.9 %)."""
    outliers_lost: int = 10
    """Outliers in a row after which the pose is what is wrong."""
    good_sigma: float = 0.02
    good_yaw_sigma: float = 0.03
    lost_sigma: float = 0.30
    lost_yaw_sigma: float = 0.30
    jump: float = 1.0
    """m between two odometry readings that no robot drives: the drive's odometry started anew."""
    still_speed: float = 0.01
    """m/s and rad/s below which the robot stands."""
    still_time: float = 1.0
    """s the robot must stand before a lost pose is taken from a fix again."""


@dataclass
class _Entry:
    """One moment of the history: odometry at `stamp` s, the fix taken in there if any, and the belief after it."""

    stamp: float
    odom: Pose2
    belief: Belief
    fix: Fix | None = None


class PoseEstimator:
    """Fuses odometry poses and fixes. All stamps are s of one clock; frames: odom for odometry, map for fixes."""

    def __init__(self, settings: EstimatorSettings) -> None:
        self._settings = settings
        self._entries: list[_Entry] = []
        self._odom: tuple[float, Pose2] | None = None
        self._waiting: list[Fix] = []
        self._outliers = 0
        self._diverged = False
        self._still_since: float | None = None
        self.counts: Counter[str] = Counter()
        self.last_fix_stamp: float | None = None

    @property
    def belief(self) -> Belief | None:
        """The belief at the last odometry reading, None before the first usable fix."""
        return self._entries[-1].belief if self._entries else None

    @property
    def quality(self) -> Quality:
        """How far the pose may be relied on now."""
        belief, s = self.belief, self._settings
        if belief is None or self._diverged or belief.sigma > s.lost_sigma or belief.yaw_sigma > s.lost_yaw_sigma:
            return Quality.LOST
        if belief.sigma > s.good_sigma or belief.yaw_sigma > s.good_yaw_sigma:
            return Quality.DEGRADED
        return Quality.GOOD

    def odometry(self, stamp: float, odom: Pose2) -> None:
        """Take in an odometry pose (x, y, yaw of base_link in odom)."""
        if not (math.isfinite(stamp) and all(math.isfinite(v) for v in odom)):
            self.counts["odometry_not_finite"] += 1
            return
        last, self._odom = self._odom, (stamp, odom)
        if last is not None:
            if stamp < last[0]:
                # Time was set back, so everything known belongs to another run.
                self._forget("time_set_back")
            elif stamp == last[0]:
                return
            else:
                self._watch_stillness(last, stamp, odom)
        if self._entries:
            self._advance(stamp, odom)
        for fix in [f for f in self._waiting if f.stamp <= stamp]:
            self._waiting.remove(fix)
            self._take(fix)

    def fix(self, fix: Fix) -> None:
        """Take in an absolute fix, late or early. What is not used is counted with its reason."""
        values = (fix.stamp, fix.x, fix.y, fix.yaw, *fix.covariance.ravel())
        if not all(math.isfinite(v) for v in values) or np.linalg.eigvalsh(fix.covariance)[0] <= 0.0:
            self.counts["fix_invalid"] += 1
        elif self._odom is None or fix.stamp > self._odom[0]:
            # Odometry of that moment is on its way; one second of fixes may wait for it.
            self._waiting = [f for f in self._waiting if f.stamp > fix.stamp - 1.0] + [fix]
        else:
            self._take(fix)

    def _take(self, fix: Fix) -> None:
        if self._odom is None:
            return
        if self._diverged:
            self._retake(fix)
        elif not self._entries:
            self._begin(fix)
        elif fix.stamp < self._entries[0].stamp:
            self.counts["fix_too_old"] += 1
        else:
            self._insert(fix)

    def _begin(self, fix: Fix) -> None:
        if not fix.has_yaw:
            self.counts["fix_without_yaw"] += 1
            return
        if self._odom is None or self._odom[0] - fix.stamp > self._settings.history:
            self.counts["fix_too_old"] += 1
            return
        # Odometry between the fix and now is not kept before there is a pose: a robot that starts stands still.
        self._entries = [_Entry(self._odom[0], self._odom[1], initial(fix, self._settings.noise), fix)]
        self._accepted(fix)

    def _advance(self, stamp: float, odom: Pose2) -> None:
        last = self._entries[-1]
        if math.hypot(odom[0] - last.odom[0], odom[1] - last.odom[1]) > self._settings.jump:
            self.counts["odometry_jump"] += 1
            self._diverged = True
            self._still_since = None
            self._entries = [_Entry(stamp, odom, last.belief)]
            return
        self._entries.append(_Entry(stamp, odom, self._moved(last, stamp, odom)))
        oldest = stamp - self._settings.history
        while len(self._entries) > 1 and self._entries[1].stamp <= oldest:
            self._entries.pop(0)

    def _moved(self, origin: _Entry, stamp: float, odom: Pose2) -> Belief:
        dx, dy, turn = relative(origin.odom, odom)
        return predict(origin.belief, Step(dx, dy, turn, stamp - origin.stamp), self._settings.noise)

    def _insert(self, fix: Fix) -> None:
        index = bisect_right([entry.stamp for entry in self._entries], fix.stamp) - 1
        before = self._entries[index]
        odom = before.odom
        if index + 1 < len(self._entries):
            after = self._entries[index + 1]
            odom = _between(before, after, fix.stamp)
        belief = self._moved(before, fix.stamp, odom) if fix.stamp > before.stamp else before.belief
        gate = self._settings.gate if fix.has_yaw else self._settings.gate * 0.85
        if mahalanobis(belief, fix) > gate:
            self._outlier()
            return
        self._accepted(fix)
        self._entries.insert(index + 1, _Entry(fix.stamp, odom, update(belief, fix), fix))
        for previous, entry in zip(self._entries[index + 1 :], self._entries[index + 2 :], strict=False):
            moved = self._moved(previous, entry.stamp, entry.odom)
            entry.belief = moved if entry.fix is None else update(moved, entry.fix)

    def _retake(self, fix: Fix) -> None:
        """A lost pose comes back only while the robot stands, so that it never jumps in motion."""
        since = self._still_since
        if since is not None and self._odom is not None and self._odom[0] - since >= self._settings.still_time:
            self._diverged = False
            self._entries = []
            self._begin(fix)
        else:
            self.counts["fix_while_lost"] += 1

    def _accepted(self, fix: Fix) -> None:
        self._outliers = 0
        self.last_fix_stamp = fix.stamp
        self.counts["fix_used"] += 1

    def _outlier(self) -> None:
        self.counts["fix_outlier"] += 1
        self._outliers += 1
        if self._outliers >= self._settings.outliers_lost:
            self._diverged = True
            self._still_since = None
            self._outliers = 0

    def _forget(self, reason: str) -> None:
        self.counts[reason] += 1
        self._entries = []
        self._waiting = []
        self._outliers = 0
        self._diverged = False
        self._still_since = None
        self.last_fix_stamp = None

    def _watch_stillness(self, last: tuple[float, Pose2], stamp: float, odom: Pose2) -> None:
        dx, dy, turn = relative(last[1], odom)
        if max(math.hypot(dx, dy), abs(turn)) > self._settings.still_speed * (stamp - last[0]):
            self._still_since = None
        elif self._still_since is None:
            self._still_since = last[0]


def _between(before: _Entry, after: _Entry, stamp: float) -> Pose2:
    """Odometry pose at `stamp` on the arc between two readings."""
    share = (stamp - before.stamp) / (after.stamp - before.stamp)
    dx, dy, turn = relative(before.odom, after.odom)
    # On a short arc the way bends evenly: the chord of the share points half of the missing turn back.
    bend = 0.5 * turn * (share - 1.0)
    c, s = math.cos(bend), math.sin(bend)
    return compose(before.odom, (share * (c * dx - s * dy), share * (s * dx + c * dy), share * turn))
