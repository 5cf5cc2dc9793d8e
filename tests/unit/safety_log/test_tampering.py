"""Whatever is done to the database file, it is found, and it is said where."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone
from typing import Any

import pytest

from fleet_manager.safety_log import tree
from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.verify import Fault, Finding

DELETE = "DELETE FROM evidence_entry WHERE leaf_index = ?"
SET_DATA = "UPDATE evidence_entry SET data = ? WHERE leaf_index = ?"


def data_of(files: Any, index: int) -> bytes:
    with sqlite3.connect(files.database) as connection:
        return bytes(connection.execute("SELECT data FROM evidence_entry WHERE leaf_index = ?", (index,)).fetchone()[0])


def found(files: Any) -> dict[Fault, Finding]:
    """The first finding of each kind."""
    first: dict[Fault, Finding] = {}
    for finding in files.verify().findings:
        first.setdefault(finding.fault, finding)
    return first


def rebuild(files: Any, size: int) -> None:
    """What a careful forger does: make every stored hash fit the records again."""
    edge, nodes = tree.Frontier(), []
    statements: list[tuple[str, tuple[object, ...]]] = []
    for index in range(size):
        leaf = tree.leaf_hash(data_of(files, index))
        statements.append(("UPDATE evidence_entry SET leaf_hash = ? WHERE leaf_index = ?", (leaf, index)))
        nodes += edge.append(leaf)
    statements += [
        ("INSERT OR REPLACE INTO evidence_node VALUES (?, ?, ?)", (n.level, n.position, n.hash)) for n in nodes
    ]
    files.behind_its_back(*statements)


def test_an_edited_record_is_named(filled: Any) -> None:
    filled.behind_its_back((SET_DATA, (data_of(filled, 7).replace(b"remote_stop", b"reset_stop!"), 7)))
    finding = found(filled)[Fault.EDITED]
    assert (finding.first, finding.event_id) == (7, "event-7")


@pytest.mark.parametrize("index", [0, 7, 18])
def test_a_deleted_record_is_missed(filled: Any, index: int) -> None:
    filled.behind_its_back((DELETE, (index,)))
    finding = found(filled)[Fault.MISSING]
    assert (finding.first, finding.last) == (index, index + 1)


def test_a_deleted_record_whose_successors_moved_up_is_missed(filled: Any) -> None:
    filled.behind_its_back(
        (DELETE, (7,)),
        ("UPDATE evidence_entry SET leaf_index = leaf_index - 1 + 1000 WHERE leaf_index > 7", ()),
        ("UPDATE evidence_entry SET leaf_index = leaf_index - 1000 WHERE leaf_index >= 1000", ()),
    )
    rebuild(filled, 19)
    finding = found(filled)[Fault.HEAD_BROKEN]
    assert finding.first <= 7 < finding.last
    assert found(filled)[Fault.TRUNCATED].last == 20


def test_swapped_records_are_located(filled: Any) -> None:
    one, other = data_of(filled, 11), data_of(filled, 12)
    filled.behind_its_back((SET_DATA, (one, 12)), (SET_DATA, (other, 11)))
    assert found(filled)[Fault.EDITED].first == 11
    rebuild(filled, 20)
    finding = found(filled)[Fault.HEAD_BROKEN]
    assert (finding.first, finding.last) == (10, 15), "between the head over 10 records and the one over 15"
    assert found(filled)[Fault.MISFILED].first == 11


def test_swapped_rows_with_all_their_columns_are_located(filled: Any) -> None:
    move = "UPDATE evidence_entry SET leaf_index = ? WHERE leaf_index = ?"
    filled.behind_its_back((move, (999, 11)), (move, (11, 12)), (move, (12, 999)))
    assert found(filled)[Fault.TREE_CHANGED].first in {10, 12}, "the stored hash above the pair does not fit"
    rebuild(filled, 20)
    finding = found(filled)[Fault.HEAD_BROKEN]
    assert finding.first <= 11 < finding.last


def test_a_duplicated_record_is_named(filled: Any) -> None:
    copy = data_of(filled, 4)
    filled.behind_its_back(
        (
            "INSERT INTO evidence_entry VALUES (20, 'event-20', 'd1', 21, ?, ?)",
            (copy, tree.leaf_hash(copy)),
        )
    )
    finding = found(filled)[Fault.DUPLICATED]
    assert (finding.first, finding.event_id) == (20, "event-4")


@pytest.mark.parametrize("left", [0, 1, 13, 19])
def test_a_truncated_log_is_known_by_the_witness(filled: Any, left: int) -> None:
    filled.behind_its_back(
        ("DELETE FROM evidence_entry WHERE leaf_index >= ?", (left,)),
        ("DELETE FROM evidence_head WHERE size > ?", (left,)),
        ("DELETE FROM evidence_node WHERE (position + 1) << level > ?", (left,)),
    )
    finding = found(filled)[Fault.TRUNCATED]
    assert (finding.first, finding.last) == (left, 20)


def test_without_the_witness_a_truncated_log_is_known_by_its_own_heads(filled: Any) -> None:
    filled.witness.path.unlink()
    filled.behind_its_back(("DELETE FROM evidence_entry WHERE leaf_index >= 13", ()))
    assert found(filled)[Fault.TRUNCATED].first == 13


def test_an_edit_with_every_hash_made_again_breaks_the_first_head_over_it(filled: Any) -> None:
    filled.behind_its_back((SET_DATA, (data_of(filled, 7).replace(b"remote_stop", b"reset_stop!"), 7)))
    rebuild(filled, 20)
    findings = filled.verify().findings
    assert [f.fault for f in findings] == [Fault.HEAD_BROKEN]
    assert (findings[0].first, findings[0].last) == (6, 10), "between the head over 6 records and the one over 10"


def test_heads_signed_with_another_key_are_found(filled: Any, files: Any) -> None:
    stranger = Signer.load_or_create(files.folder / "other.key")
    filled.behind_its_back((SET_DATA, (data_of(filled, 19).replace(b"remote_stop", b"reset_stop!"), 19)))
    rebuild(filled, 20)
    forged = stranger.sign(20, filled.verify().root, datetime.now(timezone.utc))
    filled.behind_its_back(
        ("UPDATE evidence_head SET root = ?, signature = ? WHERE size = 20", (forged.root, forged.signature))
    )
    kinds = found(filled)
    assert kinds[Fault.HEAD_FORGED].last == 20
    assert kinds[Fault.HEAD_BROKEN].last == 20, "the witness still has the true head"


def test_a_changed_inner_hash_is_located(filled: Any) -> None:
    filled.behind_its_back(("UPDATE evidence_node SET hash = ? WHERE level = 2 AND position = 1", (b"\0" * 32,)))
    finding = found(filled)[Fault.TREE_CHANGED]
    assert (finding.first, finding.last) == (4, 8)


def test_a_missing_inner_hash_is_located(filled: Any) -> None:
    filled.behind_its_back(("DELETE FROM evidence_node WHERE level = 1 AND position = 3", ()))
    assert found(filled)[Fault.TREE_CHANGED].first == 6


def test_columns_that_lie_about_their_record_are_found(filled: Any) -> None:
    filled.behind_its_back(("UPDATE evidence_entry SET event_id = 'event-x' WHERE leaf_index = 3", ()))
    assert found(filled)[Fault.MISFILED].first == 3
