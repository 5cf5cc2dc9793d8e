"""The tree is that of RFC 6962: published vectors, the RFC's own definitions, and proofs that prove nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_manager.safety_log import tree

VECTOR_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
VECTOR_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test data of the Certificate Transparency implementations: roots over the first 0 to 8 leaves."""


def rfc_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + rfc_root(leaves[:k]) + rfc_root(leaves[k:])).digest()


class Grown:
    """A tree with its perfect subtrees kept, as the log keeps them."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.edge = tree.Frontier()
        self.nodes: dict[tuple[int, int], bytes] = {}
        for index, data in enumerate(leaves):
            leaf = tree.leaf_hash(data)
            self.nodes[0, index] = leaf
            for node in self.edge.append(leaf):
                self.nodes[node.level, node.position] = node.hash

    def node(self, level: int, position: int) -> bytes:
        return self.nodes[level, position]


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots_come_out(size: int) -> None:
    assert Grown(VECTOR_LEAVES[:size]).edge.root().hex() == VECTOR_ROOTS[size]
    assert tree.root_of(map(tree.leaf_hash, VECTOR_LEAVES[:size])).hex() == VECTOR_ROOTS[size]


def test_the_published_proofs_come_out() -> None:
    """Audit path of leaf 5 in the tree of 8, and the proof from 6 to 8 (Certificate Transparency test data)."""
    grown = Grown(VECTOR_LEAVES)
    assert [h.hex() for h in tree.inclusion_proof(grown.node, 5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [h.hex() for h in tree.consistency_proof(grown.node, 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=70))
def test_a_growing_tree_has_the_root_that_the_rfc_defines(leaves: list[bytes]) -> None:
    assert Grown(leaves).edge.root() == rfc_root(leaves)


@settings(deadline=None)
@given(st.data())
def test_every_inclusion_proof_leads_to_the_root_and_no_other_leaf_does(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    leaves = [bytes([n]) for n in range(size)]
    proof = tree.inclusion_proof(Grown(leaves).node, index, size)
    assert tree.root_by_inclusion(tree.leaf_hash(leaves[index]), index, size, proof) == rfc_root(leaves)
    assert tree.root_by_inclusion(tree.leaf_hash(b"forged"), index, size, proof) != rfc_root(leaves)
    assert len(proof) <= size.bit_length()


@settings(deadline=None)
@given(st.data())
def test_every_consistency_proof_leads_to_both_roots(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, new))
    leaves = [bytes([n]) for n in range(new)]
    proof = tree.consistency_proof(Grown(leaves).node, old, new)
    roots = tree.roots_by_consistency(old, new, rfc_root(leaves[:old]), proof)
    assert roots == (rfc_root(leaves[:old]), rfc_root(leaves))


@settings(deadline=None)
@given(st.data())
def test_no_consistency_proof_covers_a_changed_past(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 70))
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    leaves = [bytes([n]) for n in range(new)]
    forged = [b"forged" if n == changed else leaf for n, leaf in enumerate(leaves)]
    proof = tree.consistency_proof(Grown(forged).node, old, new)
    roots = tree.roots_by_consistency(old, new, rfc_root(leaves[:old]), proof)
    assert roots != (rfc_root(leaves[:old]), rfc_root(forged))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(0, 39), st.lists(st.binary(min_size=32, max_size=32), max_size=8))
def test_a_proof_of_the_wrong_length_is_refused(size: int, index: int, path: list[bytes]) -> None:
    leaves = [bytes([n]) for n in range(size)]
    if index >= size:
        with pytest.raises(ValueError, match="no leaf"):
            tree.root_by_inclusion(tree.EMPTY_ROOT, index, size, path)
    elif len(path) != len(tree.inclusion_proof(Grown(leaves).node, index, size)):
        with pytest.raises(ValueError, match=r"too (long|short)"):
            tree.root_by_inclusion(tree.leaf_hash(leaves[index]), index, size, path)


def test_an_edge_is_found_again_from_the_stored_hashes() -> None:
    leaves = [bytes([n]) for n in range(37)]
    grown = Grown(leaves)
    for size in range(38):
        assert tree.Frontier.at(size, grown.node).root() == rfc_root(leaves[:size])


def test_there_is_no_proof_outside_of_the_tree() -> None:
    grown = Grown([b"a", b"b"])
    for index in (-1, 2):
        with pytest.raises(IndexError):
            tree.inclusion_proof(grown.node, index, 2)
    for old in (0, 3):
        with pytest.raises(IndexError):
            tree.consistency_proof(grown.node, old, 2)
