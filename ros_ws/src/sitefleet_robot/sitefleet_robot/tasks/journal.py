"""The robot's own memory of its work: one append-only file for each (task, attempt), on the disk before anybody hears.

Each line is one JSON object with a checksum. A line that was cut off by a crash is the last one, and is dropped.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sitefleet_robot.tasks.attempt import Ending
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.values import Order, Outcome, Pose3, Record

SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What the disk knows of one (task, attempt)."""

    records: tuple[Record, ...]
    ending: Ending | None
    cut_off: frozenset[int] = frozenset()
    """Targets whose irreversible step was begun and that have no record."""


class Journal:
    """Journals of all attempts of one robot, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def read(self, task_id: str, attempt: int) -> JournalEntry | None:
        """What is known of an attempt; None if it never began here."""
        path = self._path(task_id, attempt)
        if not path.exists():
            return None
        lines, _ = _whole_lines(path)
        records = tuple(_record(line["record"]) for line in lines if "record" in line)
        ends = [line["end"] for line in lines if "end" in line]
        ending = Ending(TaskOutcome(ends[-1]["outcome"]), ends[-1]["message"]) if ends else None
        begun = {int(line["begun"]) for line in lines if "begun" in line}
        return JournalEntry(records, ending, frozenset(begun - {r.target_index for r in records}))

    def begin(self, order: Order) -> None:
        """The attempt is accepted. Cuts off a torn last line of an earlier life."""
        path = self._path(order.task_id, order.attempt)
        if path.exists():
            _, whole = _whole_lines(path)
            with path.open("rb+") as file:
                file.truncate(whole)
                os.fsync(file.fileno())
            return
        self._append(path, {"begin": {"task_id": order.task_id, "attempt": order.attempt, "item": order.work_item_id}})
        _sync_folder(self._folder)

    def begin_target(self, order: Order, index: int) -> None:
        """A target's irreversible step is next. Only when this has returned may the tool touch anything."""
        self._append(self._path(order.task_id, order.attempt), {"begun": index})

    def add(self, order: Order, record: Record) -> None:
        """A record; when this returns it survives a crash."""
        self._append(self._path(order.task_id, order.attempt), {"record": asdict(record)})

    def end(self, order: Order, ending: Ending) -> None:
        """The attempt has ended."""
        facts = {"outcome": int(ending.outcome), "message": ending.message}
        self._append(self._path(order.task_id, order.attempt), {"end": facts})

    def done_before(self, task_id: str, attempt: int) -> dict[int, Record]:
        """Targets that earlier attempts of a task finished on this robot, whatever the manager knows of it. Whether
        that still holds, the trade says.
        """
        done: dict[int, Record] = {}
        for entry in self._earlier(task_id, attempt):
            done.update({r.target_index: r for r in entry.records if r.passed})
        return done

    def cut_off_before(self, task_id: str, attempt: int) -> set[int]:
        """Targets that an earlier attempt began, and of which no attempt since has a record."""
        cut_off: set[int] = set()
        for entry in self._earlier(task_id, attempt):
            cut_off -= {r.target_index for r in entry.records}
            cut_off |= entry.cut_off
        return cut_off

    def _earlier(self, task_id: str, attempt: int) -> list[JournalEntry]:
        """Attempts of a task with a lower number, in their order."""
        names = (p.name[: -len(SUFFIX)] for p in self._folder.glob(f"{quote(task_id, safe='')}.*{SUFFIX}"))
        numbers = {int(n) for n in (name.rpartition(".")[2] for name in names) if n.isdigit()}
        entries = (self.read(task_id, number) for number in sorted(numbers) if number < attempt)
        return [entry for entry in entries if entry is not None]

    def _path(self, task_id: str, attempt: int) -> Path:
        return self._folder / f"{quote(task_id, safe='')}.{attempt}{SUFFIX}"

    @staticmethod
    def _append(path: Path, facts: Mapping[str, Any]) -> None:
        body = json.dumps(facts, separators=(",", ":"), allow_nan=False)
        line = f"{zlib.crc32(body.encode()):08x} {body}\n".encode()
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _whole_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """All intact lines from the start of a journal, and how many bytes they are."""
    lines: list[dict[str, Any]] = []
    whole = 0
    for raw in path.read_bytes().splitlines(keepends=True):
        checksum, _, body = raw.rstrip(b"\n").partition(b" ")
        if not raw.endswith(b"\n") or checksum != f"{zlib.crc32(body):08x}".encode():
            break
        lines.append(json.loads(body))
        whole += len(raw)
    return lines, whole


def _record(facts: dict[str, Any]) -> Record:
    return Record(**{**facts, "outcome": Outcome(facts["outcome"]), "measured": Pose3(**facts["measured"])})


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
