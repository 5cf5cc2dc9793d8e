"""How long an append to the evidence log takes as the log grows: `make bench-evidence-log`.

At each size it measures appends of one record and of a hundred, each on the disk and at the witness before it returns,
beside what a sync of this disk alone takes; opening the log; a proof; and at the end a verification of everything. It
ends with an error when appending does not stay O(log n).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fleet_manager.domain.evidence import Record, canonical
from fleet_manager.safety_log.heads import Signer
from fleet_manager.safety_log.log import EvidenceLog
from fleet_manager.safety_log.proofs import check, prove
from fleet_manager.safety_log.verify import Verdict, verify
from fleet_manager.safety_log.witness import Witness
from fleet_manager.store.engine import open_engine

SIZES = (1_000, 10_000, 100_000, 1_000_000)
FILL = 2_000
"""Records a transaction while filling up."""
SINGLES, BATCHES, BATCH, PROOFS = 200, 20, 100, 20
GROWTH = 4.0
"""Most that the work of an append may grow from the smallest size to the largest: 1000 times the records are twice the
levels of the tree, and the indices of the database are deeper."""


def record(n: int) -> Record:
    """A protective stop as a robot reports it, about 900 bytes."""
    robot = f"robot_{n % 12}"
    event_id = str(uuid.UUID(int=n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128))
    content = {
        "event_id": event_id, "seq": n + 1, "robot_id": robot, "event_class": "PROTECTIVE_STOP", "severity": 1,
        "t_utc": {"sec": 1_770_000_000 + n, "nanosec": n % 1000}, "t_mono_ns": n * 10**9, "clock_offset_ns": 40_405,
        "software_version": "0.3.0", "configuration_hash": "0a8e4265" * 8, "mode": 4, "lease_holder": "", "people": 1,
        "pose": {"position": {"x": n % 97 / 7, "y": n % 89 / 7, "z": 0.0},
                 "orientation": {"x": 0.0, "y": 0.0, "z": 0.38, "w": 0.92}},
        "velocity": {"linear": {"x": 0.41, "y": 0.0, "z": 0.0}, "angular": {"x": 0.0, "y": 0.0, "z": 0.01}},
        "zone_id": "0BTBFw6f90Nfh9rP1dlXr2", "permit_id": "", "task_id": "017a0b8ce799-0011",
        "trigger": "field_blocked", "min_separation": 0.43, "stop_latency_ms": 21.0, "stop_distance": 0.06,
        "narrative": "an obstacle is in the way", "action": "zero velocity commanded", "reviewer": "",
        "evidence_uris": [], "evidence_sha256": [],
        "manager": {"received_at": "2026-05-04T07:30:00.000000+00:00", "clock_offset_ns": 40_405, "clock_error_ns": 1},
    }  # fmt: skip
    return Record(event_id, robot, n + 1, canonical(content))


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of the wall, and of this process's own work, which other processes do not disturb."""

    wall: float
    cpu: float


def timed(do: Callable[..., object], *arguments: object) -> Cost:
    """What a call costs."""
    wall, cpu = time.perf_counter(), time.process_time()
    do(*arguments)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def sync_time(folder: Path) -> float:
    """Median seconds of writing 4 KiB with a sync: what no log on this disk can go below."""
    with (folder / "probe").open("wb") as file:

        def write() -> None:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())

        return statistics.median(timed(write).wall for _ in range(50))


def main() -> int:
    """Measure, print a table, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--folder", type=Path, help="where the log goes (default: a temporary folder)")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        rows = run(Path(name), sorted(given.sizes), quiet=given.json)
    first, last = rows[0], rows[-1]
    growth = max(last[k] / first[k] for k in ("single_cpu_ms", "batch_cpu_ms"))
    if given.json:
        print(json.dumps({"rows": rows, "growth": growth}))
    else:
        print(f"own work of an append, from {first['size']:,} to {last['size']:,} records: {growth:.2f} times")
    return 0 if growth <= GROWTH else 1


def run(folder: Path, sizes: list[int], quiet: bool) -> list[dict[str, float]]:
    """One row a size."""
    database, signer = folder / "evidence.db", Signer.load_or_create(folder / "evidence.key")
    witness = Witness(folder / "evidence.witness")
    engine = open_engine(str(database))
    log, rows = EvidenceLog(engine, signer, witness), list[dict[str, float]]()
    say = (lambda *_: None) if quiet else print
    say(f"sync of 4 KiB on this disk, median: {sync_time(folder) * 1000:.2f} ms; two syncs an append")
    say("          |  one record an append: ms     |    100 an append: ms each |")
    say(
        "  records | median      p99    own work    |  wall      own work     |  open ms | proof ms | file MB | seen MB"
    )
    for size in sizes:
        while log.size < size:
            log.append([record(n) for n in range(log.size, min(log.size + FILL, size))])
        singles = [timed(log.append, [record(log.size)]) for _ in range(SINGLES)]
        batches = [timed(log.append, [record(log.size + n) for n in range(BATCH)]) for _ in range(BATCHES)]
        opening = timed(EvidenceLog, engine, signer, witness)
        events = [record(n * log.size // PROOFS).event_id for n in range(PROOFS)]
        proofs = [timed(lambda event: check(prove(log, signer.verifier, event), signer.verifier), e) for e in events]
        row = {
            "size": size,
            "single_ms": statistics.median(c.wall for c in singles) * 1e3,
            "single_p99_ms": sorted(c.wall for c in singles)[int(SINGLES * 0.99)] * 1e3,
            "single_cpu_ms": statistics.median(c.cpu for c in singles) * 1e3,
            "batch_ms": statistics.median(c.wall for c in batches) / BATCH * 1e3,
            "batch_cpu_ms": statistics.median(c.cpu for c in batches) / BATCH * 1e3,
            "open_ms": opening.wall * 1e3,
            "proof_ms": statistics.median(c.wall for c in proofs) * 1e3,
            "database_mb": database.stat().st_size / 1e6,
            "witness_mb": witness.path.stat().st_size / 1e6,
        }
        rows.append(row)
        say(
            f"{size:9,} | {row['single_ms']:6.2f} {row['single_p99_ms']:8.2f} {row['single_cpu_ms']:8.2f}       |"
            f" {row['batch_ms']:6.3f} {row['batch_cpu_ms']:8.3f}           | {row['open_ms']:8.1f} |"
            f" {row['proof_ms']:8.1f} | {row['database_mb']:7.0f} | {row['witness_mb']:7.0f}"
        )
        sys.stdout.flush()
    found: list[Verdict] = []
    cost = timed(lambda: found.append(verify(engine, signer.verifier, witness)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows[-1] |= {"verify_s": cost.wall, "verify_cpu_s": cost.cpu, "peak_mb": peak}
    verdict = found[0]
    say(
        f"verification of {verdict.size:,} records, {verdict.heads} heads: {cost.wall:.1f} s, own work {cost.cpu:.1f} s"
    )
    if not verdict.sound:
        raise SystemExit(f"the log is not sound: {verdict.findings[:3]}")
    engine.dispose()
    return rows


if __name__ == "__main__":
    sys.exit(main())
