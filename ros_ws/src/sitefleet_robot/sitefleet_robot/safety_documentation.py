"""The parts of docs/safety.md that must not drift from the code, written from the code.

`python -m sitefleet_robot.safety_documentation FILE` puts them into the file between its markers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from sitefleet_robot.common.parameters import ParameterSpec, check_values
from sitefleet_robot.common.robot import MODELS, ROBOT_PARAMETERS, RobotShape
from sitefleet_robot.safety.events import EVENT_KINDS
from sitefleet_robot.safety.parameters import PARAMETERS, settings_of
from sitefleet_robot.safety.states import TABLE, State, Trigger, next_state

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


_TOLD = 3
"""Triggers that an arrow of the picture names one by one."""


def state_table() -> str:
    """Next state for each trigger (rows) in each state (columns); `·` stays."""
    lines = [_row(["trigger", *_HEADINGS.values()]), _row(["---"] * (len(_HEADINGS) + 1))]
    for trigger in Trigger:
        after = [next_state(state, trigger) for state in State]
        cells = ["·" if new is old else _HEADINGS[new] for old, new in zip(State, after, strict=True)]
        lines.append(_row([f"`{trigger.value}`", *cells]))
    return "\n".join(lines)


def state_diagram() -> str:
    """The same as a picture: an arrow for each pair of states, with what leads along it."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (before, trigger), after in TABLE.items():
        if after is not before:
            arrows.setdefault((before, after), []).append(trigger.value)
    everything = {t for (_, after), names in arrows.items() if after is State.STOPPED for t in names}
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> BOOT"]
    lines += [f'    state "{_HEADINGS[state]}" as {state.name}' for state in State]
    for (before, after), names in sorted(arrows.items(), key=lambda item: (item[0][0].number, item[0][1].number)):
        told = ", ".join(names) if len(names) <= _TOLD else f"{len(names)} of {len(everything)} stop causes"
        lines.append(f"    {before.name} --> {after.name}: {told}")
    return "\n".join([*lines, "```"])


def field_table(folder: Path) -> str:
    """Length of the protective field of each model at shares of its highest speed."""
    shares = (0.25, 0.5, 0.75, 1.0)
    heads = [f"at {share:.0%}" for share in shares]
    lines = [_row(["model", "footprint", "highest speed", "braking", *heads]), _row(["---"] * (4 + len(heads)))]
    for model in MODELS:
        given: dict[str, Any] = {}
        for file in ("common.yaml", f"{model}.yaml"):
            sections = yaml.safe_load((folder / file).read_text(encoding="utf-8"))
            for name in ("/**", "/**/safety_supervisor"):
                given |= sections.get(name, {}).get("ros__parameters", {})
        values = check_values((*ROBOT_PARAMETERS, *PARAMETERS), given)
        settings = settings_of(model, values, RobotShape.of(values))
        field, top = settings.field, settings.max_speed
        cells = [f"{field.field_length(share * top):.2f} m" for share in shares]
        size = f"{field.length:.2f} x {field.width:.2f} m"
        lines.append(_row([model, size, f"{top:.1f} m/s", f"{field.braking:.2f} m/s²", *cells]))
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
    "diagram": state_diagram,
    "states": state_table,
    "parameters": parameter_table,
    "events": event_table,
}


def rendered(text: str, parameters: Path) -> str:
    """The document with every generated section as the code, and the models' files in a folder, have it now.

    Raises ValueError if a marker is missing.
    """
    sections: dict[str, Callable[[], str]] = {**SECTIONS, "fields": partial(field_table, parameters)}
    for name, write in sections.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"the document has no section <!-- generated: {name} --> ... <!-- end -->")
        text = pattern.sub(partial(_filled, write()), text)
    return text


def _filled(body: str, section: re.Match[str]) -> str:
    return f"{section[1]}{body}\n{section[2]}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _range(spec: ParameterSpec) -> str:
    low, high = spec.limits
    return f"{low:g} to {high:g}"


def main() -> int:
    """Rewrite the generated sections of the file named on the command line."""
    if len(sys.argv) != 2:
        print("usage: python -m sitefleet_robot.safety_documentation FILE", file=sys.stderr)
        return 2
    path = Path(sys.argv[1])
    parameters = path.resolve().parents[1] / "launch" / "params"
    path.write_text(rendered(path.read_text(encoding="utf-8"), parameters), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
