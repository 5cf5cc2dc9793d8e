"""What a run comes to, from recorded series alone. Pure: no ROS, no clock. Times monotonic in s, lengths in m."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

STANDS = 0.01
"""m/s and, times five, rad/s below which a robot stands."""


class Command(NamedTuple):
    """One message on `cmd_vel`, when it arrived."""

    t: float
    linear: float
    angular: float

    @property
    def moves(self) -> bool:
        """It is no zero."""
        return self.linear != 0.0 or self.angular != 0.0


class Truth(NamedTuple):
    """Where the robot truly is, and its speeds; when that arrived."""

    t: float
    x: float
    y: float
    yaw: float
    speed: float
    turn: float

    @property
    def moves(self) -> bool:
        """It does not stand."""
        return abs(self.speed) > STANDS or abs(self.turn) > 5.0 * STANDS


class Place(NamedTuple):
    """Where a person truly is."""

    t: float
    x: float
    y: float


class Touch(NamedTuple):
    """One reading of the contact sensor."""

    t: float
    pressed: bool


class Hull(NamedTuple):
    """The robot's outline, centred on base_link, and the radius of a person."""

    length: float
    width: float
    person: float = 0.25

    def gap(self, robot: Truth, x: float, y: float) -> float:
        """From the robot's hull to a person at (x, y); negative: they overlap."""
        cos, sin = math.cos(robot.yaw), math.sin(robot.yaw)
        ahead = (x - robot.x) * cos + (y - robot.y) * sin
        left = (y - robot.y) * cos - (x - robot.x) * sin
        over = max(abs(ahead) - 0.5 * self.length, 0.0), max(abs(left) - 0.5 * self.width, 0.0)
        return math.hypot(*over) - self.person


def lasting_zero(commands: Sequence[Command], since: float, until: float) -> float | None:
    """When the first zero after `since` came that lasted to `until`; None: there is none.

    The command before `since` counts too: where it was a zero and nothing moved after it, that is the moment `since`.
    """
    first = bisect_left(commands, since, key=lambda c: c.t)
    end = bisect_left(commands, until, key=lambda c: c.t)
    last = next((k for k in range(end - 1, first - 1, -1) if commands[k].moves), None)
    if last is None:
        if first > 0 and not commands[first - 1].moves:
            return since
        last = first - 1
    return commands[last + 1].t if last + 1 < end else None


def motions(commands: Sequence[Command], since: float, until: float, pause: float = 0.3) -> int:
    """How often it was commanded to move in between; commands within `pause` of each other are one time."""
    count, before = 0, -math.inf
    for command in commands[bisect_left(commands, since, key=lambda c: c.t) :]:
        if command.t >= until:
            break
        if command.moves:
            count += command.t - before > pause
            before = command.t
    return count


def standstill(truth: Sequence[Truth], since: float, until: float) -> float | None:
    """From when on the robot stood up to `until`; None: it moved to the end, or nothing is known."""
    found = None
    for sample in truth[bisect_left(truth, since, key=lambda s: s.t) :]:
        if sample.t >= until:
            break
        if sample.moves:
            found = None
        elif found is None:
            found = sample.t
    return found


def way(truth: Sequence[Truth], since: float, until: float) -> float:
    """Length of the path in between; the ends are reckoned on the straight between two samples."""
    samples = [s for s in truth if since <= s.t <= until]
    begin = at(truth, since)
    if begin is not None:
        samples.insert(0, begin)
    return sum(math.hypot(b.x - a.x, b.y - a.y) for a, b in itertools.pairwise(samples))


def at(truth: Sequence[Truth], moment: float) -> Truth | None:
    """The robot at a moment, on the straight between two samples; None outside of what is known."""
    k = bisect_left(truth, moment, key=lambda s: s.t)
    if k == len(truth) or (k == 0 and truth[0].t > moment):
        return None
    if k == 0:
        return truth[0]
    a, b = truth[k - 1], truth[k]
    share = (moment - a.t) / (b.t - a.t) if b.t > a.t else 0.0
    turned = math.remainder(b.yaw - a.yaw, math.tau)
    x, y = a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)
    return Truth(moment, x, y, a.yaw + share * turned, a.speed + share * (b.speed - a.speed), a.turn)


def least_gap(truth: Sequence[Truth], person: Sequence[Place], hull: Hull, since: float, until: float) -> float:
    """Least distance of hull and person in between; infinite where one of them is not known."""
    least = math.inf
    for sample in truth[bisect_left(truth, since, key=lambda s: s.t) :]:
        if sample.t > until:
            break
        place = _place(person, sample.t)
        if place is not None:
            least = min(least, hull.gap(sample, *place))
    return least


def last_near(
    truth: Sequence[Truth], person: Sequence[Place], hull: Hull, since: float, *, ahead: float, radius: float
) -> float:
    """When the person last was in the strip of the hull's width up to `ahead` of its front, or within `radius` of its
    middle; `since` if never.
    """
    last = since
    for sample in truth[bisect_left(truth, since, key=lambda s: s.t) :]:
        place = _place(person, sample.t)
        if place is None:
            continue
        strip = Hull(hull.length + 2.0 * ahead, hull.width, hull.person)
        if strip.gap(sample, *place) < 0.0 or math.dist((sample.x, sample.y), place) < radius:
            last = sample.t
    return last


def _place(person: Sequence[Place], moment: float) -> tuple[float, float] | None:
    k = bisect_left(person, moment, key=lambda p: p.t)
    if not 0 < k < len(person):
        return None
    a, b = person[k - 1], person[k]
    share = (moment - a.t) / (b.t - a.t) if b.t > a.t else 0.0
    return a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)


def braking_began(truth: Sequence[Truth], since: float) -> float | None:
    """When a drive without commands began to brake.

    The straight through the moments at which three quarters and one quarter of the speed were left meets the speed of
    `since` there, as drives brake evenly.
    """
    begin = at(truth, since)
    if begin is None or not begin.moves:
        return None
    three, one = (_fell_below(truth, since, share * abs(begin.speed)) for share in (0.75, 0.25))
    return None if three is None or one is None else three - 0.5 * (one - three)


def _fell_below(truth: Sequence[Truth], since: float, speed: float) -> float | None:
    """When the true speed was that, on the straight between two samples."""
    later = truth[bisect_left(truth, since, key=lambda s: s.t) :]
    for a, b in itertools.pairwise(later):
        if abs(a.speed) >= speed > abs(b.speed):
            return a.t + (b.t - a.t) * (abs(a.speed) - speed) / (abs(a.speed) - abs(b.speed))
    return None


class Contacts(NamedTuple):
    """Touches by a robot that moved, and of one that stood."""

    moving: int
    standing: int


def contacts(touches: Sequence[Touch], truth: Sequence[Truth], since: float, until: float) -> Contacts:
    """Each time the sensor began to touch; it tells so up to 0.1 s late, so that the robot of then counts."""
    moving = standing = 0
    before = False
    for touch in touches:
        if since <= touch.t <= until and touch.pressed and not before:
            lately = [s for s in truth if touch.t - 0.25 <= s.t <= touch.t]
            # A robot nobody knows anything about counts as one that moved.
            if not lately or any(s.moves for s in lately):
                moving += 1
            else:
                standing += 1
        before = touch.pressed
    return Contacts(moving, standing)


def longest_gap(moments: Sequence[float], since: float, until: float) -> float:
    """Longest time without a moment between `since` and `until`."""
    inside = [since, *(m for m in moments if since < m < until), until]
    return max(b - a for a, b in itertools.pairwise(inside))
