"""Leaves a place where something that does not move is too near: a slow motion that brings the robot nearer to nothing.

A protective stop clears only when the wanted motion is free, and a robot that wants nothing, or goes on wanting the
motion that was stopped, stands for ever before a wall. So the escape is proposed during the protective stop as well;
whether it may be driven is decided by the supervisor alone.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.obstacles import Array
from sitefleet_robot.motion.sweep import gaps, poses_along, separation, swept_gaps
from sitefleet_robot.motion.values import Drive, Footprint, Pose2

CANDIDATES = (
    Drive(-0.10, 0.0),
    Drive(0.10, 0.0),
    Drive(0.0, 0.25),
    Drive(0.0, -0.25),
    Drive(-0.08, 0.10),
    Drive(-0.08, -0.10),
    Drive(0.08, 0.10),
    Drive(0.08, -0.10),
)
"""What is tried: m/s, rad/s."""


@dataclass(frozen=True, slots=True)
class EscapeTuning:
    """Lengths in m, times in s of ROS time. Travel is that of the fastest point of the outline."""

    near: float = 0.12
    """Separation below which the robot may need an escape, and at which one has succeeded."""
    static_time: float = 1.0
    static_change: float = 0.01
    blocked_time: float = 1.5
    tolerance: float = 0.002
    """What a point may come nearer; points closer than a centimetre hardly at all."""
    keep: float = 0.05
    """Separation that is enough: what is farther may come as near as this, or as the nearest thing is now."""
    least: float = 0.14
    """Travel that must be free: what the supervisor wants before it clears a protective stop, and a little."""
    least_under_way: float = 0.05
    travel: float = 0.30
    time: float = 6.0
    clear_wait: float = 5.0
    """Time to let a protective stop clear; a motion that does not clear it is not tried again."""
    gain: float = 0.004
    tries: int = 3
    tries_time: float = 60.0
    tries_place: float = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """The line to get back to: a point of it (m) and its direction (rad), map frame."""

    x: float
    y: float
    yaw: float

    def beside(self, x: float, y: float) -> float:
        """m to the left of the line."""
        return (y - self.y) * math.cos(self.yaw) - (x - self.x) * math.sin(self.yaw)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at one pose. `points` are in base_link at `pose`; `protective`: in a protective stop of AUTO."""

    stamp: float
    scan_stamp: float
    pose: Pose2
    points: Array
    line: Line | None
    protective: bool


class Escape:
    """Call `step` while the robot wants to move and does not get on; it answers None while nothing is to be done."""

    def __init__(self, footprint: Footprint, tuning: EscapeTuning | None = None) -> None:
        self.footprint = footprint
        self.tuning = tuning or EscapeTuning()
        self.sentence = ""
        """Why there is no way out; empty while there may be one."""
        self._drive: Drive | None = None
        self._since: float | None = None
        self._seen: deque[tuple[float, float]] = deque()
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
        self._seen.clear()
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
        if (last is not None and last.scan_stamp == now.scan_stamp) or not self._stuck(now):
            return None
        self._drive = self._begin(now)
        return self._drive

    def _stuck(self, now: Situation) -> bool:
        """Something near has not moved for a while, and has kept the robot for long enough."""
        if not self._seen or now.scan_stamp > self._seen[-1][0]:
            distance = separation(now.points, self.footprint)
            while self._seen and abs(self._seen[0][1] - distance) > self.tuning.static_change:
                self._seen.popleft()
            self._seen.append((now.scan_stamp, distance))
        seen, tuning = self._seen, self.tuning
        while len(seen) > 2 and seen[1][0] <= now.scan_stamp - tuning.static_time:
            seen.popleft()
        if seen[-1][1] >= tuning.near:
            self.sentence = ""
            return False
        assert self._since is not None
        wait = tuning.static_time if now.protective else tuning.blocked_time
        return seen[-1][0] - seen[0][0] >= tuning.static_time and now.stamp - self._since >= wait

    def _begin(self, now: Situation) -> Drive | None:
        tuning = self.tuning
        while self._done and now.stamp - self._done[0][0] > tuning.tries_time:
            self._done.popleft()
        here = sum(now.pose.distance_to(p.x, p.y) < tuning.tries_place for _, p in self._done)
        if here >= tuning.tries:
            self.sentence = f"{self._around(now)}; {here} tries to get away have not helped"
            return None
        self._refused.clear()
        drive = self._choose(now, tuning.least)
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
            other = self._choose(now, tuning.least)
            if other is None:
                self.sentence = f"no way out: {self._around(now)}"
            return other
        if now.protective or (self._last is not None and self._last.scan_stamp == now.scan_stamp):
            return drive
        free, best = self._free(now, drive)
        straight_on = drive.w == 0.0
        if free >= tuning.least_under_way and (best - distance > tuning.gain or straight_on):
            return drive
        self._refused += [drive, Drive(-drive.v, -drive.w), Drive(-drive.v, drive.w)]
        return self._choose(now, tuning.least, only_gain=True)

    def _choose(self, now: Situation, least: float, only_gain: bool = False) -> Drive | None:
        """The candidate that gains most room and ends best for the line."""
        distance = separation(now.points, self.footprint)
        best, chosen = -math.inf, None
        for drive in CANDIDATES:
            if drive in self._refused:
                continue
            free, reached = self._free(now, drive)
            if free < least:
                continue
            gained = min(reached, self.tuning.near) - distance
            if gained <= self.tuning.gain and (only_gain or drive.w != 0.0):
                continue  # gliding along something gains nothing at first; any other motion would only dither
            score = gained + self._for_line(now, drive, free)
            if score > best:
                best, chosen = score, drive
        return chosen

    def _free(self, now: Situation, drive: Drive) -> tuple[float, float]:
        """Travel along a motion until a point comes too near, and the best separation on it, m."""
        tuning = self.tuning
        fastest = abs(drive.v) + self.footprint.turning_radius * abs(drive.w)
        points = self._near(now)
        travel = np.arange(0.01, tuning.travel + 1e-6, 0.01)
        if len(points) == 0:
            return tuning.travel, math.inf
        present = gaps(points, self.footprint)
        few = min(3, len(points)) - 1
        # What glides past, such as the next piece of the same wall, may come as near as the nearest thing is now.
        as_near = min(tuning.keep, float(np.partition(present, few)[few]))
        floor = np.minimum(present, as_near) - np.where(present < 0.01, 0.25, 1.0) * tuning.tolerance
        swept = swept_gaps(points, self.footprint, drive, travel / fastest)
        bad = (swept < floor).any(axis=1)
        count = int(np.argmax(bad)) if bad.any() else len(travel)
        if count == 0:
            return 0.0, -math.inf
        return float(travel[count - 1]), float(np.partition(swept[:count], few, axis=1)[:, few].max())

    def _near(self, now: Situation) -> Array:
        """Points that can matter within the travel of an escape."""
        reach = self.footprint.turning_radius + self.tuning.travel + self.tuning.near
        near: Array = now.points[np.einsum("ij,ij->i", now.points, now.points) < reach * reach]
        return near

    def _for_line(self, now: Situation, drive: Drive, free: float) -> float:
        """What ending nearer to the line and its heading is worth, m."""
        if now.line is None:
            return 0.0
        fastest = abs(drive.v) + self.footprint.turning_radius * abs(drive.w)
        x, y, turn = poses_along(drive, np.array([free / fastest]))[0]
        pose, line = now.pose, now.line
        cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
        end_x, end_y = pose.x + cos * x - sin * y, pose.y + sin * x + cos * y
        nearer = abs(line.beside(pose.x, pose.y)) - abs(line.beside(end_x, end_y))
        off = abs(wrap_angle(line.yaw - pose.yaw))
        straighter = off - abs(wrap_angle(line.yaw - pose.yaw - turn))
        along = (end_x - pose.x) * math.cos(line.yaw) + (end_y - pose.y) * math.sin(line.yaw)
        return float(0.2 * nearer + 0.05 * straighter + (0.01 * along if off < 0.1 else -0.01 * along))

    def _around(self, now: Situation) -> str:
        """Where something is near, for a person."""
        distance = gaps(now.points, self.footprint)
        past = np.abs(now.points) - (0.5 * self.footprint.length, 0.5 * self.footprint.width)
        lengthwise = past[:, 0] > past[:, 1]
        x, y = now.points[:, 0], now.points[:, 1]
        sides = {
            "in front": lengthwise & (x > 0.0),
            "behind": lengthwise & (x <= 0.0),
            "on the left": ~lengthwise & (y > 0.0),
            "on the right": ~lengthwise & (y <= 0.0),
        }
        told = [
            f"{max(0.0, float(distance[at].min())):.2f} m {side}"
            for side, at in sides.items()
            if at.any() and float(distance[at].min()) < 0.3
        ]
        return f"something {' and '.join(told) or 'near'}"
