"""What is appended is there, once, in order and vouched for; what cannot be kept is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fleet_manager.domain.evidence import Record, canonical
from fleet_manager.safety_log import tree
from fleet_manager.safety_log.heads import KeyFileError, Signer, Verifier
from fleet_manager.safety_log.log import ConflictingRecordError, EvidenceLogError, TamperedLogError
from fleet_manager.safety_log.reader import Query

MakeRecord = Callable[..., Record]


def test_records_are_found_again_after_a_restart(files: Any, make_record: MakeRecord) -> None:
    first = files.open().append([make_record(n) for n in range(3)])
    again = files.open()
    later = again.append([make_record(3, robot="h1")])
    assert [r.leaf_index for r in first + later] == [0, 1, 2, 3]
    assert [s.data for s in again.records()] == [make_record(n).data for n in range(3)] + [
        make_record(3, robot="h1").data
    ]
    assert (again.last_seq("d1"), again.last_seq("h1"), again.last_seq("nobody")) == (3, 4, 0)
    assert [s.receipt.leaf_index for s in again.records(Query(robot_id="h1"))] == [3]
    assert set(again.find(["event-1", "event-9"])) == {"event-1"}


def test_a_record_that_comes_again_is_stored_once(files: Any, make_record: MakeRecord) -> None:
    log = files.open()
    receipts = log.append([make_record(0), make_record(1)])
    assert log.append([make_record(1), make_record(2), make_record(2)])[0] == receipts[1]
    assert log.size == 3


def test_another_record_under_a_known_id_is_refused_and_nothing_of_its_batch_is_kept(
    files: Any, make_record: MakeRecord
) -> None:
    log = files.open()
    log.append([make_record(0)])
    for batch in ([make_record(1), make_record(0, trigger="other")], [make_record(1), make_record(1, trigger="other")]):
        with pytest.raises(ConflictingRecordError):
            log.append(batch)
        assert log.size == 1
    assert log.append([make_record(1)])[0].leaf_index == 1
    assert files.verify().sound


def test_each_append_is_vouched_for_in_both_places(filled: Any) -> None:
    head = filled.open().head()
    assert (head.size, head.root) == (20, filled.verify().root)
    assert filled.witness.last() == head
    assert [p.head.size for p in filled.witness.pages()] == [1, 3, 6, 10, 15, 20]
    assert all(filled.signer.verifier.genuine(p.head) for p in filled.witness.pages())
    verdict = filled.verify()
    assert (verdict.size, verdict.heads, verdict.witnessed, verdict.findings) == (20, 6, 6, ())


def test_proofs_from_the_stored_tree_lead_to_the_signed_roots(filled: Any) -> None:
    log = filled.open()
    roots = {p.head.size: p.head.root for p in filled.witness.pages()}
    for stored in log.records():
        index, leaf = stored.receipt.leaf_index, tree.leaf_hash(stored.data)
        proof = log.inclusion_proof(index, 20)
        assert tree.root_by_inclusion(leaf, index, 20, proof) == roots[20]
    for old, root in roots.items():
        proof = log.consistency_proof(old, 20)
        assert tree.roots_by_consistency(old, 20, root, proof) == (root, roots[20])


def test_without_the_witness_there_is_no_receipt_and_with_it_again_there_is(
    files: Any, make_record: MakeRecord
) -> None:
    log = files.open()
    log.append([make_record(0)])
    path = files.witness.path
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    for _ in range(2):
        with pytest.raises(EvidenceLogError, match="witness"):
            log.append([make_record(1)])
    path.rmdir()
    path.with_suffix(".away").rename(path)
    assert log.append([make_record(1)])[0].leaf_index == 1
    assert files.witness.last().size == 2
    assert files.verify().sound


def test_a_head_that_a_crash_kept_from_the_witness_is_brought_there_at_the_next_start(filled: Any) -> None:
    lines = filled.witness.path.read_bytes().splitlines(keepends=True)
    filled.witness.path.write_bytes(b"".join(lines[:-1]) + lines[-1][:30])
    log = filled.open()
    assert filled.witness.last() == log.head()
    assert filled.verify().sound


def test_an_old_copy_of_the_database_is_not_written_to(filled: Any, make_record: MakeRecord) -> None:
    filled.close()
    copy = filled.database.read_bytes()
    filled.open().append([make_record(20)])
    filled.close()
    filled.database.write_bytes(copy)
    with pytest.raises(TamperedLogError, match="old copy"):
        filled.open()


def test_two_writers_do_not_mix(files: Any, make_record: MakeRecord) -> None:
    one, other = files.open(), files.open()
    one.append([make_record(0)])
    with pytest.raises(EvidenceLogError, match="another process"):
        other.append([make_record(1)])
    assert other.append([make_record(1)])[0].leaf_index == 1, "it reads anew and goes on"
    assert files.verify().sound


def test_the_key_is_the_owners_alone_and_named_by_what_it_is(files: Any) -> None:
    path = files.folder / "keys" / "log.key"
    signer = Signer.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Verifier.from_pem(path.with_suffix(".pub").read_bytes()).log_id == signer.verifier.log_id
    assert Signer.load_or_create(path).verifier.log_id == signer.verifier.log_id
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        Signer.load_or_create(path)
    path.chmod(0o600)
    path.write_text("no key")
    with pytest.raises(KeyFileError, match=r"log\.key"):
        Signer.load_or_create(path)


def test_a_head_is_worth_nothing_when_a_bit_of_it_is_changed(filled: Any) -> None:
    head, key = filled.open().head(), filled.signer.verifier
    assert key.genuine(head)
    for name, value in (("size", 19), ("timestamp", 1), ("root", "00" * 32), ("log_id", "x"), ("signature", "00" * 64)):
        assert not key.genuine(type(head).from_json({**head.to_json(), name: value}))
    with pytest.raises(ValueError, match="no signed tree head"):
        type(head).from_json(json.loads('{"size": 1}'))


def test_a_new_witness_gets_all_that_was_signed_before(filled: Any) -> None:
    filled.close()
    filled.witness.path.rename(filled.folder / "old.jsonl")
    filled.open()
    assert filled.witness.path.read_bytes() == (filled.folder / "old.jsonl").read_bytes()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_node SET hash = zeroblob(32) WHERE level = 4",
        "DELETE FROM evidence_node WHERE level = 4",
        "DELETE FROM evidence_entry WHERE leaf_index = 19",
        "UPDATE evidence_head SET signature = zeroblob(64) WHERE size = 20",
        "DELETE FROM evidence_head WHERE size = 20",
    ],
)
def test_nothing_is_signed_on_top_of_a_changed_log(filled: Any, statement: str) -> None:
    filled.behind_its_back((statement, ()))
    with pytest.raises(TamperedLogError):
        filled.open()


def test_a_record_filed_under_something_else_than_it_says_is_refused(files: Any, make_record: MakeRecord) -> None:
    log = files.open()
    for wrong in (Record("event-1", "d1", 1, make_record(0).data), Record("event-0", "d1", 1, b"[]")):
        with pytest.raises(ValueError, match="filed under"):
            log.append([wrong])
    assert log.append([make_record(0)])[0].leaf_index == 0


def test_records_are_found_by_robot_class_and_time(files: Any, make_record: MakeRecord) -> None:
    log = files.open()
    log.append([make_record(n, event_class="ESTOP" if n == 2 else "RESET") for n in range(4)])
    log.append([Record("deed", "_manager", 1, canonical({"event_id": "deed", "robot_id": "_manager", "seq": 1,
                                                         "about": "d1"}))])  # fmt: skip
    second = 1_770_000_000

    def indices(**conditions: Any) -> list[int]:
        return [s.receipt.leaf_index for s in log.records(Query(**conditions))]

    assert indices(subject="d1") == [0, 1, 2, 3, 4]
    assert indices(robot_id="_manager") == [4]
    assert indices(event_class="ESTOP") == [2]
    assert indices(since_ns=(second + 1) * 10**9, before_ns=(second + 3) * 10**9) == [1, 2]
    assert indices(first=1, last=3) == [1, 2]
