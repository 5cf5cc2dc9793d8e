"""The simulation's processes over real ROS 2: topics, clock, watchdog, governor, total station, people, shutdown."""

from __future__ import annotations

import itertools
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ros_domains import session_domain

os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")

import rclpy
from geometry_msgs.msg import PoseWithCovarianceStamped, Twist
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import BatteryState, Image, Imu, JointState, LaserScan
from sitefleet_interfaces.srv import MeasurePoint
from std_msgs.msg import Bool, Float64

from sim.paths import WORLDS

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = session_domain(22)
ROOM = str(WORLDS / "room.sdf")
EMPTY = str(WORLDS / "empty.sdf")


class Bench:
    """A ROS node of the test's own, and the processes that it started."""

    def __init__(self, tmp_path: Path) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node("bench", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.got: dict[str, list[Any]] = {}
        self.report = tmp_path / "report.json"
        self._tmp = tmp_path
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "ROS_DOMAIN_ID": str(DOMAIN), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        log = (self._tmp / f"{module}.{len(self._processes)}.log").open("wb")
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        self._processes.append(process)
        return process

    def simulator(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self.start("sim.embedded.node", "--report", str(self.report), *arguments)

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self._tmp.glob("*.log")))

    def listen(self, kind: Any, topic: str, profile: Any = 50) -> list[Any]:
        got = self.got.setdefault(topic, [])
        self.node.create_subscription(kind, topic, got.append, profile)
        return got

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 20.0, each: Any = None) -> None:
        """Spin until the condition holds; `each` is called about 50 times a second."""
        deadline = time.monotonic() + seconds
        due = 0.0
        while not condition():
            now = time.monotonic()
            if now > deadline:
                pytest.fail(f"timed out: {what}\n{self.logs()}")
            if each is not None and now >= due:
                each()
                due = now + 0.02
            self.executor.spin_once(timeout_sec=0.005)

    def drive(self, topic: str, linear: float, angular: float = 0.0) -> Callable[[], None]:
        publisher = self.node.create_publisher(Twist, topic, 1)
        message = Twist()
        message.linear.x, message.angular.z = linear, angular
        return lambda: publisher.publish(message)

    def stop(self, process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> int:
        process.send_signal(number)
        return process.wait(timeout=10)

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def _x(message: Odometry) -> float:
    return float(message.pose.pose.position.x)


def _stamp(message: Any) -> float:
    return float(message.header.stamp.sec + message.header.stamp.nanosec * 1e-9)


def test_an_inspector_drives_by_cmd_vel_and_every_topic_arrives_at_its_rate(bench: Bench) -> None:
    process = bench.simulator("--world", ROOM, "--robot", "i1:inspector:0.6:4.2:0", "--speed", "2")
    topics: dict[str, tuple[Any, float]] = {
        "/i1/odom": (Odometry, 20), "/i1/ground_truth": (Odometry, 10), "/i1/scan": (LaserScan, 10),
        "/i1/imu": (Imu, 20), "/i1/joint_states": (JointState, 20), "/i1/bumper": (Bool, 10),
        "/i1/battery": (BatteryState, 1), "/clock": (Clock, 20),
    }  # fmt: skip
    for topic, (kind, _) in topics.items():
        bench.listen(kind, topic, qos_profile_sensor_data if kind is LaserScan else 500)
    truth = bench.got["/i1/ground_truth"]
    drive = bench.drive("/i1/cmd_vel", 0.4)
    bench.until(lambda: bool(truth) and _x(truth[-1]) > 2.6, "the robot drives two metres", each=drive)
    seconds = _stamp(truth[-1]) - _stamp(truth[0])
    for topic, (kind, rate) in topics.items():
        count = len(bench.got[topic])
        assert count >= (0.6 if kind is LaserScan else 0.9) * rate * seconds - 2, topic
        assert count <= 1.1 * rate * seconds + 3, topic
    scan = bench.got["/i1/scan"][-1]
    assert scan.header.frame_id == "i1/base_link/lidar"
    assert len(scan.ranges) == 360
    # The beam ahead meets the room's east wall, where the truth says it is.
    assert scan.ranges[180] == pytest.approx(6.0 - _x(truth[-1]), abs=0.15)
    assert bench.got["/i1/joint_states"][-1].name == ["pan"]
    assert 0.9 < bench.got["/i1/battery"][-1].percentage <= 1.0
    assert not any(message.data for message in bench.got["/i1/bumper"])
    assert bench.stop(process) == 0
    content = json.loads(bench.report.read_text())
    assert content["sim_contacts"] == []
    assert content["rtf"] <= 2.05


def test_the_drive_stops_by_itself_when_its_commander_falls_silent(bench: Bench) -> None:
    process = bench.simulator("--world", EMPTY, "--robot", "i1:inspector:0:0:0", "--speed", "1")
    truth = bench.listen(Odometry, "/i1/ground_truth")
    drive = bench.drive("/i1/cmd_vel", 0.5)

    def speed() -> float:
        return abs(float(truth[-1].twist.twist.linear.x)) if truth else 0.0

    bench.until(lambda: speed() > 0.45, "the robot drives", each=drive)
    silent = time.monotonic()
    bench.until(lambda: speed() < 0.02, "the robot stands again")
    # Watchdog 0.3 s, the brake ramp of 0.5 m/s at 1.5 m/s2, waiting up to 0.3 s for the silent robot, a busy machine.
    assert time.monotonic() - silent < 0.3 + 0.34 + 0.3 + 0.8
    assert bench.stop(process, signal.SIGTERM) == 0


def test_a_tool_joint_follows_its_command_and_a_duct_stops_the_mast(bench: Bench) -> None:
    bench.simulator("--world", ROOM, "--robot", "d1:driller:3.0:1.6:0", "--speed", "5")
    joints = bench.listen(JointState, "/d1/joint_states")
    publisher = bench.node.create_publisher(Float64, "/d1/mast_cmd", 1)

    def mast() -> tuple[float, float, float]:
        message = joints[-1]
        index = message.name.index("mast")
        return message.position[index], message.velocity[index], message.effort[index]

    command = Float64(data=1.7)
    bench.until(
        lambda: bool(joints) and mast()[0] > 1.24 and abs(mast()[1]) < 1e-3 and mast()[2] > 450.0,
        "the mast stalls under the duct",
        each=lambda: publisher.publish(command),
    )
    assert mast()[0] == pytest.approx(2.2 - 0.95, abs=0.005)


def test_cameras_are_silent_until_somebody_subscribes(bench: Bench) -> None:
    bench.simulator("--world", ROOM, "--robot", "h1:hauler:3:2.5:0", "--speed", "1")
    truth = bench.listen(Odometry, "/h1/ground_truth")
    bench.until(lambda: len(truth) > 10, "the simulator runs")
    images = bench.listen(Image, "/h1/camera/image", qos_profile_sensor_data)
    depths = bench.listen(Image, "/h1/camera/depth_image", qos_profile_sensor_data)
    bench.until(
        lambda: bool(images and depths) or "cameras are off" in bench.logs(), "a picture, or word that there is none"
    )
    if not images:
        assert bench.logs().count("cameras are off") == 1
        pytest.skip("nothing to render with here")
    assert (images[0].width, images[0].height, images[0].encoding) == (320, 240, "rgb8")
    assert depths[0].encoding == "32FC1"


@pytest.mark.parametrize("speed", ["8", "max"])
def test_the_clock_holds_for_a_robot_whose_commands_come_late(bench: Bench, speed: str) -> None:
    """Ten commands a second allow 2.5 simulated seconds a second, whatever speed is asked for."""
    bench.simulator("--world", EMPTY, "--robot", "i1:inspector:0:0:0", "--speed", speed)
    truth = bench.listen(Odometry, "/i1/ground_truth")
    drive = bench.drive("/i1/cmd_vel", 0.0)
    last = 0.0

    def slowly() -> None:
        nonlocal last
        if time.monotonic() - last >= 0.1:
            last = time.monotonic()
            drive()

    bench.until(lambda: len(truth) > 5, "the simulator runs", each=slowly)
    # Until the simulator has seen this publisher, and has drained what it sent before, it runs freely.
    settle = time.monotonic() + 1.0
    bench.until(lambda: time.monotonic() > settle, "the governor knows the commander", each=slowly)
    start, sim = time.monotonic(), _stamp(truth[-1])
    bench.until(lambda: time.monotonic() > start + 3.0, "three seconds", each=slowly)
    achieved = (_stamp(truth[-1]) - sim) / (time.monotonic() - start)
    assert 0.3 < achieved < 3.2


def test_a_dead_commander_holds_the_clock_only_for_a_moment(bench: Bench) -> None:
    bench.simulator("--world", EMPTY, "--robot", "i1:inspector:0:0:0", "--speed", "4")
    truth = bench.listen(Odometry, "/i1/ground_truth")
    drive = bench.drive("/i1/cmd_vel", 0.0)
    bench.until(lambda: len(truth) > 20, "the simulator runs", each=drive)
    sim = _stamp(truth[-1])
    # While it counts as alive, a silent robot allows 0.25 s more.
    bench.until(lambda: _stamp(truth[-1]) - sim > 5.0, "the clock goes on without the dead commander")
    bench.until(lambda: json.loads(bench.report.read_text())["held_time"] > 0.25, "the wait is in the report")
    assert json.loads(bench.report.read_text())["held_time"] < 1.0


def test_the_total_station_measures_the_drill_tip_and_gives_fixes(bench: Bench) -> None:
    simulator = bench.simulator("--world", ROOM, "--robot", "d1:driller:4.5:3.5:0.5", "--speed", "4")
    station = bench.start("sim.instruments", "--robot", "d1:driller", "--seed", "3")
    fixes = bench.listen(PoseWithCovarianceStamped, "/d1/fix")
    joints = bench.listen(JointState, "/d1/joint_states")
    publisher = bench.node.create_publisher(Float64, "/d1/mast_cmd", 1)
    command = Float64(data=1.5)
    bench.until(
        lambda: bool(joints) and abs(joints[-1].position[0] - 1.5) < 1e-3 and len(fixes) > 20,
        "the mast is up and fixes arrive",
        each=lambda: publisher.publish(command),
    )
    assert fixes[-1].header.frame_id == "map"
    steps = [_stamp(b) - _stamp(a) for a, b in itertools.pairwise(fixes)]
    assert sorted(steps)[len(steps) // 2] == pytest.approx(0.2, abs=0.051)
    assert fixes[-1].pose.pose.position.x == pytest.approx(4.5, abs=0.012)
    client = bench.node.create_client(MeasurePoint, "/instruments/measure_point")
    assert client.wait_for_service(timeout_sec=10.0)
    future = client.call_async(MeasurePoint.Request(robot_id="d1", frame_id="drill_tip"))
    bench.until(future.done, "an answer of the instrument")
    answer = future.result()
    assert answer.success, answer.message
    place = (answer.position.x, answer.position.y, answer.position.z)
    assert place == pytest.approx((4.5, 3.5, 0.95 + 1.5), abs=0.008)
    assert answer.standard_deviation == pytest.approx(0.001)
    refused = client.call_async(MeasurePoint.Request(robot_id="d9", frame_id="drill_tip"))
    bench.until(refused.done, "a refusal")
    assert not refused.result().success
    assert "d9" in refused.result().message
    assert bench.stop(station) == 0
    assert bench.stop(simulator) == 0


def test_a_person_walks_waits_for_a_robot_in_its_way_and_never_touches_it(bench: Bench, tmp_path: Path) -> None:
    paths = tmp_path / "people.yaml"
    paths.write_text("people: [{id: p1, speed: 1.0, waypoints: [[1.0, 5.9], [9.0, 5.9]]}]\n")
    simulator = bench.simulator(
        "--world", ROOM, "--robot", "h1:hauler:6:5.9:0", "--people", str(paths), "--speed", "4"
    )  # fmt: skip
    people = bench.start("sim.people", "--paths", str(paths), "--robot", "h1:hauler")
    truth = bench.listen(Odometry, "/people/p1/ground_truth")
    bench.until(lambda: bool(truth) and _x(truth[-1]) > 3.5, "the person comes near the robot", 30.0)
    farthest = max(_x(message) for message in truth)
    bench.until(lambda: _x(truth[-1]) < 2.5, "the person turns back after waiting", 30.0)
    farthest = max(farthest, *(_x(message) for message in truth))
    assert farthest < 6.0 - 0.3 - 0.25 - 0.3
    assert bench.stop(people) == 0
    assert bench.stop(simulator) == 0
    content = json.loads(bench.report.read_text())
    assert content["contacts_per_robot"] == {"h1": 0}
    assert content["min_distance_robot_person"] == pytest.approx(0.9, abs=0.35)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--world", "nowhere.sdf"), "nowhere.sdf"),
        (("--world", EMPTY, "--robot", "d1:dozer:0:0:0"), "no model 'dozer'"),
        (("--world", EMPTY, "--robot", "d1:driller:0:0"), "ID:MODEL:X:Y:YAW"),
    ],
)
def test_options_that_cannot_be_used_end_the_process_with_two(
    bench: Bench, arguments: tuple[str, ...], word: str
) -> None:
    assert bench.simulator(*arguments).wait(timeout=20) == 2
    assert word in bench.logs()
    assert "Traceback" not in bench.logs()


def test_a_bridge_entry_that_no_model_offers_is_named(bench: Bench, tmp_path: Path) -> None:
    table = tmp_path / "bridge.yaml"
    table.write_text(
        "- {ros_topic_name: '/{robot}/sonar', gz_topic_name: '/model/{robot}/sonar',"
        " ros_type_name: sensor_msgs/msg/LaserScan, gz_type_name: gz.msgs.LaserScan, direction: GZ_TO_ROS}\n"
    )
    process = bench.simulator("--world", EMPTY, "--robot", "d1:driller:0:0:0", "--bridge", str(table))
    assert process.wait(timeout=20) == 2
    assert "no model offers the topic /model/d1/sonar" in bench.logs()


def test_a_topic_missing_in_the_table_is_missing_on_ros(bench: Bench, tmp_path: Path) -> None:
    table = tmp_path / "bridge.yaml"
    table.write_text(
        "- {ros_topic_name: '/{robot}/ground_truth', gz_topic_name: '/model/{robot}/ground_truth',"
        " ros_type_name: nav_msgs/msg/Odometry, gz_type_name: gz.msgs.Odometry, direction: GZ_TO_ROS}\n"
    )
    bench.simulator("--world", EMPTY, "--robot", "d1:driller:0:0:0", "--bridge", str(table))
    truth = bench.listen(Odometry, "/d1/ground_truth")
    bench.until(lambda: len(truth) > 3, "the one topic of the table")
    names = {name for name, _ in bench.node.get_topic_names_and_types()}
    # The speed governor listens to what commands answer; that is no topic of the machine, and no drive obeys it.
    governor = {"/d1/cmd_vel_stamped"}
    assert not {name for name in names if name.startswith("/d1/")} - {"/d1/ground_truth"} - governor
    assert "/clock" not in names


def test_the_total_station_stands_where_the_world_has_its_origin(bench: Bench) -> None:
    """World frame and map frame are one: a robot placed at (x, y, yaw) is measured there."""
    bench.simulator("--world", ROOM, "--robot", "i1:inspector:8.5:3.5:-1.2", "--speed", "4")
    bench.start("sim.instruments", "--robot", "i1:inspector")
    fixes = bench.listen(PoseWithCovarianceStamped, "/i1/fix")
    bench.until(lambda: len(fixes) > 10, "fixes")
    pose = fixes[-1].pose.pose
    assert (pose.position.x, pose.position.y) == pytest.approx((8.5, 3.5), abs=0.012)
    assert 2 * math.atan2(pose.orientation.z, pose.orientation.w) == pytest.approx(-1.2, abs=0.012)
