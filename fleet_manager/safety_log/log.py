"""The evidence log: records and their hash tree in a database, signed heads there and at a witness.

One process writes. A record is in the log, on the disk, and vouched for by a signed head when `append` returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from sqlalchemy import Connection, Engine, insert, select

from fleet_manager.domain.evidence import Receipt, Record
from fleet_manager.safety_log import tree
from fleet_manager.safety_log.errors import ConflictingRecordError, EvidenceLogError, TamperedLogError
from fleet_manager.safety_log.filing import filing_of
from fleet_manager.safety_log.heads import SignedTreeHead, Signer
from fleet_manager.safety_log.reader import LogReader, count, head_of, last_head, node_reader, raw
from fleet_manager.safety_log.tables import ENTRIES, HEADS, METADATA, NODES
from fleet_manager.safety_log.witness import Page, Witness, WitnessError

__all__ = ["ConflictingRecordError", "EvidenceLog", "EvidenceLogError", "TamperedLogError"]

_CHUNK = 500
"""Ids asked for in one statement."""
_PAGES = 1000
"""Pages written to the witness with one sync when it has to catch up."""


def _utc() -> datetime:
    return datetime.now(timezone.utc)


class EvidenceLog(LogReader):
    """Append, find, prove. Not to be shared between threads without a lock of the caller's."""

    def __init__(self, engine: Engine, signer: Signer, witness: Witness, utc: Callable[[], datetime] = _utc) -> None:
        """Open, and make the tables if they are not there.

        Raises EvidenceLogError; TamperedLogError when the witness has seen more than there is, or something else.
        """
        super().__init__(engine)
        self._signer, self._witness, self._utc = signer, witness, utc
        self._edge: tree.Frontier | None = None
        self._owed: Page | None = None
        with self._transaction(writes=True) as connection:
            METADATA.create_all(connection)
            edge = self._read_edge(connection)
            self._check_head(connection, edge)
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
        EvidenceLogError, and ValueError for a record whose content is not what it is filed under.
        """
        self._pay_witness()
        page: Page | None = None
        edge = self._copy_edge()
        try:
            with self._transaction(writes=True) as connection:
                self._check_alone(connection, edge)
                receipts = self._receipts_of_known(connection, records)
                new = list({r.event_id: r for r in records if r.event_id not in receipts}.values())
                _refuse_twins(records)
                if new:
                    leaves = self._insert(connection, edge, new)
                    receipts |= {i: Receipt(i, n) for n, (i, _) in enumerate(leaves, start=edge.size - len(leaves))}
                    head = self._signer.sign(edge.size, edge.root(), self._utc())
                    connection.execute(insert(HEADS), [_head_row(head)])
                    page = Page(head, leaves)
        except EvidenceLogError:
            self._edge = None
            raise
        self._edge = edge
        self._owed = page
        self._pay_witness()
        return [receipts[r.event_id] for r in records]

    def head(self) -> SignedTreeHead:
        """The newest signed head; that of an empty log is signed on the spot."""
        return self.newest_head() or self._signer.sign(0, tree.EMPTY_ROOT, self._utc())

    def _insert(
        self, connection: Connection, edge: tree.Frontier, new: Sequence[Record]
    ) -> tuple[tuple[str, bytes], ...]:
        entries, nodes, leaves = [], [], []
        for record in new:
            filing = filing_of(record.data)
            if filing is None or (filing.event_id, filing.robot_id, filing.seq) != (
                record.event_id,
                record.robot_id,
                record.seq,
            ):
                raise ValueError(f"the content of record {record.event_id} is not what it is filed under")
            leaf = tree.leaf_hash(record.data)
            leaves.append((record.event_id, leaf))
            entries.append(
                {
                    "leaf_index": edge.size,
                    "event_id": filing.event_id,
                    "robot_id": filing.robot_id,
                    "seq": filing.seq,
                    "subject": filing.subject,
                    "event_class": filing.event_class,
                    "t_ns": filing.t_ns,
                    "data": record.data,
                    "leaf_hash": leaf,
                }
            )
            nodes += [{"level": n.level, "position": n.position, "hash": n.hash} for n in edge.append(leaf)]
        connection.execute(insert(ENTRIES), entries)
        if nodes:
            connection.execute(insert(NODES), nodes)
        return tuple(leaves)

    def _receipts_of_known(self, connection: Connection, records: Sequence[Record]) -> dict[str, Receipt]:
        given = {r.event_id: r.data for r in records}
        ids, receipts = list(given), {}
        columns = (ENTRIES.c.event_id, ENTRIES.c.leaf_index, ENTRIES.c.data)
        for first in range(0, len(ids), _CHUNK):
            known = select(*columns).where(ENTRIES.c.event_id.in_(ids[first : first + _CHUNK]))
            for event_id, index, data in connection.execute(known):
                if raw(data) != given[event_id]:
                    raise ConflictingRecordError(f"record {event_id} is in the log already, with other content")
                receipts[event_id] = Receipt(event_id, index)
        return receipts

    def _pay_witness(self) -> None:
        if self._owed is not None:
            self._give_witness([self._owed])
            self._owed = None

    def _give_witness(self, pages: Sequence[Page]) -> None:
        try:
            self._witness.keep(pages)
        except WitnessError as fault:
            # The records are on the disk, but nobody vouches for them elsewhere yet: no receipt before that.
            raise EvidenceLogError(f"the witness cannot be written: {fault}") from fault

    def _check_head(self, connection: Connection, edge: tree.Frontier) -> None:
        """Never sign on top of what nobody vouched for."""
        head = last_head(connection)
        if head is None and edge.size == 0:
            return
        if head is None or head.size != edge.size or head.root != edge.root():
            raise TamperedLogError(
                f"the {edge.size} records and their hashes do not fit the newest head; see `sitefleet log verify`"
            )
        if not self._signer.verifier.genuine(head):
            raise TamperedLogError(f"the newest head is not signed by key {self.log_id}: another key, or a forged head")

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
        self._catch_up(connection, seen.size if seen is not None else 0)

    def _catch_up(self, connection: Connection, witnessed: int) -> None:
        """A crash came between the two places, or the witness is a new one."""
        heads = [head_of(r) for r in connection.execute(select(HEADS).where(HEADS.c.size > witnessed).order_by("size"))]
        pages: list[Page] = []
        for head in heads:
            added = (ENTRIES.c.leaf_index >= witnessed, ENTRIES.c.leaf_index < head.size)
            rows = connection.execute(
                select(ENTRIES.c.event_id, ENTRIES.c.leaf_hash).where(*added).order_by(ENTRIES.c.leaf_index)
            )
            pages.append(Page(head, tuple((event_id, raw(leaf)) for event_id, leaf in rows)))
            witnessed = head.size
            if len(pages) == _PAGES or head is heads[-1]:
                self._give_witness(pages)
                pages = []

    def _check_alone(self, connection: Connection, edge: tree.Frontier) -> None:
        if count(connection) != edge.size:
            raise EvidenceLogError("another process has written to the log")

    def _current_edge(self) -> tree.Frontier:
        if self._edge is None:
            with self._transaction() as connection:
                edge = self._read_edge(connection)
                self._check_head(connection, edge)
            self._edge = edge
        return self._edge

    def _copy_edge(self) -> tree.Frontier:
        edge = self._current_edge()
        return tree.Frontier(edge.size, list(edge.peaks))

    def _read_edge(self, connection: Connection) -> tree.Frontier:
        return tree.Frontier.at(count(connection), node_reader(connection))


def _head_row(head: SignedTreeHead) -> dict[str, object]:
    return {
        "size": head.size,
        "log_id": head.log_id,
        "timestamp": head.timestamp,
        "root": head.root,
        "signature": head.signature,
    }


def _refuse_twins(records: Sequence[Record]) -> None:
    seen: dict[str, bytes] = {}
    for record in records:
        if seen.setdefault(record.event_id, record.data) != record.data:
            raise ConflictingRecordError(f"two records of id {record.event_id} differ")
