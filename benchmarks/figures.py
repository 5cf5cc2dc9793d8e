"""What the benchmarks share: quantiles, the line that says where and when, and work that keeps cores busy."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Quantiles:
    """Of one series; in the unit of its values."""

    count: int
    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Quantiles:
        """Nearest rank. Raises ValueError when there are no values: no figure is better than a made-up one."""
        if not values:
            raise ValueError("nothing was measured")
        ordered = sorted(values)
        return cls(len(ordered), *(ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in (0.5, 0.99, 1.0)))

    def text(self, unit: str, factor: float = 1.0, digits: int = 1) -> str:
        """One cell of a table."""
        p50, p99, worst = (f"{value * factor:.{digits}f}" for value in (self.p50, self.p99, self.worst))
        return f"p50 {p50}  p99 {p99}  worst {worst} {unit}  (n={self.count})"


def where_and_when() -> str:
    """Machine, versions, date and how busy the machine was before anything started."""
    now = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{now}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}"


def cpu_time(pid: int) -> float:
    """s of CPU time of a process so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that do nothing but count, at the same priority as everything else."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        if processes:
            time.sleep(1.0)
        yield
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()
