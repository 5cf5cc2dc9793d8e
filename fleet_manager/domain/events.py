"""What the manager writes down: one table of kinds with how severe each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum


class Severity(IntEnum):
    """The numbers of sitefleet_interfaces/SafetyEvent."""

    INFO = 0
    WARNING = 1
    SERIOUS = 2
    SEVERE = 3


class EventKind(Enum):
    """Every kind of event: the word that is stored, and its severity."""

    MANAGER_STARTED = ("manager_started", Severity.INFO)
    MANAGER_STOPPED = ("manager_stopped", Severity.INFO)
    ROBOT_ONLINE = ("robot_online", Severity.INFO)
    ROBOT_LOST = ("robot_lost", Severity.WARNING)
    ROBOT_SAFETY = ("robot_safety", Severity.INFO)
    BATTERY_LOW = ("battery_low", Severity.WARNING)
    JOB_ACCEPTED = ("job_accepted", Severity.INFO)
    JOB_STARTED = ("job_started", Severity.INFO)
    JOB_ENDED = ("job_ended", Severity.INFO)
    TASK_ASSIGNED = ("task_assigned", Severity.INFO)
    TASK_STARTED = ("task_started", Severity.INFO)
    TASK_PAUSED = ("task_paused", Severity.INFO)
    TASK_RESUMED = ("task_resumed", Severity.INFO)
    TASK_CANCELED = ("task_canceled", Severity.INFO)
    TASK_RETRIED = ("task_retried", Severity.INFO)
    TASK_REFUSED = ("task_refused", Severity.WARNING)
    TASK_DENIED = ("task_denied", Severity.WARNING)
    TASK_ENDED = ("task_ended", Severity.INFO)
    TASK_FAILED = ("task_failed", Severity.WARNING)
    TARGET_DEFERRED = ("target_deferred", Severity.INFO)
    TARGET_HELD = ("target_held", Severity.WARNING)
    TARGET_DECIDED = ("target_decided", Severity.INFO)
    TARGET_DONE_TWICE = ("target_done_twice", Severity.SEVERE)
    RECORD_UNKNOWN = ("record_unknown", Severity.SERIOUS)
    ATTEMPT_FAILED = ("attempt_failed", Severity.WARNING)
    ATTEMPT_LOST = ("attempt_lost", Severity.WARNING)
    ATTEMPT_ATTACHED = ("attempt_attached", Severity.INFO)
    PERSON_STOP = ("person_stop", Severity.WARNING)
    PERSON_RESET = ("person_reset", Severity.INFO)
    PERSON_RESUME = ("person_resume", Severity.INFO)
    PERSON_HOLD = ("person_hold", Severity.INFO)
    PERSON_TELEOP = ("person_teleop", Severity.INFO)
    SAFETY_EVENT = ("safety_event", Severity.WARNING)
    TRAFFIC = ("traffic", Severity.INFO)
    ZONE_CHANGED = ("zone_changed", Severity.INFO)
    PERMIT_CHANGED = ("permit_changed", Severity.INFO)
    ZONES_REFUSED = ("zones_refused", Severity.SERIOUS)
    LEASE_CHANGED = ("lease_changed", Severity.INFO)
    LEASE_TAKEN = ("lease_taken", Severity.WARNING)
    MUTING_CHANGED = ("muting_changed", Severity.WARNING)
    EVENT_REVIEWED = ("event_reviewed", Severity.INFO)
    CLOCK_STEP = ("clock_step", Severity.SERIOUS)
    EVIDENCE_FAULT = ("evidence_fault", Severity.SERIOUS)

    def __init__(self, word: str, severity: Severity) -> None:
        self.word = word
        self.severity = severity


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    time: datetime
    kind: str
    severity: int
    message: str
    robot_id: str | None = None
    job_id: str | None = None
    task_id: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    id: int = 0
    source_event_id: str | None = None
    """Id of the robot's event it tells of; of several with the same one only the first is kept."""
