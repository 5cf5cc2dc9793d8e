"""What the log was: leaf hashes that are under a genuine signature, from wherever they can still be had.

The witness has them record by record. Where it does not reach, the database's own hashes count as far as they lead to a
signed head; where they do not, the stored tree is searched downwards from the signed root for those that do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from fleet_manager.safety_log import tree
from fleet_manager.safety_log.findings import Fault, Finding, span
from fleet_manager.safety_log.heads import SignedTreeHead
from fleet_manager.safety_log.witness import Page

Hash = bytes | None


@dataclass(slots=True)
class Reference:
    """`leaves[i]` is the proven hash of record i, None where none can be had; `ids[i]` its event id, "" if unknown."""

    leaves: list[Hash] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Records that signatures vouch for."""
        return len(self.leaves)


def from_witness(pages: Sequence[Page], genuine: Callable[[SignedTreeHead], bool]) -> Reference:
    """The records of all pages up to the first that does not lead to its signed head."""
    known, edge = Reference(), tree.Frontier()
    for page in pages:
        if not genuine(page.head) or page.first != known.size:
            continue
        before = tree.Frontier(edge.size, list(edge.peaks))
        for _, leaf in page.leaves:
            edge.append(leaf)
        if edge.root() != page.head.root:
            edge = before
            known.findings.append(
                Finding(
                    Fault.WITNESS_DAMAGED,
                    page.first,
                    page.head.size,
                    "",
                    f"the witness's hashes of {span(page.first, page.head.size)} do not lead to their signed head",
                )
            )
            continue
        known.leaves += [leaf for _, leaf in page.leaves]
        known.ids += [event_id for event_id, _ in page.leaves]
    return known


@dataclass(frozen=True, slots=True)
class Stored:
    """The database's own hashes: of content, as filed with the record, and of the tree. None where there is none."""

    content: Mapping[int, bytes]
    filed: Mapping[int, bytes]
    node: Callable[[int, int], Hash]


def extend(known: Reference, heads: Sequence[SignedTreeHead], stored: Stored) -> None:
    """Go on from where the witness ends, head by head, with what the database has. `heads`: genuine, smallest first."""
    edge: tree.Frontier | None = _edge(known.leaves)
    for head in heads:
        first = known.size
        if head.size <= first:
            continue
        added: list[Hash] | None = None
        if edge is not None:
            added = _batch(edge, head, (stored.filed, stored.content))
        if added is None:
            found = _searched(head, first, stored)
            added = [found.get(index) for index in range(first, head.size)]
            edge = _stored_edge(head, stored)
            known.findings += _broken(first, added, head, stored.content)
        known.leaves += added
        known.ids += [""] * len(added)


def _edge(leaves: Sequence[Hash]) -> tree.Frontier:
    edge = tree.Frontier()
    for leaf in leaves:
        if leaf is not None:
            edge.append(leaf)
    return edge


def _batch(edge: tree.Frontier, head: SignedTreeHead, sources: Sequence[Mapping[int, bytes]]) -> list[Hash] | None:
    """The hashes of the records up to `head` from the first source that leads to it; `edge` is then there too."""
    for source in sources:
        trial = tree.Frontier(edge.size, list(edge.peaks))
        added: list[Hash] = []
        for index in range(edge.size, head.size):
            leaf = source.get(index)
            if leaf is None:
                break
            trial.append(leaf)
            added.append(leaf)
        if trial.size == head.size and trial.root() == head.root:
            edge.size, edge.peaks = trial.size, trial.peaks
            return added
    return None


def _stored_edge(head: SignedTreeHead, stored: Stored) -> tree.Frontier | None:
    """The edge of the tree under `head` from the stored tree, if that leads to the signed root."""
    peaks: list[bytes] = []
    for level, position in _peaks(head.size):
        peak = stored.node(level, position) if level else stored.filed.get(position)
        if peak is None:
            return None
        peaks.append(peak)
    edge = tree.Frontier(head.size, peaks)
    return edge if edge.root() == head.root else None


def _peaks(size: int) -> Iterator[tuple[int, int]]:
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            yield level, start >> level
            start += 1 << level


def _searched(head: SignedTreeHead, first: int, stored: Stored) -> dict[int, bytes]:
    """Leaf hashes from `first` on that lie under the signed root by the stored tree."""
    edge, found = _stored_edge(head, stored), dict[int, bytes]()
    if edge is None:
        return found
    for (level, position), peak in zip(_peaks(head.size), edge.peaks, strict=True):
        _descend(stored, level, position, peak, first, found)
    return found


def _descend(stored: Stored, level: int, position: int, proven: bytes, first: int, found: dict[int, bytes]) -> None:
    if (position + 1) << level <= first:
        return
    if level == 0:
        found[position] = proven
        return
    sides = [_candidates(stored, level - 1, 2 * position + side) for side in (0, 1)]
    for left, right in product(*sides):
        if tree.node_hash(left, right) == proven:
            _descend(stored, level - 1, 2 * position, left, first, found)
            _descend(stored, level - 1, 2 * position + 1, right, first, found)
            return


def _candidates(stored: Stored, level: int, position: int) -> list[bytes]:
    """What a subtree's hash may have been: as stored, or made again from the hashes below it."""
    leaves = range(position << level, (position + 1) << level)
    hashes: list[Hash] = [stored.node(level, position)] if level else []
    for source in (stored.filed, stored.content):
        below = [source.get(index) for index in leaves]
        hashes.append(tree.root_of(leaf for leaf in below if leaf is not None) if None not in below else None)
    return list(dict.fromkeys(h for h in hashes if h is not None))


def _broken(first: int, added: Sequence[Hash], head: SignedTreeHead, content: Mapping[int, bytes]) -> Iterator[Finding]:
    """Records of which nothing could be proved, in runs; those that are not there at all are another finding."""
    start: int | None = None
    for index, leaf in enumerate([*added, b""], start=first):
        unproven = leaf is None and index in content
        if unproven and start is None:
            start = index
        if not unproven and start is not None:
            sentence = (
                f"the head signed over {head.size} records at {head.at:%Y-%m-%d %H:%M:%S} UTC does not fit:"
                f" {span(start, index)}, or their order, was changed"
            )
            yield Finding(Fault.HEAD_BROKEN, start, index, "", sentence)
            start = None
