"""Delivers safety events and records what was around them: `python -m sitefleet_robot.evidence.node`.

A process of its own beside the supervisor, at a lower priority: it only ever reads what the supervisor writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sitefleet_interfaces.msg import SafetyEvent, SafetyEventAck

from sitefleet_robot.common import qos
from sitefleet_robot.common.diagnostics import DiagnosticsPublisher, Health, Level
from sitefleet_robot.common.event_record import EventRecordError, record_to_event
from sitefleet_robot.common.parameters import ParameterError, Parameters, declare
from sitefleet_robot.common.robot import ROBOT_PARAMETERS, robot_id_of, software_version, state_folder
from sitefleet_robot.common.spin import run
from sitefleet_robot.common.spool import SpoolError
from sitefleet_robot.common.timers import every
from sitefleet_robot.evidence.camera import CameraUnavailableError, JpegEncoder
from sitefleet_robot.evidence.clocks import WindowClock
from sitefleet_robot.evidence.courier import Courier
from sitefleet_robot.evidence.folder import RecordingFolder
from sitefleet_robot.evidence.journal import EvidenceJournal
from sitefleet_robot.evidence.parameters import MIB, PARAMETERS, settings_of
from sitefleet_robot.evidence.recorder import Recorder
from sitefleet_robot.evidence.recovery import recover
from sitefleet_robot.evidence.tap import Tap
from sitefleet_robot.evidence.topics import TOPICS
from sitefleet_robot.evidence.writer import RecordingWriter

LOOK_PERIOD = 0.1
"""s of wall time between two looks at what has come."""
SETTLE_PERIOD = 0.5
LEAVE_TIMEOUT = 4.0
"""s that a recording gets to be brought to its end when the process leaves."""
NICENESS = 5
"""The supervisor and the drive come first: a third of their share of a busy core."""
_ACKNOWLEDGEMENTS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1000, reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)  # fmt: skip


class EvidenceNode(Node):
    """Courier and recorder of one robot."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__("evidence", automatically_declare_parameters_from_overrides=True, **node_arguments)
        parameters = declare(self, (*ROBOT_PARAMETERS, *PARAMETERS))
        self.robot_id = robot_id_of(self, parameters)
        state = state_folder(self.robot_id, parameters)
        self._fault = ""
        try:
            self._courier = Courier(state)
            self._open_recorder(parameters, state / "evidence")
        except (SpoolError, OSError, CameraUnavailableError, ParameterError) as fault:
            raise ParameterError(f"{self.get_fully_qualified_name()}: {fault}") from None
        self._acknowledged: list[str] = []
        self._settled = 0.0
        self._publisher = self.create_publisher(SafetyEvent, "/fleet/safety_event", qos.RECORD)
        self.create_subscription(SafetyEventAck, "/fleet/safety_event_ack", self._on_acknowledgement, _ACKNOWLEDGEMENTS)
        every(self, LOOK_PERIOD, self._look)
        DiagnosticsPublisher(self, self._health)

    def _open_recorder(self, parameters: Parameters, folder: Path) -> None:
        version = software_version()
        configuration = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode()).hexdigest()
        self._journal = EvidenceJournal(folder / "outbox", self.robot_id, version, configuration)
        self._folder = RecordingFolder(
            folder / "recordings",
            parameters.integer("recordings_quota") * MIB,
            parameters.integer("disk_reserve") * MIB,
        )
        self._writer = RecordingWriter(
            self._folder, self._journal, self.robot_id, parameters.integer("queue_size") * MIB
        )
        simulated = bool(self.get_parameter("use_sim_time").value)
        clock = WindowClock(simulated)
        facts = {"robot_id": self.robot_id, "software_version": version, "configuration_hash": configuration}
        self._recorder = Recorder(settings_of(parameters), clock, self._writer, facts)
        self._records = parameters.flag("record")
        camera = JpegEncoder(parameters.integer("camera_quality")) if parameters.flag("record_camera") else None
        topics = TOPICS if self._records else ()
        self._tap = Tap(self.robot_id, topics, clock, camera, parameters.real("camera_period"))
        if self._tap.missing:
            self.get_logger().warning(f"not installed, so not recorded: {', '.join(self._tap.missing)}")
        self._catch_up()

    def _catch_up(self) -> None:
        """Events and recordings of an earlier life."""
        entries = self._courier.read(time.monotonic())
        ids = frozenset(str(entry.record["event_id"]) for entry in entries)
        self._recorder.protect(self._courier.unacknowledged())
        told = recover(self._folder, self._journal, ids)
        self._courier.recorded_ids(told)
        for entry in entries:
            if entry.record["event_id"] not in told:
                self._want_recording(entry.seq, entry.record, stale=True)

    def on_exit(self) -> None:
        """The process leaves: end what is being recorded, keep what was acknowledged."""
        self._recorder.leave(self._tap.now())
        if not self._writer.stop(LEAVE_TIMEOUT):
            self.get_logger().error("the disk did not take the recording in time; it is recovered at the next start")
        self._settle()
        self._courier.close()
        self._tap.close()

    def _on_acknowledgement(self, message: Any) -> None:
        if message.robot_id == self.robot_id:
            self._acknowledged.append(message.event_id)

    def _look(self) -> None:
        # A fault of the recorder must not keep an event from the site, nor the other way round.
        self._guard(self._record_on)
        self._guard(self._deliver_on)

    def _guard(self, act: Callable[[], None]) -> None:
        try:
            act()
        # The edge of the process: it says so, and goes on at the next look.
        except Exception as fault:
            self._say(f"{type(fault).__name__}: {fault}")

    def _record_on(self) -> None:
        samples, now = self._tap.look()
        if self._tap.restarted:
            self._recorder.restart(now)
        self._recorder.take(samples, now)
        self._recorder.tick(now)

    def _deliver_on(self) -> None:
        mono = time.monotonic()
        entries = self._courier.read(mono)
        if entries:
            self._recorder.protect(self._courier.unacknowledged())
        for entry in entries:
            self._want_recording(entry.seq, entry.record)
        self._deliver(mono)
        if mono - self._settled >= SETTLE_PERIOD:
            self._settled = mono
            self._settle()

    def _want_recording(self, seq: int, record: dict[str, object], stale: bool = False) -> None:
        if self._records and self._recorder.wants(record):
            self._recorder.event(seq, record, self._tap.now(), stale=stale)
        else:
            self._courier.recorded([seq])

    def _deliver(self, now: float) -> None:
        self._courier.acknowledged(self._acknowledged, now)
        self._acknowledged.clear()
        for record in self._courier.due(now):
            try:
                self._publisher.publish(record_to_event(record))
            except EventRecordError as fault:
                self._say(f"event {record['event_id']} cannot be sent: {fault}")

    def _settle(self) -> None:
        self._courier.recorded(self._writer.finished())
        try:
            self._courier.settle()
            for damage in self._courier.damage:
                self._journal.report_damage(str(damage))
        except OSError as fault:
            self._say(f"the state of the delivery cannot be stored: {fault}")

    def _say(self, fault: str) -> None:
        if fault != self._fault:
            self.get_logger().error(fault)
        self._fault = fault

    def _health(self) -> Health:
        writer, ring = self._writer.health, self._recorder.ring
        damage = len(self._courier.damage) + self._courier.unusable
        values: dict[str, object] = {
            "events not acknowledged": self._courier.waiting,
            "damaged records": damage,
            "messages in memory": len(ring),
            "bytes in memory": ring.bytes,
            "messages dropped from memory": sum(ring.dropped.values()),
            "messages lost to a slow disk": writer.lost_samples,
            "recording": self._recorder.recording,
            "recordings written": writer.written,
            "recordings failed": writer.failed,
            "last recording": writer.last,
        }
        fault = writer.fault or self._fault
        if fault:
            return Health(Level.ERROR, fault, values)
        if damage:
            return Health(Level.WARN, f"{damage} damaged records in the spool", values)
        return Health(Level.OK, "recording" if self._recorder.recording else "ready", values)


def main(args: Sequence[str] | None = None) -> int:
    """Entry point of the process."""
    # Nobody may have to wait for this process; see the file. Other middlewares and Fast DDS 2 do not read it.
    os.environ.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(Path(__file__).with_name("fastdds_udp_only.xml")))

    def make_nodes() -> Sequence[Node]:
        nodes = [EvidenceNode()]
        os.nice(NICENESS)
        return nodes

    return run(make_nodes, args)


if __name__ == "__main__":
    sys.exit(main())
