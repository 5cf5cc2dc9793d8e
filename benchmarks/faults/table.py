"""Runs as a table, a row for each fault. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from figures import Quantiles

from faults.values import Run

COLUMNS = (
    "fault", "runs", "latency p50", "p99", "max", "limit", "stop distance p50", "max", "least separation", "contacts",
    "walked into", "automatic resumes", "too slow", "failures", "again",
)  # fmt: skip
LOST = "events lost"


@dataclass(frozen=True)
class Row:
    """One fault."""

    title: str
    runs: tuple[Run, ...]

    def cells(self) -> tuple[str, ...]:
        """As in COLUMNS; ms and m."""
        latency = _quantiles([run.latency for run in self.runs])
        distance = _quantiles([run.distance for run in self.runs])
        limits = [run.limit for run in self.runs if math.isfinite(run.limit)]
        apart = [run.separation for run in self.runs if math.isfinite(run.separation)]
        return (
            self.title,
            str(len(self.runs)),
            *(_ms(value) for value in (latency.p50, latency.p99, latency.worst)),
            _ms(max(limits, default=math.nan)),
            _m(distance.p50),
            _m(distance.worst),
            _m(min(apart, default=math.nan)),
            str(sum(run.contacts for run in self.runs)),
            str(sum(run.walked_into for run in self.runs)),
            str(sum(run.auto_resumes for run in self.runs)),
            str(sum(run.too_slow for run in self.runs)),
            str(sum(bool(run.failures) for run in self.runs)),
            str(sum(run.repeated for run in self.runs)),
        )


def markdown(rows: Sequence[Row]) -> str:
    """A table for documentation."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "| --- " + "| ---: " * (len(COLUMNS) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row.cells()) + " |" for row in rows)])


def _quantiles(values: Sequence[float]) -> Quantiles:
    known = [value for value in values if math.isfinite(value)]
    return Quantiles.of(known) if known else Quantiles(0, math.nan, math.nan, math.nan)


def _ms(value: float) -> str:
    return "-" if math.isnan(value) else f"{1000.0 * value:.0f} ms"


def _m(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f} m"
