"""The process `evidence` over DDS: what it records, what it delivers, and that nobody waits for it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rclpy
from evidence_parts import notes, read_mcap, read_rosbags
from geometry_msgs.msg import Twist
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from ros_domains import session_domain
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import Image, LaserScan
from sitefleet_interfaces.msg import Factsheet, RobotState, SafetyEvent, SafetyEventAck, SafetyState

from sitefleet_robot.common import qos
from sitefleet_robot.common.event_record import event_to_record
from sitefleet_robot.common.spool import Spool, SpoolReader

DOMAIN = session_domain(58)
NS = 10**9
START = 60.0
"""s for a process to start on a busy machine."""
QUICK = ("record_before:=3.0", "record_after:=1.5", "record_longest:=12.0")


class Robot:
    """One robot as its recorder sees it: streams, a supervisor that spools, and a site that acknowledges."""

    def __init__(self, folder: Path) -> None:
        self.state_dir = folder / "state"
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node("bench", namespace="r1", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.spool = Spool(self.state_dir / "events")
        self.events: list[SafetyEvent] = []
        self.health: list = []
        self.site_answers = True
        self.speed = 0.0  # simulated seconds a second; 0: real time
        self.began = time.monotonic()
        self.sent = 0
        self.sent_at: dict[int, float] = {}  # UTC, s
        n = self.node
        self.commands = n.create_publisher(Twist, "cmd_vel", qos.COMMAND)
        self.scans = n.create_publisher(LaserScan, "scan", qos.SCAN)
        self.states = n.create_publisher(SafetyState, "safety_state", qos.LATCHED)
        self.images = n.create_publisher(Image, "camera/image", qos.SCAN)
        self.clock = n.create_publisher(ClockMessage, "/clock", 10)
        self.robot_states = n.create_publisher(RobotState, "/fleet/robot_state", qos.STREAM)
        self.sheets = n.create_publisher(Factsheet, "/fleet/factsheet", qos.FACTSHEET)
        self.answers = n.create_publisher(SafetyEventAck, "/fleet/safety_event_ack", QoSProfile(depth=100))
        n.create_subscription(SafetyEvent, "/fleet/safety_event", self._on_event, qos.RECORD)
        from diagnostic_msgs.msg import DiagnosticArray

        n.create_subscription(DiagnosticArray, "diagnostics", self.health.append, qos.DIAGNOSTICS)
        n.create_timer(0.02, self._send, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _send(self) -> None:
        self.sent += 1
        if self.speed:
            message = ClockMessage()
            now = int(self.simulated() * NS)
            message.clock.sec, message.clock.nanosec = now // NS, now % NS
            self.clock.publish(message)
        message = Twist()
        message.linear.x = float(self.sent)
        self.sent_at[self.sent] = time.time()
        self.commands.publish(message)
        if self.sent % 5 == 0:
            self.scans.publish(LaserScan(ranges=[float(self.sent)] * 360))
            for robot_id in ("r1", "r2"):
                self.robot_states.publish(RobotState(robot_id=robot_id))
            image = Image(height=24, width=32, step=96, encoding="rgb8", data=bytes([200, 30, 30]) * 768)
            if self.images.get_subscription_count():
                self.images.publish(image)

    def simulated(self) -> float:
        return (time.monotonic() - self.began) * self.speed

    def _on_event(self, event: SafetyEvent) -> None:
        self.events.append(event)
        if self.site_answers:
            self.answers.publish(SafetyEventAck(robot_id=event.robot_id, event_id=event.event_id, seq=event.seq))

    def start(self, *parameters: str) -> subprocess.Popen:
        words = [sys.executable, "-m", "sitefleet_robot.evidence.node", "--ros-args", "-r", "__ns:=/r1"]
        for parameter in (f"state_dir:={self.state_dir}", *parameters):
            words += ["-p", parameter]
        environment = os.environ | {"ROS_DOMAIN_ID": str(DOMAIN), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        with (self.folder / f"log{len(self.processes)}").open("wb") as log:
            process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, env=environment)
        self.processes.append(process)
        return process

    def log(self, process: subprocess.Popen) -> str:
        return (self.folder / f"log{self.processes.index(process)}").read_text()

    def ready(self, records: bool = True) -> None:
        """The recorder hears the commands and the site, and we hear it."""
        for publisher in (self.answers, self.commands)[: 1 + records]:
            self.until(publisher.get_subscription_count, "the recorder's start", START)
        self.until(lambda: self.node.count_publishers("/fleet/safety_event"), "its publisher", START)

    def spin(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.02)

    def until(self, condition, what: str, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
            self.executor.spin_once(timeout_sec=0.02)

    def happens(self, event_class: str = "PROTECTIVE_STOP", **fields) -> SafetyEvent:
        """The supervisor makes an event."""
        import uuid

        utc, mono = time.time_ns(), time.monotonic_ns()
        event = SafetyEvent(
            seq=self.spool.last_seq + 1, event_id=str(uuid.uuid4()), event_class=event_class, severity=1,
            t_mono_ns=mono, clock_offset_ns=utc - mono, robot_id="r1", task_id="t1", trigger="field_blocked",
            min_separation=float("nan"), **fields,
        )  # fmt: skip
        event.t_utc.sec, event.t_utc.nanosec = utc // NS, utc % NS
        self.spool.append(event_to_record(event))
        return event

    def follow_ups(self, event: SafetyEvent) -> list[SafetyEvent]:
        return [e for e in self.events if e.action == f"recording of event {event.event_id}"]

    def close(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(10)
        self.spool.close()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


@pytest.fixture
def robot(tmp_path):
    robot = Robot(tmp_path)
    yield robot
    robot.close()


def path_of(event: SafetyEvent) -> Path:
    (uri,) = event.evidence_uris
    assert uri.startswith("file:///")
    return Path(uri.removeprefix("file://"))


def test_row_18_an_event_is_recorded_delivered_acknowledged_and_let_go(robot):
    robot.states.publish(SafetyState(robot_id="r1", reason="long in force"))
    robot.sheets.publish(Factsheet(robot_id="r1", model="driller"))
    robot.sheets.publish(Factsheet(robot_id="r2", model="hauler"))
    evidence = robot.start(*QUICK)
    robot.ready()
    robot.spin(5.0)
    first_sent = robot.sent
    event = robot.happens()
    robot.until(lambda: robot.follow_ups(event), "the follow-up")
    assert event.event_id in {e.event_id for e in robot.events}
    (told,) = robot.follow_ups(event)
    assert (told.event_class, told.trigger, told.task_id, told.seq) == ("PROTECTIVE_STOP", "recording", "t1", 2**40)
    path = path_of(told)
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert told.evidence_sha256 == [digest]
    messages = read_mcap(path)
    assert len(read_rosbags(path)) == len(messages)
    at = event.t_utc.sec * NS + event.t_utc.nanosec
    values = [int(m.linear.x) for name, _, _, m in messages if name == "/r1/cmd_vel"]
    # Nothing is missing between the first and the last command, and none is there twice.
    assert values == list(range(values[0], values[-1] + 1))
    logs = [(log - at) / NS for name, log, _, _ in messages if name == "/r1/cmd_vel"]
    assert logs[0] >= -3.01 and logs[-1] <= 1.51
    # On a busy machine a message is received some time after it was sent.
    wanted = {number for number, sent in robot.sent_at.items() if -2.5 <= sent - at / NS <= 1.0}
    assert len(wanted) > 30 and wanted <= set(values)
    assert values[0] < first_sent < values[-1]
    # Both are UTC.
    for name, log, published, message in messages:
        if name == "/r1/cmd_vel":
            assert abs(published / NS - robot.sent_at[int(message.linear.x)]) < 0.5
            assert 0 <= log - published < NS
    assert [m.reason for name, _, _, m in messages if name == "/r1/safety_state"] == ["long in force"]
    assert [m.model for name, _, _, m in messages if name == "/fleet/factsheet"] == ["driller"]
    assert {m.robot_id for name, _, _, m in messages if name == "/fleet/robot_state"} == {"r1"}
    assert not any("camera" in name for name, *_ in messages)
    facts = dict(notes(path))
    assert facts["sitefleet.recording"]["window_clock"] == "monotonic"
    assert abs(int(facts["sitefleet.event"]["log_ns"]) - at) < NS // 100
    robot.until(lambda: waiting(robot) == ["0"], "everything acknowledged")
    assert {s.level for a in robot.health for s in a.status if s.name == "r1/evidence"} == {b"\x00"}
    evidence.send_signal(signal.SIGINT)
    assert evidence.wait(10) == 0
    assert "Traceback" not in robot.log(evidence)


def waiting(robot) -> list[str]:
    """What the last diagnostics say of events that are not acknowledged."""
    status = [s for array in robot.health[-3:] for s in array.status if s.name == "r1/evidence"]
    return [v.value for s in status[-1:] for v in s.values if v.key == "events not acknowledged"]


def test_events_are_sent_again_until_the_site_answers_also_after_kill_9(robot):
    robot.site_answers = False
    evidence = robot.start("record:=false")
    robot.ready(records=False)
    made = [robot.happens(event_class="REMOTE_STOP") for _ in range(3)]
    ids = [e.event_id for e in made]
    robot.until(lambda: [e.event_id for e in robot.events].count(ids[0]) >= 3, "repetitions")
    assert [e.event_id for e in robot.events][:3] == ids  # oldest first
    evidence.kill()
    evidence.wait(10)
    robot.events.clear()
    made.append(robot.happens(event_class="CONTACT"))
    robot.start("record:=false")
    robot.until(lambda: {e.event_id for e in robot.events} == {e.event_id for e in made}, "all, from the disk")
    # An acknowledgement that is meant for another robot means nothing.
    for event in made:
        robot.answers.publish(SafetyEventAck(robot_id="r2", event_id=event.event_id))
    robot.spin(1.0)
    robot.until(lambda: waiting(robot) == ["4"], "still waiting")
    robot.site_answers = True
    robot.until(lambda: waiting(robot) == ["0"], "all acknowledged")
    robot.spin(0.7)
    robot.events.clear()
    robot.spin(6.0)
    assert robot.events == []
    # Nor are they sent again after a restart.
    robot.processes[-1].kill()
    robot.processes[-1].wait(10)
    robot.start("record:=false")
    robot.until(robot.answers.get_subscription_count, "restart", START)
    robot.spin(2.0)
    assert robot.events == []


def test_kill_9_in_mid_write_leaves_a_readable_recording_and_no_half_file(robot):
    evidence = robot.start("record_before:=3.0", "record_after:=30.0", "record_longest:=60.0")
    robot.ready()
    robot.spin(3.5)
    event = robot.happens()
    recordings = robot.state_dir / "evidence" / "recordings"
    robot.until(lambda: list(recordings.glob("*.part")), "the part")
    robot.spin(2.5)
    evidence.kill()
    evidence.wait(10)
    assert not list(recordings.glob("*.mcap")) and robot.follow_ups(event) == []
    robot.start(*QUICK)
    robot.until(lambda: robot.follow_ups(event), "the follow-up")
    told = robot.follow_ups(event)[0]
    assert "cut short by a crash" in told.narrative and told.trigger == "recording"
    assert not list(recordings.glob("*.part"))
    path = path_of(told)
    values = [int(m.linear.x) for name, _, _, m in read_mcap(path) if name == "/r1/cmd_vel"]
    assert len(values) > 100 and len(read_rosbags(path)) >= len(values)
    assert values == list(range(values[0], values[-1] + 1))
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert told.evidence_sha256 == [digest]


def test_an_event_while_the_recorder_was_dead_is_told_so(robot):
    event = robot.happens()
    robot.spin(3.0)
    robot.start(*QUICK)
    robot.until(lambda: robot.follow_ups(event), "the follow-up")
    told = robot.follow_ups(event)[0]
    assert (told.trigger, told.evidence_uris) == ("recording_missing", [])
    assert "s late" in told.narrative


def test_at_eight_times_the_speed_the_simulated_seconds_count(robot):
    robot.speed = 8.0
    robot.start("use_sim_time:=true", "record_before:=16.0", "record_after:=8.0")
    robot.ready()
    robot.spin(3.0)
    at = robot.simulated()
    event = robot.happens()
    robot.until(lambda: robot.follow_ups(event), "the follow-up")
    messages = read_mcap(path_of(robot.follow_ups(event)[0]))
    logs = [log / NS - at for name, log, _, _ in messages if name == "/r1/cmd_vel"]
    assert logs[0] == pytest.approx(-16.0, abs=2.0) and logs[-1] == pytest.approx(8.0, abs=2.0)
    values = [int(m.linear.x) for name, _, _, m in messages if name == "/r1/cmd_vel"]
    assert values == list(range(values[0], values[-1] + 1))
    # 24 s of the simulation are three of the wall.
    assert robot.sent_at[values[-1]] - robot.sent_at[values[0]] == pytest.approx(3.0, abs=0.5)
    assert all(published > 10**18 for _, _, published, _ in messages)  # UTC


def test_the_camera_is_recorded_as_jpeg_only_when_asked_for(robot):
    import cv2
    import numpy as np

    evidence = robot.start(*QUICK)
    robot.ready()
    robot.spin(1.0)
    assert robot.images.get_subscription_count() == 0
    evidence.send_signal(signal.SIGTERM)
    assert evidence.wait(10) == 0
    robot.start(*QUICK, "record_camera:=true")
    robot.until(robot.images.get_subscription_count, "the camera's subscriber")
    robot.spin(4.0)
    event = robot.happens()
    robot.until(lambda: robot.follow_ups(event), "the follow-up")
    path = path_of(robot.follow_ups(event)[0])
    images = [m for name, _, _, m in read_mcap(path) if name == "/r1/camera/image/compressed"]
    assert 3 <= len(images) <= 11  # at most two a second for 4.5 s
    pixels = cv2.imdecode(np.frombuffer(bytes(images[0].data), np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (24, 32, 3)
    blue, _, red = pixels[12, 16]
    assert red > 180 and blue < 60
    assert len([1 for name, *_ in read_rosbags(path) if name.endswith("compressed")]) == len(images)


def test_nobody_waits_for_a_recorder_that_is_frozen(robot):
    """Over shared memory half of these publications would take a second: a frozen reader may hold a lock there."""
    heard: list[float] = []
    robot.node.create_subscription(Twist, "cmd_vel", lambda m: heard.append(m.linear.x), QoSProfile(depth=100))
    evidence = robot.start(*QUICK)
    robot.ready()
    robot.spin(1.0)
    heard.clear()
    sent, slow = [], []
    for turn in range(20):
        evidence.send_signal(signal.SIGSTOP)
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            sent.append(-1.0 - len(sent))
            message = Twist()
            message.linear.x = sent[-1]
            started = time.monotonic()
            robot.commands.publish(message)
            slow.append(time.monotonic() - started)
            robot.executor.spin_once(timeout_sec=0.01)
        evidence.send_signal(signal.SIGCONT)
        robot.spin(0.1 + 0.013 * turn)
    assert [value for value in heard if value < 0] == sent
    # A busy machine may take some time from this test, but not a second.
    assert max(slow) < 0.9
    event = robot.happens()
    robot.until(lambda: robot.follow_ups(event), "it goes on")


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ("record_before:=0.1", "record_before: 0.1 is outside of 1.0 to 300.0 s"),
        ("recordbefore:=3.0", "recordbefore: unknown parameter"),
        ("record_longest:=12.0", "record_longest must not be shorter than record_before and record_after together"),
        ("robot_id:=r2", "robot_id is 'r2', but its namespace is /r1"),
    ],
)
def test_a_wrong_parameter_is_an_error_at_start_that_names_it(robot, parameter, words):
    evidence = robot.start(parameter)
    assert evidence.wait(START) == 2
    assert words in robot.log(evidence) and "Traceback" not in robot.log(evidence)


def test_a_second_courier_of_the_same_robot_refuses_to_start(robot):
    robot.start()
    robot.ready()
    second = robot.start()
    assert second.wait(START) == 2
    assert "another process appends" in robot.log(second)


def test_a_damaged_record_is_a_security_event_and_the_others_are_delivered(robot):
    first, second, third = (robot.happens() for _ in range(3))
    (segment,) = (robot.state_dir / "events").glob("*.spool")
    data = bytearray(segment.read_bytes())
    data[data.index(second.event_id.encode())] ^= 1
    segment.write_bytes(data)
    robot.start("record:=false")
    robot.until(lambda: {first.event_id, third.event_id} <= {e.event_id for e in robot.events}, "the others")
    robot.until(lambda: [e for e in robot.events if e.event_class == "SECURITY"], "the security event")
    told = next(e for e in robot.events if e.event_class == "SECURITY")
    assert told.trigger == "spool_damaged" and segment.name in told.narrative
    assert len(SpoolReader(robot.state_dir / "events").read()) == 2
