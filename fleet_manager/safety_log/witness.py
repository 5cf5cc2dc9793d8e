"""The second place: a file of lines that is only ever appended to, best on another disk.

A line is a signed head and what it added: id and leaf hash of each record since the head before it. The hashes are
under the head's signature, so whoever has this file and the public key can tell record by record what was changed in
the database, even when every hash there was made again to fit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleet_manager.safety_log.heads import SignedTreeHead

_TAIL = 1 << 16
"""Bytes read at first to find the last line; doubled until it is found."""


class WitnessError(Exception):
    """The witness cannot be written or read."""


@dataclass(frozen=True, slots=True)
class Page:
    """A head and the records it added: event id and leaf hash of each."""

    head: SignedTreeHead
    leaves: tuple[tuple[str, bytes], ...]

    @property
    def first(self) -> int:
        """Index of the first of its records."""
        return self.head.size - len(self.leaves)

    def line(self) -> bytes:
        """As it stands in the file."""
        leaves = [[event_id, leaf.hex()] for event_id, leaf in self.leaves]
        return json.dumps({**self.head.to_json(), "leaves": leaves}, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Page:
        """Raises ValueError for anything else."""
        value = json.loads(line)
        head = SignedTreeHead.from_json(value)
        try:
            leaves = tuple((str(event_id), bytes.fromhex(leaf)) for event_id, leaf in value["leaves"])
        except (KeyError, TypeError) as fault:
            raise ValueError(f"no page of a witness: {fault!r}") from fault
        return cls(head, leaves)


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that is no page."""

    line: int


class Witness:
    """Appends pages, each on the disk before `keep` returns. Every method raises WitnessError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, pages: Sequence[Page]) -> None:
        """Append them with one sync."""
        text = b"".join(page.line() for page in pages)
        try:
            new = not self.path.exists()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # What a crash left of a last line stays: a file that may only be appended to (chattr +a) cannot be cut.
            with self.path.open("ab") as file:
                file.write(text if self._ends_whole() else b"\n" + text)
                file.flush()
                os.fsync(file.fileno())
            if new:
                _sync_folder(self.path.parent)
        except OSError as fault:
            raise WitnessError(f"{self.path}: {fault}") from fault

    def pages(self) -> Iterator[Page | Damage]:
        """All of them, oldest first. A line that a crash cut off, and that was then written whole, is left out."""
        cut: tuple[int, bytes] | None = None
        for number, line in self._lines():
            if cut is not None and not line.startswith(cut[1]):
                yield Damage(cut[0])
            cut = None
            try:
                page = Page.from_line(line)
            except ValueError:
                cut = (number, line.rstrip(b"\n"))
                continue
            yield page
        if cut is not None:
            yield Damage(cut[0])

    def last(self) -> SignedTreeHead | None:
        """The newest head."""
        window = _TAIL
        while True:
            try:
                with self.path.open("rb") as file:
                    size = file.seek(0, os.SEEK_END)
                    file.seek(max(0, size - window))
                    lines = file.read().splitlines()
            except FileNotFoundError:
                return None
            except OSError as fault:
                raise WitnessError(f"{self.path}: {fault}") from fault
            # The first line of a window may be the end of a longer one.
            for line in reversed(lines[1:] if window < size else lines):
                try:
                    return Page.from_line(line).head
                except ValueError:
                    continue
            if window >= size:
                return None
            window *= 2

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        try:
            with self.path.open("rb") as file:
                yield from enumerate(file, start=1)
        except FileNotFoundError:
            return
        except OSError as fault:
            raise WitnessError(f"{self.path}: {fault}") from fault

    def _ends_whole(self) -> bool:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return True
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
