"""Follows the released route: regulated pursuit on the straight lines, turning on the spot at their corners.

Pursuit after Coulter (1992), with speed regulated by curvature, the distance to the next halt and free space ahead as
in Macenski et al. (2023), "Regulated pure pursuit for robot path tracking".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from sitefleet_robot.common.geometry import wrap_angle
from sitefleet_robot.motion.route import LEAVE_FROM, FollowedRoute, RoutePoint
from sitefleet_robot.motion.values import STAND, Drive, DriveLimits, Footprint, Pose2, clamp

SHARP = math.radians(28.0)
"""Corner above which the robot halts and turns on the spot, rad."""
STRAIGHT = 0.1
"""Corner that needs no special care, rad."""
TURN_FROM = math.radians(32.0)
"""Heading error above which a driving robot halts to turn, rad."""
TURN_AT_REST = 0.10
"""Heading error above which a robot that stands turns before it drives, rad."""
TURNED = 0.025
"""Heading error at which turning is done, rad."""
REACHED = 0.012
"""m before a halt node at which it counts as reached."""
BACK_FROM = math.radians(120.0)
"""Heading error above which a robot that must return to its last node drives backwards, rad."""
OBSTRUCTED_AFTER = 1.0
"""s that the way must be blocked before it is reported."""
ARRIVES_AT = 0.12
"""m/s: at a halt the robot arrives slower than this, unless the halt came as a surprise."""
ALIGNED = 0.025
"""m beside the line up to which a robot may enter a narrow place."""
ALIGNED_HEADING = math.radians(3.0)
"""The same for its heading, rad."""
PASSAGE_GAP = 0.12
"""m kept between the nose and a narrow place while the robot is not aligned: there it can still turn."""
REALIGN_LIMIT = 3
"""Returns to the last node for the sake of alignment on one line; after that the robot goes on as it stands."""
GIVE_UP_RETURN = 2.0
"""s of a way that is not free after which the robot does not return for the sake of alignment."""
TURN_SPARE = 0.02
"""m beyond the circle of the corners within which things make the robot look how far it can turn, and turn slowly."""
LEAST_TURN = 0.15
"""rad that must be free for a turn to begin where the whole circle is not."""
NARROW_TURN = 0.3
"""rad/s of such a turn."""
GENTLE_BELOW = 0.06
"""m beside the robot below which it steers so gently that its rear corner does not swing into what is there."""
GENTLE_GAP = 0.012
"""m beside the robot that steering leaves."""
SOFT_LOOKAHEAD = 0.2
"""m, look-ahead across a corner that is blended: the shorter, the less it is cut."""


class FollowStatus(str, Enum):
    """What the follower is doing."""

    IDLE = "idle"
    DRIVING = "driving"
    TURNING = "turning"
    BLOCKED = "blocked"
    OFF_ROUTE = "off_route"


@dataclass(frozen=True, slots=True)
class FollowerTuning:
    """Numbers of the follower. Lengths in m, times in s."""

    lookahead_min: float = 0.30
    lookahead_max: float = 0.55
    lookahead_time: float = 0.7
    creep: float = 0.03
    stop_gap: float = 0.20
    """m kept to an obstacle ahead of the outline."""
    soft_speed: float = 0.35
    back_speed: float = 0.2
    off_route: float = 0.40
    """m beside the line at which the route counts as lost."""


@dataclass(frozen=True, slots=True)
class FreeSpace:
    """What the lidar allows, m. `ahead` is the free length along the present line, from its start; `nearest` counts
    from the robot's centre.
    """

    ahead: float = math.inf
    nearest: float = math.inf
    passage: float = math.inf
    """Where the next narrow place begins, counted like `ahead`."""
    beside: float = math.inf
    """Gap between the robot's long sides and what is beside them."""
    turn_left: float = 0.0
    """Angle that the robot can turn where it has not the whole circle of its corners."""
    turn_right: float = 0.0


OPEN = FreeSpace()


class Follower:
    """Velocity for each pose. Keeps the last velocity and whether it is turning; everything else is given."""

    def __init__(self, limits: DriveLimits, footprint: Footprint, tuning: FollowerTuning | None = None) -> None:
        self.limits = limits
        self.footprint = footprint
        self.tuning = tuning or FollowerTuning()
        self.status = FollowStatus.IDLE
        self.last = STAND
        self.obstacle_distance = math.inf
        self._turning = False
        self._backwards = False
        self._blocked_for = 0.0
        self._returning = False
        self._realigned: tuple[tuple[str, int], int] = (("", 0), 0)

    @property
    def blocked(self) -> bool:
        """Its way was not free at the last step."""
        return self._blocked_for > 0.0

    @property
    def obstructed(self) -> bool:
        """The robot wants to move, and its way has not been free for longer than a person passing takes."""
        return self._blocked_for > OBSTRUCTED_AFTER

    def rest(self) -> Drive:
        """Somebody else has the wheels, or nothing is to be done: start from a standstill next time."""
        self.status, self.last = FollowStatus.IDLE, STAND
        self._turning = self._backwards = False
        self._blocked_for = 0.0
        return STAND

    def step(self, pose: Pose2, route: FollowedRoute, space: FreeSpace, dt: float, delay: float = 0.0) -> Drive:
        """Velocity at `pose` (as old as `delay` s), `dt` s after the last step. Marks nodes of the route as reached."""
        pose = pose.moved(self.last.v * delay, self.last.w * delay)
        self._backwards = self._backwards and route.approaching
        # Each turn of the loop reaches a node or returns; the bound is for a route that says otherwise.
        for _ in range(2 * len(route.held) + 2):
            if route.next_point is None:
                break
            line = _Line.of(route)
            if not self._reached(line, pose):
                if self._must_realign(line, pose, space) and self.realign(pose, route, space):
                    return self.rest()  # the free space is that of another line
                if self._cannot_return(route):
                    route.stay_on_line()
                    return self.rest()
                self.last = self._towards(pose, line, space, dt)
                self._blocked_for = self._blocked_for + dt if self.status is FollowStatus.BLOCKED else 0.0
                return self.last
            if line.halt and abs(self.last.v) > ARRIVES_AT:
                self.last = self._brake(dt)  # a new route asked for a halt that came too late to make
                return self.last
            route.arrive()
            if line.halt and line.remaining(pose) < -LEAVE_FROM:
                route.go_back(pose)
            self._turning = self._turning or line.halt
        return self.rest()

    def realign(self, pose: Pose2, route: FollowedRoute, space: FreeSpace) -> bool:
        """Return to the node last passed if the robot is too far beside its line to enter a narrow place on it.

        Says whether it does.
        """
        if route.next_point is None:
            return False
        if route.approaching:
            route.go_back(pose)  # the line to the node begins where the robot is now
            return True
        line = _Line.of(route)
        key = (line.end.route_id, line.end.sequence_id)
        count = self._returns(line)
        if math.isinf(self._to_passage(line, pose, space)) or abs(line.beside(pose)) <= ALIGNED:
            return False
        if math.hypot(pose.x - line.x, pose.y - line.y) <= REACHED:
            return False
        self._realigned = (key, count + 1)
        self._returning = True
        route.go_back(pose)
        return True

    def _cannot_return(self, route: FollowedRoute) -> bool:
        """It wanted to go back only to stand better, and something is in the way there."""
        self._returning = self._returning and route.approaching
        return self._returning and self._blocked_for > GIVE_UP_RETURN

    def _returns(self, line: _Line) -> int:
        """How often the robot has returned for the sake of alignment on this line."""
        key = (line.end.route_id, line.end.sequence_id)
        return self._realigned[1] if self._realigned[0] == key else 0

    def _must_realign(self, line: _Line, pose: Pose2, space: FreeSpace) -> bool:
        """At rest before a narrow place, and too far beside the line to steer back to it."""
        return (
            abs(self.last.v) < 0.02
            and self._to_passage(line, pose, space) <= PASSAGE_GAP + 0.02
            and abs(line.beside(pose)) > ALIGNED
        )

    def _to_passage(self, line: _Line, pose: Pose2, space: FreeSpace) -> float:
        """m from the nose to the narrow place ahead; infinite once the nose is in it, or if the way into it is shut."""
        gap = space.passage - (line.length - line.remaining(pose)) - 0.5 * self.footprint.length
        beyond = space.passage > line.length + 0.5 * self.footprint.length
        shut = space.ahead < space.passage + self.footprint.length
        if gap < 0.0 or beyond or shut or line.approach or self._returns(line) >= REALIGN_LIMIT:
            return math.inf
        return gap

    def _aligned(self, line: _Line, pose: Pose2) -> bool:
        return abs(line.beside(pose)) <= ALIGNED and abs(wrap_angle(line.yaw - pose.yaw)) <= ALIGNED_HEADING

    def _brake(self, dt: float) -> Drive:
        """As hard as the drive may, straight on."""
        self.status = FollowStatus.DRIVING
        return Drive(_ramp(self.last.v, 0.0, 2.0 * self.limits.decel * dt), 0.0)

    def _reached(self, line: _Line, pose: Pose2) -> bool:
        remaining = line.remaining(pose)
        if line.length < 1e-3:
            return True
        if line.halt:
            return remaining <= REACHED
        return remaining <= 0.0 or (remaining < SOFT_LOOKAHEAD and line.beyond_bisector(pose))

    def _towards(self, pose: Pose2, line: _Line, space: FreeSpace, dt: float) -> Drive:
        beside = line.beside(pose)
        if abs(beside) > max(self.tuning.off_route, line.end.allowed_deviation) and not line.approach:
            self.rest()
            self.status = FollowStatus.OFF_ROUTE
            return STAND
        turn = wrap_angle(line.yaw - pose.yaw)
        if line.approach and self._turns_too_far(turn):
            return self._back(pose, line, space, dt)
        at_rest = abs(self.last.v) < 0.02
        if at_rest and abs(turn) > ALIGNED_HEADING and self._to_passage(line, pose, space) <= PASSAGE_GAP + 0.02:
            self._turning = True
        if abs(turn) > TURN_FROM or (at_rest and abs(turn) > TURN_AT_REST):
            self._turning = True
        elif self._turning and abs(turn) <= TURNED:
            self._turning = False
        if self._turning:
            return self._turn(turn, space, dt)
        return self._pursue(pose, line, space, dt)

    def _turns_too_far(self, turn: float) -> bool:
        """Back to the node last passed, which lies behind: drive backwards, there may be no room to turn."""
        if abs(self.last.v) < 0.02 and abs(turn) > BACK_FROM:
            self._backwards, self._turning = True, False
        return self._backwards

    def _back(self, pose: Pose2, line: _Line, space: FreeSpace, dt: float) -> Drive:
        """The same pursuit seen from the robot's back."""
        behind = Pose2(pose.x, pose.y, wrap_angle(pose.yaw + math.pi))
        self.last = Drive(-self.last.v, self.last.w)
        drive = self._pursue(behind, line, space, dt)
        return Drive(-min(drive.v, self.tuning.back_speed), drive.w)

    def _turn(self, turn: float, space: FreeSpace, dt: float) -> Drive:
        """On the spot, after the speed has run out."""
        limits = self.limits
        v = _ramp(self.last.v, 0.0, limits.decel * dt)
        if abs(v) > 0.02:
            self.status = FollowStatus.DRIVING
            return Drive(v, _ramp(self.last.w, 0.0, limits.turn_accel * dt))
        if space.nearest < self.footprint.turning_radius + TURN_SPARE:
            if (space.turn_left if turn > 0.0 else space.turn_right) < min(abs(turn), LEAST_TURN):
                self.status = FollowStatus.BLOCKED
                self.obstacle_distance = space.nearest
                return STAND
            self.status = FollowStatus.TURNING
            return Drive(0.0, _ramp(self.last.w, math.copysign(NARROW_TURN, turn), limits.turn_accel * dt))
        self.status = FollowStatus.TURNING
        return Drive(0.0, turn_rate(turn, self.last.w, limits, dt))

    def _pursue(self, pose: Pose2, line: _Line, space: FreeSpace, dt: float) -> Drive:
        limits, tuning = self.limits, self.tuning
        remaining = line.remaining(pose)
        speed = min(limits.max_speed, line.end.max_speed)
        lookahead = clamp(tuning.lookahead_time * abs(self.last.v), tuning.lookahead_min, tuning.lookahead_max)
        target = line.at(remaining - lookahead)
        if line.halt:
            speed = min(speed, max(tuning.creep, math.sqrt(2.0 * limits.decel * max(0.0, remaining - 0.5 * REACHED))))
        elif abs(line.corner) > STRAIGHT:
            # Slow down ahead of the corner and look only a little across it.
            before = max(0.0, remaining - SOFT_LOOKAHEAD)
            speed = min(speed, math.sqrt(tuning.soft_speed**2 + 2.0 * limits.decel * before))
            lookahead = clamp(remaining, SOFT_LOOKAHEAD, lookahead)
            target = line.across(remaining, lookahead)
        curvature = _curvature(pose, target)
        speed = min(speed, limits.max_turn / max(1e-6, abs(curvature)))
        gap = self._to_passage(line, pose, space)
        if not math.isinf(gap) and not self._aligned(line, pose):
            way = gap - PASSAGE_GAP
            speed = min(speed, math.sqrt(2.0 * limits.decel * way) if way > 0.005 else 0.0)
        if space.beside < GENTLE_BELOW:
            # Steering away from what is beside, the rear corner swings towards it by half_length^2 / 2 per 1/m.
            most = max(0.0, space.beside - GENTLE_GAP) / (0.5 * (0.5 * self.footprint.length) ** 2)
            curvature = clamp(curvature, -most, most)
        allowed = self._free_speed(line, pose, space)
        if allowed <= 0.0:
            drive = self._brake(dt)
            self.status = FollowStatus.BLOCKED
            return drive
        self.status = FollowStatus.DRIVING
        v = _ramp(self.last.v, min(speed, allowed), (limits.accel if speed > self.last.v else 2.0 * limits.decel) * dt)
        w = clamp(v * curvature, -limits.max_turn, limits.max_turn)
        return Drive(v, _ramp(self.last.w, w, 2.0 * limits.turn_accel * dt))

    def _free_speed(self, line: _Line, pose: Pose2, space: FreeSpace) -> float:
        """Speed that stops `stop_gap` before an obstacle on the way to the end of the line; infinite without one."""
        front = 0.5 * self.footprint.length
        done = line.length - line.remaining(pose)
        if space.ahead > line.length + front + 0.01:
            return math.inf  # beyond the place where the robot turns or halts
        self.obstacle_distance = max(0.0, space.ahead - done - front)
        way = self.obstacle_distance - self.tuning.stop_gap
        return math.sqrt(2.0 * self.limits.decel * way) if way > 0.01 else 0.0


@dataclass(frozen=True, slots=True)
class _Line:
    """The straight line that the robot is on."""

    x: float
    y: float
    ux: float
    uy: float
    length: float
    end: RoutePoint
    following: RoutePoint | None
    approach: bool

    @classmethod
    def of(cls, route: FollowedRoute) -> _Line:
        """The line to the next node of a route that has one."""
        end = route.next_point
        assert end is not None
        x, y = route.segment_start
        dx, dy = end.x - x, end.y - y
        length = math.hypot(dx, dy)
        ux, uy = (dx / length, dy / length) if length > 1e-6 else (1.0, 0.0)
        return cls(x, y, ux, uy, length, end, route.following_point, route.approaching)

    @property
    def halt(self) -> bool:
        """The robot comes to rest at the end: it is the end of the base, or a corner too sharp to blend."""
        return self.following is None or abs(self.corner) > SHARP

    @property
    def corner(self) -> float:
        """Angle by which the way turns at the end, rad."""
        if self.following is None:
            return 0.0
        return wrap_angle(math.atan2(self.following.y - self.end.y, self.following.x - self.end.x) - self.yaw)

    @property
    def yaw(self) -> float:
        return math.atan2(self.uy, self.ux)

    def remaining(self, pose: Pose2) -> float:
        """m to go along the line; negative beyond its end."""
        return (self.end.x - pose.x) * self.ux + (self.end.y - pose.y) * self.uy

    def beside(self, pose: Pose2) -> float:
        """m to the left of the line."""
        return (pose.y - self.y) * self.ux - (pose.x - self.x) * self.uy

    def at(self, before_end: float) -> tuple[float, float]:
        """The point so many m before the end; negative: beyond it on the same line."""
        return self.end.x - before_end * self.ux, self.end.y - before_end * self.uy

    def across(self, remaining: float, lookahead: float) -> tuple[float, float]:
        """The point `lookahead` m further on along this line and the next one."""
        if lookahead <= remaining:
            return self.at(remaining - lookahead)
        dx, dy = self._next_direction()
        further = lookahead - max(0.0, remaining)
        return self.end.x + further * dx, self.end.y + further * dy

    def beyond_bisector(self, pose: Pose2) -> bool:
        """Whether the robot is nearer to the next line than to this one."""
        dx, dy = self._next_direction()
        return (pose.x - self.end.x) * (self.ux + dx) + (pose.y - self.end.y) * (self.uy + dy) > 0.0

    def _next_direction(self) -> tuple[float, float]:
        """Unit vector of the next line; this line's own where there is none."""
        if self.following is None:
            return self.ux, self.uy
        dx, dy = self.following.x - self.end.x, self.following.y - self.end.y
        length = math.hypot(dx, dy)
        return (dx / length, dy / length) if length > 1e-6 else (self.ux, self.uy)


def turn_rate(turn: float, last: float, limits: DriveLimits, dt: float) -> float:
    """Rate that turns by `turn` rad and ends at rest, within the drive's rate limits, rad/s."""
    wanted = math.copysign(min(limits.max_turn, max(0.06, math.sqrt(2.0 * 0.6 * limits.turn_accel * abs(turn)))), turn)
    return _ramp(last, wanted, 1.5 * limits.turn_accel * dt if abs(wanted) < abs(last) else limits.turn_accel * dt)


def _curvature(pose: Pose2, target: tuple[float, float]) -> float:
    """Curvature of the arc from the robot, tangent to its heading, through the target, 1/m."""
    dx, dy = target[0] - pose.x, target[1] - pose.y
    distance2 = dx * dx + dy * dy
    if distance2 < 1e-9:
        return 0.0
    return 2.0 * (dy * math.cos(pose.yaw) - dx * math.sin(pose.yaw)) / distance2


def _ramp(last: float, wanted: float, step: float) -> float:
    """`wanted`, or as far towards it as one step allows."""
    return clamp(wanted, last - step, last + step)
