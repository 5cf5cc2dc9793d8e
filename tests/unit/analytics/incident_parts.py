"""A log with an event, and its recording as the robot's recorder writes it: both through the product's own writers."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped, Twist
from nav_msgs.msg import Odometry
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, LaserScan
from sitefleet_interfaces.msg import Factsheet, PersonTrack, PersonTracks, SafetyState

from fleet_manager.domain.evidence import SOURCE, Deed, Record, canonical, deed_record, stamp
from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.log import EvidenceLog
from fleet_manager.safety_log.witness import Witness
from fleet_manager.store.engine import open_engine
from sitefleet_robot.evidence.mcap_file import RecordingFile
from sitefleet_robot.evidence.ring import Sample
from sitefleet_robot.evidence.topics import CAMERA_JPEG, TOPICS

NS = 10**9
AT = datetime(2026, 5, 4, 7, 30, tzinfo=timezone.utc)
EVENT = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
LOG_ZERO = 100 * NS
SPEED, DECELERATION, DELAY = 0.4, 0.8, 0.04
"""m/s, m/s2, s from the event to zero."""
BY_NAME = {topic.name: topic for topic in TOPICS} | {CAMERA_JPEG.name: CAMERA_JPEG}
JPEG = b"\xff\xd8\xff picture \xff\xd9"


def event_record(at: datetime = AT, seq: int = 7, event_id: str = EVENT, **fields: object) -> dict[str, Any]:
    return {
        "event_id": event_id, "robot_id": "d1", "seq": seq, "event_class": "PROTECTIVE_STOP", "severity": 1,
        "t_utc": stamp(at), "mode": 2, "lease_holder": "", "people": 1, "trigger": "field_blocked",
        "narrative": "AUTO to PROTECTIVE_STOP: somebody <is> in the way", "action": "zero velocity commanded",
        "pose": {"position": {"x": 2.0, "y": 1.0, "z": 0.0}, "orientation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}},
        "min_separation": 0.52, "stop_latency_ms": 21.0, "stop_distance": None, "zone_id": "z1",
        "software_version": "0.3.0", "configuration_hash": "ab" * 32, "evidence_uris": [], "evidence_sha256": [],
        "manager": {"received_at": at.isoformat(), "clock_offset_ns": 0, "clock_error_ns": 1000}, **fields,
    }  # fmt: skip


@dataclass
class IncidentFiles:
    """Folder of a log: write records, then read."""

    folder: Path
    _deeds: int = field(default=0)

    @property
    def database(self) -> Path:
        return self.folder / "evidence.db"

    def append(self, *records: dict[str, Any]) -> None:
        engine = open_engine(str(self.database))
        log = EvidenceLog(
            engine, Signer.load_or_create(self.folder / "evidence.key"), Witness(self.folder / "evidence.witness")
        )
        for record in records:
            log.append([Record(record["event_id"], record["robot_id"], record["seq"], canonical(record))])
        engine.dispose()

    def deed(self, trigger: str, action: str, after: float, actor: str, remark: str = "", **fields: Any) -> None:
        self._deeds += 1
        event_class = fields.pop("event_class", "PROTECTIVE_STOP")
        deed = Deed(event_class, trigger, action, actor=actor, about="d1", remark=remark, reviewer=actor)
        record = deed_record(deed, f"deed-{self._deeds}", AT + timedelta(seconds=after))
        self.append({**record, "seq": self._deeds, "robot_id": SOURCE, **fields})

    def follow_up(self, recording: Path, sha256: str) -> None:
        self.append(
            event_record(
                AT + timedelta(seconds=16), 2**40, "follow-up", trigger="recording", severity=0,
                action=f"recording of event {EVENT}", narrative="recording of 45.0 s",
                evidence_uris=[recording.resolve().as_uri()], evidence_sha256=[sha256],
            )
        )  # fmt: skip


def _sample(name: str, second: float, message: Any) -> Sample:
    at = LOG_ZERO + round(second * NS)
    return Sample(BY_NAME[name], at, at, at, bytes(serialize_message(message)))


def speed_at(second: float) -> float:
    return max(0.0, min(SPEED, SPEED - DECELERATION * (second - DELAY)))


def write_recording(path: Path, event_id: str = EVENT, camera: bool = True) -> None:
    """From 10 s before the event to 5 s after it: a robot drives along x, and a person comes from the left."""
    file = RecordingFile(path, "d1")
    file.note("sitefleet.recording", {"robot_id": "d1", "software_version": "0.3.0", "window_clock": "monotonic"})
    record = json.dumps(event_record())
    file.note("sitefleet.event", {"seq": 7, "record": record, "event_id": event_id, "log_ns": LOG_ZERO})
    file.write([_sample("/fleet/factsheet", -10.0, Factsheet(robot_id="d1", model="driller", length=0.8, width=0.5))])
    x = 2.0 - 10.0 * SPEED
    for n in range(-200, 100):
        second = n / 20
        speed = speed_at(second)
        x += speed / 20
        odom, pose = Odometry(), PoseWithCovarianceStamped()
        odom.twist.twist.linear.x = speed
        pose.pose.pose.position.x, pose.pose.pose.position.y, pose.pose.pose.orientation.w = x, 1.0, 1.0
        command = Twist()
        command.linear.x = SPEED if second < DELAY else 0.0
        samples = [_sample("odom", second, odom), _sample("pose", second, pose), _sample("cmd_vel", second, command)]
        if n % 4 == 0:
            state = SafetyState(state=2 if second < 0 else 4, reason="" if second < 0 else "somebody is in the way")
            state.speed_limit = 0.5
            track = PersonTrack(track_id="p1", source="test")
            track.position.x, track.position.y = 3.2, 1.0 + max(0.0, -second)
            samples += [
                _sample("safety_state", second, state),
                _sample("person_tracks", second, PersonTracks(tracks=[track])),
                _sample("scan", second, _scan(1.2 if second < 0 else 0.8)),
            ]
        if camera and n % 10 == 0:
            samples.append(_sample(CAMERA_JPEG.name, second, CompressedImage(format="jpeg", data=JPEG)))
        file.write(samples)
    file.note("sitefleet.end", {"complete": True})
    file.finish()
    file.close()


def _scan(ahead: float) -> LaserScan:
    scan = LaserScan(angle_min=-math.pi, angle_increment=math.radians(10.0), range_min=0.1, range_max=12.0)
    scan.ranges = [0.6 if n == 9 else ahead if n == 18 else math.inf for n in range(36)]
    return scan
