"""Merkle tree of RFC 6962, section 2.1: hashes, roots, inclusion and consistency proofs. Pure.

A tree over n leaves is read through `node(level, position)`: the hash of the perfect subtree over the leaves from
position * 2**level on; level 0 are leaf hashes. Only perfect subtrees are ever asked for, so that they can be stored
once and never change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

NodeReader = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 | data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 | left | right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """A perfect subtree that has become complete."""

    level: int
    position: int
    hash: bytes


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: its perfect subtrees from left to right, O(log n) of them."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    @classmethod
    def at(cls, size: int, node: NodeReader) -> Frontier:
        """The edge of the tree over the first `size` leaves."""
        peaks, start = [], 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                peaks.append(node(level, start >> level))
                start += 1 << level
        return cls(size, peaks)

    def append(self, leaf: bytes) -> list[Node]:
        """Add a leaf hash; the subtrees above it that are complete now, lowest first."""
        complete: list[Node] = []
        position, level, current = self.size, 0, leaf
        while position & 1:
            current = node_hash(self.peaks.pop(), current)
            position, level = position >> 1, level + 1
            complete.append(Node(level, position, current))
        self.peaks.append(current)
        self.size += 1
        return complete

    def root(self) -> bytes:
        """Root of the tree."""
        if not self.peaks:
            return EMPTY_ROOT
        result = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            result = node_hash(peak, result)
        return result


def inclusion_proof(node: NodeReader, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]). Raises IndexError outside of the tree."""
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    return _path(node, index, 0, size)


def consistency_proof(node: NodeReader, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]); empty for equal sizes. Raises IndexError unless 0 < old <= new."""
    if not 0 < old <= new:
        raise IndexError(f"no proof between trees of {old} and {new}")
    return _subproof(node, old, 0, new, known=True)


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that a proof leads to (RFC 9162, 2.1.3.2). Raises ValueError for a proof that fits no tree."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    position, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if position & 1 or position == last:
            result = node_hash(sibling, result)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return result


def roots_by_consistency(old: int, new: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Roots of both trees that a proof leads to (RFC 9162, 2.1.4.2). Raises ValueError for one that fits no trees."""
    if not 0 < old <= new:
        raise ValueError(f"no proof between trees of {old} and {new}")
    if old == new:
        if proof:
            raise ValueError("the proof is too long")
        return old_root, old_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)  # the old tree is a perfect subtree of the new one
    if not path:
        raise ValueError("the proof is too short")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ValueError("the proof is too long")
        if position & 1 or position == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return first, second


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Root of the tree over these leaf hashes."""
    edge = Frontier()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range(node: NodeReader, start: int, end: int) -> bytes:
    """Hash over leaves [start, end), where `start` is where the RFC splits."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range(node, start, middle), _range(node, middle, end))


def _path(node: NodeReader, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(node, index, start, middle), _range(node, middle, end)]
    return [*_path(node, index, middle, end), _range(node, start, middle)]


def _subproof(node: NodeReader, old_end: int, start: int, end: int, known: bool) -> list[bytes]:
    if old_end == end:
        return [] if known else [_range(node, start, end)]
    middle = start + _split(end - start)
    if old_end <= middle:
        return [*_subproof(node, old_end, start, middle, known), _range(node, middle, end)]
    return [*_subproof(node, old_end, middle, end, known=False), _range(node, start, middle)]
