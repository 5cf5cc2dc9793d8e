"""The folder of recordings on the robot's disk: whole files only, within a quota that never costs an open case.

Beside each `NAME.mcap` lies `NAME.mcap.json` with its SHA-256 and the events it belongs to. A file in the making is
`NAME.mcap.part`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sitefleet_robot.common.spool import sync_folder
from sitefleet_robot.evidence.followup import Evidence

SUFFIX = ".mcap"
PART = ".part"
SIDECAR = ".json"
_BLOCK = 1 << 20


class NoRoomError(OSError):
    """Neither the quota nor the disk has room for another recording; errno is ENOSPC."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole recording: its file, hash, size, and the events it belongs to (number in the spool, record)."""

    path: Path
    sha256: str
    bytes: int
    complete: bool
    narrative: str
    events: tuple[tuple[int, Mapping[str, Any]], ...]

    @property
    def evidence(self) -> Evidence:
        """Where it is and what it must hash to."""
        return Evidence(self.path.resolve().as_uri(), self.sha256)

    @property
    def event_ids(self) -> frozenset[str]:
        """Ids of its events."""
        return frozenset(str(record["event_id"]) for _, record in self.events)


class RecordingFolder:
    """Names, hashes and limits of the recordings.

    Args:
        path: made when it is not there.
        max_bytes: quota of the folder.
        reserve_bytes: room that a recording must leave on the disk, for the events themselves above all.
    """

    def __init__(self, path: Path, max_bytes: int, reserve_bytes: int) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path, self._max_bytes, self._reserve_bytes = path, max_bytes, reserve_bytes

    def part(self, name: str) -> Path:
        """Temporary name of a recording in the making."""
        return self.path / f"{name}{SUFFIX}{PART}"

    def parts(self) -> list[Path]:
        """What an earlier life left in the making."""
        return sorted(self.path.glob(f"*{SUFFIX}{PART}"))

    def kept(self) -> list[Kept]:
        """All whole recordings, oldest first."""
        found = [kept for path in self.path.glob(f"*{SUFFIX}") if (kept := self._read(path)) is not None]
        return sorted(found, key=lambda kept: (kept.path.stat().st_mtime_ns, kept.path.name))

    def bytes(self) -> int:
        """Size of everything in the folder."""
        return sum(path.stat().st_size for path in self.path.iterdir() if path.is_file())

    def free(self) -> int:
        """Bytes of the disk that are left beyond the reserve; negative when the reserve is touched."""
        return shutil.disk_usage(self.path).free - self._reserve_bytes

    def make_room(self, needed: int, unacknowledged: Collection[str]) -> list[Path]:
        """Delete the oldest recordings, none of an unacknowledged event, until `needed` bytes fit; what was deleted.

        Raises NoRoomError when they do not fit.
        """
        deleted: list[Path] = []
        candidates = [kept for kept in self.kept() if kept.event_ids.isdisjoint(unacknowledged)]
        while self.bytes() + needed > self._max_bytes or self.free() < needed:
            if not candidates:
                quota = f"{self.bytes()} of {self._max_bytes} bytes of the quota used"
                raise NoRoomError(
                    errno.ENOSPC, f"no room for {needed} bytes: {quota}, {self.free()} bytes free beyond the reserve"
                )
            oldest = candidates.pop(0).path
            # The hash goes last: a file without one would look like a stranger's.
            oldest.unlink()
            _sidecar(oldest).unlink()
            deleted.append(oldest)
        if deleted:
            sync_folder(self.path)
        return deleted

    def publish(
        self, part: Path, complete: bool, narrative: str, events: Sequence[tuple[int, Mapping[str, Any]]]
    ) -> Kept:
        """Give a finished and synced file its final name and its hash. Raises OSError; then the part is still there."""
        final = part.with_suffix("")
        kept = Kept(final, _sha256(part), part.stat().st_size, complete, narrative, tuple(events))
        facts = {
            "sha256": kept.sha256,
            "bytes": kept.bytes,
            "complete": complete,
            "narrative": narrative,
            "events": [{"seq": seq, "record": record} for seq, record in events],
        }
        sidecar = _sidecar(final)
        draft = sidecar.with_suffix(".tmp")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(facts, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, sidecar)
        os.replace(part, final)
        sync_folder(self.path)
        return kept

    def tidy(self) -> None:
        """Remove what a crash left: drafts, and hashes of files that never got their name."""
        for path in self.path.glob(f"*{SUFFIX}*"):
            if path.suffix == ".tmp" or (path.suffix == SIDECAR and not _described(path)):
                path.unlink()

    @staticmethod
    def _read(path: Path) -> Kept | None:
        """What is known of a recording; None when its description is missing or unreadable."""
        try:
            facts = json.loads(_sidecar(path).read_text(encoding="utf-8"))
            events = tuple((int(event["seq"]), event["record"]) for event in facts["events"])
            return Kept(path, facts["sha256"], facts["bytes"], facts["complete"], facts["narrative"], events)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + SIDECAR)


def _described(sidecar: Path) -> bool:
    """The file of a description is there, whole or still in the making."""
    path = sidecar.with_suffix("")
    return path.exists() or path.with_name(path.name + PART).exists()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
