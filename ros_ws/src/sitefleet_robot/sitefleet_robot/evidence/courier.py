"""What the site has not acknowledged yet: the supervisor's events and the recorder's own. No ROS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sitefleet_robot.common.spool import Damage, Entry
from sitefleet_robot.evidence.followup import event_of
from sitefleet_robot.evidence.marks import Marks
from sitefleet_robot.evidence.outbox import Outbox


class Courier:
    """Follows both spools of a robot.

    Args:
        state: the robot's state folder: `events` is the supervisor's spool, `evidence` this process' own folder.

    Raises SpoolInUseError when another process delivers for this robot, OSError of the disk.
    """

    def __init__(self, state: Path) -> None:
        self._recorded = Marks(state / "evidence" / "recorded")
        self._unrecorded: dict[int, str] = {}
        self._events = Outbox(state / "events", state / "evidence" / "acknowledged_events", self._oldest_unrecorded)
        self._own = Outbox(state / "evidence" / "outbox", state / "evidence" / "acknowledged_outbox")
        self._new_recorded: list[int] = []

    @property
    def damage(self) -> list[Damage]:
        """Damaged places of both spools passed so far."""
        return [*self._events.damage, *self._own.damage]

    @property
    def waiting(self) -> int:
        """Events that wait for their acknowledgement."""
        return len(self._events.delivery) + len(self._own.delivery)

    @property
    def unusable(self) -> int:
        """Records without an id."""
        return self._events.unusable + self._own.unusable

    def read(self, now: float) -> list[Entry]:
        """Take new records in. Returns the supervisor's events that have neither a recording nor a follow-up yet."""
        self._own.read(now)
        entries = [e for e in self._events.read(now) if e.record.get("event_id") and e.seq not in self._recorded]
        self._unrecorded.update((entry.seq, str(entry.record["event_id"])) for entry in entries)
        return entries

    def due(self, now: float) -> list[Mapping[str, Any]]:
        """Records to send now; `now` monotonic, s."""
        return [*self._events.due(now), *self._own.due(now)]

    def acknowledged(self, event_ids: Iterable[str], now: float) -> None:
        """The site has stored these."""
        ids = list(event_ids)
        self._events.acknowledged(ids, now)
        self._own.acknowledged(ids, now)

    def recorded(self, numbers: Iterable[int]) -> None:
        """These events have a follow-up on the disk, or need none."""
        self._new_recorded += numbers

    def recorded_ids(self, event_ids: Iterable[str]) -> None:
        """The same, by the events' ids."""
        ids = set(event_ids)
        self.recorded(seq for seq, event_id in self._unrecorded.items() if event_id in ids)

    def unacknowledged(self) -> frozenset[str]:
        """Events that are not acknowledged, or whose follow-up is not."""
        own = (event_of(record) for record in self._own.delivery.records())
        return frozenset(self._events.delivery.ids()) | {event_id for event_id in own if event_id is not None}

    def settle(self) -> None:
        """Bring acknowledgements and marks to the disk, remove what is done. Raises OSError; call it again."""
        if self._new_recorded:
            self._recorded.add(self._new_recorded)
            for seq in self._new_recorded:
                self._unrecorded.pop(seq, None)
            self._new_recorded.clear()
        removed_below = self._events.settle()
        if removed_below is not None:
            self._recorded.forget_below(removed_below)
        self._own.settle()

    def close(self) -> None:
        """Let another process deliver."""
        self._events.close()
        self._own.close()
        self._recorded.close()

    def _oldest_unrecorded(self) -> int | None:
        return min(self._unrecorded, default=None)
