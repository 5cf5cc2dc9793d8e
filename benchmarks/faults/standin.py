"""What stands for a robot's other processes and for people, on the real topics: autonomy, localisation, operator,
personnel detection, the person's legs, and the wire between lidar and supervisor.

Streams go out by one timer of the steady clock. Each of them can be cut or spoiled; when the last good message of each
went out is kept.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovarianceStamped, Twist, TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import LaserScan
from sitefleet_interfaces.msg import ControlCommand, Factsheet, Heartbeat, PersonTrack, PersonTracks, RobotState, Route

from faults import world
from faults.measures import Hull, Place, Truth
from faults.person import Walker
from faults.series import Series
from faults.steering import ToAndFro
from sitefleet_robot.common import qos
from sitefleet_robot.common.geometry import set_yaw
from sitefleet_robot.common.pairing import response

PERIOD = 0.05
_TRACK_LATENCY = (0.06, 0.20)
"""s that a track is old when it is told."""
_TRACK_SIGMA = 0.06
"""m of a track's place."""


@dataclass
class Wires:
    """What goes out, and how it is spoiled."""

    proposals: bool = True
    control: bool = False
    held: bool = True
    """The operator holds the switch."""
    epoch: int = 0
    pose: bool = True
    pose_shift: tuple[float, float] = (0.0, 0.0)
    pose_sigma: float = 0.02
    pose_repeats: bool = False
    scan: str = "pass"
    """`pass`, `silent`, `same` (the last message again) or `stamped` (the last ranges under a new stamp)."""
    tracks: bool = False
    sent: dict[str, float] = field(default_factory=dict)
    """When the last good message of a stream went out."""


class StandIn:
    """Publishes; all of it in the executor's thread."""

    def __init__(self, node: Node, series: Series, key: bytes, dice: random.Random, *, person: bool, autonomy: bool):
        """`autonomy`: stand for it; otherwise the real one runs and only the operator and the wires are here."""
        self.wires = Wires()
        self.lane = ToAndFro(world.ENDS, world.LANE)
        self.hull = Hull(0.56, 0.50)
        self.walker = Walker(self.hull, world.PARK)
        self.state = 0
        self.sequence = 0
        self.on_command: Callable[[Any], None] | None = None
        """Is given each operator's command as it goes out: for those who record and replay it."""
        self._node, self._series, self._key, self._dice = node, series, key, dice
        self._autonomy, self._person = autonomy, person
        self._tracks: deque[tuple[float, Place]] = deque(maxlen=50)
        self._round = 0
        self._last_pose = 0.0
        self._pose_stamp = Time()
        self._scan: Any = None
        make = node.create_publisher
        self._proposals = make(TwistStamped, "cmd_vel_auto", qos.COMMAND)
        self.controls = make(ControlCommand, "control", qos.COMMAND)
        self.routes = make(Route, "route", qos.LATCHED)
        self._poses = make(PoseWithCovarianceStamped, "pose", qos.STREAM)
        self._scans = make(LaserScan, "scan", qos.SCAN)
        self._legs = make(Twist, f"/people/{world.PERSON}/cmd_vel", 1)
        self._people = make(PersonTracks, "person_tracks", qos.COMMAND)
        node.create_subscription(LaserScan, "scan_sensor", self._on_scan, qos.SCAN)
        if autonomy:
            self._states = make(RobotState, "/fleet/robot_state", qos.STREAM)
            self._sheet = make(Factsheet, "/fleet/factsheet", qos.FACTSHEET)
            self._sheet.publish(_factsheet())
            self._answers = make(Heartbeat, "heartbeat_response", qos.STREAM)
            node.create_subscription(Heartbeat, "heartbeat_challenge", self._on_challenge, qos.STREAM)
        node.create_timer(PERIOD, self._on_timer, clock=Clock(clock_type=ClockType.STEADY_TIME))

    # -- robot

    def on_truth(self, truth: Truth, stamp: Time) -> None:
        """The robot is there: what localisation would say of it, 20 times a second."""
        if not self._autonomy or not self.wires.pose or truth.t - self._last_pose < 0.9 * PERIOD:
            return
        self._last_pose = truth.t
        wires = self.wires
        if not wires.pose_repeats:
            self._pose_stamp = stamp
        message = PoseWithCovarianceStamped()
        message.header.stamp = self._pose_stamp
        message.header.frame_id = "map"
        place = message.pose.pose
        place.position.x = truth.x + wires.pose_shift[0] + self._dice.gauss(0.0, 0.01)
        place.position.y = truth.y + wires.pose_shift[1] + self._dice.gauss(0.0, 0.01)
        set_yaw(place.orientation, truth.yaw)
        message.pose.covariance[0] = message.pose.covariance[7] = wires.pose_sigma**2
        self._poses.publish(message)
        if wires.pose_shift == (0.0, 0.0) and wires.pose_sigma < 0.1 and not wires.pose_repeats:
            wires.sent["pose"] = time.monotonic()

    def _on_timer(self) -> None:
        self._round += 1
        robot = self._series.truth[-1] if self._series.truth else None
        linear, angular = (0.0, 0.0) if robot is None else self.lane.wish(robot)
        wires = self.wires
        if self._autonomy and wires.proposals:
            proposal = TwistStamped()
            proposal.twist.linear.x, proposal.twist.angular.z = linear, angular
            self._proposals.publish(proposal)
            wires.sent["proposals"] = time.monotonic()
        if wires.control:
            self.command(linear, angular)
        if self._person:
            self._walk(robot)
        if self._autonomy and robot is not None and self._round % 4 == 0:
            self._tell_state(robot)
        if wires.tracks and self._round % 2 == 0:
            self._tell_tracks()

    def command(self, linear: float, angular: float) -> None:
        """The operator's next command."""
        self.sequence += 1
        message = ControlCommand(robot_id=world.ROBOT, lease_epoch=self.wires.epoch, sequence=self.sequence)
        message.header.stamp = Clock().now().to_msg()
        message.hold_to_run = self.wires.held
        message.twist.linear.x, message.twist.angular.z = linear, angular
        self.controls.publish(message)
        self.wires.sent["control"] = time.monotonic()
        if self.on_command is not None:
            self.on_command(message)

    def _tell_state(self, robot: Truth) -> None:
        message = RobotState(robot_id=world.ROBOT, map_id=world.STOREY, battery=0.9, safety_state=self.state)
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.pose.pose.position.x, message.pose.pose.position.y = robot.x, robot.y
        set_yaw(message.pose.pose.orientation, robot.yaw)
        message.twist.linear.x = robot.speed
        self._states.publish(message)

    def _on_challenge(self, message: Any) -> None:
        answer = Heartbeat(source="executor", sequence=message.sequence, challenge=message.challenge)
        answer.response = response(self._key, message.challenge)
        self._answers.publish(answer)

    # -- the wire of the lidar

    def _on_scan(self, message: Any) -> None:
        how = self.wires.scan
        if how == "silent":
            return
        if how == "pass" or self._scan is None:
            self._scan = message
            self.wires.sent["scan"] = time.monotonic()
        elif how == "stamped":
            self._scan.header.stamp = message.header.stamp
        self._scans.publish(self._scan)

    # -- the person

    def on_person(self, place: Place) -> None:
        """The person is there."""
        self.walker.seen(place)
        self._tracks.append((place.t, place))

    def _walk(self, robot: Truth | None) -> None:
        command = Twist()
        command.linear.x, command.linear.y = self.walker.step(PERIOD, robot)
        self._legs.publish(command)

    def _tell_tracks(self) -> None:
        """One track, noisy and a little old; the place that is told is that of `last_seen`."""
        age = self._dice.uniform(*_TRACK_LATENCY)
        known = [p for t, p in self._tracks if t <= time.monotonic() - age]
        message = PersonTracks()
        message.header.frame_id = "map"
        message.header.stamp = self._node.get_clock().now().to_msg()
        if len(known) > 3:
            now, before = known[-1], known[-4]
            track = PersonTrack(track_id="1", source="benchmark", confidence=0.9)
            track.position.x = now.x + self._dice.gauss(0.0, _TRACK_SIGMA)
            track.position.y = now.y + self._dice.gauss(0.0, _TRACK_SIGMA)
            track.velocity.x = (now.x - before.x) / (now.t - before.t) + self._dice.gauss(0.0, 0.1)
            track.velocity.y = (now.y - before.y) / (now.t - before.t) + self._dice.gauss(0.0, 0.1)
            track.position_covariance[0] = track.position_covariance[4] = _TRACK_SIGMA**2
            message.tracks.append(track)
        self._people.publish(message)


def _factsheet() -> Any:
    return Factsheet(
        robot_id=world.ROBOT, model=world.MODEL, map_id=world.STOREY, trades=["drill"], length=0.56, width=0.50,
        half_width=0.25, turning_radius=0.38, max_speed=0.8, reach_min=1.0, reach_max=3.3, battery_reserve=0.2,
        home_node="h", software_version="benchmark",
    )  # fmt: skip


NEWEST = QoSProfile(depth=100)
"""A drive wants the newest command only; here every one of them is counted."""
