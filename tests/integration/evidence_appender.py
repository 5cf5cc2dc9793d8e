"""Lives that append to an evidence log and are killed: `python evidence_appender.py FOLDER`.

Each line on stdin begets a life, a fork that shares nothing but the imports. A life says its process id, then an event
id and an index for each receipt; when it is dead the line `dead` follows.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from fleet_manager.domain.evidence import Record, canonical
from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.log import EvidenceLog
from fleet_manager.safety_log.witness import Witness
from fleet_manager.store.engine import open_engine


def live(folder: Path) -> None:
    """Append until killed."""
    os.write(1, f"{os.getpid()}\n".encode())
    log = EvidenceLog(
        open_engine(str(folder / "evidence.db")),
        Signer.load_or_create(folder / "log.key"),
        Witness(folder / "witness" / "heads.jsonl"),
    )
    start = log.size
    for turn in itertools.count():
        receipts = log.append([_record(start + 3 * turn + i) for i in range(3)])
        os.write(1, "".join(f"{r.event_id} {r.leaf_index}\n" for r in receipts).encode())


def _record(n: int) -> Record:
    event_id = f"event-{n}"
    content = {"event_id": event_id, "robot_id": "d1", "seq": n + 1, "filler": "x" * 500}
    return Record(event_id, "d1", n + 1, canonical(content))


def main(folder: Path) -> None:
    """One life after the other."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                live(folder)
            finally:
                os._exit(1)
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
