"""A file that proves one record: to somebody who has the log's public key and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fleet_manager.safety_log import tree
from fleet_manager.safety_log.errors import EvidenceLogError
from fleet_manager.safety_log.heads import KeyFileError, SignedTreeHead, Verifier
from fleet_manager.safety_log.reader import LogReader

FORMAT = "sitefleet-evidence-proof-1"


class ProofError(Exception):
    """The proof proves nothing; the text says why."""


def prove(log: LogReader, key: Verifier, event_id: str, since: SignedTreeHead | None = None) -> dict[str, Any]:
    """Proof of a record under the newest head; with `since` also that the log has only grown since that head.

    Raises EvidenceLogError if the record is not in the log, or the earlier head is not one of this log.
    """
    found = log.find([event_id]).get(event_id)
    if found is None:
        raise EvidenceLogError(f"there is no record {event_id}")
    head = log.newest_head()
    index = found.receipt.leaf_index
    if head is None or head.size <= index:
        raise EvidenceLogError(f"no signed head covers record {index}; see `sitefleet log verify`")
    proof = {
        "format": FORMAT,
        "event_id": event_id,
        "record": found.data.decode("utf-8"),
        "leaf_index": index,
        "audit_path": [h.hex() for h in log.inclusion_proof(index, head.size)],
        "head": head.to_json(),
        "public_key": key.pem().decode("ascii"),
    }
    if since is not None:
        if not key.genuine(since):
            raise EvidenceLogError("the earlier head is not signed by the key of this log")
        if not 0 < since.size <= head.size:
            raise EvidenceLogError(f"the earlier head is over {since.size} records, the log has {head.size}")
        path = log.consistency_proof(since.size, head.size)
        proof["since"] = {"head": since.to_json(), "path": [h.hex() for h in path]}
    return proof


def check(proof: Mapping[str, Any], key: Verifier | None = None) -> SignedTreeHead:
    """The head under which the record is proved. Without a `key` the one in the proof is taken: then the proof says
    only that it fits itself. Raises ProofError.
    """
    try:
        if proof["format"] != FORMAT:
            raise ProofError(f"a proof of format {proof['format']!r} is not known here")
        head = SignedTreeHead.from_json(proof["head"])
        data = str(proof["record"]).encode("utf-8")
        path = [bytes.fromhex(h) for h in proof["audit_path"]]
        index, event_id = int(proof["leaf_index"]), str(proof["event_id"])
        key = key or Verifier.from_pem(str(proof["public_key"]).encode("ascii"))
        said = json.loads(data)["event_id"]
    except (KeyError, TypeError, ValueError, KeyFileError) as fault:
        raise ProofError(f"this is no whole proof: {fault!r}") from fault
    if not key.genuine(head):
        raise ProofError(f"the tree head is not signed by key {key.log_id}")
    try:
        root = tree.root_by_inclusion(tree.leaf_hash(data), index, head.size, path)
    except ValueError as fault:
        raise ProofError(str(fault)) from fault
    if root != head.root:
        raise ProofError("the record and its path do not lead to the signed root: one of them was changed")
    if said != event_id:
        raise ProofError(f"the record that is proved is not {event_id}")
    if proof.get("since") is not None:
        _check_growth(proof["since"], head, key)
    return head


def _check_growth(since: Any, head: SignedTreeHead, key: Verifier) -> None:
    """That the tree under `head` continues an earlier one. Raises ProofError."""
    try:
        old, path = SignedTreeHead.from_json(since["head"]), [bytes.fromhex(h) for h in since["path"]]
        if not key.genuine(old):
            raise ProofError(f"the earlier head is not signed by key {key.log_id}")
        roots = tree.roots_by_consistency(old.size, head.size, old.root, path)
    except (KeyError, TypeError, ValueError) as fault:
        raise ProofError(f"the proof since the earlier head does not hold: {fault}") from fault
    if roots != (old.root, head.root):
        raise ProofError("the log does not continue the earlier head: what was there before was changed")
