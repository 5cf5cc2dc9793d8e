"""What the supervisor must not forget when it restarts: a latched stop, the event counter, the lease epoch."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from sitefleet_robot.safety.states import Trigger
from sitefleet_robot.safety.values import Cause

_FILE = "safety.json"
_VERSION = 1


class MemoryWriteError(OSError):
    """The state of the supervisor cannot be stored, so a stop could not be latched."""


@dataclass(frozen=True)
class Memory:
    """Causes of a latched stop (empty: none), number of the last event, epoch of the last lease."""

    causes: tuple[Cause, ...] = ()
    event_seq: int = 0
    lease_epoch: int = 0


class MemoryStore:
    """The memory as a file in `folder`; written as a whole or not at all, and on the disk when `save` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / _FILE

    def load(self) -> Memory:
        """The memory of the last run; a new robot remembers nothing.

        A file that cannot be read counts as a stop: what it held is not known.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Memory()
        except (OSError, UnicodeDecodeError) as fault:
            return self._lost(str(fault))
        try:
            data = json.loads(text)
            if data["version"] != _VERSION:
                return self._lost(f"version {data['version']} is not known")
            causes = tuple(Cause(Trigger(c["trigger"]), str(c["sentence"]), str(c["by"])) for c in data["causes"])
            return Memory(causes, int(data["event_seq"]), int(data["lease_epoch"]))
        except (ValueError, KeyError, TypeError) as fault:
            return self._lost(f"{type(fault).__name__}: {fault}")

    def _lost(self, fault: str) -> Memory:
        sentence = f"the supervisor's memory {self._path} cannot be read: {fault}"
        return Memory(causes=(Cause(Trigger.STARTED_LATCHED, sentence),))

    def save(self, memory: Memory) -> None:
        """Write and sync. Raises MemoryWriteError."""
        data = {
            "version": _VERSION,
            "causes": [{"trigger": c.trigger.value, "sentence": c.sentence, "by": c.by} for c in memory.causes],
            "event_seq": memory.event_seq,
            "lease_epoch": memory.lease_epoch,
        }
        draft = self._path.with_suffix(".tmp")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                json.dump(data, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self._path)
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                # The name, too, must be on the disk.
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as fault:
            raise MemoryWriteError(f"cannot store the supervisor's memory in {self._path}: {fault}") from fault
