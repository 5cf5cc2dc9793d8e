"""Which events are sent next: each again and again, oldest first, until the site has acknowledged it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """Seconds of the monotonic clock between two sendings of an event, and events a round.

    `probe` events a round are sent while nobody has acknowledged anything for `silence` s.
    """

    first_wait: float = 0.2
    longest_wait: float = 5.0
    batch: int = 50
    probe: int = 5
    silence: float = 5.0


@dataclass(slots=True)
class _Item:
    seq: int
    record: Mapping[str, Any]
    due: float
    wait: float


class Delivery:
    """Events that wait for their acknowledgement, by the order of their spool."""

    def __init__(self, settings: DeliverySettings | None = None) -> None:
        self._settings = settings or DeliverySettings()
        self._items: dict[str, _Item] = {}
        self._heard = float("-inf")

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._items

    def add(self, seq: int, record: Mapping[str, Any], now: float) -> None:
        """An event to deliver. The supervisor has just sent it once itself, so the first sending here waits a little.

        A second record with the same id is not sent: one of them is enough.
        """
        wait = self._settings.first_wait
        self._items.setdefault(str(record["event_id"]), _Item(seq, record, now + wait, wait))

    def due(self, now: float) -> list[Mapping[str, Any]]:
        """What to send now, oldest first; whatever is returned counts as sent."""
        s = self._settings
        limit = s.batch if now - self._heard <= s.silence else s.probe
        chosen: list[Mapping[str, Any]] = []
        for item in self._items.values():
            if item.due <= now:
                chosen.append(item.record)
                item.wait = min(2.0 * item.wait, s.longest_wait)
                item.due = now + item.wait
                if len(chosen) == limit:
                    break
        return chosen

    def acknowledged(self, event_ids: Iterable[str], now: float) -> list[int]:
        """The site has these. Returns the numbers of those that were waiting; unknown ids mean nothing."""
        numbers = [self._items.pop(event_id).seq for event_id in event_ids if event_id in self._items]
        if numbers:
            self._heard = now
        return numbers

    def ids(self) -> Iterable[str]:
        """Ids of all that wait."""
        return self._items.keys()

    def records(self) -> Iterable[Mapping[str, Any]]:
        """All that wait, oldest first."""
        return [item.record for item in self._items.values()]

    def oldest(self) -> int | None:
        """The lowest number that waits; None when nothing does."""
        return min((item.seq for item in self._items.values()), default=None)
