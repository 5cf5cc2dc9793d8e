"""One spool on its way to the site: read, sent until acknowledged, removed when nobody needs it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sitefleet_robot.common.spool import Damage, Entry, SpoolReader
from sitefleet_robot.evidence.delivery import Delivery
from sitefleet_robot.evidence.marks import Marks


class Outbox:
    """Follows a spool that another process (or this one) appends to.

    Args:
        spool: its folder.
        marks: folder of the acknowledgements, owned by this.
        still_needed: number from which records are needed for something else than delivery; None: for nothing.

    Raises SpoolInUseError when another courier has the marks open, OSError of the disk.
    """

    def __init__(self, spool: Path, marks: Path, still_needed: Callable[[], int | None] = lambda: None) -> None:
        self._reader = SpoolReader(spool)
        self._marks = Marks(marks)
        self._still_needed = still_needed
        self._last_read = 0
        self._acknowledged: list[int] = []
        self.delivery = Delivery()
        self.unusable = 0
        """Records that have no event id and therefore cannot be delivered."""

    @property
    def damage(self) -> list[Damage]:
        """Damaged places passed so far."""
        return self._reader.damage

    def read(self, now: float) -> list[Entry]:
        """New records; those that are not acknowledged yet wait for their delivery from now on."""
        entries = self._reader.read()
        for entry in entries:
            self._last_read = entry.seq
            if not entry.record.get("event_id"):
                self.unusable += 1
            elif entry.seq not in self._marks:
                self.delivery.add(entry.seq, entry.record, now)
        return entries

    def due(self, now: float) -> list[Mapping[str, Any]]:
        """Records to send now."""
        return self.delivery.due(now)

    def acknowledged(self, event_ids: Iterable[str], now: float) -> None:
        """The site has stored these; `settle` brings it to the disk."""
        self._acknowledged += self.delivery.acknowledged(event_ids, now)

    def settle(self) -> int | None:
        """Keep the acknowledgements, and remove what nobody needs. Raises OSError; it can be called again.

        Returns the number below which records were removed, None when none were.
        """
        if self._acknowledged:
            self._marks.add(self._acknowledged)
            self._acknowledged.clear()
        oldest = self.delivery.oldest()
        needed = min(n for n in (oldest, self._still_needed(), self._last_read + 1) if n is not None)
        if not self._reader.prune(needed):
            return None
        self._marks.forget_below(needed)
        return needed

    def close(self) -> None:
        """Let another courier take over."""
        self._marks.close()
