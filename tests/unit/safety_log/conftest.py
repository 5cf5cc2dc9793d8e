"""A log in files of its own, and somebody who can write to its database behind its back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fleet_manager.domain.evidence import Record, canonical
from fleet_manager.safety_log import tree
from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.log import EvidenceLog
from fleet_manager.safety_log.verify import Verdict, verify
from fleet_manager.safety_log.witness import Witness
from fleet_manager.store.engine import open_engine

Statement = tuple[str, tuple[object, ...]]


def record(n: int, robot: str = "d1", **fields: object) -> Record:
    content = {
        "event_id": f"event-{n}",
        "robot_id": robot,
        "seq": n + 1,
        "event_class": "REMOTE_STOP",
        "t_utc": {"sec": 1_770_000_000 + n, "nanosec": 5},
        "trigger": "remote_stop",
        **fields,
    }
    return Record(f"event-{n}", robot, n + 1, canonical(content))


@dataclass
class LogFiles:
    """Files of one log."""

    folder: Path
    _engines: list[Engine] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "evidence.db"

    @property
    def witness(self) -> Witness:
        return Witness(self.folder / "elsewhere" / "heads.jsonl")

    @property
    def signer(self) -> Signer:
        return Signer.load_or_create(self.folder / "keys" / "log.key")

    def open(self) -> EvidenceLog:
        self._engines.append(open_engine(str(self.database)))
        return EvidenceLog(self._engines[-1], self.signer, self.witness)

    def close(self) -> None:
        """What is in the database's side files goes into the file itself."""
        while self._engines:
            self._engines.pop().dispose()

    def verify(self, with_witness: bool = True) -> Verdict:
        engine = open_engine(str(self.database))
        try:
            return verify(engine, self.signer.verifier, self.witness if with_witness else None)
        finally:
            engine.dispose()

    def behind_its_back(self, *statements: Statement) -> None:
        """Whoever has the file can drop its triggers."""
        connection = sqlite3.connect(self.database)
        with connection:
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for statement, values in statements:
                connection.execute(statement, values)
        connection.close()

    def data_of(self, index: int) -> bytes:
        connection = sqlite3.connect(self.database)
        (data,) = connection.execute("SELECT data FROM evidence_entry WHERE leaf_index = ?", (index,)).fetchone()
        connection.close()
        return bytes(data)

    def remake_hashes(self) -> None:
        """What a careful forger does: make every stored hash fit the records again."""
        connection = sqlite3.connect(self.database)
        rows = connection.execute("SELECT leaf_index, data FROM evidence_entry ORDER BY leaf_index").fetchall()
        connection.close()
        edge, nodes = tree.Frontier(), []
        statements: list[Statement] = [("DELETE FROM evidence_node", ())]
        for index, data in rows:
            leaf = tree.leaf_hash(data)
            statements.append(("UPDATE evidence_entry SET leaf_hash = ? WHERE leaf_index = ?", (leaf, index)))
            nodes += edge.append(leaf)
        statements += [("INSERT INTO evidence_node VALUES (?, ?, ?)", (n.level, n.position, n.hash)) for n in nodes]
        self.behind_its_back(*statements)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[LogFiles]:
    files = LogFiles(tmp_path)
    yield files
    files.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty records, appended in batches of one, two, three ..."""
    files = LogFiles(tmp_path_factory.mktemp("template"))
    log, n = files.open(), 0
    for size in (1, 2, 3, 4, 5, 5):
        log.append([record(n + i) for i in range(size)])
        n += size
    files.close()
    return files.folder


@pytest.fixture
def filled(files: LogFiles, template: Path) -> LogFiles:
    """A copy of its own of the template."""
    shutil.copytree(template, files.folder, dirs_exist_ok=True)
    return files


@pytest.fixture
def make_record() -> Callable[..., Record]:
    return record
