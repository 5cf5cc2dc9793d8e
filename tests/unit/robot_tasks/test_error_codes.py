"""One table of codes: the document, the action and the code agree."""

from __future__ import annotations

import re
from pathlib import Path

from sitefleet_robot.tasks.codes import CODES, TaskOutcome, as_markdown

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "ros_ws/src/sitefleet_robot/sitefleet_robot"


def test_the_document_is_the_table() -> None:
    assert (ROOT / "docs/error-codes.md").read_text(encoding="utf-8") == as_markdown()


def test_result_codes_are_those_of_the_action() -> None:
    action = (ROOT / "ros_ws/src/sitefleet_interfaces/action/ExecuteTask.action").read_text(encoding="utf-8")
    constants = {name: int(value) for name, value in re.findall(r"^uint16 ([A-Z_]+)=(\d+)", action, re.MULTILINE)}
    assert constants == {outcome.name: outcome.value for outcome in TaskOutcome}


def test_every_outcome_and_every_code_raised_is_in_the_table_once() -> None:
    codes = [entry.code for entry in CODES]
    assert len(codes) == len(set(codes))
    assert {outcome.name for outcome in TaskOutcome} <= set(codes)
    raised: set[str] = set()
    for path in [*PACKAGE.glob("tasks/*.py"), *PACKAGE.glob("motion/*.py")]:
        text = path.read_text(encoding="utf-8")
        raised |= set(re.findall(r'(?:TargetDeferred|RouteRefused)\(\s*"([A-Z_]+)"', text))
        raised |= set(re.findall(r'(?:error|errors|reason_code) = \(?"([A-Z_]+)"', text))
    assert {"DRILL_BLOCKED", "ROUTE_LOST", "STANCE_UNREACHABLE", "TOOL_OUT"} <= raised
    assert raised <= set(codes)
