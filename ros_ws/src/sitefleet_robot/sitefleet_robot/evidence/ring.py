"""The last seconds of every topic in memory, as raw messages, within a limit of bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from sitefleet_robot.evidence.topics import Topic

OVERHEAD_BYTES = 240
"""What a message costs in memory beside its own bytes: the tuple, its numbers and the bytes object."""


class Sample(NamedTuple):
    """One raw (CDR) message.

    `window_ns` is the clock that counts the seconds before and after an event, `log_ns` ROS time at reception,
    `publish_ns` UTC at the publisher.
    """

    topic: Topic
    window_ns: int
    log_ns: int
    publish_ns: int
    data: bytes


class Ring:
    """Samples by topic, newest `keep_ns` of the window clock; of latched topics also the value before that, for good.

    Args:
        keep_ns: how far back samples are kept.
        max_bytes: limit over all topics, `OVERHEAD_BYTES` a message included; the oldest sample of all goes first.
        max_topic_bytes: limit of one topic; its oldest sample goes first.
    """

    def __init__(self, keep_ns: int, max_bytes: int, max_topic_bytes: int) -> None:
        self._keep_ns, self._max_bytes, self._max_topic_bytes = keep_ns, max_bytes, max_topic_bytes
        self._samples: dict[Topic, deque[Sample]] = {}
        self._topic_bytes: dict[Topic, int] = {}
        self._in_force: dict[Topic, Sample] = {}
        self.bytes = 0
        self.dropped: dict[str, int] = {}
        """Samples younger than `keep_ns` that the limits of bytes cost, by topic."""

    def __len__(self) -> int:
        return sum(map(len, self._samples.values()))

    def add(self, sample: Sample) -> None:
        """Take one in; what is too old or too much goes."""
        line = self._samples.setdefault(sample.topic, deque())
        line.append(sample)
        size = _cost(sample)
        self.bytes += size
        self._topic_bytes[sample.topic] = self._topic_bytes.get(sample.topic, 0) + size
        while self._topic_bytes[sample.topic] > self._max_topic_bytes and len(line) > 1:
            self._drop(sample.topic)
        while self.bytes > self._max_bytes and len(self) > 1:
            self._drop(min((t for t, samples in self._samples.items() if samples), key=self._oldest_of))

    def forget_before(self, now_ns: int) -> None:
        """Let go of what is older than `keep_ns` at the time `now_ns` of the window clock."""
        limit = now_ns - self._keep_ns
        for topic, line in self._samples.items():
            while line and line[0].window_ns < limit:
                self._leave(topic)

    def clear(self) -> None:
        """Forget the samples, for example because simulated time began again; values in force stay."""
        for topic, line in self._samples.items():
            while line:
                self._leave(topic)

    def between(self, start_ns: int, end_ns: int) -> list[Sample]:
        """Samples of [start, end] of the window clock, in their order of time."""
        found = [s for line in self._samples.values() for s in line if start_ns <= s.window_ns <= end_ns]
        return sorted(found, key=lambda sample: sample.window_ns)

    def in_force_at(self, start_ns: int) -> list[Sample]:
        """The newest value of each latched topic that is older than `start_ns`."""
        values: dict[Topic, Sample] = dict(self._in_force)
        for topic, line in self._samples.items():
            if topic.latched:
                values.update((topic, sample) for sample in line if sample.window_ns < start_ns)
        return list(values.values())

    def extend(self, samples: Iterable[Sample]) -> None:
        """Take in several."""
        for sample in samples:
            self.add(sample)

    def _oldest_of(self, topic: Topic) -> int:
        return self._samples[topic][0].window_ns

    def _drop(self, topic: Topic) -> None:
        self._leave(topic)
        self.dropped[topic.name] = self.dropped.get(topic.name, 0) + 1

    def _leave(self, topic: Topic) -> None:
        sample = self._samples[topic].popleft()
        size = _cost(sample)
        self.bytes -= size
        self._topic_bytes[topic] -= size
        if topic.latched:
            self._in_force[topic] = sample


def _cost(sample: Sample) -> int:
    return len(sample.data) + OVERHEAD_BYTES
