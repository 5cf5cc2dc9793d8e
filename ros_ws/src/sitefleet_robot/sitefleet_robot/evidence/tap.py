"""Takes the robot's messages in as raw bytes, many at a time.

The subscriptions belong to a node that no executor spins: ten times a second everything that has come is taken at
once, which costs a fraction of a callback for each message. When a message came, the middleware has noted.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from sitefleet_robot.evidence.camera import JpegEncoder
from sitefleet_robot.evidence.clocks import Moment, WindowClock, monotonic_of
from sitefleet_robot.evidence.ring import Sample
from sitefleet_robot.evidence.schemas import DefinitionMissingError, definition, message_class
from sitefleet_robot.evidence.topics import CAMERA, CAMERA_JPEG, CLOCK, Topic

_DEPTH = 200
"""Messages of a topic that may come between two looks."""
_TIME = struct.Struct("<iI")
_CDR_HEADER = 4
NS = 10**9

# Nobody waits for a best-effort reader, however slow it is.
_STREAM = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=_DEPTH, reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)  # fmt: skip
_NEWEST = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)  # fmt: skip
_LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=_DEPTH, reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)  # fmt: skip


class Tap:
    """Everything of the table that is installed.

    Args:
        namespace: the robot's.
        topics: what to take.
        clock: the window clock; /clock feeds it when time is simulated.
        camera: encoder of camera images; None: the camera is not subscribed to.
        camera_period: s of the window clock between two images.

    `missing` names topics whose messages are not installed.
    """

    def __init__(
        self,
        namespace: str,
        topics: Sequence[Topic],
        clock: WindowClock,
        camera: JpegEncoder | None,
        camera_period: float,
    ) -> None:
        self._clock = clock
        name = namespace.encode() + b"\0"
        self._own = struct.pack("<I", len(name)) + name  # the robot's id as it stands in a message
        wall_time = [Parameter("use_sim_time", Parameter.Type.BOOL, False)]  # this node reads /clock itself
        self._node = Node(
            "evidence_tap", namespace=namespace, parameter_overrides=wall_time, enable_rosout=False,
            start_parameter_services=False,
        )  # fmt: skip
        self.missing: list[str] = []
        self._subscriptions: list[tuple[Topic, Any]] = []
        for topic in topics:
            try:
                definition(topic.type_name)
                self._subscriptions.append((topic, self._subscribe(topic, _LATCHED if topic.latched else _STREAM)))
            except DefinitionMissingError:
                self.missing.append(topic.name)
        self._clock_subscription = self._subscribe(CLOCK, _STREAM) if clock.simulated else None
        self._camera, self._camera_period_ns = camera, int(camera_period * NS)
        self._camera_subscription = self._subscribe(CAMERA, _NEWEST) if camera else None
        self._camera_next = 0
        self.restarted = False
        """Simulated time went backwards in the last look."""

    def look(self) -> tuple[list[Sample], Moment]:
        """What has come since the last look, in order of time, and this moment."""
        self.restarted = self._read_clock()
        samples = [sample for topic, subscription in self._subscriptions for sample in self._take(topic, subscription)]
        if self._camera_subscription is not None:
            samples += self._take_image(self._camera_subscription)
        samples.sort(key=lambda sample: sample.window_ns)
        return samples, self.now()

    def now(self) -> Moment:
        """The present moment."""
        mono = time.monotonic_ns()
        return Moment(mono, time.time_ns(), self._clock.at(mono))

    def close(self) -> None:
        """Leave the network."""
        self._node.destroy_node()

    def _subscribe(self, topic: Topic, profile: QoSProfile) -> Any:
        kind = message_class(topic.type_name)
        return self._node.create_subscription(kind, topic.name, lambda _: None, profile, raw=True)

    def _read_clock(self) -> bool:
        """Feed the window clock. True when time went backwards."""
        restarted = False
        if self._clock_subscription is not None:
            for data, mono, _, _ in _taken(self._clock_subscription):
                seconds, nanoseconds = _TIME.unpack_from(data, _CDR_HEADER)
                restarted |= not self._clock.tick(mono, seconds * NS + nanoseconds)
        return restarted

    def _take(self, topic: Topic, subscription: Any) -> Iterator[Sample]:
        for data, mono, received, published in _taken(subscription):
            if not topic.own_only or self._own in data:
                yield self._sample(topic, data, mono, received, published)

    def _sample(self, topic: Topic, data: bytes, mono: int, received: int, published: int) -> Sample:
        window = self._clock.at(mono)
        return Sample(topic, window, window if self._clock.simulated else received, published, data)

    def _take_image(self, subscription: Any) -> Iterator[Sample]:
        window = self.now().window_ns
        if self._camera is None or 0 < self._camera_next - window <= self._camera_period_ns:
            return
        for data, mono, received, published in _taken(subscription):
            jpeg = self._camera.encode(deserialize_message(data, Image))
            if jpeg is not None:
                self._camera_next = window + self._camera_period_ns
                yield self._sample(CAMERA_JPEG, serialize_message(jpeg), mono, received, published)


def _taken(subscription: Any) -> Iterator[tuple[bytes, int, int, int]]:
    """Raw message, monotonic and UTC time of its reception, UTC time of its publication (all ns)."""
    now_mono, now_utc = time.monotonic_ns(), time.time_ns()
    with subscription.handle:
        for _ in range(_DEPTH):
            taken = subscription.handle.take_message(subscription.msg_type, True)
            if taken is None:
                return
            data, info = taken
            received, published = info["received_timestamp"], info["source_timestamp"]
            mono = monotonic_of(received, now_mono, now_utc)
            yield data, mono, received or now_utc, published or received or now_utc
