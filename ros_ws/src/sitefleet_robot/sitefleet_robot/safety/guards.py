"""What else may stop the robot or slow it down, beside lost streams and the protective field. Pure.

Each guard takes its input when it comes and is asked at each tick: for faults (a trigger and a sentence), and for the
speed it allows. What follows from a trigger is in the table of `states`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from sitefleet_robot.safety.ground import Ground, Trespass, ZoneKind
from sitefleet_robot.safety.limits import SpeedLimit
from sitefleet_robot.safety.parameters import SupervisorSettings
from sitefleet_robot.safety.separation import Nearest, Person, SeparationSettings, nearest
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import Pose, Twist2

STANDS_BELOW = 0.02
"""m/s that a person's nearness must allow; below, the robot stands."""


@dataclass(frozen=True)
class Alarm:
    """Something that the table of states has an answer to; `since` monotonic, s."""

    trigger: Trigger
    sentence: str
    since: float


class PeopleGuard:
    """Speed and separation, and slow motion where personnel detection does not work."""

    def __init__(self, s: SupervisorSettings) -> None:
        self._settings = s
        self._separation = SeparationSettings(
            s.field.reaction_time,
            s.field.braking,
            s.intrusion_distance,
            0.5 * math.hypot(s.field.length, s.field.width),
        )
        self._people: tuple[Person, ...] = ()
        self._seen = -math.inf
        self._free_since = -math.inf
        self.nearest: Nearest | None = None

    def seen(self, people: tuple[Person, ...], now: float) -> None:
        """Personnel detection tells all that it sees."""
        self._people, self._seen = people, now

    def look(self, pose: Pose | None, now: float) -> None:
        """Reckon with every person, at each tick."""
        works = now - self._seen < self._settings.people_timeout
        self.nearest = None
        if works and pose is not None:
            self.nearest = nearest(self._people, pose.x, pose.y, pose.sigma, self._separation)
        if self.too_near:
            self._free_since = now

    @property
    def count(self) -> int:
        """How many people are seen."""
        return len(self._people)

    @property
    def too_near(self) -> bool:
        """Somebody is so near that the robot must stand."""
        return self.nearest is not None and self.nearest.speed < STANDS_BELOW

    def free_for(self, now: float) -> float:
        """s since somebody was too near."""
        return now - self._free_since

    def limit(self, now: float) -> SpeedLimit | None:
        """Highest speed now. Vision only ever tightens: without it there is the limit of the blind."""
        limits = []
        if self.nearest is not None:
            sentence = f"a person is {self.nearest.distance:.2f} m away"
            limits.append(SpeedLimit(self.nearest.speed, "person_near", sentence))
        if self._settings.blind_speed and now - self._seen >= self._settings.people_timeout:
            limits.append(SpeedLimit(self._settings.blind_speed, "blind", "personnel detection does not work"))
        return min(limits, key=lambda limit: limit.speed, default=None)


class GroundGuard:
    """Zones and permits. An operator may drive a robot out of where it must not be, at a crawl."""

    def __init__(self, s: SupervisorSettings) -> None:
        self._crawl = s.zone_crawl
        self.ground = Ground(s.robot_id, s.map_id, s.field.length, s.field.width)
        self._tolerated = ""
        self._now: Trespass | None = None
        self._slow: tuple[float, str] = (math.inf, "")
        self.zone_id = ""

    def look(self, pose: Pose | None, state: State, utc: float) -> None:
        """Where the robot is. In HOLD and STOPPED nothing moves: what it stands in then, it may be driven out of."""
        if pose is None or not self.ground.set.zones:
            self._now, self._slow, self.zone_id = None, (math.inf, ""), ""
            return
        place = (pose.x, pose.y, pose.yaw)
        self._now = self.ground.trespass(place, utc)
        self._slow = self.ground.speed_limit(place, utc)
        self.zone_id = self.ground.zone_at(place)
        if state in {State.HOLD, State.STOPPED}:
            self._tolerated = "" if self._now is None else self._now.zone.zone_id

    @property
    def trespass(self) -> Trespass | None:
        """Where the robot must not be, and is."""
        return self._now

    def alarms(self, state: State, now: float) -> Iterator[Alarm]:
        """A stop, unless an operator drives it out."""
        if self._now is None:
            return
        if state in {State.TELEOP, State.PROTECTIVE_TELEOP} and self._now.zone.zone_id == self._tolerated:
            return
        restricted = self._now.zone.kind is ZoneKind.RESTRICTED
        yield Alarm(Trigger.PERMIT_ENDED if restricted else Trigger.ZONE_INTRUSION, self._now.sentence, now)

    def limit(self) -> SpeedLimit | None:
        """Highest speed here."""
        if self._now is not None:
            return SpeedLimit(self._crawl, "leaving_zone", self._now.sentence)
        speed, name = self._slow
        return None if math.isinf(speed) else SpeedLimit(speed, "slow_zone", f"{name} is a slow zone")


class DriveGuard:
    """The drive does what it is told: it never shows more speed than was commanded lately."""

    LOOKBACK = 0.6
    """s; a drive is slower than its command by so much, and may still run at what was commanded before."""

    def __init__(self, s: SupervisorSettings) -> None:
        self._settings = s
        self._commands: deque[tuple[float, Twist2]] = deque()
        self._over_since: float | None = None

    def commanded(self, command: Twist2, now: float) -> None:
        """What goes to the drive."""
        self._commands.append((now, command))
        lookback = max(self.LOOKBACK, self._settings.drive_time)
        while len(self._commands) > 1 and now - self._commands[1][0] > lookback:
            self._commands.popleft()

    def measured(self, motion: Twist2, now: float) -> None:
        """What odometry says."""
        most = max((abs(c.linear) for _, c in self._commands), default=0.0)
        turn = max((abs(c.angular) for _, c in self._commands), default=0.0)
        tolerance = self._settings.drive_tolerance
        over = abs(motion.linear) > most + tolerance or abs(motion.angular) > turn + 4.0 * tolerance
        if not over:
            self._over_since = None
        elif self._over_since is None:
            self._over_since = now

    def alarms(self, now: float) -> Iterator[Alarm]:
        """It has run away for too long."""
        if self._over_since is not None and now - self._over_since >= self._settings.drive_time:
            sentence = "the drive is faster than it was told to be; use the hardware stop"
            yield Alarm(Trigger.DRIVE_FAULT, sentence, self._over_since)


class BodyGuard:
    """The machine itself: emergency stop circuit, lean, battery, and the disk that keeps its events."""

    def __init__(self, s: SupervisorSettings) -> None:
        self._settings = s
        self._stop_seen: float | None = None
        self.stop_open = False
        self.tilt = 0.0
        self.charge = math.nan
        self.evidence_fault = ""

    def circuit(self, is_open: bool, now: float) -> None:
        """Reading of the emergency stop circuit."""
        self.stop_open, self._stop_seen = is_open, now

    @property
    def tilted(self) -> bool:
        """The robot leans too far."""
        return not self.tilt <= self._settings.tilt_limit

    def circuit_silent(self, now: float) -> bool:
        """The circuit is there and is not heard: that is the same as open."""
        timeout = self._settings.estop_timeout
        return timeout > 0.0 and (self._stop_seen is None or now - self._stop_seen > timeout)

    def alarms(self, now: float) -> Iterator[Alarm]:
        """All that is wrong."""
        if self.stop_open:
            yield Alarm(Trigger.HARDWARE_STOP, "an emergency stop of the machine is pressed", now)
        elif self.circuit_silent(now):
            yield Alarm(Trigger.HARDWARE_STOP, "the emergency stop circuit is not heard", now)
        if self.tilted:
            limit = self._settings.tilt_limit
            yield Alarm(Trigger.TILT, f"the robot leans by {self.tilt:.2f} rad, the limit is {limit:.2f}", now)
        if self.charge < self._settings.battery_critical:
            yield Alarm(Trigger.BATTERY_LOW, f"the battery is at {100 * self.charge:.0f} %", now)
        if self.evidence_fault:
            yield Alarm(Trigger.EVIDENCE_LOST, f"events cannot be kept: {self.evidence_fault}", now)

    def persists(self, trigger: Trigger, now: float) -> str:
        """Why a stop of that cause cannot be reset yet; empty: it can."""
        wanted = {alarm.trigger: alarm.sentence for alarm in self.alarms(now)}
        return wanted.get(trigger, "")
