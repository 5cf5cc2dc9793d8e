"""The page about the evidence log says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from fleet_manager.safety_log.findings import FAULTS, Fault
from sitefleet.cli import COMMANDS

PAGE = Path(__file__).parents[3] / "docs" / "evidence-log.md"


def test_every_kind_of_finding_is_explained() -> None:
    assert set(FAULTS) == set(Fault)
    text = PAGE.read_text(encoding="utf-8")
    table = text.split("<!-- generated: faults -->")[1].split("<!-- end -->")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    assert rows == [(fault.value, meaning) for fault, meaning in FAULTS.items()]


def test_the_command_is_listed() -> None:
    assert "log" in COMMANDS
