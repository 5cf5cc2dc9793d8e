"""The demo's site operator: a scripted person who lets robots drive, and puts right what may be put right.

A stop that a loss caused (a late proposal, scan or pose; a busy machine is enough) is reset and resumed once its cause
is gone, a few times a robot, and every act is written down. What a person, a contact, a fence or a fault stopped stays
stopped: nobody here goes and looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fleet_manager.api.schemas import Event, Robot
from fleet_manager.domain.robots import SafetyMode

NAME = "site operator (demo)"
LOSSES = frozenset(
    f"{what}_lost" for what in ("proposals", "scan", "odom", "pose", "bumper", "imu", "executor", "manager")
)
"""Triggers of the safety supervisor that end by themselves."""


TOLD_ONLY = frozenset(
    {
        "recording", "recording_failed", "recording_incomplete", "spool_damaged", "stood_still", "speed_limited",
        "reset_stuck", "zones_changed", "muting_started", "muting_ended", "clock_step",
    }
)  # fmt: skip
"""Triggers that tell of something and stop nobody, in whatever state they come."""


@dataclass(frozen=True, slots=True)
class Act:
    """A person's act on one robot: `reset` or `resume`, with why."""

    robot_id: str
    verb: str
    reason: str


@dataclass(slots=True)
class SiteOperator:
    """Decides; somebody else asks the API. Times in s of a monotonic clock.

    Attributes:
        patience: s a robot has been stopped before the operator resets it.
        limit: resets a robot gets in a run.
    """

    robot_ids: Sequence[str]
    patience: float = 3.0
    limit: int = 10
    resets: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    _causes: dict[str, set[str]] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)
    _to_resume: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Every robot waits for its first Resume."""
        self._to_resume = dict.fromkeys(self.robot_ids, "start of the demo's work")

    def note(self, events: Iterable[Event]) -> None:
        """Remember what stopped whom."""
        for event in events:
            if event.kind != "safety_event" or event.robot_id is None:
                continue
            trigger = str(event.data.get("trigger", ""))
            if trigger in TOLD_ONLY:
                continue
            if trigger == "resume":
                self._causes.pop(event.robot_id, None)
            elif event.data.get("mode") == SafetyMode.STOPPED:
                self._causes.setdefault(event.robot_id, set()).add(trigger)
            elif event.data.get("mode") == SafetyMode.HOLD and trigger in LOSSES:
                self._go_on(event.robot_id, trigger)

    def _go_on(self, robot_id: str, trigger: str) -> None:
        """A robot that holds because of a loss is resumed, a few times; its supervisor refuses while the loss lasts."""
        if self.resets.get(robot_id, 0) < self.limit:
            self.resets[robot_id] = self.resets.get(robot_id, 0) + 1
            self.reasons.append(f"{robot_id}: held by {trigger}")
            self._to_resume[robot_id] = f"work goes on after: {trigger}"

    def acts(self, now: float, robots: Iterable[Robot]) -> list[Act]:
        """What to do now."""
        found = []
        for robot in robots:
            if robot.id not in self.robot_ids or not robot.online:
                continue
            if robot.safety_state != "stopped":
                self._since.pop(robot.id, None)
            if robot.safety_state == "hold" and robot.id in self._to_resume:
                found.append(Act(robot.id, "resume", self._to_resume[robot.id]))
            elif robot.safety_state == "stopped" and self._may_reset(robot.id, now):
                reason = f"{robot.safety_reason}; it is gone"
                found.append(Act(robot.id, "reset", reason))
        return found

    def _may_reset(self, robot_id: str, now: float) -> bool:
        causes = self._causes.get(robot_id, set())
        waited = now - self._since.setdefault(robot_id, now)
        return (
            bool(causes) and causes <= LOSSES and waited >= self.patience and self.resets.get(robot_id, 0) < self.limit
        )

    def done(self, act: Act) -> None:
        """The robot's supervisor accepted the act."""
        if act.verb == "reset":
            self.resets[act.robot_id] = self.resets.get(act.robot_id, 0) + 1
            self.reasons.append(f"{act.robot_id}: {act.reason}")
            self._to_resume[act.robot_id] = f"work goes on after: {act.reason}"
        else:
            self._to_resume.pop(act.robot_id, None)

    @property
    def all_resumed(self) -> bool:
        """Nobody waits for a Resume of the operator."""
        return not self._to_resume
