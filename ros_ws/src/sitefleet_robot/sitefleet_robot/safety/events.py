"""The table that says, for each trigger, which class and severity of safety event it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sitefleet_robot.safety.states import Trigger


@dataclass(frozen=True)
class EventKind:
    """Class of docs/safety.md, empty: of the event it belongs to; severity 0 info, 1 warning, 2 serious, 3 severe."""

    event_class: str
    severity: int


EVENT_KINDS: Mapping[Trigger, EventKind] = {
    Trigger.STARTED: EventKind("CONFIG_CHANGE", 0),
    Trigger.STARTED_LATCHED: EventKind("CONFIG_CHANGE", 1),
    Trigger.RESUME: EventKind("RESUME", 0),
    Trigger.LEASE: EventKind("CONTROL_HANDOVER", 0),
    Trigger.HOLD: EventKind("CONTROL_HANDOVER", 0),
    Trigger.FIELD_BLOCKED: EventKind("PROTECTIVE_STOP", 1),
    Trigger.FIELD_FREE: EventKind("PROTECTIVE_STOP", 0),
    Trigger.REMOTE_STOP: EventKind("REMOTE_STOP", 2),
    Trigger.CONTACT: EventKind("CONTACT", 3),
    Trigger.PROPOSALS_LOST: EventKind("COMMS_LOSS", 2),
    Trigger.CONTROL_LOST: EventKind("COMMS_LOSS", 1),
    Trigger.SCAN_LOST: EventKind("SENSOR_FAULT", 2),
    Trigger.ODOM_LOST: EventKind("SENSOR_FAULT", 2),
    Trigger.POSE_LOST: EventKind("SENSOR_FAULT", 2),
    Trigger.BUMPER_LOST: EventKind("SENSOR_FAULT", 2),
    Trigger.IMU_LOST: EventKind("SENSOR_FAULT", 2),
    Trigger.EXECUTOR_LOST: EventKind("COMMS_LOSS", 2),
    Trigger.MANAGER_LOST: EventKind("COMMS_LOSS", 1),
    Trigger.HARDWARE_STOP: EventKind("ESTOP", 2),
    Trigger.ZONE_INTRUSION: EventKind("ZONE_INTRUSION", 2),
    Trigger.GEOFENCE: EventKind("ZONE_INTRUSION", 2),
    Trigger.PERMIT_ENDED: EventKind("PERMIT_VIOLATION", 2),
    Trigger.TILT: EventKind("DANGEROUS_OCCURRENCE", 3),
    Trigger.TOOL_FAULT: EventKind("TOOL_FAULT", 2),
    Trigger.DRIVE_FAULT: EventKind("SENSOR_FAULT", 3),
    Trigger.EVIDENCE_LOST: EventKind("SENSOR_FAULT", 2),
    Trigger.BATTERY_LOW: EventKind("SENSOR_FAULT", 1),
    Trigger.IDLE: EventKind("CONTROL_HANDOVER", 0),
    Trigger.SPEED_LIMITED: EventKind("SPEED_LIMITED", 0),
    Trigger.RESET_STUCK: EventKind("RESET", 1),
    Trigger.ZONES_CHANGED: EventKind("CONFIG_CHANGE", 0),
    Trigger.MUTED: EventKind("MUTING", 1),
    Trigger.UNMUTED: EventKind("MUTING", 0),
    Trigger.STOOD: EventKind("", 0),
    Trigger.CLOCK_STEP: EventKind("CONFIG_CHANGE", 1),
    Trigger.RESET: EventKind("RESET", 0),
    Trigger.INTERNAL_ERROR: EventKind("SENSOR_FAULT", 3),
}
