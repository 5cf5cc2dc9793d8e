"""The signed evidence log as operations use it, opened as the settings say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from fleet_manager.domain.evidence import Receipt, Record, StoredRecord
from fleet_manager.operations.ports import EvidenceUnavailableError
from fleet_manager.safety_log.heads import KeyFileError, Signer
from fleet_manager.safety_log.log import EvidenceLog, EvidenceLogError
from fleet_manager.safety_log.witness import Witness
from fleet_manager.settings import ManagerSettings, SettingsError
from fleet_manager.store.engine import open_engine


class LoggedEvidence:
    """Satisfies `fleet_manager.operations.ports.EvidenceStore`."""

    def __init__(self, log: EvidenceLog) -> None:
        self._log = log
        self.log_id = log.log_id

    def find(self, event_ids: Sequence[str]) -> Mapping[str, StoredRecord]:
        """Those that are there."""
        with _unavailable():
            return self._log.find(event_ids)

    def append(self, records: Sequence[Record]) -> list[Receipt]:
        """All or none; on the disk, and vouched for, when this returns."""
        with _unavailable():
            return self._log.append(records)

    def last_seq(self, robot_id: str) -> int:
        """Highest number of a series."""
        with _unavailable():
            return self._log.last_seq(robot_id)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except EvidenceLogError as error:
        raise EvidenceUnavailableError(str(error)) from error


@dataclass(frozen=True, slots=True)
class EvidencePlaces:
    """Where the log's parts are."""

    database: str
    key: Path
    witness: Path


def places_of(settings: ManagerSettings) -> EvidencePlaces:
    """What the settings say, and beside an SQLite store what they do not. Raises SettingsError."""
    folder = _folder(settings.evidence or settings.database)
    database = settings.evidence or (str(folder / "evidence.db") if folder else settings.database)
    key = settings.evidence_key or (folder / "evidence.key" if folder else None)
    witness = settings.witness or (folder / "evidence.witness" if folder else None)
    if key is None or witness is None:
        raise SettingsError("evidence_key, witness: name both files, as the evidence log is in no file of its own")
    return EvidencePlaces(database, key, witness)


def _folder(database: str) -> Path | None:
    """Folder of an SQLite file; None for another database, or one in memory."""
    if "://" not in database:
        return Path(database).parent
    url = make_url(database)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database).parent


@contextmanager
def open_evidence(settings: ManagerSettings) -> Iterator[LoggedEvidence]:
    """The log, for one writer. Raises SettingsError; EvidenceUnavailableError when it is not what was vouched for."""
    places = places_of(settings)
    try:
        signer = Signer.load_or_create(places.key)
    except KeyFileError as error:
        raise SettingsError(f"evidence_key: {error}") from error
    engine = open_engine(places.database)
    try:
        with _unavailable():
            log = EvidenceLog(engine, signer, Witness(places.witness))
        yield LoggedEvidence(log)
    finally:
        engine.dispose()
