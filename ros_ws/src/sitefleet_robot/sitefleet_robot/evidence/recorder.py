"""Keeps the last seconds in memory and orders a recording around each event. No ROS: samples and events come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sitefleet_robot.evidence.clocks import Moment, WindowClock
from sitefleet_robot.evidence.ring import Ring, Sample
from sitefleet_robot.evidence.windows import (
    Closed,
    Joined,
    Opened,
    RecordedEvent,
    Recording,
    Step,
    Windows,
    WindowSettings,
)
from sitefleet_robot.evidence.writer import Add, Append, Begin, End, Miss, Order, RecordingWriter

NS = 10**9
_SLACK_NS = 5 * NS
"""How much longer than `before` the ring reaches back: an event is noticed a little after it happened."""
_SAME_CLOCK_NS = 2 * NS
_ROOM = 16 << 20
"""Bytes that a recording needs on the disk beside what is in the ring, estimated."""


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """Windows, and limits of memory in bytes."""

    windows: WindowSettings
    ring_bytes: int
    topic_bytes: int
    min_severity: int = 0


class Recorder:
    """One robot's recorder.

    Args:
        settings: windows and limits.
        clock: the window clock; whoever feeds it tells `restart` when time went backwards.
        writer: carries out the orders.
        facts: what every file says about itself: robot, versions.
    """

    def __init__(
        self, settings: RecorderSettings, clock: WindowClock, writer: RecordingWriter, facts: Mapping[str, object]
    ) -> None:
        self._settings, self._clock, self._writer, self._facts = settings, clock, writer, dict(facts)
        self.ring = Ring(settings.windows.before + _SLACK_NS, settings.ring_bytes, settings.topic_bytes)
        self._windows = Windows(settings.windows)
        self._waiting: list[tuple[int, Mapping[str, Any], bool]] = []  # events before simulated time begins
        self._unacknowledged: frozenset[str] = frozenset()

    @property
    def recording(self) -> bool:
        """A recording is running."""
        return self._windows.current is not None

    def wants(self, record: Mapping[str, Any]) -> bool:
        """The event is severe enough."""
        return int(record.get("severity", 0)) >= self._settings.min_severity

    def take(self, samples: Sequence[Sample], now: Moment) -> None:
        """Messages came, in their order of time."""
        self.ring.extend(samples)
        self.ring.forget_before(now.window_ns)
        current = self._windows.current
        if current is not None:
            wanted = [s for s in samples if current.start <= s.window_ns <= current.until]
            if wanted:
                self._writer.order(Append(wanted))

    def event(self, seq: int, record: Mapping[str, Any], now: Moment, *, stale: bool = False) -> None:
        """An event was found in the spool.

        Args:
            seq: its number there.
            record: the event.
            now: this moment.
            stale: it lay there already when this process started, so it may be from before a reboot.
        """
        if not self._clock.running:
            self._waiting.append((seq, record, stale))
            return
        mono = int(record.get("t_mono_ns", 0))
        age = now.mono_ns - mono
        missed = RecordedEvent(seq, record, 0)
        if stale and abs(now.utc_ns - _utc(record) - age) > _SAME_CLOCK_NS:
            self._writer.order(Miss(missed, "no recording: the robot was restarted before it was made"))
            return
        at = self._clock.at(min(mono, now.mono_ns))
        if now.window_ns - at > self._settings.windows.after:
            seconds = (now.window_ns - at) / NS
            self._writer.order(Miss(missed, f"no recording: the recorder noticed the event {seconds:.1f} s late"))
            return
        self._carry_out(self._windows.event(RecordedEvent(seq, record, at), now.mono_ns), now)

    def tick(self, now: Moment) -> None:
        """Time passed."""
        if self._clock.running:
            waiting, self._waiting = self._waiting, []
            for seq, record, stale in waiting:
                self.event(seq, record, now, stale=stale)
        self._carry_out(self._windows.tick(now.window_ns, now.mono_ns), now)

    def restart(self, now: Moment) -> None:
        """Simulated time began again: what was before cannot be put in order with what comes."""
        self._carry_out(self._windows.finish(), now)
        self.ring.clear()

    def leave(self, now: Moment) -> None:
        """The process ends: so does the running recording."""
        for seq, record, _ in self._waiting:
            self._writer.order(Miss(RecordedEvent(seq, record, 0), "no recording: simulated time had not begun"))
        self._carry_out(self._windows.finish(), now)

    def protect(self, unacknowledged: frozenset[str]) -> None:
        """Ids of events whose recordings must not be deleted for the next one."""
        self._unacknowledged = unacknowledged

    def _carry_out(self, steps: Sequence[Step], now: Moment) -> None:
        for step in steps:
            self._writer.order(self._order(step, now))

    def _order(self, step: Step, now: Moment) -> Order:
        if isinstance(step, Opened):
            return self._begin(step.recording, now)
        if isinstance(step, Joined):
            return Add(step.event, self._event_facts(step.event, now))
        return self._end(step, now)

    def _begin(self, recording: Recording, now: Moment) -> Begin:
        first = recording.events[0]
        windows = self._settings.windows
        facts = {
            **self._facts,
            "window_clock": "simulated" if self._clock.simulated else "monotonic",
            "before_s": windows.before / NS,
            "after_s": windows.after / NS,
            **_moment(now),
        }
        samples = self.ring.between(recording.start, recording.until)
        # The start in ROS time: the values in force stand there, just before the first message of the window.
        start_log = samples[0].log_ns if samples else self._log_at(recording.start, now)
        return Begin(
            name=self._name(first.record),
            first=Add(first, self._event_facts(first, now)),
            facts=facts,
            start_log_ns=start_log,
            in_force=self.ring.in_force_at(recording.start),
            samples=samples,
            unacknowledged=self._unacknowledged,
            room=self.ring.bytes + _ROOM,
        )

    def _end(self, step: Closed, now: Moment) -> End:
        recording = step.recording
        complete = now.window_ns >= recording.until
        got = (min(now.window_ns, recording.until) - recording.start) / NS
        narrative = f"recording of {got:.1f} s"
        if not complete:
            narrative += ", ended early: the recorder stopped or its clock stood still"
        return End(_moment(now), narrative, complete)

    def _event_facts(self, event: RecordedEvent, now: Moment) -> dict[str, object]:
        return {
            "event_id": event.record["event_id"],
            "event_class": event.record.get("event_class", ""),
            "trigger": event.record.get("trigger", ""),
            "window_ns": event.at,
            "log_ns": self._log_at(event.at, now),
        }

    def _log_at(self, window_ns: int, now: Moment) -> int:
        """ROS time at a window time: the same when simulated, else UTC by the offset of this moment."""
        return window_ns if self._clock.simulated else window_ns + now.utc_ns - now.mono_ns

    @staticmethod
    def _name(record: Mapping[str, Any]) -> str:
        moment = datetime.fromtimestamp(_utc(record) / NS, tz=timezone.utc)
        words = (
            str(record.get("robot_id", "robot")),
            f"{moment:%Y%m%dT%H%M%SZ}",
            str(record.get("event_class", "event")).lower(),
            str(record["event_id"])[:8],
        )
        return "-".join("".join(c if c.isalnum() or c in "_." else "_" for c in word) for word in words)


def _moment(now: Moment) -> dict[str, object]:
    return {"utc_ns": now.utc_ns, "mono_ns": now.mono_ns, "window_now_ns": now.window_ns}


def _utc(record: Mapping[str, Any]) -> int:
    stamp = record.get("t_utc", {})
    return int(stamp.get("sec", 0)) * NS + int(stamp.get("nanosec", 0))
