"""Which records of a spool are done with, on the disk: a spool of numbers beside the spool of records."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from sitefleet_robot.common.spool import Spool, SpoolReader

_SEGMENT_BYTES = 64 << 10


class Marks:
    """Numbers of records that need nothing more. Safe to use from one thread only.

    Raises SpoolInUseError and OSError as a spool does.
    """

    def __init__(self, folder: Path) -> None:
        self._spool = Spool(folder, segment_bytes=_SEGMENT_BYTES)
        self._reader = SpoolReader(folder)
        self._lines: dict[int, int] = {}
        """Number of the record to the line of this spool that marks it."""
        for entry in self._reader.read():
            for seq in _numbers(entry.record.get("done")):
                self._lines[seq] = entry.seq

    def __enter__(self) -> Marks:
        """The marks themselves."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    def __contains__(self, seq: int) -> bool:
        return seq in self._lines

    def add(self, numbers: Iterable[int]) -> None:
        """Mark them; on the disk when this returns. Raises OSError; then none is marked."""
        new = sorted(set(numbers) - self._lines.keys())
        if new:
            line = self._spool.append({"done": new})
            self._lines.update((seq, line) for seq in new)

    def forget_below(self, seq: int) -> None:
        """Marks of records below this number are of no use any more: their records are removed."""
        old = [number for number in self._lines if number < seq]
        for number in old:
            del self._lines[number]
        if old:
            self._reader.read()
            self._reader.prune(min(self._lines.values(), default=self._spool.last_seq))

    def close(self) -> None:
        """Close the file."""
        self._spool.close()


def _numbers(value: object) -> list[int]:
    return [int(number) for number in value] if isinstance(value, list) else []
