"""Where the parts of an evidence log are, when only one of them is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DATABASE = "evidence.db"


@dataclass(frozen=True, slots=True)
class LogPlaces:
    """`key` is the public one. Either is None for a log in a database server: there they have to be named."""

    database: str
    key: Path | None
    witness: Path | None
    folder: Path | None
    """The folder of the database's file: of a run it has the site package and the robots' disks too."""


def places_of(log: str) -> LogPlaces:
    """Of a folder with an `evidence.db`, of its file, or of a database URL."""
    if "://" in log:
        return LogPlaces(log, None, None, None)
    path = Path(log)
    database = path / DATABASE if path.is_dir() else path
    return LogPlaces(str(database), database.with_suffix(".pub"), database.with_suffix(".witness"), database.parent)
