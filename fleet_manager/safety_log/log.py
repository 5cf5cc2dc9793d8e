"""The evidence log: records and their hash tree in a database, signed heads there and at a witness.

One process writes. A record is in the log, on the disk, and vouched for by a signed head when `append` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from fleet_manager.domain.evidence import Receipt, Record, StoredRecord
from fleet_manager.safety_log import tree
from fleet_manager.safety_log.heads import SignedTreeHead, Signer
from fleet_manager.safety_log.tables import ENTRIES, HEADS, METADATA, NODES
from fleet_manager.safety_log.witness import Witness, WitnessError

_CHUNK = 500
"""Ids asked for in one statement."""


class EvidenceLogError(Exception):
    """The log cannot be read or written; the text says why."""


class ConflictingRecordError(EvidenceLogError):
    """A record of this id is in the log already, with other content."""


class TamperedLogError(EvidenceLogError):
    """The log is not what was vouched for; nothing is added to it before somebody has looked."""


def _utc() -> datetime:
    return datetime.now(timezone.utc)


class EvidenceLog:
    """Append, find, prove. Not to be shared between threads without a lock of the caller's."""

    def __init__(self, engine: Engine, signer: Signer, witness: Witness, utc: Callable[[], datetime] = _utc) -> None:
        """Open, and make the tables if they are not there.

        Raises EvidenceLogError; TamperedLogError when the witness has seen more than there is, or something else.
        """
        self._engine, self._signer, self._witness, self._utc = engine, signer, witness, utc
        self._edge: tree.Frontier | None = None
        self._owed: SignedTreeHead | None = None
        with self._transaction(writes=True) as connection:
            METADATA.create_all(connection)
            edge = self._read_edge(connection)
            self._check_witness(connection, edge)
        self._edge = edge

    @property
    def log_id(self) -> str:
        """Id of the key that signs the heads."""
        return self._signer.verifier.log_id

    @property
    def size(self) -> int:
        """Number of records."""
        return self._current_edge().size

    def append(self, records: Sequence[Record]) -> list[Receipt]:
        """Add records, all or none, in O(log n) each; they are on the disk when this returns.

        A record that is there already gives its old receipt. Raises ConflictingRecordError when its content differs,
        and EvidenceLogError.
        """
        head: SignedTreeHead | None = None
        edge = self._copy_edge()
        try:
            with self._transaction(writes=True) as connection:
                self._check_alone(connection, edge)
                receipts = self._receipts_of_known(connection, records)
                new = list({r.event_id: r for r in records if r.event_id not in receipts}.values())
                _refuse_twins(records)
                if new:
                    receipts |= self._insert(connection, edge, new)
                    head = self._signer.sign(edge.size, edge.root(), self._utc())
                    connection.execute(insert(HEADS), [_head_row(head)])
        except EvidenceLogError:
            self._edge = None
            raise
        self._edge = edge
        self._owed = head or self._owed
        self._pay_witness()
        return [receipts[r.event_id] for r in records]

    def find(self, event_ids: Sequence[str]) -> Mapping[str, StoredRecord]:
        """Those of these records that are in the log."""
        found: dict[str, StoredRecord] = {}
        columns = (ENTRIES.c.event_id, ENTRIES.c.leaf_index, ENTRIES.c.data)
        with self._transaction() as connection:
            for first in range(0, len(event_ids), _CHUNK):
                wanted = event_ids[first : first + _CHUNK]
                for event_id, index, data in connection.execute(select(*columns).where(ENTRIES.c.event_id.in_(wanted))):
                    found[event_id] = StoredRecord(Receipt(event_id, index), data)
        return found

    def last_seq(self, robot_id: str) -> int:
        """Highest number in a robot's series, 0 when there is none."""
        with self._transaction() as connection:
            return connection.scalar(select(func.max(ENTRIES.c.seq)).where(ENTRIES.c.robot_id == robot_id)) or 0

    def records(self, first: int = 0, last: int | None = None, robot_id: str | None = None) -> Iterator[StoredRecord]:
        """Records in the order of the log, from index `first` up to before `last`."""
        statement = select(ENTRIES.c.event_id, ENTRIES.c.leaf_index, ENTRIES.c.data).order_by(ENTRIES.c.leaf_index)
        statement = statement.where(ENTRIES.c.leaf_index >= first)
        if last is not None:
            statement = statement.where(ENTRIES.c.leaf_index < last)
        if robot_id is not None:
            statement = statement.where(ENTRIES.c.robot_id == robot_id)
        with self._transaction() as connection:
            for event_id, index, data in connection.execution_options(yield_per=1000).execute(statement):
                yield StoredRecord(Receipt(event_id, index), data)

    def head(self) -> SignedTreeHead:
        """The newest signed head; that of an empty log is signed on the spot."""
        with self._transaction() as connection:
            row = connection.execute(select(HEADS).order_by(HEADS.c.size.desc()).limit(1)).first()
        return head_of(row) if row is not None else self._signer.sign(0, tree.EMPTY_ROOT, self._utc())

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Audit path of a leaf in the tree over the first `size` records. Raises IndexError outside of it."""
        with self._transaction() as connection:
            return tree.inclusion_proof(node_reader(connection), index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """That the tree over `new` records continues the one over `old`. Raises IndexError for sizes out of range."""
        with self._transaction() as connection:
            return tree.consistency_proof(node_reader(connection), old, new)

    def _insert(self, connection: Connection, edge: tree.Frontier, new: Sequence[Record]) -> dict[str, Receipt]:
        entries, nodes, receipts = [], [], {}
        for record in new:
            leaf = tree.leaf_hash(record.data)
            receipts[record.event_id] = Receipt(record.event_id, edge.size)
            entries.append(
                {
                    "leaf_index": edge.size,
                    "event_id": record.event_id,
                    "robot_id": record.robot_id,
                    "seq": record.seq,
                    "data": record.data,
                    "leaf_hash": leaf,
                }
            )
            nodes += [{"level": n.level, "position": n.position, "hash": n.hash} for n in edge.append(leaf)]
        connection.execute(insert(ENTRIES), entries)
        if nodes:
            connection.execute(insert(NODES), nodes)
        return receipts

    def _receipts_of_known(self, connection: Connection, records: Sequence[Record]) -> dict[str, Receipt]:
        given = {r.event_id: r.data for r in records}
        ids, receipts = list(given), {}
        columns = (ENTRIES.c.event_id, ENTRIES.c.leaf_index, ENTRIES.c.data)
        for first in range(0, len(ids), _CHUNK):
            known = select(*columns).where(ENTRIES.c.event_id.in_(ids[first : first + _CHUNK]))
            for event_id, index, data in connection.execute(known):
                if data != given[event_id]:
                    raise ConflictingRecordError(f"record {event_id} is in the log already, with other content")
                receipts[event_id] = Receipt(event_id, index)
        return receipts

    def _pay_witness(self) -> None:
        if self._owed is None:
            return
        try:
            self._witness.keep(self._owed)
        except WitnessError as fault:
            # The records are on the disk, but nobody vouches for them elsewhere yet: no receipt before that.
            raise EvidenceLogError(f"the witness cannot be written: {fault}") from fault
        self._owed = None

    def _check_witness(self, connection: Connection, edge: tree.Frontier) -> None:
        try:
            seen = self._witness.last()
        except WitnessError as fault:
            raise EvidenceLogError(f"the witness cannot be read: {fault}") from fault
        if seen is not None:
            if seen.size > edge.size:
                raise TamperedLogError(
                    f"the witness has seen {seen.size} records, the log has {edge.size}: records were removed, or an"
                    " old copy was put back"
                )
            if tree.Frontier.at(seen.size, node_reader(connection)).root() != seen.root:
                raise TamperedLogError(f"the first {seen.size} records are not those that the witness has seen")
        last = connection.execute(select(HEADS).order_by(HEADS.c.size.desc()).limit(1)).first()
        if last is not None and (seen is None or seen.size < last.size):
            self._owed = head_of(last)  # a crash came between the two places
            self._pay_witness()

    def _check_alone(self, connection: Connection, edge: tree.Frontier) -> None:
        if _count(connection) != edge.size:
            raise EvidenceLogError("another process has written to the log")

    def _current_edge(self) -> tree.Frontier:
        if self._edge is None:
            with self._transaction() as connection:
                self._edge = self._read_edge(connection)
        return self._edge

    def _copy_edge(self) -> tree.Frontier:
        edge = self._current_edge()
        return tree.Frontier(edge.size, list(edge.peaks))

    def _read_edge(self, connection: Connection) -> tree.Frontier:
        return tree.Frontier.at(_count(connection), node_reader(connection))

    @contextmanager
    def _transaction(self, writes: bool = False) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(writes=writes) as connection, connection.begin():
                yield connection
        except SQLAlchemyError as fault:
            reason = fault.args[0] if fault.args else type(fault).__name__
            raise EvidenceLogError(f"the database of the evidence log: {reason}") from fault


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
        return bytes(found)

    return node


def head_of(row: Any) -> SignedTreeHead:
    """A head from its row."""
    return SignedTreeHead(row.log_id, row.size, row.timestamp, bytes(row.root), bytes(row.signature))


def _head_row(head: SignedTreeHead) -> dict[str, object]:
    return {
        "size": head.size,
        "log_id": head.log_id,
        "timestamp": head.timestamp,
        "root": head.root,
        "signature": head.signature,
    }


def _count(connection: Connection) -> int:
    """Number of records, from the last index: indices have no gaps."""
    last = connection.scalar(select(func.max(ENTRIES.c.leaf_index)))
    return 0 if last is None else last + 1


def _refuse_twins(records: Sequence[Record]) -> None:
    seen: dict[str, bytes] = {}
    for record in records:
        if seen.setdefault(record.event_id, record.data) != record.data:
            raise ConflictingRecordError(f"two records of id {record.event_id} differ")
