"""Words of the incident report: classes of events, moments, numbers."""

from __future__ import annotations

from datetime import datetime, timezone

from fleet_manager.analytics.incident_notice import HONG_KONG

CLASSES: dict[str, str] = {
    "ESTOP": "Emergency stop",
    "REMOTE_STOP": "Remote stop",
    "PROTECTIVE_STOP": "Protective stop",
    "SPEED_LIMITED": "Speed limited",
    "ZONE_INTRUSION": "Zone intrusion",
    "COMMS_LOSS": "Communication lost",
    "CONTROL_HANDOVER": "Control handed over",
    "RESET": "Reset",
    "RESUME": "Resume",
    "MUTING": "Muting of a protective field",
    "SENSOR_FAULT": "Sensor fault",
    "NEAR_MISS": "Near miss",
    "CONTACT": "Contact",
    "INJURY": "Injury",
    "DANGEROUS_OCCURRENCE": "Dangerous occurrence",
    "PERMIT_VIOLATION": "Permit violation",
    "TOOL_FAULT": "Tool fault",
    "SECURITY": "Security",
    "CONFIG_CHANGE": "Configuration changed",
}
DEEDS: dict[str, str] = {
    "recording": "Recording kept",
    "recording_failed": "Recording failed",
    "recording_missing": "No recording",
    "acknowledged": "Acknowledged",
    "closed": "Closed",
}
"""Records about another event, by trigger."""
MODES = ("boot", "hold", "auto", "teleoperation", "protective stop", "stopped", "fault")
SEVERITIES = ("info", "warning", "serious", "severe")
UNKNOWN = "not known"


def class_title(event_class: str) -> str:
    """A class as a heading."""
    return CLASSES.get(event_class, event_class.replace("_", " ").capitalize() or "Event")


def deed_title(trigger: str) -> str:
    """What a record about another event is; empty when it is none."""
    return DEEDS.get(trigger, "")


def local(at: datetime, milliseconds: bool = True) -> str:
    """A moment in Hong Kong."""
    there = at.astimezone(HONG_KONG)
    parts = f"{there:%d %b %Y %H:%M:%S}"
    return f"{parts}.{there.microsecond // 1000:03d} HKT" if milliseconds else f"{parts} HKT"


def utc(at: datetime) -> str:
    """The same moment in UTC, in the form of ISO 8601."""
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def quantity(value: float | None, unit: str, digits: int = 2) -> str:
    """A number with its unit; "not known" where there is none."""
    return UNKNOWN if value is None else f"{value:.{digits}f} {unit}"


def mode_name(mode: float | None) -> str:
    """SafetyState.state as a word."""
    return MODES[int(mode)] if mode is not None and 0 <= int(mode) < len(MODES) else UNKNOWN


def severity_name(severity: float | None) -> str:
    """Severity of an event as a word."""
    return SEVERITIES[int(severity)] if severity is not None and 0 <= int(severity) < len(SEVERITIES) else UNKNOWN
