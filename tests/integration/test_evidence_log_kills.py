"""kill -9 of what appends, at random moments: whatever it had a receipt for is in the log, and the log is sound."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.log import EvidenceLog
from fleet_manager.safety_log.verify import verify
from fleet_manager.safety_log.witness import Witness
from fleet_manager.store.engine import open_engine

KILLS = 100
APPENDER = Path(__file__).with_name("evidence_appender.py")


def test_nothing_with_a_receipt_is_lost_in_100_kills(tmp_path: Path) -> None:
    source = random.Random(11)
    receipts: dict[str, int] = {}
    nursery = subprocess.Popen(
        [sys.executable, str(APPENDER), str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    try:
        for _ in range(KILLS):
            nursery.stdin.write("live\n")
            nursery.stdin.flush()
            life = int(nursery.stdout.readline())
            for _ in range(source.randrange(8)):  # some die before the log is open, some after a few appends
                _note(receipts, nursery.stdout.readline())
            time.sleep(source.uniform(0.0, 0.01))  # and in the middle of one
            os.kill(life, signal.SIGKILL)
            # What a life wrote just before its end may be cut, and then joins `dead`: it was no receipt.
            while not (line := nursery.stdout.readline()).endswith("dead\n"):
                _note(receipts, line)
    finally:
        nursery.stdin.close()
        assert nursery.wait(10) == 0
        nursery.stdout.close()
    engine = open_engine(str(tmp_path / "evidence.db"))
    signer, witness = Signer.load_or_create(tmp_path / "log.key"), Witness(tmp_path / "witness" / "heads.jsonl")
    stored = {s.receipt.event_id: s.receipt.leaf_index for s in EvidenceLog(engine, signer, witness).records()}
    assert len(receipts) >= KILLS
    assert receipts.items() <= stored.items()
    verdict = verify(engine, signer.verifier, witness)
    assert verdict.sound, verdict.findings
    assert sorted(stored.values()) == list(range(len(stored)))
    engine.dispose()


def _note(receipts: dict[str, int], line: str) -> None:
    event_id, index = line.split()
    assert receipts.setdefault(event_id, int(index)) == int(index)
