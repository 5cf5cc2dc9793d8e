"""What else may stop the robot or slow it down, beside lost streams and the protective field. Pure.

Each guard takes its input when it comes and is asked at each tick: for faults (a trigger and a sentence), and for the
speed it allows. What follows from a trigger is in the table of `states`.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sitefleet_robot.safety.ground import NOWHERE, Ground, ZoneKind
from sitefleet_robot.safety.limits import SpeedLimit
from sitefleet_robot.safety.parameters import SupervisorSettings
from sitefleet_robot.safety.separation import Nearest, Person, SeparationSettings, nearest
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import Pose, Twist2

STANDS_BELOW = 0.02
"""m/s that a person's nearness must allow; below, the robot stands."""
BLIND_SPEED = 0.3
"""m/s when a personnel detection has fallen silent (ISO 3691-4, annex A)."""
STANDING_PERIOD = 0.2
"""s between two looks at zones and permits while the pose does not change."""
FENCE = "the geofence"
_TELEOP_STATES = frozenset({State.TELEOP, State.PROTECTIVE_TELEOP})


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
            s.field.corner_radius,
        )
        self._known: dict[tuple[str, int], tuple[Person, float]] = {}
        self._people: list[Person] = []
        self._moments: list[float] = []
        self._seen: float | None = None
        self._located = False
        self._free_since = -math.inf
        self.nearest: Nearest | None = None
        self.muted = False

    def seen(self, people: tuple[Person, ...], now: float) -> None:
        """Personnel detection tells all that it sees; who is missing now may be hidden and counts for a while."""
        horizon = now - self._settings.people_timeout
        self._known = {name: known for name, known in self._known.items() if known[1] > horizon}
        names: Counter[str] = Counter()
        for person in people:  # one name for two of them is an error of the tracker, and still two people
            names[person.track_id] += 1
            self._known[person.track_id, names[person.track_id]] = (person, now - person.age)
        self._people = [person for person, _ in self._known.values()]
        self._moments = [moment for _, moment in self._known.values()]
        self._seen = now

    def look(self, pose: Pose | None, now: float, pose_age: float = 0.0) -> None:
        """Reckon with every person, at each tick; one may have come nearer since he was seen.

        A robot that does not know where it is does not know how far people are: then it is as blind.
        """
        self.nearest = None
        self._located = pose is not None and pose_age < self._settings.people_timeout
        if pose is not None and self._works(now):
            ages = [now - moment for moment in self._moments]
            self.nearest = nearest(self._people, pose.x, pose.y, pose.sigma, self._separation, ages)
        if self.too_near:
            self._free_since = now

    @property
    def count(self) -> int:
        """How many people are seen."""
        return len(self._people)

    @property
    def too_near(self) -> bool:
        """Somebody is so near that the robot must stand."""
        return not self.muted and self.nearest is not None and self.nearest.speed < STANDS_BELOW

    def free_for(self, now: float) -> float:
        """s since somebody was too near."""
        return now - self._free_since

    def limit(self, now: float) -> SpeedLimit | None:
        """Highest speed now. Vision only ever tightens: without it there is the limit of the blind.

        Where nobody detects people at all the limit may be switched off; a detection that has fallen silent is
        missed in any case.
        """
        if not self._works(now):
            blind = self._settings.blind_speed or (BLIND_SPEED if self._seen is not None else 0.0)
            return SpeedLimit(blind, "blind", "personnel detection does not work") if blind else None
        if self.nearest is None or self.muted:
            return None
        return SpeedLimit(self.nearest.speed, "person_near", f"a person is {self.nearest.distance:.1f} m away")

    def _works(self, now: float) -> bool:
        heard = self._seen is not None and now - self._seen < self._settings.people_timeout
        return heard and self._located


class GroundGuard:
    """Zones and permits. An operator may drive a robot out of where it must not be, at a crawl."""

    def __init__(self, s: SupervisorSettings) -> None:
        self._crawl = s.zone_crawl
        self.ground = Ground(s.robot_id, s.map_id, s.field.length, s.field.width)
        self._tolerated = ""
        self._footing = NOWHERE
        self._looked: tuple[Pose | None, float, int] = (None, -math.inf, -1)

    def look(self, pose: Pose | None, state: State, moments: Sequence[float], now: float) -> None:
        """Where the robot is. In HOLD and STOPPED nothing moves: what it stands in then, it may be driven out of."""
        known, looked, version = self._looked
        if known is not pose or version != self.ground.set.version or now - looked >= STANDING_PERIOD:
            self._looked = (pose, now, self.ground.set.version)
            nothing = pose is None or not self.ground.set.zones
            self._footing = (
                NOWHERE if nothing or pose is None else self.ground.look((pose.x, pose.y, pose.yaw), moments)
            )
        if state in {State.HOLD, State.STOPPED}:
            self._tolerated = self._where

    @property
    def zone_id(self) -> str:
        """Zone that the robot's centre is in; empty: none."""
        return self._footing.zone_id

    @property
    def trespass(self) -> str:
        """A sentence where the robot must not be, else empty."""
        if self._footing.trespass is not None:
            return self._footing.trespass.sentence
        return "the robot is outside of the geofence" if self._footing.outside else ""

    @property
    def _where(self) -> str:
        trespass = self._footing.trespass
        return trespass.zone.zone_id if trespass is not None else FENCE if self._footing.outside else ""

    def alarms(self, state: State, now: float) -> Iterator[Alarm]:
        """A stop, unless an operator drives it out."""
        if not self._where or (state in _TELEOP_STATES and self._where == self._tolerated):
            return
        trespass = self._footing.trespass
        if trespass is None:
            trigger = Trigger.GEOFENCE
        elif trespass.zone.kind is ZoneKind.RESTRICTED:
            trigger = Trigger.PERMIT_ENDED
        else:
            trigger = Trigger.ZONE_INTRUSION
        yield Alarm(trigger, self.trespass, now)

    def limit(self) -> SpeedLimit | None:
        """Highest speed here."""
        if self._where:
            return SpeedLimit(self._crawl, "leaving_zone", self.trespass)
        footing = self._footing
        if math.isinf(footing.slow):
            return None
        return SpeedLimit(footing.slow, "slow_zone", f"{footing.slow_name} is a slow zone")


class DriveGuard:
    """The drive does what it is told: it shows no motion beyond what was commanded lately, in either direction."""

    LOOKBACK = 0.6
    """s; a drive is slower than its command by so much, and may still run at what was commanded before."""

    def __init__(self, s: SupervisorSettings) -> None:
        self._settings = s
        self._commands: deque[tuple[float, Twist2]] = deque()
        self._over_since: float | None = None

    def commanded(self, command: Twist2, now: float) -> None:
        """What goes to the drive."""
        if not self._commands or self._commands[-1][1] != command:
            self._commands.append((now, command))
        lookback = max(self.LOOKBACK, self._settings.drive_time)
        while len(self._commands) > 1 and now - self._commands[1][0] > lookback:
            self._commands.popleft()

    def measured(self, motion: Twist2, now: float) -> None:
        """What odometry says."""
        tolerance = self._settings.drive_tolerance
        over = beyond(motion.linear, [c.linear for _, c in self._commands], tolerance)
        over |= beyond(motion.angular, [c.angular for _, c in self._commands], 4.0 * tolerance)
        if not over:
            self._over_since = None
        elif self._over_since is None:
            self._over_since = now

    def alarms(self, now: float) -> Iterator[Alarm]:
        """It has run away for too long."""
        if self._over_since is not None and now - self._over_since >= self._settings.drive_time:
            sentence = "the drive moves as it was not told to; use the hardware stop"
            yield Alarm(Trigger.DRIVE_FAULT, sentence, self._over_since)


def beyond(measured: float, commanded: Sequence[float], tolerance: float) -> bool:
    """Whether a speed lies outside of everything between standing and what was commanded."""
    low, high = min(commanded, default=0.0), max(commanded, default=0.0)
    return not min(low, 0.0) - tolerance <= measured <= max(high, 0.0) + tolerance


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
        """The circuit is there, or must be, and is not heard: that is the same as open."""
        if self._stop_seen is None:
            return self._settings.estop_required
        return now - self._stop_seen > self._settings.estop_timeout

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
