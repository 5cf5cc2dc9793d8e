"""The second place of the signed heads: a file of lines that is only ever appended to, best on another disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from fleet_manager.safety_log.heads import SignedTreeHead


class WitnessError(Exception):
    """The witness cannot be written or read."""


class Witness:
    """Appends heads, each on the disk before `keep` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, head: SignedTreeHead) -> None:
        """Raises WitnessError."""
        line = (json.dumps(head.to_json(), separators=(",", ":")) + "\n").encode("ascii")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # What a crash left of a last line must not spoil the next one.
            with self.path.open("ab") as file:
                if file.tell() and not self._ends_whole():
                    line = b"\n" + line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as fault:
            raise WitnessError(f"{self.path}: {fault}") from fault

    def heads(self) -> Iterator[SignedTreeHead]:
        """All heads, oldest first; lines that are no head are passed over. None if there is no file yet."""
        try:
            with self.path.open("rb") as file:
                for line in file:
                    try:
                        yield SignedTreeHead.from_json(json.loads(line))
                    except ValueError:
                        continue
        except FileNotFoundError:
            return
        except OSError as fault:
            raise WitnessError(f"{self.path}: {fault}") from fault

    def last(self) -> SignedTreeHead | None:
        """The newest head."""
        try:
            with self.path.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - 4096))
                lines = file.read().splitlines()
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise WitnessError(f"{self.path}: {fault}") from fault
        for line in reversed(lines):
            try:
                return SignedTreeHead.from_json(json.loads(line))
            except ValueError:
                continue
        return None

    def _ends_whole(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
