"""What the supervisor must not forget when it restarts: a latched stop, the event counter, the lease epoch."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from sitefleet_robot.safety.states import Trigger
from sitefleet_robot.safety.values import Cause

_FILES = ("safety.a.json", "safety.b.json")
_SIZE = 16384
"""Bytes of each file, from the first time on: a full disk has room for what is written over itself."""
_LONGEST = 300
"""Characters kept of a cause's sentence."""
_VERSION = 2


class MemoryWriteError(OSError):
    """The state of the supervisor cannot be stored, so a stop could not be latched."""


class _UnreadableError(ValueError):
    pass


@dataclass(frozen=True)
class Memory:
    """Causes of a latched stop (empty: none), number of the last event, epoch of the last lease."""

    causes: tuple[Cause, ...] = ()
    event_seq: int = 0
    lease_epoch: int = 0


class MemoryStore:
    """The memory as two files in `folder` that are written in turn: one of them is whole at any moment.

    What was saved is on the disk when `save` returns. The files never grow, so a full disk takes them too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths = tuple(folder / name for name in _FILES)
        self._generation = 0

    def load(self) -> Memory:
        """The memory of the last run; a new robot remembers nothing.

        A file that a crash left half written is the older one of the two: the other counts. When files are there and
        none can be read, that counts as a stop: what they held is not known.
        """
        found: list[tuple[int, Memory]] = []
        faults: list[str] = []
        for path in self._paths:
            try:
                found.append(_read(path))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError) as fault:
                faults.append(f"{path.name}: {fault}")
        if found:
            self._generation, memory = max(found, key=lambda item: item[0])
            return memory
        if not faults:
            return Memory()
        sentence = f"the supervisor's memory in {self._folder} cannot be read: {'; '.join(faults)}"
        return Memory(causes=(Cause(Trigger.STARTED_LATCHED, sentence),))

    def save(self, memory: Memory) -> None:
        """Write over the older file, and sync. Raises MemoryWriteError."""
        generation = self._generation + 1
        data = _encode(generation, memory)
        path = self._paths[generation % len(self._paths)]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for each in self._paths:
                if not each.exists():
                    self._make(each)
            with path.open("r+b") as file:
                file.write(data)
                file.flush()
                os.fdatasync(file.fileno())
        except OSError as fault:
            raise MemoryWriteError(f"cannot store the supervisor's memory in {path}: {fault}") from fault
        self._generation = generation

    def _make(self, path: Path) -> None:
        """A file of full size that says nothing yet; it gets its name when it is whole."""
        draft = path.with_suffix(".tmp")
        with draft.open("wb") as file:
            file.write(_encode(0, Memory()))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            # The name, too, must be on the disk.
            os.fsync(folder)
        finally:
            os.close(folder)


def _encode(generation: int, memory: Memory) -> bytes:
    """A line of JSON with its checksum before it, filled up with blanks to the file's size."""
    causes = [{"trigger": c.trigger.value, "sentence": c.sentence[:_LONGEST], "by": c.by[:64]} for c in memory.causes]
    body = {
        "version": _VERSION,
        "generation": generation,
        "causes": causes[:30],
        "event_seq": memory.event_seq,
        "lease_epoch": memory.lease_epoch,
    }
    text = json.dumps(body)
    return f'{{"crc": {zlib.crc32(text.encode())}, "memory": {text}}}\n'.encode().ljust(_SIZE - 1) + b"\n"


def _read(path: Path) -> tuple[int, Memory]:
    data = json.loads(path.read_text(encoding="utf-8"))
    body = data["memory"]
    if zlib.crc32(json.dumps(body).encode()) != data["crc"]:
        raise _UnreadableError("its checksum is wrong")
    if body["version"] != _VERSION:
        raise _UnreadableError(f"version {body['version']} is not known")
    causes = tuple(Cause(Trigger(c["trigger"]), str(c["sentence"]), str(c["by"])) for c in body["causes"])
    return int(body["generation"]), Memory(causes, int(body["event_seq"]), int(body["lease_epoch"]))
