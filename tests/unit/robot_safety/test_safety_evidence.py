"""What a stop leaves behind: how long and how far it took, and sensors that only seem to be alive."""

import math

import numpy as np
import pytest
from sensor_msgs.msg import LaserScan

from sitefleet_robot.safety.messages import RecordContext, ScanReader, event_message
from sitefleet_robot.safety.scan import Mount, ScanConverter, ScanPoints
from sitefleet_robot.safety.states import State, Trigger
from sitefleet_robot.safety.values import Pose, Scan, Twist2


def braking(bench, speed: float, deceleration: float) -> None:
    """The drive obeys: odometry of a robot that brakes to standing."""
    while speed > 0.0:
        speed = max(0.0, speed - deceleration * 0.04)
        bench.way += speed * 0.04
        bench.motion = Twist2(speed, 0.0)
        bench.run(0.04)


def test_a_stop_in_motion_is_measured_when_the_robot_stands(bench):
    bench.in_auto()
    bench.motion = Twist2(0.5, 0.0)
    for _ in range(10):
        bench.way += 0.02
        bench.run(0.04)
    bench.stop()
    stop = bench.transitions[-1]
    braking(bench, 0.5, 1.0)
    bench.run(0.2)
    stood = [t for t in bench.transitions if t.trigger is Trigger.STOOD]
    assert len(stood) == 1 and stood[0].about == stop.number
    assert 0.4 < stood[0].latency < 0.7
    assert stood[0].stop_distance == pytest.approx(0.12, abs=0.04)
    assert math.isnan(stop.stop_distance)


def test_a_stop_at_rest_has_no_way_and_no_second_event(bench):
    bench.in_auto()
    bench.motion = Twist2()
    bench.run(0.2)
    bench.stop()
    assert bench.transitions[-1].stop_distance == 0.0
    bench.run(1.0)
    assert bench.transitions[-1].trigger is Trigger.REMOTE_STOP


def test_the_way_counts_from_the_cause_not_from_the_moment_it_was_noticed(bench):
    bench.in_auto()
    bench.motion = Twist2(0.5, 0.0)
    bench.alive.discard("proposals")
    for _ in range(10):
        bench.way += 0.02
        bench.run(0.04)
    assert bench.state is State.STOPPED
    bench.motion = Twist2()
    bench.run(0.1)
    stood = bench.transitions[-1]
    assert stood.trigger is Trigger.STOOD and 0.14 <= stood.stop_distance <= 0.24


def test_the_event_of_a_measurement_names_the_event_it_belongs_to(bench):
    bench.in_auto()
    bench.stop()
    bench.motion = Twist2()
    bench.run(0.2)
    stood = bench.transitions[-1]
    event = event_message(stood, RecordContext("id2", 0, 0, "r1", "1", "h", "id1", "REMOTE_STOP"))
    assert event.event_class == "REMOTE_STOP" and event.trigger == "stood_still"
    assert event.action == "measurement of event id1"
    assert event.stop_distance == stood.stop_distance


def scan_message(ranges, stamp=0):
    message = LaserScan(angle_min=-3.0, angle_increment=0.1, range_min=0.1, range_max=10.0)
    message.ranges = [float(r) for r in ranges]
    message.header.stamp.sec = stamp
    return message


def test_row_09_a_lidar_that_repeats_itself_is_noticed():
    read = ScanReader(ScanConverter(Mount(0.0, 0.0, 0.0)))
    noisy = [np.full(60, 3.0) + 0.001 * k for k in range(3)]
    assert [read(scan_message(r, k)).repeated for k, r in enumerate(noisy, 1)] == [False] * 3
    assert read(scan_message(noisy[2], 4)).repeated, "the same ranges"
    assert read(scan_message(noisy[0], 4)).repeated, "the same moment"
    nothing = np.full(60, np.inf)
    assert [read(scan_message(nothing, k)).repeated for k in (5, 6)] == [False, False], "nothing looks like nothing"


def test_row_09_a_frozen_lidar_stops_a_robot_that_moves(bench):
    bench.in_auto()
    bench.alive.discard("scan")
    for _ in range(5):
        bench.put(Scan(ScanPoints(np.zeros((0, 2))), repeated=True))
        bench.run(0.1)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.SCAN_LOST
    assert "repeats" in bench.core.reason.sentence


def test_a_robot_that_stands_may_see_the_same_all_the_time(bench):
    bench.in_auto()
    bench.motion, bench.twist = Twist2(), Twist2()
    bench.run(0.1)
    bench.alive.discard("scan")
    for _ in range(10):
        bench.put(Scan(ScanPoints(np.zeros((0, 2))), repeated=True))
        bench.run(0.1)
    assert bench.state is State.AUTO


def test_row_09_a_pose_that_jumps_stops_autonomy_at_once(bench):
    bench.in_auto()
    bench.alive.discard("pose")
    for k in range(5):
        bench.put(Pose(1.0 + 0.02 * k, 2.0, 0.5, 0.01, 10.0 + 0.05 * k))
        bench.run(0.02)
    assert bench.state is State.AUTO
    bench.put(Pose(2.0, 2.0, 0.5, 0.01, 10.3))
    assert bench.state is State.STOPPED and bench.core.command.is_zero
    assert "jumped by 0.92 m" in bench.core.reason.sentence


def test_a_pose_after_a_pause_may_be_as_far_as_the_robot_drives_in_it(bench):
    bench.in_auto()
    bench.alive.discard("pose")
    bench.put(Pose(1.0, 2.0, 0.5, 0.01, 10.0))
    bench.run(0.1)
    bench.put(Pose(2.5, 2.0, 0.5, 0.01, 12.0))
    assert bench.state is State.AUTO


def test_row_09_a_pose_that_repeats_itself_is_none(bench):
    bench.in_auto()
    bench.alive.discard("pose")
    for _ in range(10):
        bench.put(Pose(1.0, 2.0, 0.5, 0.01, 10.0))
        bench.run(0.04)
    assert bench.state is State.STOPPED
    assert bench.core.reason.trigger is Trigger.POSE_LOST
