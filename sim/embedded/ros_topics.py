"""The bridge's entries on ROS: publishers that are due at their rate, subscriptions that command the simulation."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy

from sim.bridge import BridgeEntry, BridgeError
from sim.embedded import messages
from sim.embedded.robot import SimRobot
from sim.embedded.simulation import Simulation
from sim.sdf.types import Sensor
from sim.topics import BATTERY, DIFF_DRIVE, JOINT_STATES, ODOMETRY, Topic, topics_of

_BEST_EFFORT = frozenset({"sensor_msgs/msg/LaserScan", "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"})
_BATTERY_RATE = 1.0
_CLOCK_RATE = 20.0
_DEFAULT_RATE = 20.0

Writer = Callable[[messages.Stamp], Any]
Heard = Callable[[str], None]


def ros_type(name: str) -> Any:
    """Message class of `package/msg/Name`. Raises ImportError or AttributeError."""
    package, kind, message = name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), message)


@dataclass(slots=True)
class Outlet:
    """One published topic: due every `period` steps, written only for listeners where `lazy`."""

    entry: BridgeEntry
    publisher: Any
    write: Writer
    period: int
    listened: bool


class RosTopics:
    """Publishers and subscriptions of a simulation. Raises BridgeError for an entry that the models do not offer."""

    def __init__(self, node: Node, simulation: Simulation, entries: tuple[BridgeEntry, ...], heard: Heard) -> None:
        """`heard` is called with the name of a robot or person whose command arrived."""
        self._node, self._simulation, self._heard = node, simulation, heard
        self._offers: dict[str, tuple[str, Topic]] = {}
        models = [robot.body.model for robot in simulation.robots.values()]
        for model in (*models, *simulation.person_models.values()):
            self._offers.update({name: (model.name, topic) for name, topic in topics_of(model).items()})
        self.outlets: list[Outlet] = []
        self.command_topics: dict[str, str] = {}
        """Robot or person to its cmd_vel topic."""
        self.clock: Any = None
        self._pictures: dict[tuple[str, str], tuple[int, Any]] = {}
        for entry in entries:
            self._open(entry)

    def _open(self, entry: BridgeEntry) -> None:
        if entry.gz_type_name == "gz.msgs.Clock":
            self.clock = self._publisher(entry)
            self._clock_message = ros_type(entry.ros_type_name)()
            return
        if entry.gz_topic_name not in self._offers:
            raise BridgeError(f"{entry.ros_topic_name}: no model offers the topic {entry.gz_topic_name}")
        owner, topic = self._offers[entry.gz_topic_name]
        if (topic.gz_type, topic.direction) != (entry.gz_type_name, entry.direction):
            raise BridgeError(
                f"{entry.ros_topic_name}: {entry.gz_topic_name} is {topic.gz_type} {topic.direction}, "
                f"the bridge says {entry.gz_type_name} {entry.direction}"
            )
        if topic.direction == "ROS_TO_GZ":
            self._subscribe(entry, owner, topic)
        else:
            self._publish(entry, owner, topic)

    def _publisher(self, entry: BridgeEntry) -> Any:
        profile = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=entry.publisher_queue,
            reliability=ReliabilityPolicy.BEST_EFFORT
            if entry.ros_type_name in _BEST_EFFORT
            else ReliabilityPolicy.RELIABLE,
        )
        return self._node.create_publisher(ros_type(entry.ros_type_name), entry.ros_topic_name, profile)

    def _subscribe(self, entry: BridgeEntry, owner: str, topic: Topic) -> None:
        if topic.part == "drive":
            self.command_topics[owner] = entry.ros_topic_name
            callback = self._drive_callback(owner)
        elif topic.part == "walk":
            self.command_topics[owner] = entry.ros_topic_name
            callback = self._walk_callback(owner)
        else:
            axis = self._simulation.robots[owner].axes[topic.part.split(":", 1)[1]]

            def callback(message: Any) -> None:
                axis.command(message.data)

        self._node.create_subscription(
            ros_type(entry.ros_type_name), entry.ros_topic_name, callback, entry.subscriber_queue
        )

    def _drive_callback(self, owner: str) -> Callable[[Any], None]:
        drive, now = self._simulation.robots[owner].drive, self._simulation.clock
        assert drive is not None

        def callback(message: Any) -> None:
            drive.command(message.linear.x, message.angular.z, now())
            self._heard(owner)

        return callback

    def _walk_callback(self, owner: str) -> Callable[[Any], None]:
        person, now = self._simulation.people[owner], self._simulation.clock

        def callback(message: Any) -> None:
            person.command(message.linear.x, message.linear.y, message.angular.z, now())
            self._heard(owner)

        return callback

    def _publish(self, entry: BridgeEntry, owner: str, topic: Topic) -> None:
        if owner in self._simulation.people:
            writer: Writer = messages.OdometryWriter(self._simulation.people[owner].read_truth)
            rate = _DEFAULT_RATE
        else:
            robot = self._simulation.robots[owner]
            rate = self._rate(robot, topic)
            writer = self._writer(robot, topic, 1.0 / rate)
        period = max(1, round(1.0 / (rate * self._simulation.dt)))
        self.outlets.append(Outlet(entry, self._publisher(entry), writer, period, not entry.lazy))

    def _rate(self, robot: SimRobot, topic: Topic) -> float:
        """Hz, from the SDF."""
        model, part = robot.body.model, topic.part
        if ":" in part:
            return self._sensor(robot, part.split(":", 1)[1]).update_rate or _DEFAULT_RATE
        if part == "bumper":
            rates = [s.update_rate for link in model.links for s in link.sensors if s.kind == "contact"]
            return rates[0] if rates and rates[0] > 0.0 else _DEFAULT_RATE
        key = {
            "odometry": (DIFF_DRIVE, "odom_publish_frequency"),
            "truth": (ODOMETRY, "odom_publish_frequency"),
            "joints": (JOINT_STATES, "update_rate"),
            "battery": (BATTERY, ""),
        }[part]
        if part == "battery":
            return _BATTERY_RATE
        return float(model.plugins_named(key[0])[0].parameters.get(key[1], (str(_DEFAULT_RATE),))[0])

    @staticmethod
    def _sensor(robot: SimRobot, name: str) -> Sensor:
        return next(s for link in robot.body.model.links for s in link.sensors if s.name == name)

    def _writer(self, robot: SimRobot, topic: Topic, period: float) -> Writer:
        simulation, part = self._simulation, topic.part
        plain: dict[str, Callable[[], Writer]] = {
            "odometry": lambda: messages.OdometryWriter(robot.read_odometry),
            "truth": lambda: messages.OdometryWriter(robot.read_truth),
            "joints": lambda: messages.JointWriter(robot.read_joints),
            "battery": lambda: messages.BatteryWriter(robot.read_battery),
            "bumper": lambda: messages.BumperWriter(lambda: simulation.bumper(robot.name)),
        }
        if part in plain:
            return plain[part]()
        kind, name = part.split(":", 1)
        sensor = self._sensor(robot, name)
        frame = robot.frame_of(sensor)
        if kind == "scan":
            assert sensor.lidar is not None
            return messages.ScanWriter(sensor.lidar, frame, period, lambda: simulation.scan(robot.name, name))
        if kind == "imu":
            return messages.ImuWriter(lambda: robot.read_imu(name, simulation.time))
        assert sensor.camera is not None
        if kind == "camera_info":
            return messages.CameraInfoWriter(sensor.camera, frame)
        index, encoding = (0, "rgb8") if kind == "image" else (1, "32FC1")
        return messages.ImageWriter(sensor.camera, frame, encoding, lambda: self._picture(robot.name, name, index))

    def _picture(self, robot: str, sensor: str, index: int) -> Any:
        """Colour and depth of one moment come from one rendering."""
        cached = self._pictures.get((robot, sensor))
        if cached is None or cached[0] != self._simulation.steps:
            cached = (self._simulation.steps, self._simulation.picture(robot, sensor))
            self._pictures[robot, sensor] = cached
        return None if cached[1] is None else cached[1][index]

    def look_for_listeners(self) -> None:
        """Find out which lazy topics somebody listens to. Costs a graph query each; call it seldom."""
        for outlet in self.outlets:
            if outlet.entry.lazy:
                outlet.listened = outlet.publisher.get_subscription_count() > 0

    def publish_clock(self, stamp: messages.Stamp) -> None:
        """Tell the simulated time."""
        if self.clock is not None:
            self._clock_message.clock.sec, self._clock_message.clock.nanosec = stamp
            self.clock.publish(self._clock_message)

    def publish_due(self) -> None:
        """Publish what is due at the present step; the clock first, so that no stamp lies in a reader's future."""
        simulation = self._simulation
        steps, stamp = simulation.steps, messages.stamp_of(simulation.time)
        if steps % max(1, round(1.0 / (_CLOCK_RATE * simulation.dt))) == 0:
            self.publish_clock(stamp)
        for outlet in self.outlets:
            if steps % outlet.period == 0 and outlet.listened:
                message = outlet.write(stamp)
                if message is not None:
                    outlet.publisher.publish(message)
