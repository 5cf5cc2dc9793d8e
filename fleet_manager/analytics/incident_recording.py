"""Reads the MCAP recording of an event, if its SHA-256 is the one in the log. No ROS: the types are in the file."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from mcap.exceptions import McapError
from mcap.reader import McapReader, make_reader
from mcap_ros2.decoder import DecoderFactory

from fleet_manager.analytics.incident_case import RecordingRef
from fleet_manager.analytics.incident_motion import STILL, answer_of, hull_distance, turned
from fleet_manager.analytics.incident_values import (
    Area,
    FileState,
    Frame,
    Motion,
    Pose,
    RecordingView,
    StateSpan,
)

NS = 1e9
STATES = ("boot", "hold", "auto", "teleop", "protective_stop", "stopped", "fault")
"""SafetyState.state by number."""
ZONES = {1: "no_go", 2: "slow", 3: "restricted", 4: "people_only", 5: "space"}
FRAMES = (-10.0, -3.0, -1.0, 0.0, 1.0, 3.0)
"""Seconds of which camera images are shown."""
SECTOR = math.radians(45.0)
"""Half angle of what counts as ahead."""
_TOPICS = frozenset(
    {
        "odom", "cmd_vel", "cmd_vel_auto", "pose", "safety_state", "person_tracks", "scan", "zones",
        "camera/image/compressed", "/fleet/factsheet",
    }
)  # fmt: skip


def read_recording(ref: RecordingRef | None, event_id: str, folders: Sequence[Path] = ()) -> RecordingView:
    """What the recording shows.

    Args:
        ref: what the log says of it; None if the log names none.
        event_id: the event, whose moment is second 0.
        folders: searched for a file of its name, when it is not where it was written.
    """
    if ref is None:
        return RecordingView(FileState.NONE, "The log names no recording of this event.")
    if not ref.uri:
        return RecordingView(FileState.NONE, f"There is no recording: {ref.narrative or 'no reason is given'}.")
    path = _found(ref, folders)
    name = Path(unquote(urlparse(ref.uri).path)).name
    if path is None:
        searched = ", ".join(str(f) for f in folders)
        sentence = f"The recording {name} is not at {ref.uri}" + (f", nor in {searched}." if searched else ".")
        return RecordingView(FileState.ABSENT, sentence, name, ref.sha256)
    found = sha256_of(path)
    if found != ref.sha256:
        sentence = (
            f"The file {name} is not the recording that was logged: its SHA-256 is {found}, the log has {ref.sha256}. "
            "Nothing of it is shown."
        )
        return RecordingView(FileState.CHANGED, sentence, name, found)
    view = RecordingView(
        FileState.VERIFIED, "The recording is the file that was logged: its SHA-256 agrees.", name, found
    )
    try:
        return _read(path, event_id, view)
    except (McapError, OSError, ValueError, KeyError, EOFError) as fault:
        sentence = f"The recording is the file that was logged, but it cannot be read: {fault}"
        return RecordingView(FileState.UNREADABLE, sentence, name, found)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _found(ref: RecordingRef, folders: Sequence[Path]) -> Path | None:
    """The file: at its own place, else the first of its name, one with the right content before others."""
    address = urlparse(ref.uri)
    own = Path(unquote(address.path))
    candidates = [own] if address.scheme in ("", "file") and own.is_file() else []
    candidates += [p for folder in folders for p in sorted(folder.rglob(own.name)) if p.is_file()]
    return next((p for p in candidates if sha256_of(p) == ref.sha256), candidates[0] if candidates else None)


@dataclass(slots=True)
class _Seen:
    """What was collected, by seconds from the event."""

    measured: list[tuple[float, float]] = field(default_factory=list)
    commanded: list[tuple[float, float]] = field(default_factory=list)
    proposed: list[tuple[float, float]] = field(default_factory=list)
    limit: list[tuple[float, float]] = field(default_factory=list)
    nearest: list[tuple[float, float]] = field(default_factory=list)
    ahead: list[tuple[float, float]] = field(default_factory=list)
    poses: list[Pose] = field(default_factory=list)
    changes: list[tuple[float, str, str]] = field(default_factory=list)
    people: dict[str, list[tuple[float, float, float]]] = field(default_factory=lambda: defaultdict(list))
    scan: tuple[float, Any] | None = None
    frames: list[Frame] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    hull: tuple[float, float] | None = None
    facts: dict[str, str] = field(default_factory=dict)
    direction: float = 0.0


def _read(path: Path, event_id: str, view: RecordingView) -> RecordingView:
    with path.open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        facts, events = _facts(reader)
        if event_id not in events:
            raise ValueError("it says nothing of this event")
        zero = events[event_id]
        summary = reader.get_summary()
        statistics = summary.statistics if summary is not None else None
        seen = _Seen(facts=facts)
        begin, end = math.inf, -math.inf
        topics = [c.topic for c in summary.channels.values() if _own(c.topic) in _TOPICS] if summary else None
        for _, channel, message, content in reader.iter_decoded_messages(topics=topics, log_time_order=True):
            second = (message.log_time - zero) / NS
            begin, end = min(begin, second), max(end, second)
            _take(seen, _own(channel.topic), second, content)
    if begin > end:
        raise ValueError("it holds none of the robot's topics")
    motion = Motion(
        tuple(seen.measured), tuple(seen.commanded), tuple(seen.proposed), tuple(seen.limit), tuple(seen.nearest),
        tuple(seen.ahead),
    )  # fmt: skip
    view = replace(
        view,
        begin=begin,
        end=end,
        simulated=facts.get("window_clock") == "simulated",
        motion=motion,
        answer=answer_of(motion),
        poses=tuple(seen.poses),
        states=tuple(_spans(seen.changes, end)),
        people={k: tuple(v) for k, v in seen.people.items()},
        areas=tuple(seen.areas),
        hull=seen.hull,
        frames=tuple(_chosen(seen.frames)),
        camera=bool(seen.frames),
        facts=seen.facts,
        marks={known: (log_ns - zero) / NS for known, log_ns in events.items()},
        messages=statistics.message_count if statistics is not None else 0,
    )
    view = replace(view, scan=_points(seen, view.pose_at(0.0)))
    return replace(view, motion=replace(motion, person=tuple(_separations(view))))


def _own(topic: str) -> str:
    """The topic within the robot's namespace."""
    return topic if topic.startswith("/fleet/") else topic.lstrip("/").partition("/")[2]


def _facts(reader: McapReader) -> tuple[dict[str, str], dict[str, int]]:
    """What the recorder says of the file, and ROS times in ns of the events that it saw."""
    facts: dict[str, str] = {}
    events: dict[str, int] = {}
    for record in reader.iter_metadata():
        if record.name == "sitefleet.event":
            events[record.metadata["event_id"]] = int(record.metadata["log_ns"])
        else:
            facts |= record.metadata
    return facts, events


def _take(seen: _Seen, topic: str, second: float, content: Any) -> None:
    if topic == "odom":
        seen.measured.append((second, _speed(content.twist.twist)))
    elif topic == "cmd_vel":
        seen.commanded.append((second, _speed(content)))
        if abs(content.linear.x) > STILL:
            seen.direction = 0.0 if content.linear.x > 0 else math.pi
    elif topic == "cmd_vel_auto":
        seen.proposed.append((second, _speed(content.twist)))
    elif topic == "pose":
        pose = content.pose.pose
        yaw = 2.0 * math.atan2(pose.orientation.z, pose.orientation.w)
        seen.poses.append(Pose(second, pose.position.x, pose.position.y, yaw))
    elif topic == "safety_state":
        _take_state(seen, second, content)
    elif topic == "person_tracks":
        for track in content.tracks:
            seen.people[track.track_id].append((second, track.position.x, track.position.y))
    elif topic == "scan":
        _take_scan(seen, second, content)
    elif topic == "camera/image/compressed":
        seen.frames.append(Frame(second, bytes(content.data)))
    elif topic == "zones":
        seen.areas = [
            Area(z.name or z.zone_id, ZONES.get(z.kind, ""), tuple((p.x, p.y) for p in z.polygon.points))
            for z in content.zones
        ]
    elif topic == "/fleet/factsheet":
        seen.hull = (content.length, content.width)
        seen.facts |= {"model": content.model, "home node": content.home_node}


def _take_state(seen: _Seen, second: float, content: Any) -> None:
    state = STATES[content.state] if content.state < len(STATES) else str(content.state)
    if not seen.changes or seen.changes[-1][1:] != (state, content.reason):
        seen.changes.append((second, state, content.reason))
    if math.isfinite(content.speed_limit) and content.speed_limit > 0:
        seen.limit.append((second, content.speed_limit))


def _take_scan(seen: _Seen, second: float, content: Any) -> None:
    nearest = ahead = math.inf
    for index, distance in enumerate(content.ranges):
        if content.range_min <= distance <= content.range_max:
            nearest = min(nearest, distance)
            angle = content.angle_min + index * content.angle_increment - seen.direction
            if abs(math.remainder(angle, math.tau)) <= SECTOR:
                ahead = min(ahead, distance)
    for value, samples in ((nearest, seen.nearest), (ahead, seen.ahead)):
        if math.isfinite(value):
            samples.append((second, value))
    if seen.scan is None or abs(second) < abs(seen.scan[0]):
        seen.scan = (second, content)


def _speed(twist: Any) -> float:
    return math.hypot(twist.linear.x, twist.linear.y)


def _points(seen: _Seen, pose: Pose | None) -> tuple[tuple[float, float], ...]:
    """The scan nearest to the event in the map frame; the lidar sits in the middle of the reference models."""
    if seen.scan is None or pose is None:
        return ()
    content = seen.scan[1]
    found = []
    for index, distance in enumerate(content.ranges):
        if content.range_min <= distance <= content.range_max:
            angle = content.angle_min + index * content.angle_increment
            x, y = turned(distance * math.cos(angle), distance * math.sin(angle), pose.yaw)
            found.append((pose.x + x, pose.y + y))
    return tuple(found)


def _spans(changes: Sequence[tuple[float, str, str]], end: float) -> Iterator[StateSpan]:
    ends = [c[0] for c in changes[1:]] + [end]
    for (begin, state, reason), until in zip(changes, ends, strict=True):
        yield StateSpan(begin, max(until, begin), state, reason)


def _chosen(frames: Sequence[Frame]) -> Iterator[Frame]:
    """The images nearest to the seconds that are shown, each once."""
    shown: dict[float, Frame] = {}
    for second in FRAMES:
        frame = min(frames, key=lambda f: abs(f.second - second), default=None)
        if frame is not None and abs(frame.second - second) < 2.0:
            shown[frame.second] = frame
    yield from (shown[second] for second in sorted(shown))


def _separations(view: RecordingView) -> Iterator[tuple[float, float]]:
    """From the hull to the nearest tracked person, at each time of a track."""
    nearest: dict[float, float] = {}
    hull = view.hull or (0.0, 0.0)
    for track in view.people.values():
        for second, x, y in track:
            pose = view.pose_at(second)
            if pose is not None:
                distance = hull_distance(pose, hull, x, y)
                nearest[second] = min(distance, nearest.get(second, math.inf))
    yield from sorted(nearest.items())


def versions(facts: Mapping[str, str]) -> dict[str, str]:
    """Of the recorder's facts those that say which machine and software it was."""
    wanted = ("model", "robot_id", "software_version", "version", "configuration_hash", "home node")
    return {name: facts[name] for name in wanted if facts.get(name)}
