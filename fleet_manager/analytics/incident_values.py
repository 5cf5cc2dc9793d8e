"""What a recording shows of an incident. Seconds before (negative) and after the event, m, m/s, map frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

Point = tuple[float, float]
Samples = tuple[tuple[float, float], ...]
"""Second and value."""


class FileState(str, Enum):
    """What became of the recording that the log names."""

    VERIFIED = "verified"
    """It is the file whose SHA-256 stands in the log."""
    CHANGED = "changed"
    """There is a file of its name with other content; nothing of it is shown."""
    ABSENT = "absent"
    """It is not where the log says, nor in the folders that were searched."""
    UNREADABLE = "unreadable"
    """It is the right file, and cannot be read."""
    NONE = "none"
    """The log names no recording of this event."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the robot was at a second."""

    second: float
    x: float
    y: float
    yaw: float


@dataclass(frozen=True, slots=True)
class StateSpan:
    """The supervisor's state from a second to another."""

    begin: float
    end: float
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A camera image as JPEG."""

    second: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Area:
    """A zone in force."""

    name: str
    kind: str
    ring: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Motion:
    """Speeds of the base along its path and what stood around it.

    `nearest`: from the lidar to the nearest point it saw, in any direction; `ahead`: the same within 45 degrees of the
    direction of travel; `person`: from the robot's hull to the nearest tracked person.
    """

    measured: Samples = ()
    commanded: Samples = ()
    proposed: Samples = ()
    limit: Samples = ()
    nearest: Samples = ()
    ahead: Samples = ()
    person: Samples = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """How the machine answered, s after the event; None: not within the recording.

    `zero`: the first command of zero from the event on; `still`: the base stands still from then on, for as long as it
    stood. `way`: m driven from the event to standing still.
    """

    zero: float | None = None
    still: float | None = None
    way: float | None = None
    speed: float | None = None
    """m/s measured at the event."""


@dataclass(frozen=True, slots=True)
class RecordingView:
    """A recording as the report shows it. `sentence`: what became of the file, for people."""

    file: FileState
    sentence: str
    name: str = ""
    sha256: str = ""
    begin: float = 0.0
    end: float = 0.0
    simulated: bool = False
    motion: Motion = Motion()
    answer: Answer = Answer()
    poses: tuple[Pose, ...] = ()
    states: tuple[StateSpan, ...] = ()
    people: Mapping[str, tuple[tuple[float, float, float], ...]] = field(default_factory=dict)
    """By track: second, x, y."""
    scan: tuple[Point, ...] = ()
    """Lidar points at the event, map frame."""
    areas: tuple[Area, ...] = ()
    hull: tuple[float, float] | None = None
    """Length and width, m."""
    frames: tuple[Frame, ...] = ()
    camera: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)
    """Seconds of the events that the recorder saw, by id."""
    messages: int = 0

    @property
    def shown(self) -> bool:
        """There is something to draw."""
        return self.file is FileState.VERIFIED and self.messages > 0

    def pose_at(self, second: float) -> Pose | None:
        """The pose nearest to this second, if there is one within a second of it."""
        near = min(self.poses, key=lambda p: abs(p.second - second), default=None)
        return near if near is not None and abs(near.second - second) <= 1.0 else None
