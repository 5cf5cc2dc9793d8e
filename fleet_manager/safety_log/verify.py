"""Reads a whole log and tells what in it is not as it was written, and where. Changes nothing.

Every record is hashed again and the tree is built again from nothing. What was changed without care shows at the record
itself; what was changed with care (hashes made again to fit) shows at the first signed head that no longer fits, and
lies between that head and the one before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import Connection, Engine, select

from fleet_manager.safety_log import tree
from fleet_manager.safety_log.heads import SignedTreeHead, Verifier
from fleet_manager.safety_log.log import head_of
from fleet_manager.safety_log.tables import ENTRIES, HEADS, NODES
from fleet_manager.safety_log.witness import Witness


class Fault(str, Enum):
    """Kinds of findings."""

    EDITED = "edited"
    MISSING = "missing"
    DUPLICATED = "duplicated"
    MISFILED = "misfiled"
    TREE_CHANGED = "tree_changed"
    HEAD_FORGED = "head_forged"
    HEAD_BROKEN = "head_broken"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong with the records from `first` up to before `last`."""

    fault: Fault
    first: int
    last: int
    event_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at and what was found. `root` is that of the records as they are."""

    size: int
    heads: int
    witnessed: int
    root: bytes
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.findings


def verify(engine: Engine, key: Verifier, witness: Witness) -> Verdict:
    """Check the log in a database against itself, the key and the witness.

    Raises sqlalchemy.exc.SQLAlchemyError for a database that is no evidence log, and WitnessError.
    """
    with engine.connect() as connection, connection.begin():
        own = [head_of(row) for row in connection.execute(select(HEADS).order_by(HEADS.c.size))]
        seen = list(witness.heads())
        audit = _Audit(connection, _signed(key, [*own, *seen]))
        findings = [*_forged(key, own, "the database"), *_forged(key, seen, "the witness"), *audit.run()]
    most = max((h for h in audit.heads), key=lambda h: h.size, default=None)
    if most is not None and most.size > audit.size:
        known = f"a signed head of {most.at:%Y-%m-%d %H:%M:%S} UTC"
        findings.append(
            Finding(
                Fault.TRUNCATED,
                audit.size,
                most.size,
                "",
                f"{known} vouches for {most.size} records, the log has {audit.size}: the last"
                f" {most.size - audit.size} were removed, or an old copy was put back",
            )
        )
    return Verdict(audit.size, len(own), len(seen), audit.root, tuple(findings))


def _signed(key: Verifier, heads: Sequence[SignedTreeHead]) -> list[SignedTreeHead]:
    """Genuine heads, each once, smallest first."""
    genuine = {(h.size, h.root): h for h in heads if key.genuine(h)}
    return sorted(genuine.values(), key=lambda h: h.size)


def _forged(key: Verifier, heads: Sequence[SignedTreeHead], where: str) -> Iterator[Finding]:
    for head in heads:
        if not key.genuine(head):
            sentence = f"the head over {head.size} records in {where} is not signed by key {key.log_id}"
            yield Finding(Fault.HEAD_FORGED, 0, head.size, "", sentence)


class _Audit:
    """One pass over the records, in the order of their indices."""

    def __init__(self, connection: Connection, heads: list[SignedTreeHead]) -> None:
        self._connection = connection
        self.heads = heads
        self.size = 0
        self._edge = tree.Frontier()
        self._due = 0
        self._good = 0
        self._broken = False
        self._ids: dict[str, int] = {}

    @property
    def root(self) -> bytes:
        """Root over what is there."""
        return self._edge.root()

    def run(self) -> Iterator[Finding]:
        """Findings in the order of the log."""
        rows = self._connection.execution_options(yield_per=1000).execute(
            select(ENTRIES).order_by(ENTRIES.c.leaf_index)
        )
        nodes = _Nodes(self._connection)
        for row in rows:
            if row.leaf_index != self.size:
                yield from self._gap(row.leaf_index)
            data, leaf = bytes(row.data), tree.leaf_hash(bytes(row.data))
            yield from self._record(row, data, leaf)
            # With the stored hash the tree above shows its own faults, not once more those of the record.
            for node in self._edge.append(leaf):
                yield from nodes.compare(node, self.size)
            self.size += 1
            yield from self._heads_at(self.size)

    def _gap(self, index: int) -> Iterator[Finding]:
        missing = range(self.size, index)
        yield Finding(
            Fault.MISSING, self.size, index, "", f"{_records(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        )
        for _ in missing:  # keeps later indices where they belong; heads over the gap cannot fit any more
            self._edge.append(tree.EMPTY_ROOT)
            self.size += 1
            yield from self._heads_at(self.size)

    def _record(self, row: object, data: bytes, leaf: bytes) -> Iterator[Finding]:
        index, event_id = row.leaf_index, row.event_id  # type: ignore[attr-defined]
        if leaf != bytes(row.leaf_hash):  # type: ignore[attr-defined]
            yield Finding(
                Fault.EDITED, index, index + 1, event_id, f"record {index} ({event_id}) is not what was hashed"
            )
        said = _event_id(data)
        first = self._ids.setdefault(said, index)
        if said and first != index:
            yield Finding(Fault.DUPLICATED, index, index + 1, said, f"record {index} repeats record {first} ({said})")
        elif said and said != event_id:
            sentence = f"record {index} is filed as {event_id}, and says that it is {said}"
            yield Finding(Fault.MISFILED, index, index + 1, event_id, sentence)

    def _heads_at(self, size: int) -> Iterator[Finding]:
        """Heads over the records so far. Only the first broken one says something: all after it must be broken."""
        while self._due < len(self.heads) and self.heads[self._due].size <= size:
            head = self.heads[self._due]
            self._due += 1
            if head.size < size or self._broken:
                continue
            if head.root == self._edge.root():
                self._good = size
                continue
            self._broken = True
            sentence = (
                f"the head signed over {size} records at {head.at:%Y-%m-%d %H:%M:%S} UTC does not fit them; the one"
                f" over {self._good} does: {_records(range(self._good, size))}, or their order, was changed"
            )
            yield Finding(Fault.HEAD_BROKEN, self._good, size, "", sentence)


class _Nodes:
    """Stored subtrees, read in the order in which they become complete."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def compare(self, node: tree.Node, last: int) -> Iterator[Finding]:
        """Whether what is stored for a subtree is what its records make."""
        statement = select(NODES.c.hash).where(NODES.c.level == node.level, NODES.c.position == node.position)
        stored = self._connection.scalar(statement)
        if stored is None or bytes(stored) != node.hash:
            first = node.position << node.level
            what = "is missing" if stored is None else "does not fit"
            sentence = f"the stored hash over {_records(range(first, last + 1))} {what}"
            yield Finding(Fault.TREE_CHANGED, first, last + 1, "", sentence)


def _records(indices: range) -> str:
    if len(indices) == 1:
        return f"record {indices[0]}"
    return f"records {indices[0]} to {indices[-1]}" if indices else "no record"


def _event_id(data: bytes) -> str:
    try:
        content = json.loads(data)
    except ValueError:
        return ""
    return str(content.get("event_id", "")) if isinstance(content, dict) else ""
