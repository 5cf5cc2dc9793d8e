"""The parts of docs/safety.md that must not drift from the code, written from the code.

`python -m sitefleet_robot.safety.documentation FILE` puts them into the file between its markers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from sitefleet_robot.common.parameters import ParameterSpec
from sitefleet_robot.safety.events import EVENT_KINDS
from sitefleet_robot.safety.parameters import PARAMETERS
from sitefleet_robot.safety.states import State, Trigger, next_state

_HEADINGS = {
    State.BOOT: "BOOT",
    State.HOLD: "HOLD",
    State.AUTO: "AUTO",
    State.TELEOP: "TELEOP",
    State.PROTECTIVE_AUTO: "PROTECTIVE (auto)",
    State.PROTECTIVE_TELEOP: "PROTECTIVE (teleop)",
    State.STOPPED: "STOPPED",
    State.FAULT: "FAULT",
}


def state_table() -> str:
    """Next state for each trigger (rows) in each state (columns); `·` stays."""
    lines = [_row(["trigger", *_HEADINGS.values()]), _row(["---"] * (len(_HEADINGS) + 1))]
    for trigger in Trigger:
        after = [next_state(state, trigger) for state in State]
        cells = ["·" if new is old else _HEADINGS[new] for old, new in zip(State, after, strict=True)]
        lines.append(_row([f"`{trigger.value}`", *cells]))
    return "\n".join(lines)


def parameter_table() -> str:
    """Parameters of the supervisor."""
    lines = [_row(["parameter", "default", "range", "unit", "meaning"]), _row(["---"] * 5)]
    lines += [_row([f"`{p.name}`", f"{p.default}", _range(p), p.unit, p.description]) for p in PARAMETERS]
    return "\n".join(lines)


def event_table() -> str:
    """Class and severity of the safety event that each trigger makes."""
    lines = [_row(["trigger", "event class", "severity"]), _row(["---"] * 3)]
    lines += [_row([f"`{t.value}`", k.event_class, str(k.severity)]) for t, k in EVENT_KINDS.items()]
    return "\n".join(lines)


SECTIONS: Mapping[str, Callable[[], str]] = {
    "states": state_table,
    "parameters": parameter_table,
    "events": event_table,
}


def rendered(text: str) -> str:
    """The document with every generated section as the code has it now. Raises ValueError if a marker is missing."""
    for name, write in SECTIONS.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"the document has no section <!-- generated: {name} --> ... <!-- end -->")
        body = write()
        text = pattern.sub(lambda match, body=body: f"{match[1]}{body}\n{match[2]}", text)  # type: ignore[misc]
    return text


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _range(spec: ParameterSpec) -> str:
    low, high = spec.limits
    return f"{low:g} to {high:g}"


def main() -> int:
    """Rewrite the generated sections of the file named on the command line."""
    if len(sys.argv) != 2:
        print("usage: python -m sitefleet_robot.safety.documentation FILE", file=sys.stderr)
        return 2
    path = Path(sys.argv[1])
    path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
