"""Parameters of the node `evidence`."""

from __future__ import annotations

from sitefleet_robot.common.parameters import ParameterError, Parameters, ParameterSpec
from sitefleet_robot.evidence.recorder import NS, RecorderSettings
from sitefleet_robot.evidence.windows import WindowSettings

MIB = 1 << 20

PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec("record", True, "Record around safety events; off: events are delivered only"),
    ParameterSpec("record_before", 30.0, "Time before an event that its recording holds", "s", 1.0, 300.0),
    ParameterSpec("record_after", 15.0, "Time after an event that its recording holds", "s", 1.0, 300.0),
    ParameterSpec("record_longest", 120.0, "Longest recording that overlapping events share", "s", 10.0, 3600.0),
    ParameterSpec(
        "record_patience", 90.0, "Monotonic time without a further event after which a recording ends although "
        "simulated time stands still", "s", 5.0, 3600.0,
    ),
    ParameterSpec("record_min_severity", 0, "Least severity of an event that is recorded", "", 0, 3),
    ParameterSpec("record_camera", False, "Record the camera as JPEG; a simulator renders it only then"),
    ParameterSpec("camera_period", 0.5, "Time between two camera images", "s", 0.1, 60.0),
    ParameterSpec("camera_quality", 75, "JPEG quality", "", 10, 95),
    ParameterSpec("ring_size", 32, "Memory for messages before an event, all topics", "MiB", 1, 4096),
    ParameterSpec("topic_size", 8, "Memory for messages of one topic", "MiB", 1, 4096),
    ParameterSpec("queue_size", 32, "Memory for messages that wait for a slow disk", "MiB", 1, 4096),
    ParameterSpec("recordings_quota", 2048, "Room for recordings on the disk", "MiB", 1, 10**6),
    ParameterSpec("disk_reserve", 256, "Room that recordings leave free on the disk", "MiB", 0, 10**6),
)  # fmt: skip


def settings_of(parameters: Parameters) -> RecorderSettings:
    """Windows and limits of memory. Raises ParameterError."""
    if parameters.real("record_longest") < parameters.real("record_before") + parameters.real("record_after"):
        raise ParameterError("record_longest must not be shorter than record_before and record_after together")
    return RecorderSettings(
        windows=WindowSettings(
            before=int(parameters.real("record_before") * NS),
            after=int(parameters.real("record_after") * NS),
            longest=int(parameters.real("record_longest") * NS),
            patience=int(parameters.real("record_patience") * NS),
        ),
        ring_bytes=parameters.integer("ring_size") * MIB,
        topic_bytes=parameters.integer("topic_size") * MIB,
        min_severity=parameters.integer("record_min_severity"),
    )
