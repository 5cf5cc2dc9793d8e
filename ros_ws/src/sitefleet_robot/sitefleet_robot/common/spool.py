"""Records on the robot's disk, appended by one process and read by others, until somebody has taken them over.

A spool is a folder of segment files `<number of the first record>.spool`. `Spool` appends: when it returns, the
record survives a power loss. `SpoolReader` reads while another process appends, and removes segments that nobody
needs any more. The newest segment is never removed, so numbers go on growing for good.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType

from sitefleet_robot.common.frames import Frame, decode, encode

SUFFIX = ".spool"
SEGMENT_BYTES = 1 << 20
"""A segment that has reached this size is followed by a new one."""
MAX_RECORD_BYTES = 1 << 20


class SpoolError(Exception):
    """Base of what can be wrong with a spool's use."""


class SpoolRecordError(SpoolError, ValueError):
    """A record is not JSON (NaN and infinity are not either) or too large."""


class SpoolInUseError(SpoolError):
    """Another process appends to this spool already."""


class SpoolFullError(OSError):
    """The spool has reached its limit of bytes; errno is ENOSPC as on a full disk."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a segment that are no record: `torn` by a crash while they were written, or changed afterwards."""

    segment: str
    start: int
    end: int
    torn: bool

    def __str__(self) -> str:
        """One line for a person."""
        what = "a torn record" if self.torn else "a damaged record"
        return f"{what} in {self.segment}, bytes {self.start} to {self.end}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with its number in the spool."""

    seq: int
    record: dict[str, object]


class Spool:
    """The one that appends. Safe to use from several threads of one process.

    Args:
        folder: made when it is not there.
        max_bytes: limit of all segments together; nothing is deleted to keep it, `append` raises SpoolFullError.

    `damage` says what was found in the newest segment at the start. A torn tail is cut off there.

    Raises:
        SpoolInUseError: another process has it open.
        OSError: the disk.
    """

    def __init__(self, folder: Path, max_bytes: int = 256 << 20, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._max_bytes, self._segment_bytes = folder, max_bytes, segment_bytes
        self._mutex = threading.Lock()
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file: int | None = None
        self._size = 0
        self.damage: tuple[Damage, ...] = ()
        try:
            self._take_lock()
            self._last_seq = self._open_newest()
            self._total = _bytes_of(folder)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Spool:
        """The spool itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    @property
    def last_seq(self) -> int:
        """Number of the newest record; 0 when there never was one."""
        return self._last_seq

    def append(self, record: Mapping[str, object]) -> int:
        """Append one record and return its number; when this returns it is on the disk.

        Raises:
            SpoolRecordError: it cannot be stored by anybody.
            SpoolFullError: the limit of bytes is reached.
            OSError: the disk, for example ENOSPC. Nothing of the record is left, and earlier ones are untouched.
        """
        return self.append_all((record,))

    def append_all(self, records: Sequence[Mapping[str, object]]) -> int:
        """Append several with one write and one sync, all or none; the number of the last. Raises as `append`."""
        payloads = [_payload(record) for record in records]
        with self._mutex:
            data = b"".join(encode(self._last_seq + k, payload) for k, payload in enumerate(payloads, start=1))
            self._make_room(len(data))
            # A number is never used twice: a write that failed might still be found on the disk one day.
            first, self._last_seq = self._last_seq + 1, self._last_seq + len(payloads)
            if self._file is None:
                self._begin_segment(first)
            self._write(data)
            return self._last_seq

    def close(self) -> None:
        """Let another process append."""
        with self._mutex:
            self._leave_segment()
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise SpoolInUseError(f"another process appends to {self._folder}") from fault

    def _open_newest(self) -> int:
        """Go on behind the last whole record of the newest segment. Returns the last number used."""
        segments = _segments(self._folder)
        if not segments:
            return 0
        newest = segments[-1]
        last_seq, end = _first_seq(newest) - 1, 0
        found: list[Damage] = []
        for part in decode(newest.read_bytes()):
            if isinstance(part, Frame):
                last_seq = part.seq
            else:
                found.append(Damage(newest.name, part.start, part.end, part.torn))
            end = part.start if not isinstance(part, Frame) and part.torn else part.end
        self.damage = tuple(found)
        # If its first record did not survive, its number may have been seen by a reader all the same.
        last_seq = max(last_seq, _first_seq(newest))
        self._file, self._size = os.open(newest, os.O_RDWR | os.O_CLOEXEC), end
        os.ftruncate(self._file, end)
        os.fsync(self._file)
        return last_seq

    def _make_room(self, needed: int) -> None:
        """Leave a segment that is large enough, and refuse what does not fit."""
        if self._total + needed > self._max_bytes:
            self._total = _bytes_of(self._folder)  # a reader may have removed segments
        if self._total + needed > self._max_bytes:
            raise SpoolFullError(errno.ENOSPC, f"the spool has reached its {self._max_bytes} bytes", str(self._folder))
        if self._size >= self._segment_bytes:
            self._leave_segment()

    def _begin_segment(self, first: int) -> None:
        path = self._folder / f"{first:020d}{SUFFIX}"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._size = 0
        # A new file's name is on the disk only when its folder is.
        sync_folder(self._folder)

    def _leave_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = None
        self._size = 0

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        try:
            view = memoryview(data)
            while view:
                view = view[os.pwrite(self._file, view, self._size + len(data) - len(view)) :]
            os.fdatasync(self._file)
        except OSError:
            # What a failed write or sync left is unknown: take it back, and go on in a new file in any case.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            self._leave_segment()
            raise
        self._size += len(data)
        self._total += len(data)


class SpoolReader:
    """Reads a spool that another process may be appending to; each reader goes at its own pace.

    `damage` grows as damaged places are passed. Bytes at the very end that are no record yet are not damage: a
    record may just be being written there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment: str | None = None
        self._offset = 0
        self.damage: list[Damage] = []

    def read(self) -> list[Entry]:
        """Records appended since the last call, oldest first; a spool that is not there yet has none."""
        entries: list[Entry] = []
        segments = _segments(self._folder)
        for number, path in enumerate(segments):
            if self._segment is not None and path.name < self._segment:
                continue
            if path.name != self._segment:
                self._segment, self._offset = path.name, 0
            entries += self._read_segment(path, newest=number == len(segments) - 1)
        return entries

    def prune(self, needed_from: int) -> int:
        """Remove segments whose records all have a number below `needed_from`; how many were removed."""
        segments = _segments(self._folder)
        removed = 0
        for path, following in pairwise(segments):
            if _first_seq(following) > needed_from or path.name == self._segment:
                break
            path.unlink()
            removed += 1
        if removed:
            sync_folder(self._folder)
        return removed

    def _read_segment(self, path: Path, newest: bool) -> Iterable[Entry]:
        try:
            with path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:  # another reader removed it
            return []
        entries: list[Entry] = []
        start = self._offset
        for part in decode(data):
            if isinstance(part, Frame):
                entries.append(Entry(part.seq, json.loads(part.payload)))
            elif newest and part.end == len(data):
                break
            else:
                self.damage.append(Damage(path.name, start + part.start, start + part.end, part.torn))
            self._offset = start + part.end
        return entries


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _payload(record: Mapping[str, object]) -> bytes:
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        payload = text.encode()
    except (TypeError, ValueError) as fault:
        raise SpoolRecordError(f"a record is not JSON: {fault}") from fault
    if len(payload) > MAX_RECORD_BYTES:
        raise SpoolRecordError(f"a record has {len(payload)} bytes, more than {MAX_RECORD_BYTES}")
    return payload


def _segments(folder: Path) -> list[Path]:
    """Segment files, oldest first: their names are numbers of equal length."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.stem.isdigit())
    except FileNotFoundError:
        return []


def _first_seq(segment: Path) -> int:
    return int(segment.stem)


def _bytes_of(folder: Path) -> int:
    total = 0
    for path in _segments(folder):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total
