"""Leaves a place where something that does not move is too near: a slow motion that brings the robot nearer to nothing.

A protective stop clears only when the wanted motion is free, and a robot that wants nothing, or goes on wanting the
motion that was stopped, stands for ever before a wall. So the escape is proposed during the protective stop as well;
whether it may be driven is decided by the supervisor alone.
"""

from __future__ import annotations

from collections import deque

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.escape_motions import EscapeMotions
from sitefleet_robot.motion.escape_values import EscapeTuning, Line, Situation
from sitefleet_robot.motion.stillness import Stillness
from sitefleet_robot.motion.surroundings import around
from sitefleet_robot.motion.sweep import separation
from sitefleet_robot.motion.values import Drive, Footprint, Pose2

__all__ = ["Escape", "EscapeTuning", "Line", "Situation"]


class Escape:
    """Call `step` while the robot wants to move and does not get on; it answers None while nothing is to be done."""

    def __init__(self, footprint: Footprint, tuning: EscapeTuning | None = None) -> None:
        self.footprint = footprint
        self.tuning = tuning or EscapeTuning()
        self.sentence = ""
        """Why there is no way out; empty while there may be one."""
        self._motions = EscapeMotions(footprint, self.tuning)
        self._still = Stillness(self.tuning.static_time, self.tuning.static_change)
        self._drive: Drive | None = None
        self._since: float | None = None
        self._done: deque[tuple[float, Pose2]] = deque()
        self._refused: list[Drive] = []
        self._last: Situation | None = None
        self._moved = self._driven = self._waited = 0.0

    @property
    def active(self) -> bool:
        """An escape is under way, or waits for the protective stop to clear."""
        return self._drive is not None

    def reset(self) -> None:
        """The robot is not stuck, or autonomy does not drive. What was tried is remembered."""
        self._drive, self._since, self._last = None, None, None
        self._still.clear()
        self.sentence = ""

    def step(self, now: Situation) -> Drive | None:
        """Velocity to propose, or None."""
        if self._drive is not None:
            self._account(now)
            self._drive = self._go_on(now, self._drive)
            self._last = now
            if self._drive is None and not self.sentence:
                self.reset()
            return self._drive
        if self._since is None:
            self._since = now.stamp
        last, self._last = self._last, now
        if (last is not None and last.scan_stamp == now.scan_stamp) or not self._stuck(now, self._since):
            return None
        self._drive = self._begin(now)
        return self._drive

    def _stuck(self, now: Situation, since: float) -> bool:
        """Something near has not moved for a while, and has kept the robot for long enough."""
        still, tuning = self._still, self.tuning
        if still.is_new(now.scan_stamp):
            still.take(now.scan_stamp, separation(now.points, self.footprint))
        lasts = still.lasts(now.scan_stamp)
        if still.separation >= tuning.near:
            self.sentence = ""
            return False
        wait = tuning.static_time if now.protective else tuning.blocked_time
        return lasts and now.stamp - since >= wait

    def _begin(self, now: Situation) -> Drive | None:
        tuning = self.tuning
        while self._done and now.stamp - self._done[0][0] > tuning.tries_time:
            self._done.popleft()
        here = sum(now.pose.distance_to(p.x, p.y) < tuning.tries_place for _, p in self._done)
        if here >= tuning.tries:
            self.sentence = f"{self._around(now)}; {here} tries to get away have not helped"
            return None
        self._refused.clear()
        drive = self._motions.choose(now, self._refused)
        if drive is None:
            self.sentence = f"no way out: {self._around(now)}"
            return None
        self.sentence = ""
        self._moved = self._driven = self._waited = 0.0
        self._done.append((now.stamp, now.pose))
        return drive

    def _account(self, now: Situation) -> None:
        """Path and time since the last pose."""
        last = self._last
        if last is None:
            return
        turned = abs(wrap_angle(now.pose.yaw - last.pose.yaw))
        if now.protective:
            self._waited += now.stamp - last.stamp
            return
        self._moved += now.pose.distance_to(last.pose.x, last.pose.y) + self.footprint.turning_radius * turned
        self._driven += now.stamp - last.stamp
        self._waited = 0.0

    def _go_on(self, now: Situation, drive: Drive) -> Drive | None:
        """The same motion as long as it helps, another one where it does not; None when the escape has ended."""
        tuning = self.tuning
        distance = separation(now.points, self.footprint)
        if not now.protective and (distance > tuning.near or self._moved > tuning.travel or self._driven > tuning.time):
            return None
        if self._waited > tuning.clear_wait:
            self._refused.append(drive)
            self._waited = 0.0
            other = self._motions.choose(now, self._refused)
            if other is None:
                self.sentence = f"no way out: {self._around(now)}"
            return other
        if now.protective or (self._last is not None and self._last.scan_stamp == now.scan_stamp):
            return drive
        free, best = self._motions.free(now, drive)
        straight_on = drive.w == 0.0
        if free >= tuning.least_under_way and (best - distance > tuning.gain or straight_on):
            return drive
        self._refused += [drive, Drive(-drive.v, -drive.w), Drive(-drive.v, drive.w)]
        return self._motions.choose(now, self._refused, only_gain=True)

    def _around(self, now: Situation) -> str:
        return around(now.points, self.footprint)
