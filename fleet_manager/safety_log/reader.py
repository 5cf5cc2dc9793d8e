"""Reads an evidence log: records, heads, proofs. Never writes, so anybody who may read the database may use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from fleet_manager.domain.evidence import Receipt, StoredRecord
from fleet_manager.safety_log import tree
from fleet_manager.safety_log.errors import EvidenceLogError, TamperedLogError
from fleet_manager.safety_log.heads import SignedTreeHead
from fleet_manager.safety_log.tables import ENTRIES, HEADS, NODES

_CHUNK = 500
"""Ids asked for in one statement."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which records. `subject`: the robot they are about, by whomever they were made; times in ns of UTC."""

    first: int = 0
    last: int | None = None
    robot_id: str | None = None
    subject: str | None = None
    event_class: str | None = None
    since_ns: int | None = None
    before_ns: int | None = None

    def applied(self, statement: Select[Any]) -> Select[Any]:
        """The statement with these conditions."""
        columns = ENTRIES.c
        conditions = [
            (columns.leaf_index >= self.first) if self.first else None,
            (columns.leaf_index < self.last) if self.last is not None else None,
            (columns.robot_id == self.robot_id) if self.robot_id is not None else None,
            (columns.subject == self.subject) if self.subject is not None else None,
            (columns.event_class == self.event_class) if self.event_class is not None else None,
            (columns.t_ns >= self.since_ns) if self.since_ns is not None else None,
            (columns.t_ns < self.before_ns) if self.before_ns is not None else None,
        ]
        return statement.where(*(c for c in conditions if c is not None))


class LogReader:
    """Find and prove. Every method raises EvidenceLogError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, event_ids: Sequence[str]) -> Mapping[str, StoredRecord]:
        """Those of these records that are in the log."""
        found: dict[str, StoredRecord] = {}
        columns = (ENTRIES.c.event_id, ENTRIES.c.leaf_index, ENTRIES.c.data)
        with self._transaction() as connection:
            for first in range(0, len(event_ids), _CHUNK):
                wanted = event_ids[first : first + _CHUNK]
                for event_id, index, data in connection.execute(select(*columns).where(ENTRIES.c.event_id.in_(wanted))):
                    found[event_id] = StoredRecord(Receipt(event_id, index), raw(data))
        return found

    def find_beginning(self, beginning: str, limit: int) -> list[StoredRecord]:
        """Up to `limit` records whose event id begins so."""
        columns = select(ENTRIES.c.event_id, ENTRIES.c.leaf_index, ENTRIES.c.data)
        wanted = columns.where(ENTRIES.c.event_id.startswith(beginning, autoescape=True)).limit(limit)
        with self._transaction() as connection:
            return [StoredRecord(Receipt(i, index), raw(data)) for i, index, data in connection.execute(wanted)]

    def last_seq(self, robot_id: str) -> int:
        """Highest number in a robot's series, 0 when there is none."""
        with self._transaction() as connection:
            return connection.scalar(select(func.max(ENTRIES.c.seq)).where(ENTRIES.c.robot_id == robot_id)) or 0

    def records(self, query: Query | None = None) -> Iterator[StoredRecord]:
        """Records in the order of the log."""
        columns = select(ENTRIES.c.event_id, ENTRIES.c.leaf_index, ENTRIES.c.data)
        statement = (query or Query()).applied(columns).order_by(ENTRIES.c.leaf_index)
        with self._transaction() as connection:
            for event_id, index, data in connection.execution_options(yield_per=1000).execute(statement):
                yield StoredRecord(Receipt(event_id, index), raw(data))

    def newest_head(self) -> SignedTreeHead | None:
        """The newest signed head; None for an empty log."""
        with self._transaction() as connection:
            return last_head(connection)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Audit path of a leaf in the tree over the first `size` records. Raises IndexError outside of it."""
        with self._transaction() as connection:
            return tree.inclusion_proof(node_reader(connection), index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """That the tree over `new` records continues the one over `old`. Raises IndexError for sizes out of range."""
        with self._transaction() as connection:
            return tree.consistency_proof(node_reader(connection), old, new)

    @contextmanager
    def _transaction(self, writes: bool = False) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(writes=writes) as connection, connection.begin():
                yield connection
        except SQLAlchemyError as fault:
            reason = fault.args[0] if fault.args else type(fault).__name__
            raise EvidenceLogError(f"the database of the evidence log: {reason}") from fault


@contextmanager
def open_to_read(url: str) -> Iterator[Engine]:
    """An engine that cannot write; a bare path means SQLite. Raises EvidenceLogError if there is no such file."""
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except ArgumentError as fault:
        raise EvidenceLogError(str(fault)) from fault
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        if not path.is_file():
            raise EvidenceLogError(f"there is no evidence log at {path}")
        engine = create_engine(f"sqlite:///file:{path.resolve()}?mode=ro&uri=true")
    else:
        engine = create_engine(parsed)
    try:
        yield engine
    finally:
        engine.dispose()


def node_reader(connection: Connection) -> tree.NodeReader:
    """Reads stored hashes. Raises TamperedLogError where one is missing."""

    def node(level: int, position: int) -> bytes:
        if level == 0:
            statement = select(ENTRIES.c.leaf_hash).where(ENTRIES.c.leaf_index == position)
        else:
            statement = select(NODES.c.hash).where(NODES.c.level == level, NODES.c.position == position)
        found = connection.scalar(statement)
        if found is None:
            raise TamperedLogError(f"hash {position} of level {level} is missing")
        return raw(found)

    return node


def raw(value: object) -> bytes:
    """Bytes of a column. SQLite keeps whatever type is put there; a text that somebody wrote is hashed as it is."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def head_of(row: Any) -> SignedTreeHead:
    """A head from its row; one whose time is no number cannot be genuine."""
    timestamp = row.timestamp if isinstance(row.timestamp, int) and 0 <= row.timestamp < 2**64 else 0
    return SignedTreeHead(str(row.log_id), row.size, timestamp, raw(row.root), raw(row.signature))


def last_head(connection: Connection) -> SignedTreeHead | None:
    """The newest head in the database."""
    row = connection.execute(select(HEADS).order_by(HEADS.c.size.desc()).limit(1)).first()
    return head_of(row) if row is not None else None


def count(connection: Connection) -> int:
    """Number of records, from the last index: indices have no gaps."""
    last = connection.scalar(select(func.max(ENTRIES.c.leaf_index)))
    return 0 if last is None else last + 1
