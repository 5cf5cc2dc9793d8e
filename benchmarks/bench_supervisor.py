"""The safety supervisor at real time: its share of a core and how regular its loop is, idle and with every core taken.

Run: `make bench-supervisor` or `python benchmarks/bench_supervisor.py [--seconds 30] [--busy N] [--json]`.
One supervisor with the parameters of a real robot drives (AUTO) on streams at the rates of one: scan with 360 beams,
contact sensor and five tracked people at 10 Hz, odometry, pose, imu and proposals at 20 Hz, answers to its heartbeats
by executor and manager. `loop period` is between two runs of its 20 ms
timer; `gap on cmd_vel` between two commands, as a drive in another process sees them. `--busy` processes (default: one
a core) then compete for the cores at the same priority. Exit code 1 if the robot did not stay in AUTO all the time.
"""

from __future__ import annotations

import argparse
import array
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import rclpy
from figures import Quantiles, busy, cpu_time, where_and_when
from geometry_msgs.msg import PoseWithCovarianceStamped, Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Imu, LaserScan
from sitefleet_interfaces.msg import Heartbeat, PersonTrack, PersonTracks, SafetyState
from sitefleet_interfaces.srv import Resume
from std_msgs.msg import Bool

from sitefleet.pairing import pair
from sitefleet.processes import SiteRun, site_processes
from sitefleet.robots import RobotSpec
from sitefleet_robot.common import qos
from sitefleet_robot.common.pairing import KEY_FILE, read_key, response
from sitefleet_robot.common.spin import run
from sitefleet_robot.safety.node import SafetySupervisor

ROBOT = "r1"
DOMAIN = "28"


def supervise(out: Path, arguments: list[str]) -> int:
    """The supervisor's process, unchanged but for a note of the time at each tick."""
    ticks = array.array("d")

    class Timed(SafetySupervisor):
        def _on_tick(self) -> None:
            ticks.append(time.monotonic())
            super()._on_tick()

    code = run(lambda: [Timed()], arguments)
    out.write_bytes(ticks.tobytes())
    return code


def feed(key: bytes) -> int:
    """The robot's other processes: what they send, at their rates of wall time."""
    rclpy.init()
    node = rclpy.create_node("feeder", namespace=ROBOT)
    odometry = node.create_publisher(Odometry, "odom", qos.STREAM)
    pose = node.create_publisher(PoseWithCovarianceStamped, "pose", qos.STREAM)
    proposal = node.create_publisher(TwistStamped, "cmd_vel_auto", qos.COMMAND)
    scan = node.create_publisher(LaserScan, "scan", qos.SCAN)
    bumper = node.create_publisher(Bool, "bumper", qos.STREAM)
    imu = node.create_publisher(Imu, "imu", qos.STREAM)
    people = node.create_publisher(PersonTracks, "person_tracks", qos.COMMAND)
    alive = node.create_publisher(Heartbeat, "heartbeat_response", qos.STREAM)
    beams = LaserScan(angle_min=-math.pi, angle_increment=2 * math.pi / 360, range_min=0.12, range_max=12.0)
    beams.ranges = array.array("f", [4.0] * 360)
    twist = TwistStamped()
    twist.twist.linear.x = 0.4
    where = PoseWithCovarianceStamped()
    tracks = PersonTracks(tracks=[PersonTrack(track_id=f"p{k}") for k in range(5)])
    for k, track in enumerate(tracks.tracks):
        track.position.x, track.position.y = 12.0, float(k)
        track.position_covariance[0] = track.position_covariance[4] = 0.0025

    def fast() -> None:
        now = node.get_clock().now().to_msg()
        where.header.stamp = now
        odometry.publish(Odometry())
        pose.publish(where)
        imu.publish(Imu())
        proposal.publish(twist)

    def slow() -> None:
        beams.header.stamp = tracks.header.stamp = node.get_clock().now().to_msg()
        scan.publish(beams)
        bumper.publish(Bool())
        people.publish(tracks)

    def answer(challenge: Heartbeat) -> None:
        for source in ("executor", "manager"):
            message = Heartbeat(source=source, sequence=challenge.sequence, challenge=challenge.challenge)
            message.response = response(key, challenge.challenge)
            alive.publish(message)

    node.create_subscription(Heartbeat, "heartbeat_challenge", answer, qos.STREAM)
    steady = Clock(clock_type=ClockType.STEADY_TIME)
    node.create_timer(0.05, fast, clock=steady)
    node.create_timer(0.1, slow, clock=steady)
    rclpy.spin(node)
    return 0


class Drive:
    """Hears the commands, as the drive does, in a thread of its own; and the person who resumes."""

    def __init__(self) -> None:
        rclpy.init()
        self.node = rclpy.create_node("drive", namespace=ROBOT)
        self.commands: list[tuple[float, float]] = []
        self.states: list[tuple[float, int, str]] = []
        self.node.create_subscription(Twist, "cmd_vel", self._on_command, QoSProfile(depth=100))
        self.node.create_subscription(SafetyState, "safety_state", self._on_state, qos.LATCHED)
        self.resume = self.node.create_client(Resume, "resume")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _spin(self) -> None:
        while not self._stop.is_set():
            self.executor.spin_once(timeout_sec=0.1)

    def _on_command(self, message: Twist) -> None:
        self.commands.append((time.monotonic(), message.linear.x))

    def _on_state(self, message: SafetyState) -> None:
        self.states.append((time.monotonic(), message.state, message.reason))

    def go(self) -> None:
        """Resume until the supervisor lets the robot drive. Raises TimeoutError."""
        end = time.monotonic() + 30.0
        while not (self.states and self.states[-1][1] == SafetyState.AUTO):
            if time.monotonic() > end:
                raise TimeoutError(f"the supervisor did not let the robot drive: {self.states[-1:]}")
            if self.resume.service_is_ready():
                self.resume.call_async(Resume.Request(requested_by="benchmark", reason="measuring"))
            time.sleep(0.5)

    def close(self) -> None:
        """Leave ROS."""
        self._stop.set()
        self._thread.join()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown()


def measured(drive: Drive, pid: int, seconds: float) -> dict[str, Any]:
    """One phase; times are on the monotonic clock, which all processes share."""
    begin, cpu = time.monotonic(), cpu_time(pid)
    time.sleep(seconds)
    end = time.monotonic()
    share = (cpu_time(pid) - cpu) / (end - begin)
    heard = [moment for moment, _ in drive.commands if begin <= moment < end]
    left = [state for moment, state, _ in drive.states if begin <= moment < end and state != SafetyState.AUTO]
    gaps = [b - a for a, b in itertools.pairwise(heard)]
    return {"begin": begin, "end": end, "share": share, "gaps": Quantiles.of(gaps), "left_auto": len(left)}


def main() -> int:
    if sys.argv[1:2] == ["supervise"]:
        return supervise(Path(sys.argv[2]), sys.argv[3:])
    if sys.argv[1:2] == ["feed"]:
        return feed(read_key(Path(sys.argv[2])))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="wall time of each phase (default 30)")
    parser.add_argument("--busy", type=int, default=os.cpu_count() or 1, help="competing processes of the second phase")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    os.environ["ROS_DOMAIN_ID"], os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = DOMAIN, "LOCALHOST"
    where = where_and_when()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = SiteRun(folder, "none", (RobotSpec(ROBOT, "hauler", "h"),), sim="none", state_dir=folder / "state")
        pair([ROBOT], site.state_dir, folder / "keys")
        (process,) = site_processes(site, frozenset({"safety"}))
        me, ticks_file = str(Path(__file__).resolve()), folder / "ticks"
        words = [sys.executable, me, "supervise", str(ticks_file), *process.ros_arguments()]
        supervisor = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        feeder = subprocess.Popen([sys.executable, me, "feed", str(site.state_dir / ROBOT / KEY_FILE)])
        drive = Drive()
        try:
            drive.go()
            time.sleep(2.0)
            phases = {"nothing else": measured(drive, supervisor.pid, given.seconds)}
            with busy(given.busy):
                phases[f"{given.busy} busy processes"] = measured(drive, supervisor.pid, given.seconds)
        finally:
            feeder.kill()
            feeder.wait()
            supervisor.terminate()
            supervisor.wait(10)
            drive.close()
        ticks = array.array("d")
        ticks.frombytes(ticks_file.read_bytes())
    for phase in phases.values():
        inside = [t for t in ticks if phase["begin"] <= t < phase["end"]]
        phase["period"] = Quantiles.of([b - a for a, b in itertools.pairwise(inside)])
    if given.json:
        facts = {
            label: {"share": p["share"], "left_auto": p["left_auto"]}
            | {key: vars(p[key]) for key in ("period", "gaps")}
            for label, p in phases.items()
        }
        print(json.dumps({"where": where, "phases": facts}))
    else:
        print(where)
        for label, phase in phases.items():
            print(f"{label}: {100 * phase['share']:.1f} % of a core; messages outside of AUTO: {phase['left_auto']}")
            print(f"  loop period     {phase['period'].text('ms', 1e3)}")
            print(f"  gap on cmd_vel  {phase['gaps'].text('ms', 1e3)}")
    return 1 if any(phase["left_auto"] for phase in phases.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
