"""A recording as an MCAP file of ROS 2 messages, written from front to end so that a crash leaves a readable part.

`log_time` is ROS time at reception, `publish_time` UTC at the publisher. Clocks and events stand in metadata records.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from mcap.writer import CompressionType, Writer

from sitefleet_robot.evidence.ring import Sample
from sitefleet_robot.evidence.schemas import definition
from sitefleet_robot.evidence.topics import Topic

CHUNK_BYTES = 256 << 10
"""Size of a chunk; `sync` ends one sooner."""

_QOS = """\
- history: keep_last
  depth: 1
  reliability: {reliability}
  durability: {durability}
  deadline: {{sec: 9223372036, nsec: 854775807}}
  lifespan: {{sec: 9223372036, nsec: 854775807}}
  liveliness: automatic
  liveliness_lease_duration: {{sec: 9223372036, nsec: 854775807}}
  avoid_ros_namespace_conventions: false
"""


class DiskFile:
    """Unbuffered output; unlike Python's buffered files it holds nothing back that could fail once more at its end."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._written = 0

    def write(self, data: bytes) -> int:
        """Write all of it. Raises OSError."""
        view = memoryview(data)
        while view:
            count = os.write(self._descriptor, view)
            self._written += count
            view = view[count:]
        return len(data)

    def tell(self) -> int:
        """Bytes written."""
        return self._written

    def flush(self) -> None:
        """Nothing is buffered."""

    def sync(self) -> None:
        """Bring it to the disk. Raises OSError."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class RecordingFile:
    """Writes one recording to `path`, which must not be there yet.

    Args:
        path: temporary name; whoever uses this gives it its final one.
        namespace: the robot's, for topics without a leading slash.

    Every method may raise OSError; then `close` and `repair.close_part` save what is on the disk.
    """

    def __init__(self, path: Path, namespace: str) -> None:
        self._file = DiskFile(path)
        self._namespace = namespace
        self._channels: dict[Topic, int] = {}
        self._schemas: dict[str, int] = {}
        self.messages = 0
        self._writer = Writer(self._file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
        try:
            self._writer.start(profile="ros2", library="sitefleet")
        except OSError:
            self._file.close()
            path.unlink()
            raise

    @property
    def bytes(self) -> int:
        """Size of the file so far; up to a chunk more is in memory."""
        return self._file.tell()

    def note(self, name: str, facts: Mapping[str, object]) -> None:
        """A metadata record; it reaches the file at once."""
        self._writer.add_metadata(name, {key: str(value) for key, value in facts.items()})

    def write(self, samples: Iterable[Sample], log_ns: int | None = None) -> None:
        """Messages in their order; `log_ns` instead of their own time, for values in force at the start."""
        for sample in samples:
            time = sample.log_ns if log_ns is None else log_ns
            self._writer.add_message(self._channel(sample.topic), time, sample.data, max(sample.publish_ns, 0))
            self.messages += 1

    def sync(self) -> None:
        """Bring what was written so far to the disk, as a chunk of its own."""
        self._writer.flush()
        self._file.sync()

    def finish(self) -> None:
        """Index, end and sync of the file."""
        self._writer.finish()
        self._file.sync()

    def close(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _channel(self, topic: Topic) -> int:
        channel = self._channels.get(topic)
        if channel is None:
            name = topic.name if topic.name.startswith("/") else f"/{self._namespace}/{topic.name}"
            qos = _QOS.format(
                reliability="reliable" if topic.latched else "best_effort",
                durability="transient_local" if topic.latched else "volatile",
            )
            channel = self._writer.register_channel(
                name, "cdr", self._schema(topic.type_name), {"offered_qos_profiles": qos}
            )
            self._channels[topic] = channel
        return channel

    def _schema(self, type_name: str) -> int:
        schema = self._schemas.get(type_name)
        if schema is None:
            schema = self._writer.register_schema(type_name, "ros2msg", definition(type_name).encode())
            self._schemas[type_name] = schema
        return schema
