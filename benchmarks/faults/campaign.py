"""All runs: site after site, fault after fault, with a line for each run and the table at the end."""

from __future__ import annotations

import json
import math
import signal
import time
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from faults.fault import Fault
from faults.session import Session
from faults.sites import SITES
from faults.table import Row, markdown
from faults.values import Case, MachineStoodStill, Run, Unexpected

AGAIN = 5
"""Times that a run is made again when the machine stood still."""


@dataclass(frozen=True)
class Settings:
    """What is wanted."""

    faults: tuple[Fault, ...]
    runs: int
    seed: int
    out: Path


@dataclass
class Ending:
    """What a whole site came to."""

    site: str
    events: int = 0
    lost: list[str] = field(default_factory=list)
    contacts_counted: int = 0
    broken: list[str] = field(default_factory=list)


class Campaign:
    """`run` makes them all and returns the exit code."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runs: list[Run] = []
        self._endings: list[Ending] = []
        self._domains: list[int] = []
        self._began = time.monotonic()

    def run(self) -> int:
        """0: all that must be zero is zero, and no limit was broken."""
        chosen = self._settings.faults
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            for kind, faults in groupby(chosen, key=lambda fault: fault.site):
                self._site(kind, list(faults))
        except KeyboardInterrupt:
            print("interrupted; what was run so far:", flush=True)
        self._print()
        good = all(run.good for run in self._runs) and not any(e.lost or e.broken for e in self._endings)
        moving = sum(run.contacts + run.walked_into for run in self._runs)
        if sum(e.contacts_counted for e in self._endings) > moving:
            print("the simulator counted more contacts than the contact sensor told", flush=True)
            good = False
        return 0 if good and self._runs else 1

    def _site(self, kind: str, faults: list[Fault]) -> None:
        """A site that breaks is started anew for what is left of its runs."""
        cases = [(fault, case) for fault in faults for case in fault.cases(self._settings.runs, self._settings.seed)]
        attempt = 0
        while cases and attempt < 4:
            attempt += 1
            folder = self._settings.out / f"{kind}-{attempt}"
            ending = Ending(kind)
            self._endings.append(ending)
            try:
                with SITES[kind](folder, self._settings.seed, self._domains) as session:
                    try:
                        while cases:
                            self._runs.append(self._one(session, *cases[0]))
                            self._save()
                            cases.pop(0)
                    except (Unexpected, OSError) as failure:
                        session.tell(folder)
                        self._end(session, ending)
                        raise Unexpected(f"{cases[0][1]}: {failure}") from failure
                    self._end(session, ending)
            except (Unexpected, OSError) as failure:
                ending.broken.append(str(failure))
                print(f"site {kind} broke: {failure}", flush=True)
                if cases:
                    cases.pop(0)

    def _one(self, session: Session, fault: Fault, case: Case) -> Run:
        """Make the run, again when the machine stood still."""
        for again in range(AGAIN + 1):
            session.mend()
            session.calm()
            session.robot.until(session.robot.stands, "the robot stands before a run", 20.0)
            began = time.monotonic()
            try:
                run = fault.make(session, case)
            except MachineStoodStill as reason:
                self._again(fault, case, str(reason))
            except Unexpected as reason:
                busy = session.stood_still(began)
                if not busy:
                    raise
                self._again(fault, case, f"{busy} ({reason})")
            else:
                run.repeated = again
                session.site.check()
                self._tell(run)
                return run
        raise Unexpected(f"{fault.name}: the machine stood still {AGAIN + 1} times")

    @staticmethod
    def _again(fault: Fault, case: Case, reason: str) -> None:
        print(f"{fault.name} {case.variant} #{case.number}: again, {reason}", flush=True)

    def _end(self, session: Session, ending: Ending) -> None:
        tally, ending.contacts_counted = session.finish()
        ending.events = tally.made
        ending.lost = [*tally.missing, *tally.twice, *(f"number {n}" for n in tally.gaps)]
        print(f"site {ending.site}: {tally.made} events made, {len(ending.lost)} lost", flush=True)

    def _tell(self, run: Run) -> None:
        passed = time.monotonic() - self._began
        apart = f", {run.separation:.2f} m apart" if math.isfinite(run.separation) else ""
        bad = "" if run.good else "  !! " + "; ".join(
            [*run.failures, *(["too slow"] if run.too_slow else []),
             *(f"{n} {what}" for n, what in ((run.contacts, "contacts"), (run.auto_resumes, "automatic resumes")) if n)]
        )  # fmt: skip
        print(
            f"{passed:6.0f} s  {run.fault} {run.variant} #{run.number}: {1000.0 * run.latency:.0f} ms, "
            f"{run.distance:.2f} m{apart}, {run.state} {run.reason}{bad}",
            flush=True,
        )

    def _save(self) -> None:
        content: dict[str, Any] = {
            "seed": self._settings.seed,
            "runs": [asdict(run) for run in self._runs],
            "sites": [asdict(ending) for ending in self._endings],
        }
        self._settings.out.mkdir(parents=True, exist_ok=True)
        (self._settings.out / "safety.json").write_text(json.dumps(content, indent=1), encoding="utf-8")

    def _print(self) -> None:
        rows = []
        for fault in self._settings.faults:
            runs = tuple(run for run in self._runs if run.fault == fault.name)
            if runs:
                rows.append(Row(fault.title, runs))
        print(f"\n{markdown(rows)}\n", flush=True)
        made, lost = sum(e.events for e in self._endings), sum(len(e.lost) for e in self._endings)
        resets, resumes = sum(r.resets for r in self._runs), sum(r.resumes for r in self._runs)
        print(
            f"{len(self._runs)} runs in {(time.monotonic() - self._began) / 60:.0f} min; {made} events made, "
            f"{lost} lost; {resets} resets and {resumes} resumes by a person; figures in {self._settings.out}",
            flush=True,
        )
        for ending in self._endings:
            for text in (*ending.lost, *ending.broken):
                print(f"{ending.site}: {text}", flush=True)
        self._save()
