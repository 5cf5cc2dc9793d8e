"""What the recorder costs: CPU, memory, messages lost and size of a file, with the streams of one robot over DDS.

Run: `python benchmarks/bench_recorder.py [--seconds 20] [--speeds 1 8]` (`make bench-recorder`)

A stand-in for the robot sends every stream of the table at its rate (times the speed) and size. CPU is user and
system time of the recorder's process from /proc; "idle" is without, "recording" with a recording of 30 s before and
15 s after an event. Lost are commands whose number is missing in the file.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import rclpy
from geometry_msgs.msg import Twist
from mcap.reader import make_reader
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message, serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState, LaserScan

from sitefleet_robot.common import qos
from sitefleet_robot.common.spool import Spool, SpoolReader
from sitefleet_robot.evidence.schemas import message_class
from sitefleet_robot.evidence.topics import TOPICS

ROBOT = "r1"
NS = 10**9
WALL_RATE = {"cmd_vel": 50.0, "safety_state": 5.0, "diagnostics": 4.0}
"""Hz of the wall at any speed."""
RATE = {
    "odom": 20.0, "pose": 20.0, "imu": 20.0, "scan": 10.0, "cmd_vel_auto": 20.0, "joint_states": 20.0, "bumper": 10.0,
    "battery": 1.0, "fix": 5.0, "/fleet/robot_state": 5.0, "person_tracks": 10.0, "heartbeat_challenge": 2.0,
    "heartbeat_response": 4.0,
}  # fmt: skip
"""Hz of ROS time."""


class Streams(Node):
    """The robot: every stream at its time."""

    def __init__(self, speed: float, camera: bool) -> None:
        super().__init__("streams", namespace=ROBOT)
        self.speed = speed
        self.commands = 0
        self.sent = 0
        self._began = time.monotonic()
        self._due: list[tuple[float, float, str]] = []
        self.outputs = {}
        self._data = {}
        for topic in TOPICS:
            rate = WALL_RATE.get(topic.name) or speed * RATE.get(topic.name, 0.0)
            if not rate:
                continue
            kind = message_class(topic.type_name)
            profile = qos.LATCHED if topic.latched else qos.SCAN if topic.name == "scan" else qos.STREAM
            self.outputs[topic.name] = self.create_publisher(kind, topic.name, profile)
            self._data[topic.name] = serialize_message(filled(kind()))
            self._due.append((self._began, 1.0 / rate, topic.name))
        self.clock = self.create_publisher(Clock, "/clock", QoSProfile(depth=10)) if speed != 1.0 else None
        if self.clock is not None:
            self._due.append((self._began, 0.05 / speed, "/clock"))
        self.images = self.create_publisher(Image, "camera/image", qos.SCAN) if camera else None
        if self.images is not None:
            self._due.append((self._began, 0.2 / speed, "camera/image"))
            self._image = Image(height=240, width=320, step=960, encoding="rgb8", data=os.urandom(960 * 240))

    def simulated_ns(self) -> int:
        """Simulated time."""
        return int((time.monotonic() - self._began) * self.speed * NS)

    def run(self, seconds: float) -> None:
        """Send for this long."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            for k, (due, period, name) in enumerate(self._due):
                if now >= due:
                    self._due[k] = (max(due + period, now - 0.1), period, name)
                    self._send(name)
            time.sleep(0.002)

    def _send(self, name: str) -> None:
        self.sent += 1
        if name == "/clock" and self.clock is not None:
            message, now = Clock(), self.simulated_ns()
            message.clock.sec, message.clock.nanosec = now // NS, now % NS
            self.clock.publish(message)
        elif name == "camera/image" and self.images is not None:
            self.images.publish(self._image)
        elif name == "cmd_vel":
            self.commands += 1
            command = Twist()
            command.linear.x = float(self.commands)
            self.outputs[name].publish(command)
        else:
            self.outputs[name].publish(self._data[name])


def filled(message: object) -> object:
    """A message of the size that a robot sends."""
    if isinstance(message, LaserScan):
        message.ranges = [1.0 + 0.001 * k for k in range(360)]
    if isinstance(message, JointState):
        message.name = ["lift", "feed"]
        message.position = message.velocity = message.effort = [0.1, 0.2]
    if hasattr(message, "robot_id"):
        message.robot_id = ROBOT
    return message


class Usage:
    """CPU time and memory of a process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._from = (time.monotonic(), self._cpu())

    def _cpu(self) -> float:
        words = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / self._ticks

    def share(self) -> float:
        """Share of a core since the last call."""
        now, cpu = time.monotonic(), self._cpu()
        (before, used), self._from = self._from, (now, cpu)
        return (cpu - used) / (now - before)

    def memory(self) -> float:
        """Resident memory, MiB."""
        words = Path(f"/proc/{self._pid}/statm").read_text().split()
        return int(words[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def event() -> dict[str, object]:
    """A record as the supervisor spools it."""
    utc, mono = time.time_ns(), time.monotonic_ns()
    return {
        "event_id": str(uuid.uuid4()), "event_class": "PROTECTIVE_STOP", "severity": 1, "robot_id": ROBOT,
        "t_utc": {"sec": utc // NS, "nanosec": utc % NS}, "t_mono_ns": mono, "trigger": "field_blocked",
    }  # fmt: skip


def numbers(path: Path) -> Iterator[int]:
    """Numbers of the commands in a recording."""
    with path.open("rb") as file:
        for _, channel, message in make_reader(file).iter_messages(topics=[f"/{ROBOT}/cmd_vel"]):
            assert channel.message_encoding == "cdr"
            yield int(deserialize_message(message.data, Twist).linear.x)


def measure(speed: float, seconds: float, camera: bool) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        words = [sys.executable, "-m", "sitefleet_robot.evidence.node", "--ros-args", "-r", f"__ns:=/{ROBOT}"]
        for parameter in (f"state_dir:={state}", f"use_sim_time:={str(speed != 1.0).lower()}"):
            words += ["-p", parameter]
        if camera:
            words += ["-p", "record_camera:=true"]
        streams = Streams(speed, camera)
        recorder = subprocess.Popen(words)
        try:
            # A full ring first: what comes after it costs what it costs for good.
            streams.run(6.0 + 36.0 / speed)
            usage, sent = Usage(recorder.pid), streams.sent
            streams.run(seconds)
            idle, rate = usage.share(), (streams.sent - sent) / seconds
            memory = usage.memory()
            with Spool(state / "events") as spool:
                spool.append(event())
            streams.run(16.0 / speed + 1.0)
            busy, most = usage.share(), usage.memory()
            outbox = SpoolReader(state / "evidence" / "outbox")
            deadline = time.monotonic() + 10.0
            while not (told := outbox.read()) and time.monotonic() < deadline:
                streams.run(0.2)
            path = Path(str(told[0].record["evidence_uris"][0]).removeprefix("file://"))  # type: ignore[index]
            got = list(numbers(path))
            lost = got[-1] - got[0] + 1 - len(got)
            size = path.stat().st_size / 2**20
        finally:
            recorder.terminate()
            recorder.wait(10)
            streams.destroy_node()
    kind = f"{speed:g}{' camera' if camera else ''}"
    return (
        f"{kind:>10} {rate:>8.0f} {100 * idle:>9.1f} {100 * busy:>11.1f} {memory:>10.0f} {most:>10.0f}"
        f" {size:>9.2f} {len(got):>9} {lost:>5}"
    )


def main() -> int:
    """Measure at each speed, and with the camera at the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of the wall, for the idle figure")
    parser.add_argument("--speeds", type=float, nargs="+", default=[1.0, 8.0], help="simulated seconds a second")
    options = parser.parse_args()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    os.environ.setdefault("ROS_DOMAIN_ID", "97")
    rclpy.init()
    print("     speed   msg/s   idle CPU  recording   memory     most at    file    commands")
    print("                     % core     % core      MiB         MiB      MiB    recorded  lost")
    for speed in options.speeds:
        print(measure(speed, options.seconds, camera=False), flush=True)
    print(measure(options.speeds[0], options.seconds, camera=True), flush=True)
    rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
