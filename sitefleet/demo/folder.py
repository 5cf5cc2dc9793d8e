"""The folder a run leaves behind."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from fleet_manager.analytics import read_run, summarise
from fleet_manager.analytics import run_folder as names
from fleet_manager.analytics.report import write_report
from fleet_manager.analytics.values import RunSummary


@dataclass(slots=True)
class RunFolder:
    """Paths below a run's folder, and what `run.json` says of the run."""

    path: Path
    about: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def create(cls, parent: Path, name: str) -> RunFolder:
        """A new folder `<UTC time>-<name>`; two runs within a second get different ones."""
        now = datetime.now(timezone.utc)
        stem = f"{now:%Y%m%dT%H%M%SZ}-{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-').lower() or 'run'}"
        for suffix in ("", *(f"-{n}" for n in range(2, 100))):
            path = (parent / f"{stem}{suffix}").resolve()
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                continue
            (path / names.LOGS).mkdir()
            return cls(path, {"name": name, "started_at": now.isoformat()})
        raise FileExistsError(f"{parent / stem} and its ninety-nine successors exist")

    @property
    def store(self) -> Path:
        """SQLite file of the fleet manager."""
        return self.path / names.STORE

    @property
    def site(self) -> Path:
        """Site package."""
        return self.path / names.SITE

    @property
    def logs(self) -> Path:
        """One file a process, and demo.log."""
        return self.path / names.LOGS

    @property
    def telemetry(self) -> Path:
        """What the robots said of themselves."""
        return self.path / names.TELEMETRY

    @property
    def simulator(self) -> Path:
        """Contacts and distances as the simulator saw them."""
        return self.path / names.SIMULATOR

    @property
    def view(self) -> Path:
        """The terminal in the middle of the work."""
        return self.path / "view.json"

    @property
    def keys(self) -> Path:
        """The manager's copies of the robots' pairing keys."""
        return self.path / "keys"

    @property
    def robots_state(self) -> Path:
        """The robots' own disks."""
        return self.path / "robots"

    def note(self, **values: Any) -> None:
        """Put something into run.json; the file is replaced at once, so that a broken-off run has it too."""
        self.about.update(values)
        draft = self.path / f"{names.RUN}.part"
        draft.write_text(json.dumps(self.about, indent=1, default=str), encoding="utf-8")
        os.replace(draft, self.path / names.RUN)

    def write_report(self) -> tuple[RunSummary, Path]:
        """Read everything back and write report.html."""
        summary = summarise(read_run(self.path))
        return summary, write_report(summary, self.path / names.REPORT)
