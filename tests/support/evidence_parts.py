"""Small parts of recordings that several tests need."""

from __future__ import annotations

import functools
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from geometry_msgs.msg import Twist
from mcap.reader import make_reader
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from sitefleet_interfaces.msg import SafetyState

from sitefleet_robot.evidence.ring import Sample
from sitefleet_robot.evidence.schemas import message_class
from sitefleet_robot.evidence.topics import TOPICS, Topic

NS = 10**9
BY_NAME = {topic.name: topic for topic in TOPICS}


@functools.cache  # the padding of a serialized message is not the same each time
def twist(window_s: float, value: float = 0.0, topic: Topic = BY_NAME["cmd_vel"]) -> Sample:
    """A command at a window time, s; ROS time is the same, UTC 1,000 s later."""
    message = Twist()
    message.linear.x = value
    at = round(window_s * NS)
    return Sample(topic, at, at, at + 1000 * NS, bytes(serialize_message(message)))


@functools.cache
def state(window_s: float, reason: str) -> Sample:
    """A latched safety state."""
    at = round(window_s * NS)
    data = bytes(serialize_message(SafetyState(robot_id="r1", reason=reason)))
    return Sample(BY_NAME["safety_state"], at, at, at + 1000 * NS, data)


def record(at_s: float = 0.0, **fields: object) -> dict[str, object]:
    """An event's record as the supervisor spools it."""
    utc = round(at_s * NS) + 1_700_000_000 * NS
    return {
        "event_id": str(uuid.uuid4()),
        "event_class": "PROTECTIVE_STOP",
        "severity": 1,
        "robot_id": "r1",
        "seq": 1,
        "t_mono_ns": round(at_s * NS),
        "t_utc": {"sec": utc // NS, "nanosec": utc % NS},
        "task_id": "task-7",
        "trigger": "field_blocked",
        "min_separation": None,
        **fields,
    }


def wait_for(condition: Callable[[], object], what: str, seconds: float = 10.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.01)


def read_mcap(path: Path) -> list[tuple[str, int, int, Any]]:
    """Topic, log time, publish time and decoded message, in the order of the file, by the library mcap itself."""
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        return [
            (channel.topic, message.log_time, message.publish_time, deserialize_message(message.data, kind(schema)))
            for schema, channel, message in reader.iter_messages(log_time_order=False)
        ]


def kind(schema: Any) -> Any:
    """The Python class of a file's schema."""
    return message_class(schema.name)


def notes(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Metadata records of a recording."""
    with path.open("rb") as file:
        return [(record.name, dict(record.metadata)) for record in make_reader(file).iter_metadata()]


def read_rosbags(path: Path) -> list[tuple[str, int, Any]]:
    """Topic, log time and message, decoded by rosbags from the definitions in the file alone."""
    store = get_typestore(Stores.EMPTY)
    with Reader(path) as reader:
        for connection in reader.connections:
            store.register(get_types_from_msg(connection.msgdef.data, connection.msgtype))
        return [
            (connection.topic, time_ns, store.deserialize_cdr(data, connection.msgtype))
            for connection, time_ns, data in reader.messages()
        ]
