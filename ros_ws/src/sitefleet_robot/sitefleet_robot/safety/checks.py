"""Checks of what comes in: pure functions that return a refusal, or None where there is nothing to refuse."""

from __future__ import annotations

import math

from sitefleet_robot.safety.refusal import Refusal
from sitefleet_robot.safety.values import Control, Pose, Twist2


def finite(twist: Twist2) -> Refusal | None:
    """NaN and infinity are no speeds."""
    if math.isfinite(twist.linear) and math.isfinite(twist.angular):
        return None
    return Refusal("not_finite", f"velocity ({twist.linear}, {twist.angular}) is not finite")


def limited(twist: Twist2, max_speed: float, max_turn_rate: float) -> Twist2:
    """The twist within the limits (m/s, rad/s), on the same arc."""
    share = 1.0
    if abs(twist.linear) > max_speed:
        share = max_speed / abs(twist.linear)
    if abs(twist.angular) * share > max_turn_rate:
        share = max_turn_rate / abs(twist.angular)
    return twist if share == 1.0 else twist.scaled(share)


def addressee(control: Control, robot_id: str) -> Refusal | None:
    """A command for another robot is not ours."""
    if control.robot_id == robot_id:
        return None
    return Refusal("wrong_robot", f"command is for {control.robot_id!r}, this is {robot_id!r}")


def epoch(control: Control, lease_epoch: int) -> Refusal | None:
    """Only the lease that armed teleoperation may drive."""
    if control.epoch == lease_epoch:
        return None
    return Refusal("old_epoch", f"command of lease {control.epoch}, the lease in force is {lease_epoch}")


def order(control: Control, last_sequence: int) -> Refusal | None:
    """Within a lease, sequence numbers grow."""
    if control.sequence > last_sequence:
        return None
    return Refusal("out_of_order", f"command {control.sequence} comes after {last_sequence}")


class DelayEstimate:
    """Delay of a stream against its own fastest message, so that two clocks need not agree.

    The smallest difference of arrival and sending seen so far is taken as the way without delay.
    """

    def __init__(self) -> None:
        self._least = math.inf

    def delay(self, sent: float, arrived: float) -> float:
        """s that this message took longer than the fastest one of the stream."""
        difference = arrived - sent
        self._least = min(self._least, difference)
        return difference - self._least


def command_age(age: float, limit: float) -> Refusal | None:
    """A command older than `limit` s says what somebody wanted, not what he wants."""
    if math.isfinite(age) and age <= limit:
        return None
    return Refusal("too_old", f"command is {1000.0 * age:.0f} ms late, the limit is {1000.0 * limit:.0f} ms")


def pose_usable(pose: Pose, max_sigma: float) -> Refusal | None:
    """A pose counts if it is finite and its standard deviation is at most `max_sigma` m."""
    if not all(math.isfinite(v) for v in (pose.x, pose.y, pose.yaw, pose.sigma)):
        return Refusal("not_finite", "pose is not finite")
    if pose.sigma > max_sigma:
        return Refusal("uncertain", f"pose is uncertain by {pose.sigma:.2f} m, the limit is {max_sigma:.2f} m")
    return None


def pose_jump(pose: Pose, before: Pose, max_speed: float, limit: float) -> Refusal | None:
    """A pose farther from the one before than `limit` m and what a robot at `max_speed` m/s drives in between."""
    passed = abs(pose.stamp - before.stamp)
    gap = math.hypot(pose.x - before.x, pose.y - before.y)
    if gap <= limit + 1.5 * max_speed * passed:
        return None
    return Refusal("pose_jump", f"localisation jumped by {gap:.2f} m")


class StreamWatch:
    """Age of a stream by arrival on a monotonic clock. Nothing yet arrived is infinitely old.

    `timeout` s is when zero must have been commanded. The watch trips `guard` s earlier, so that the tick that
    notices it is still in time. A timeout of zero: the stream is not watched. An optional one is watched from when
    it was first heard.
    """

    def __init__(self, name: str, timeout: float, guard: float, optional: bool = False) -> None:
        self.name = name
        self.optional = optional
        self.timeout = timeout
        self._limit = timeout - guard
        self._last = -math.inf
        self._excused = -math.inf
        self.fault = ""

    def seen(self, now: float) -> None:
        """A good message arrived."""
        self._last = now
        self.fault = ""

    def faulty(self, fault: str) -> None:
        """A message arrived that does not count."""
        self.fault = fault

    def age(self, now: float) -> float:
        """s since the last good message."""
        return now - self._last

    def excuse(self, now: float) -> None:
        """Nobody listened until `now`: the time before it says nothing against the stream, nor for it."""
        self._excused = now

    def awaited(self) -> bool:
        """Nothing has come since the stream was excused, so what is known of it is old."""
        return self._watched and self._last < self._excused

    def lost(self, now: float) -> bool:
        """The stream has been away for too long."""
        return self._watched and now - max(self._last, self._excused) >= self._limit

    def fresh(self, now: float) -> bool:
        """Whether the stream may be relied on."""
        return not self._watched or (self.age(now) < self._limit and not self.awaited())

    @property
    def _watched(self) -> bool:
        return self.timeout != 0.0 and not (self.optional and math.isinf(self._last))

    def complaint(self, now: float) -> str:
        """What is wrong, for a person."""
        age = self.age(now)
        why = f" ({self.fault})" if self.fault else ""
        if math.isinf(age):
            return f"no {self.name} has arrived yet{why}"
        return f"no {self.name} for {1000.0 * age:.0f} ms, the limit is {1000.0 * self.timeout:.0f} ms{why}"
