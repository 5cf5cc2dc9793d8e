"""How a scripted person walks: along a loop of waypoints, and politely around robots. Pure.

A person keeps away from robots: it waits while one is near ahead, turns back when it has waited long enough or when
the robot keeps coming, and never walks on where that would bring it close to a robot. The distances leave room for
what it sees being a little old, as it is when the simulation runs faster than real time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

PERSON_RADIUS = 0.25
"""m; the capsule of the person's model."""
WAIT_DISTANCE = 0.9
"""m between person and robot ahead at which the person waits."""
CLOSE_DISTANCE = 0.5
"""m to a robot; a person does not walk on where it would come nearer than this."""
GIVE_WAY_DISTANCE = 0.65
"""m to a robot ahead that keeps coming, at which a person does not wait but goes back at once."""
PATIENCE = 3.0
"""s of waiting after which the person turns back."""
_LOOK_AHEAD = (0.15, 0.3, 0.45, 0.6)
"""m along its way at which a person looks how near it would come."""
ASIDE = 0.75
"""m that a person steps to the side of a robot's way when it can go neither on nor back."""
ASIDE_LONGEST = 30.0
"""s that a person stands aside at most before it tries to go on."""
_CORNERED = 6.0
"""s after turning back within which being blocked again means that there is no way out along the path."""
_TURN_PAUSE = 1.5
"""s between two turns, so that nobody turns to and fro between two robots."""
_BACKWARDS = 0.6
"""Share of the walking speed."""
_AHEAD = math.radians(70.0)
_ARRIVED = 0.15
_TURN_GAIN, _TURN_LIMIT = 4.0, 2.5


@dataclass(frozen=True, slots=True)
class Footprint:
    """A robot's rectangle on the floor: centre, heading, half lengths. m and rad."""

    x: float
    y: float
    yaw: float
    half_length: float
    half_width: float

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """The point of the rectangle nearest to a place."""
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        dx, dy = x - self.x, y - self.y
        along = min(max(dx * cos + dy * sin, -self.half_length), self.half_length)
        across = min(max(-dx * sin + dy * cos, -self.half_width), self.half_width)
        return self.x + along * cos - across * sin, self.y + along * sin + across * cos


@dataclass(frozen=True, slots=True)
class Step:
    """What the person does next: m/s ahead, rad/s."""

    forward: float
    turn: float


class Walk:
    """One person on its way. Times in s of simulated time."""

    def __init__(self, waypoints: Sequence[tuple[float, float]], speed: float) -> None:
        """Walk the closed loop of `waypoints` at `speed` m/s. Raises ValueError."""
        if len(waypoints) < 2:
            raise ValueError("a person needs at least two waypoints")
        if not 0.0 < speed <= 2.0:
            raise ValueError(f"a walking speed of {speed} m/s is not within 0..2")
        self._waypoints = tuple(waypoints)
        self._speed = speed
        self._target = 1
        self._direction = 1
        self._blocked_since: float | None = None
        self._turned_at = -math.inf
        self._aside: tuple[float, float] | None = None
        self._aside_until = -math.inf
        self.turned_back = 0
        self.stepped_aside = 0

    @property
    def target(self) -> tuple[float, float]:
        """Waypoint the person walks to."""
        return self._waypoints[self._target]

    def step(self, now: float, x: float, y: float, yaw: float, robots: Sequence[Footprint]) -> Step:
        """Decide at time `now` for a person at x, y with heading yaw (map)."""
        if self._aside is not None:
            return self._stand_aside(now, x, y, yaw, robots)
        goal = self.target
        if math.hypot(goal[0] - x, goal[1] - y) < _ARRIVED:
            self._target = (self._target + self._direction) % len(self._waypoints)
            goal = self.target
        error = math.remainder(math.atan2(goal[1] - y, goal[0] - x) - yaw, math.tau)
        turn = min(max(_TURN_GAIN * error, -_TURN_LIMIT), _TURN_LIMIT)
        along = math.cos(error) ** 3
        if along < 0.0 and now - self._turned_at < _TURN_PAUSE:
            # Just turned back: the first steps are backwards, away from what made it turn.
            along, way = _BACKWARDS * along, yaw + math.pi
        else:
            along, way = max(0.0, along), yaw
        blocked, pressed = self._look(x, y, way, robots)
        if blocked:
            if self._had_enough(now, pressed):
                # Turned back not long ago, and the way back is blocked as well: there is no way out along the path.
                if now - self._turned_at <= _CORNERED:
                    self._step_aside(now, x, y, robots)
                else:
                    self._turn_back(now)
            return Step(0.0, turn)
        if abs(error) < _AHEAD / 2:
            self._blocked_since = None
        return Step(self._speed * along, turn)

    def _look(self, x: float, y: float, yaw: float, robots: Sequence[Footprint]) -> tuple[bool, bool]:
        """Whether a robot is in the way, and whether it is so near ahead that the person gives way."""
        blocked = pressed = False
        for robot in robots:
            gap, bearing = _gap(robot, x, y, yaw)
            cos, sin = math.cos(yaw), math.sin(yaw)
            coming = min(_gap(robot, x + way * cos, y + way * sin, yaw)[0] for way in _LOOK_AHEAD)
            ahead = bearing < _AHEAD
            blocked = blocked or (gap < WAIT_DISTANCE if ahead else coming < min(CLOSE_DISTANCE, gap))
            pressed = pressed or (ahead and gap < GIVE_WAY_DISTANCE)
        return blocked, pressed

    def _step_aside(self, now: float, x: float, y: float, robots: Sequence[Footprint]) -> None:
        robot = min(robots, key=lambda r: _gap(r, x, y, 0.0)[0])
        # To the side of the robot's heading on which the person stands already.
        across = (x - robot.x) * -math.sin(robot.yaw) + (y - robot.y) * math.cos(robot.yaw)
        way = math.copysign(max(0.0, ASIDE - abs(across)), across)
        self._aside = (x - way * math.sin(robot.yaw), y + way * math.cos(robot.yaw))
        self._aside_until = now + ASIDE_LONGEST
        self.stepped_aside += 1

    def _stand_aside(self, now: float, x: float, y: float, yaw: float, robots: Sequence[Footprint]) -> Step:
        """Walk to the place aside, and stand there until the robots are gone."""
        assert self._aside is not None
        goal = self._aside
        near = any(_gap(robot, x, y, yaw)[0] < WAIT_DISTANCE for robot in robots)
        if not near or now > self._aside_until:
            self._aside, self._blocked_since = None, None
            return Step(0.0, 0.0)
        if math.hypot(goal[0] - x, goal[1] - y) < _ARRIVED / 2:
            return Step(0.0, 0.0)
        error = math.remainder(math.atan2(goal[1] - y, goal[0] - x) - yaw, math.tau)
        turn = min(max(_TURN_GAIN * error, -_TURN_LIMIT), _TURN_LIMIT)
        ahead = [(x + 0.1 * math.cos(yaw), y + 0.1 * math.sin(yaw)), (x, y)]
        coming, here = (min(_gap(robot, *place, yaw)[0] for robot in robots) for place in ahead)
        # Beside a robot that stands near there is room to pass, but never towards it.
        free = abs(error) < _AHEAD / 4 and (coming >= here - 0.01 or coming > CLOSE_DISTANCE)
        return Step(_BACKWARDS * self._speed if free else 0.0, turn)

    def _had_enough(self, now: float, pressed: bool) -> bool:
        if self._blocked_since is None:
            self._blocked_since = now
        long_enough = now - self._blocked_since >= PATIENCE
        return (long_enough or pressed) and now - self._turned_at >= _TURN_PAUSE

    def _turn_back(self, now: float) -> None:
        self._direction = -self._direction
        self._target = (self._target + self._direction) % len(self._waypoints)
        self._blocked_since = self._turned_at = now
        self.turned_back += 1


def _gap(robot: Footprint, x: float, y: float, yaw: float) -> tuple[float, float]:
    """Distance (m) from a person's surface to a robot, and the angle (rad) between its heading and the robot."""
    px, py = robot.nearest(x, y)
    bearing = abs(math.remainder(math.atan2(py - y, px - x) - yaw, math.tau))
    return math.hypot(px - x, py - y) - PERSON_RADIUS, bearing
