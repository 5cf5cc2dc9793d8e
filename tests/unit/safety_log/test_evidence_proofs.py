"""A proof convinces somebody who has the public key and nothing else, and nothing but the truth does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.log import EvidenceLogError
from fleet_manager.safety_log.proofs import ProofError, check, prove


@pytest.fixture
def proof(filled: Any) -> dict[str, Any]:
    written = json.dumps(prove(filled.open(), filled.signer.verifier, "event-13"))
    loaded: dict[str, Any] = json.loads(written)
    return loaded


def test_a_proof_holds_without_the_log(filled: Any, proof: dict[str, Any]) -> None:
    assert check(proof, filled.signer.verifier).size == 20
    assert check(proof).size == 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("record", '{"event_id":"event-13","trigger":"nothing"}'),
        ("event_id", "event-12"),
        ("leaf_index", 12),
        ("audit_path", []),
        ("format", "other"),
        ("public_key", "none"),
        ("head", {}),
    ],
)
def test_a_changed_proof_proves_nothing(proof: dict[str, Any], name: str, value: object) -> None:
    with pytest.raises(ProofError):
        check({**proof, name: value})


def test_a_proof_by_another_key_proves_nothing(filled: Any, proof: dict[str, Any]) -> None:
    other = Signer.load_or_create(filled.folder / "other.key")
    with pytest.raises(ProofError, match="not signed"):
        check(proof, other.verifier)


def test_what_is_not_in_the_log_is_not_proved(filled: Any) -> None:
    with pytest.raises(EvidenceLogError, match="no record event-99"):
        prove(filled.open(), filled.signer.verifier, "event-99")
