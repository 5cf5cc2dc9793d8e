"""Reads a whole log and tells what in it is not as it was appended, and where. Changes nothing.

Three things are compared: the records as they are, the hashes that genuine signatures vouch for (`reference`), and the
tree and heads as they are stored. Needs memory for the hashes of all records, about 450 bytes each.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, select

from fleet_manager.safety_log import tree
from fleet_manager.safety_log.differences import Odd, record_faults
from fleet_manager.safety_log.filing import filing_of
from fleet_manager.safety_log.findings import Fault, Finding, one, span
from fleet_manager.safety_log.heads import SignedTreeHead, Verifier
from fleet_manager.safety_log.reader import head_of, raw
from fleet_manager.safety_log.reference import Hash, Reference, Stored, extend, from_witness
from fleet_manager.safety_log.tables import ENTRIES, HEADS, NODES
from fleet_manager.safety_log.witness import Damage, Page, Witness

__all__ = ["Fault", "Finding", "Verdict", "verify"]

_NAMED = 5
"""Event ids named in a sentence."""
_OTHER_SERIES = 2**39
"""A jump this wide is the begin of a robot's other series: its recorder counts from 2**40."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at and what was found. `root` is that of the records as they are.

    `proven` records are under a genuine signature; `witnessed` heads came from the witness.
    """

    size: int
    proven: int
    heads: int
    witnessed: int
    root: bytes
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Nothing was changed; there may be notes."""
        return not any(f.serious for f in self.findings)


@dataclass(slots=True)
class _Rows:
    """What was seen of the records."""

    content: dict[int, bytes] = field(default_factory=dict)
    filed: dict[int, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    series: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def verify(engine: Engine, key: Verifier, witness: Witness | None) -> Verdict:
    """Check the log in a database against itself, the key and the witness.

    Without a witness an older copy of the database cannot be told from the real one, and a careful change is located
    only as narrowly as heads were signed.

    Raises sqlalchemy.exc.SQLAlchemyError for a database that is no evidence log, and WitnessError.
    """
    lines = list(witness.pages()) if witness is not None else []
    pages = [line for line in lines if isinstance(line, Page)]
    findings = [_damaged(line) for line in lines if isinstance(line, Damage)]
    with engine.connect() as connection, connection.begin():
        own = [head_of(row) for row in connection.execute(select(HEADS).order_by(HEADS.c.size))]
        rows = _read(connection)
        genuine, signatures = _heads(key, own, [p.head for p in pages])
        findings += signatures
        known = from_witness(pages, key.genuine)
        extend(known, genuine, Stored(rows.content, rows.filed, _node_of(connection)))
        findings += known.findings
        records = list(_records(connection, rows, known, own))
        findings += records
        findings += rows.findings
        findings += _tree(connection, known.leaves, rows, records)
    findings += _both_places(own, pages, len(rows.content), witness is not None)
    findings += _series(rows)
    root = tree.root_of(rows.content.values())
    return Verdict(len(rows.content), known.size, len(own), len(pages), root, tuple(findings))


def _read(connection: Connection) -> _Rows:
    """Hash every record again and look whether its columns say what it says."""
    rows = _Rows()
    found = connection.execution_options(yield_per=1000).execute(select(ENTRIES).order_by(ENTRIES.c.leaf_index))
    for row in found:
        data, index = raw(row.data), row.leaf_index
        rows.content[index] = tree.leaf_hash(data)
        # Where both are equal one object serves: a million records are 60 MB.
        filed = raw(row.leaf_hash)
        rows.filed[index] = rows.content[index] if filed == rows.content[index] else filed
        filing = filing_of(data)
        columns = (row.event_id, row.robot_id, row.seq, row.subject, row.event_class, row.t_ns)
        if filing is None:
            rows.findings.append(one(Fault.MISFILED, index, row.event_id, f"record {index} is no record of an event"))
            continue
        said = (
            filing.event_id, filing.robot_id, filing.seq, filing.subject, filing.event_class, filing.t_ns,
        )  # fmt: skip
        rows.series[filing.robot_id].append(filing.seq)
        if columns != said:
            names = ("event_id", "robot_id", "seq", "subject", "event_class", "t_ns")
            wrong = ", ".join(n for n, a, b in zip(names, columns, said, strict=True) if a != b)
            sentence = f"record {index} ({filing.event_id}) is filed under another {wrong}"
            rows.findings.append(one(Fault.MISFILED, index, filing.event_id, sentence))
    return rows


def _node_of(connection: Connection) -> Callable[[int, int], Hash]:
    def node(level: int, position: int) -> Hash:
        found = connection.scalar(select(NODES.c.hash).where(NODES.c.level == level, NODES.c.position == position))
        return raw(found) if found is not None else None

    return node


def _damaged(damage: Damage) -> Finding:
    sentence = f"line {damage.line} of the witness cannot be read"
    return Finding(Fault.WITNESS_DAMAGED, 0, 0, "", sentence)


def _heads(
    key: Verifier, own: Sequence[SignedTreeHead], seen: Sequence[SignedTreeHead]
) -> tuple[list[SignedTreeHead], list[Finding]]:
    """Genuine heads, one a size, smallest first; and what is wrong with heads."""
    findings, genuine = [], dict[int, SignedTreeHead]()
    # Those of the witness come first: what it has seen counts.
    for head, where in [*((h, "the witness") for h in seen), *((h, "the database") for h in own)]:
        if not key.genuine(head):
            sentence = f"the head over {head.size} records in {where} is not signed by key {key.log_id}"
            findings.append(Finding(Fault.HEAD_FORGED, 0, head.size, "", sentence))
        elif genuine.setdefault(head.size, head).root != head.root:
            sentence = f"there are two signed heads over {head.size} records with different roots"
            findings.append(Finding(Fault.FORKED, 0, head.size, "", sentence))
    return [genuine[size] for size in sorted(genuine)], findings


def _records(connection: Connection, rows: _Rows, known: Reference, own: Sequence[SignedTreeHead]) -> Iterator[Finding]:
    size = known.size
    odd_places = [
        p for p, leaf in rows.content.items() if not 0 <= p < size or (leaf != known.leaves[p])
    ]  # fmt: skip
    absent = [p for p in range(size) if p not in rows.content]
    if not odd_places and not absent:
        return
    odd = [Odd(p, rows.content[p], _said(connection, p)) for p in odd_places]

    def intact(place: int) -> bool:
        return rows.content.get(place) == known.leaves[place]

    def cut(first: int, ids: Sequence[str]) -> Finding:
        named = ", ".join(i for i in ids[:_NAMED] if i) + (", ..." if len(ids) > _NAMED else "")
        lost = span(first, size) + (f" ({named})" if named else "")
        newest = own[-1] if own else None
        if not any(h.size > first for h in own):
            then = f"as it was at {newest.at:%Y-%m-%d %H:%M:%S} UTC" if newest is not None else "empty"
            return Finding(Fault.ROLLED_BACK, first, size, "", f"the database is {then}; {lost} came after that")
        return Finding(Fault.TRUNCATED, first, size, "", f"{lost} at the end {_were(first, size)} removed")

    yield from record_faults(odd, absent, known.leaves, known.ids, intact, cut)


def _were(first: int, last: int) -> str:
    return "was" if last - first == 1 else "were"


def _said(connection: Connection, place: int) -> str:
    data = connection.scalar(select(ENTRIES.c.data).where(ENTRIES.c.leaf_index == place))
    filing = filing_of(raw(data))
    return filing.event_id if filing is not None else ""


def _tree(connection: Connection, leaves: Sequence[Hash], rows: _Rows, records: Sequence[Finding]) -> Iterator[Finding]:
    """Stored hashes that are not those of the records vouched for.

    Over records that were changed themselves they are one finding: somebody made them fit again.
    """
    faulty = sorted({index for f in records for index in range(f.first, f.last)})
    remade = 0
    for index, filed in rows.filed.items():
        right = leaves[index] if index < len(leaves) else None
        if right is None or filed == right:
            continue
        if rows.content[index] == right:
            yield one(Fault.TREE_CHANGED, index, "", f"the stored hash of record {index} is not that of the record")
        remade += filed == rows.content[index]
    current, level = list(leaves), 0
    while len(current) > 1:
        current, level = _above(current), level + 1
        found = connection.execution_options(yield_per=1000).execute(
            select(NODES.c.position, NODES.c.hash).where(NODES.c.level == level).order_by(NODES.c.position)
        )
        stored = {position: raw(value) for position, value in found}
        for position, right in enumerate(current):
            first, last, there = position << level, (position + 1) << level, stored.pop(position, None)
            if right is None or there == right:
                continue
            if _within(faulty, first, last):
                remade += there is not None
            else:
                what = "is missing" if there is None else "does not fit"
                yield Finding(Fault.TREE_CHANGED, first, last, "", f"the stored hash over {span(first, last)} {what}")
        yield from _surplus(level, stored, faulty)
    beyond = connection.execute(select(NODES.c.level, NODES.c.position).where(NODES.c.level > level)).all()
    for row in beyond:
        yield from _surplus(row.level, [row.position], faulty)
    if remade:
        first, last = (faulty[0], faulty[-1] + 1) if faulty else (0, len(leaves))
        sentence = f"{remade} stored hashes were made again to fit what was changed: this was no accident"
        yield Finding(Fault.TREE_CHANGED, first, last, "", sentence)


def _surplus(level: int, positions: Iterable[int], faulty: Sequence[int]) -> Iterator[Finding]:
    for position in positions:
        first, last = position << level, (position + 1) << level
        if not _within(faulty, first, last):
            yield Finding(Fault.TREE_CHANGED, first, last, "", f"a hash over {span(first, last)} belongs to no record")


def _above(level: Sequence[Hash]) -> list[Hash]:
    """The perfect subtrees one level up; None over anything unknown."""
    pairs = zip(level[::2], level[1::2], strict=False)
    return [tree.node_hash(a, b) if a is not None and b is not None else None for a, b in pairs]


def _within(faulty: Sequence[int], first: int, last: int) -> bool:
    place = bisect_left(faulty, first)
    return place < len(faulty) and faulty[place] < last


def _both_places(own: Sequence[SignedTreeHead], pages: Sequence[Page], size: int, asked: bool) -> Iterator[Finding]:
    """Heads that stand in one place only."""
    if not asked:
        return
    here, there = {h.size for h in own}, {p.head.size for p in pages}
    for missing in sorted(there - here):
        if missing <= size:
            sentence = f"the head over {missing} records was removed from the database"
            yield Finding(Fault.HEAD_MISSING, 0, missing, "", sentence)
    newest = max(there, default=0)
    for missing in sorted(here - there):
        if missing < newest:
            sentence = f"the head over {missing} records was removed from the witness"
            yield Finding(Fault.WITNESS_DAMAGED, 0, missing, "", sentence)
    behind = max(here, default=0)
    if behind > newest:
        sentence = f"the witness has seen {newest} records, the database has a signed head over {behind}"
        yield Finding(Fault.WITNESS_BEHIND, newest, behind, "", sentence)


def _series(rows: _Rows) -> Iterator[Finding]:
    """Numbers that are missing in a robot's series: events that were not delivered, or not yet."""
    for robot_id, numbers in sorted(rows.series.items()):
        ordered = sorted(set(numbers))
        for before, after in itertools.pairwise(ordered):
            if 1 < after - before < _OTHER_SERIES:
                sentence = f"numbers {before + 1} to {after - 1} of {robot_id} are not in the log"
                yield Finding(Fault.SERIES_GAP, 0, 0, "", sentence)
