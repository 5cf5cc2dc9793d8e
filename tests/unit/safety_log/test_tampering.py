"""Whatever is done to the database file, it is found, and it is said where: done carelessly, or with hashes remade."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from fleet_manager.domain.evidence import Record
from fleet_manager.safety_log import tree
from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.verify import Fault, Finding

DELETE = "DELETE FROM evidence_entry WHERE leaf_index = ?"
SET_DATA = "UPDATE evidence_entry SET data = ? WHERE leaf_index = ?"
MOVE = "UPDATE evidence_entry SET leaf_index = ? WHERE leaf_index = ?"

careless_and_careful = pytest.mark.parametrize("careful", [False, True], ids=["careless", "hashes_remade"])


def edit(files: Any, index: int) -> None:
    files.behind_its_back((SET_DATA, (files.data_of(index).replace(b"remote_stop", b"reset_stop!"), index)))


def swap(files: Any, one: int, other: int) -> None:
    files.behind_its_back((MOVE, (999, one)), (MOVE, (one, other)), (MOVE, (other, 999)))


def delete_and_move_up(files: Any, index: int) -> None:
    files.behind_its_back(
        (DELETE, (index,)),
        ("UPDATE evidence_entry SET leaf_index = leaf_index - 1 + 1000 WHERE leaf_index > ?", (index,)),
        ("UPDATE evidence_entry SET leaf_index = leaf_index - 1000 WHERE leaf_index >= 1000", ()),
    )


def copy_to_the_end(files: Any, index: int) -> None:
    columns = "'event-20', robot_id, 21, subject, event_class, t_ns, data, leaf_hash"
    files.behind_its_back(
        (f"INSERT INTO evidence_entry SELECT 20, {columns} FROM evidence_entry WHERE leaf_index = ?", (index,))
    )


def of_kind(files: Any, fault: Fault, with_witness: bool = True) -> list[Finding]:
    return [f for f in files.verify(with_witness).findings if f.fault is fault]


def kinds(files: Any, with_witness: bool = True) -> set[Fault]:
    return {f.fault for f in files.verify(with_witness).findings}


def test_an_untouched_log_is_sound(filled: Any) -> None:
    assert filled.verify().findings == ()
    assert filled.verify(with_witness=False).findings == ()


@pytest.mark.parametrize("verb", ["UPDATE evidence_entry SET seq = 0", "DELETE FROM evidence_head"])
def test_rows_cannot_be_changed_by_mistake(filled: Any, verb: str) -> None:
    connection = sqlite3.connect(filled.database)
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        connection.execute(verb)
    connection.close()


@careless_and_careful
@pytest.mark.parametrize("index", [0, 7, 19])
def test_an_edited_record_is_named(filled: Any, index: int, careful: bool) -> None:
    edit(filled, index)
    if careful:
        filled.remake_hashes()
    (finding,) = of_kind(filled, Fault.EDITED)
    assert (finding.first, finding.last, finding.event_id) == (index, index + 1, f"event-{index}")
    assert kinds(filled) == ({Fault.EDITED, Fault.TREE_CHANGED} if careful else {Fault.EDITED})


@pytest.mark.parametrize("value", ["text", None, 7, 1.5, b""])
@pytest.mark.parametrize("column", ["data", "leaf_hash"])
def test_a_column_of_another_type_is_a_finding_and_no_crash(filled: Any, column: str, value: object) -> None:
    if value is None:
        filled.behind_its_back(
            ("PRAGMA writable_schema = ON", ()),
            ("UPDATE sqlite_master SET sql = replace(sql, 'BLOB NOT NULL', 'BLOB') WHERE name = 'evidence_entry'", ()),
        )
    filled.behind_its_back((f"UPDATE evidence_entry SET {column} = ? WHERE leaf_index = 7", (value,)))
    found = kinds(filled)
    assert (Fault.EDITED if column == "data" else Fault.TREE_CHANGED) in found
    assert of_kind(filled, Fault.EDITED if column == "data" else Fault.TREE_CHANGED)[0].first == 7


@pytest.mark.parametrize("column", ["root", "signature", "timestamp", "log_id"])
@pytest.mark.parametrize("value", ["text", 2**63 - 1, -1, 0.5])
def test_a_head_of_another_type_is_a_finding_and_no_crash(filled: Any, column: str, value: object) -> None:
    filled.behind_its_back((f"UPDATE evidence_head SET {column} = ? WHERE size = 10", (value,)))
    assert of_kind(filled, Fault.HEAD_FORGED)[0].last == 10


def test_two_edited_records_are_both_named(filled: Any) -> None:
    for index in (3, 16):
        edit(filled, index)
    filled.remake_hashes()
    assert [f.event_id for f in of_kind(filled, Fault.EDITED)] == ["event-3", "event-16"]


@careless_and_careful
@pytest.mark.parametrize("index", [0, 7, 18])
def test_a_deleted_record_is_named(filled: Any, index: int, careful: bool) -> None:
    filled.behind_its_back((DELETE, (index,)))
    if careful:
        filled.remake_hashes()
    (finding,) = of_kind(filled, Fault.MISSING)
    assert (finding.first, finding.event_id) == (index, f"event-{index}")


@careless_and_careful
@pytest.mark.parametrize("index", [0, 7, 18])
def test_a_deleted_record_is_named_when_those_after_it_moved_up(filled: Any, index: int, careful: bool) -> None:
    delete_and_move_up(filled, index)
    if careful:
        filled.remake_hashes()
    (finding,) = of_kind(filled, Fault.MISSING)
    assert (finding.first, finding.event_id) == (index, f"event-{index}")
    (moved,) = of_kind(filled, Fault.MOVED)
    assert (moved.first, moved.last) == (index, 19)
    assert not of_kind(filled, Fault.TRUNCATED)


@careless_and_careful
@pytest.mark.parametrize(("one", "other"), [(11, 12), (2, 17), (0, 19)])
def test_swapped_records_are_both_named(filled: Any, one: int, other: int, careful: bool) -> None:
    swap(filled, one, other)
    if careful:
        filled.remake_hashes()
    found = {(f.first, f.event_id) for f in of_kind(filled, Fault.MOVED)}
    assert found == {(one, f"event-{other}"), (other, f"event-{one}")}


@careless_and_careful
def test_a_copy_put_at_the_end_is_named(filled: Any, careful: bool) -> None:
    copy_to_the_end(filled, 4)
    if careful:
        filled.remake_hashes()
    (finding,) = of_kind(filled, Fault.DUPLICATED)
    assert (finding.first, finding.event_id) == (20, "event-4")


@careless_and_careful
def test_a_copy_put_over_another_record_is_named_and_so_is_the_other(filled: Any, careful: bool) -> None:
    filled.behind_its_back((SET_DATA, (filled.data_of(4), 9)))
    if careful:
        filled.remake_hashes()
    (copy,), (gone,) = of_kind(filled, Fault.DUPLICATED), of_kind(filled, Fault.MISSING)
    assert (copy.first, copy.event_id) == (9, "event-4")
    assert (gone.first, gone.event_id) == (9, "event-9")


@careless_and_careful
def test_an_invented_record_is_named(filled: Any, make_record: Callable[..., Record], careful: bool) -> None:
    data = make_record(20).data
    values = (data, tree.leaf_hash(data))
    columns = "(20, 'event-20', 'd1', 21, 'd1', 'REMOTE_STOP', 1770000020000000005, ?, ?)"
    filled.behind_its_back((f"INSERT INTO evidence_entry VALUES {columns}", values))
    if careful:
        filled.remake_hashes()
    (finding,) = of_kind(filled, Fault.ADDED)
    assert (finding.first, finding.event_id) == (20, "event-20")


@careless_and_careful
@pytest.mark.parametrize("left", [1, 13, 19])
def test_removed_last_records_are_named(filled: Any, left: int, careful: bool) -> None:
    filled.behind_its_back(("DELETE FROM evidence_entry WHERE leaf_index >= ?", (left,)))
    if careful:
        filled.remake_hashes()
    (finding,) = of_kind(filled, Fault.TRUNCATED)
    assert (finding.first, finding.last) == (left, 20)
    assert f"event-{left}" in finding.sentence
    (alone,) = of_kind(filled, Fault.TRUNCATED, with_witness=False)
    assert (alone.first, alone.last) == (left, 20)


def test_an_old_copy_of_the_database_is_known_and_what_it_lacks_is_named(
    filled: Any, make_record: Callable[..., Record]
) -> None:
    filled.close()
    copy = filled.database.read_bytes()
    log = filled.open()
    for n in (20, 21):
        log.append([make_record(n)])
    filled.close()
    filled.database.write_bytes(copy)
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.first, finding.last) == (Fault.ROLLED_BACK, 20, 22)
    assert "event-20, event-21" in finding.sentence
    assert filled.verify(with_witness=False).sound, "without the witness nobody can know"


def test_an_emptied_database_is_known(filled: Any) -> None:
    filled.behind_its_back(
        *((f"DELETE FROM {name}", ()) for name in ("evidence_entry", "evidence_node", "evidence_head"))
    )
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.first, finding.last) == (Fault.ROLLED_BACK, 0, 20)


def test_several_deeds_at_once_are_each_named(filled: Any) -> None:
    """Edited, deleted with the rest moved up, swapped, and the end cut off."""
    edit(filled, 2)
    swap(filled, 4, 5)
    delete_and_move_up(filled, 9)
    edit(filled, 11)  # was 12 before the others moved up
    filled.behind_its_back(("DELETE FROM evidence_entry WHERE leaf_index >= 17", ()))
    filled.remake_hashes()
    found = {(f.fault, f.first, f.event_id) for f in filled.verify().findings}
    assert {
        (Fault.EDITED, 2, "event-2"),
        (Fault.EDITED, 12, "event-12"),
        (Fault.MISSING, 9, "event-9"),
        (Fault.MOVED, 4, "event-5"),
        (Fault.MOVED, 5, "event-4"),
        (Fault.TRUNCATED, 18, ""),
    } <= found


# -- the tree and the heads


def test_a_changed_inner_hash_is_located(filled: Any) -> None:
    filled.behind_its_back(("UPDATE evidence_node SET hash = ? WHERE level = 2 AND position = 1", (b"\0" * 32,)))
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.first, finding.last) == (Fault.TREE_CHANGED, 4, 8)


def test_a_missing_and_a_surplus_inner_hash_are_located(filled: Any) -> None:
    filled.behind_its_back(
        ("DELETE FROM evidence_node WHERE level = 1 AND position = 3", ()),
        ("INSERT INTO evidence_node VALUES (3, 7, ?)", (b"\0" * 32,)),
    )
    assert [(f.fault, f.first, f.last) for f in filled.verify().findings] == [
        (Fault.TREE_CHANGED, 6, 8),
        (Fault.TREE_CHANGED, 56, 64),
    ]


def test_a_changed_hash_beside_its_record_is_located(filled: Any) -> None:
    filled.behind_its_back(("UPDATE evidence_entry SET leaf_hash = ? WHERE leaf_index = 5", (b"\0" * 32,)))
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.first) == (Fault.TREE_CHANGED, 5)


def test_a_head_signed_with_another_key_is_found(filled: Any) -> None:
    stranger = Signer.load_or_create(filled.folder / "other.key")
    edit(filled, 19)
    filled.remake_hashes()
    forged = stranger.sign(20, filled.verify().root, datetime.now(timezone.utc))
    filled.behind_its_back(
        ("UPDATE evidence_head SET root = ?, signature = ? WHERE size = 20", (forged.root, forged.signature))
    )
    (finding,) = of_kind(filled, Fault.HEAD_FORGED)
    assert finding.last == 20
    (record,) = of_kind(filled, Fault.EDITED)
    assert record.event_id == "event-19", "the witness still has the true head"


@pytest.mark.parametrize("column", ["root", "signature", "timestamp", "log_id"])
def test_a_head_with_a_changed_column_is_found(filled: Any, column: str) -> None:
    filled.behind_its_back((f"UPDATE evidence_head SET {column} = ? WHERE size = 10", (1,) if column == "timestamp" else (b"\1" * 64,)))  # noqa: E501  # fmt: skip
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.last) == (Fault.HEAD_FORGED, 10)


def test_a_removed_head_is_found(filled: Any) -> None:
    filled.behind_its_back(("DELETE FROM evidence_head WHERE size = 6", ()))
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.last) == (Fault.HEAD_MISSING, 6)


def test_a_second_history_under_the_true_key_is_found(filled: Any) -> None:
    """The key was stolen, or the log was run twice."""
    edit(filled, 19)
    filled.remake_hashes()
    other = filled.signer.sign(20, filled.verify().root, datetime.now(timezone.utc))
    filled.behind_its_back(
        (
            "UPDATE evidence_head SET root = ?, signature = ?, timestamp = ? WHERE size = 20",
            (other.root, other.signature, other.timestamp),
        )
    )
    assert of_kind(filled, Fault.FORKED)[0].last == 20
    assert of_kind(filled, Fault.EDITED)[0].event_id == "event-19"


@pytest.mark.parametrize("column", ["event_id", "robot_id", "seq", "subject", "event_class", "t_ns"])
def test_columns_that_lie_about_their_record_are_found(filled: Any, column: str) -> None:
    filled.behind_its_back((f"UPDATE evidence_entry SET {column} = 7 WHERE leaf_index = 3", ()))
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.first, finding.event_id) == (Fault.MISFILED, 3, "event-3")
    assert column in finding.sentence


# -- the witness


def test_changed_lines_of_the_witness_are_found(filled: Any) -> None:
    path = filled.witness.path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1].replace(b"event-1", b"event-x"), *lines[2:]]))
    assert filled.verify().findings == (), "ids there are for people; they are under no signature"
    path.write_bytes(b"".join([lines[0], b"nothing\n", *lines[1:]]))
    assert [f.fault for f in filled.verify().findings] == [Fault.WITNESS_DAMAGED]
    page = lines[3].replace(filled.verify().root.hex()[:1].encode(), b"0")
    leaf = tree.leaf_hash(filled.data_of(7)).hex().encode()
    path.write_bytes(b"".join([*lines[:3], page.replace(leaf, b"0" * 64), *lines[4:]]))
    assert Fault.HEAD_FORGED in kinds(filled) or Fault.WITNESS_DAMAGED in kinds(filled)


def test_hashes_in_the_witness_that_do_not_lead_to_their_head_prove_nothing(filled: Any) -> None:
    path = filled.witness.path
    leaf = tree.leaf_hash(filled.data_of(7)).hex().encode()
    path.write_bytes(path.read_bytes().replace(leaf, b"0" * 64))
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.first, finding.last) == (Fault.WITNESS_DAMAGED, 6, 10)


def test_a_line_removed_from_the_witness_is_found(filled: Any) -> None:
    path = filled.witness.path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    (finding,) = filled.verify().findings
    assert (finding.fault, finding.last) == (Fault.WITNESS_DAMAGED, 6)


def test_a_witness_without_the_newest_heads_is_a_note(filled: Any) -> None:
    path = filled.witness.path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    verdict = filled.verify()
    assert [(f.fault, f.first, f.last) for f in verdict.findings] == [(Fault.WITNESS_BEHIND, 15, 20)]
    assert verdict.sound


def test_missing_numbers_of_a_series_are_a_note(files: Any, make_record: Callable[..., Record]) -> None:
    files.open().append([make_record(n) for n in (0, 1, 4)])
    verdict = files.verify()
    assert [f.fault for f in verdict.findings] == [Fault.SERIES_GAP]
    assert "numbers 3 to 4 of d1" in verdict.findings[0].sentence
    assert verdict.sound


# -- without the witness


@pytest.mark.parametrize("index", [0, 7, 19])
def test_without_the_witness_a_careless_edit_is_named(filled: Any, index: int) -> None:
    edit(filled, index)
    (finding,) = filled.verify(with_witness=False).findings
    assert (finding.fault, finding.first) == (Fault.EDITED, index)


def test_without_the_witness_an_edit_with_its_hash_remade_is_narrowed_by_the_stored_tree(filled: Any) -> None:
    edit(filled, 7)
    leaf = tree.leaf_hash(filled.data_of(7))
    filled.behind_its_back(("UPDATE evidence_entry SET leaf_hash = ? WHERE leaf_index = 7", (leaf,)))
    (finding,) = of_kind(filled, Fault.HEAD_BROKEN, with_witness=False)
    assert (finding.first, finding.last) == (6, 8), "the pair under the lowest hash that is still proven"


def test_without_the_witness_an_edit_with_every_hash_remade_lies_between_two_heads(filled: Any) -> None:
    edit(filled, 7)
    filled.remake_hashes()
    first = of_kind(filled, Fault.HEAD_BROKEN, with_witness=False)[0]
    assert (first.first, first.last) == (6, 10), "between the head over 6 records and the one over 10"
