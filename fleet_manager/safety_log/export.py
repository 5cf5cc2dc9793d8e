"""A file of records that can be checked without the database: one JSON object a line, the first is its heading.

All records together give the root by themselves; some of them carry their audit paths.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fleet_manager.safety_log import tree
from fleet_manager.safety_log.errors import EvidenceLogError
from fleet_manager.safety_log.heads import SignedTreeHead, Verifier
from fleet_manager.safety_log.proofs import ProofError
from fleet_manager.safety_log.reader import LogReader, Query

FORMAT = "sitefleet-evidence-export-1"


@dataclass(frozen=True, slots=True)
class Checked:
    """What an export proves: `records` of the log's `size` are in it, under `head`."""

    records: int
    complete: bool
    head: SignedTreeHead


def export(reader: LogReader, key: Verifier, query: Query) -> Iterator[dict[str, Any]]:
    """The lines of an export of the records that the query asks for. Raises EvidenceLogError."""
    head = reader.newest_head()
    if head is None:
        raise EvidenceLogError("the log is empty")
    whole = query == Query()
    yield {
        "format": FORMAT,
        "complete": whole,
        "head": head.to_json(),
        "public_key": key.pem().decode("ascii"),
    }
    for stored in reader.records(query):
        index = stored.receipt.leaf_index
        if index >= head.size:
            break  # appended in the meantime
        line: dict[str, Any] = {"leaf_index": index, "record": stored.data.decode("utf-8")}
        if not whole:
            line["audit_path"] = [h.hex() for h in reader.inclusion_proof(index, head.size)]
        yield line


def check_export(lines: Iterable[str], key: Verifier) -> Checked:
    """What the lines of an export prove. Raises ProofError at the first that does not hold, and names it."""
    numbered = enumerate(lines, start=1)
    try:
        heading = json.loads(next(numbered)[1])
        if heading["format"] != FORMAT:
            raise ProofError(f"an export of format {heading['format']!r} is not known here")
        head, whole = SignedTreeHead.from_json(heading["head"]), bool(heading["complete"])
    except (StopIteration, KeyError, TypeError, ValueError) as fault:
        raise ProofError(f"this is no export: {fault!r}") from fault
    if not key.genuine(head):
        raise ProofError(f"the tree head is not signed by key {key.log_id}")
    edge, count = tree.Frontier(), 0
    for number, text in numbered:
        index, leaf, path = _leaf(number, text, whole)
        count += 1
        if whole:
            if index != edge.size:
                raise ProofError(f"line {number}: record {index} stands where record {edge.size} belongs")
            edge.append(leaf)
            continue
        try:
            root = tree.root_by_inclusion(leaf, index, head.size, path)
        except ValueError as fault:
            raise ProofError(f"line {number}: {fault}") from fault
        if root != head.root:
            raise ProofError(f"line {number}: record {index} was changed, or its audit path")
    if whole and (edge.size, edge.root()) != (head.size, head.root):
        raise ProofError(f"the {count} records do not lead to the root that was signed over {head.size}")
    return Checked(count, whole, head)


def _leaf(number: int, text: str, whole: bool) -> tuple[int, bytes, list[bytes]]:
    try:
        line: Mapping[str, Any] = json.loads(text)
        path = [] if whole else [bytes.fromhex(h) for h in line["audit_path"]]
        return int(line["leaf_index"]), tree.leaf_hash(str(line["record"]).encode("utf-8")), path
    except (KeyError, TypeError, ValueError) as fault:
        raise ProofError(f"line {number} is no record: {fault!r}") from fault
