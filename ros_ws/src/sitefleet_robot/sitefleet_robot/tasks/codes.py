"""Every code a robot's task can end or defer with: one table, from which docs/error-codes.md is made.

Numbers are those of ExecuteTask's result; codes without one appear in as-built records or RobotState.errors only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class TaskOutcome(IntEnum):
    """Outcome of an attempt, as in ExecuteTask.action: 100..199 any trade, then a hundred for each trade."""

    SUCCEEDED = 0
    COMPLETED_WITH_DEFERRALS = 1
    CANCELED = 2
    TASK_REFUSED = 100
    STANCE_UNREACHABLE = 101
    LOCALISATION_LOST = 102
    SAFETY_STOP = 103
    INSTRUMENT_FAILED = 104
    SUPERSEDED = 105
    DRILL_TOOL_FAULT = 200
    TRANSPORT_NO_LOAD = 300
    INSPECT_NO_SCAN = 400


@dataclass(frozen=True)
class CodeEntry:
    """A code, where it appears, what it means and what to do."""

    code: str
    where: str
    meaning: str
    action: str


RESULT = "result"
RECORD = "record"
STATE = "state"

CODES: tuple[CodeEntry, ...] = (
    CodeEntry("SUCCEEDED", RESULT, "Every target has a record that passed.", "Nothing."),
    CodeEntry(
        "COMPLETED_WITH_DEFERRALS", RESULT, "Some targets are deferred; each record says why.", "Retry, or decide."
    ),
    CodeEntry("CANCELED", RESULT, "Ended on request, tool withdrawn. Records made so far stand.", "Retry when wanted."),
    CodeEntry(
        "TASK_REFUSED", RESULT, "This robot cannot do the task: trade, storey, payload or targets.", "Another robot."
    ),
    CodeEntry(
        "STANCE_UNREACHABLE", RECORD, "No way to the stance was released or free in time.", "Clear the way, retry."
    ),
    CodeEntry("ALIGN_FAILED", RECORD, "The robot could not stand exactly enough.", "Look at floor and fixes, retry."),
    CodeEntry("LOCALISATION_LOST", RESULT, "No pose for too long while working.", "Check the fixes, retry."),
    CodeEntry("SAFETY_STOP", RESULT, "The safety supervisor is in FAULT.", "Restart the supervisor, then retry."),
    CodeEntry("INSTRUMENT_FAILED", RESULT, "The measuring instrument gave no answer.", "Check line of sight, retry."),
    CodeEntry("SUPERSEDED", RESULT, "Another goal joined this attempt and gets its result.", "Nothing."),
    CodeEntry("DRILL_TOOL_FAULT", RESULT, "Mast or feed does not move or does not answer.", "Service the tool."),
    CodeEntry("DRILL_OUT_OF_REACH", RECORD, "The hole is higher or lower than the mast reaches.", "Another robot."),
    CodeEntry("DRILL_BLOCKED", RECORD, "Something below the ceiling stopped the mast.", "Clear the ceiling, retry."),
    CodeEntry("DRILL_STALLED", RECORD, "The feed stopped before full depth.", "Look at the hole: reinforcement?"),
    CodeEntry(
        "DRILL_OUT_OF_TOLERANCE", RECORD, "The drill was not over the hole after re-alignment.", "Survey, retry."
    ),
    CodeEntry(
        "DRILL_INTERRUPTED", RECORD, "Drilling of the hole was begun and cut off.", "Look at the hole, then retry."
    ),
    CodeEntry("TRANSPORT_NO_LOAD", RESULT, "The load to drop is not on this robot.", "Send the pick-up with the drop."),
    CodeEntry("TRANSPORT_LIFT_FAULT", RECORD, "The lift did not reach its position.", "Service the lift."),
    CodeEntry("TRANSPORT_OUT_OF_TOLERANCE", RECORD, "The load was dropped out of tolerance.", "Move it or accept it."),
    CodeEntry("INSPECT_NO_SCAN", RESULT, "The lidar gave no scans at a viewpoint.", "Check the lidar, retry."),
    CodeEntry("INSPECT_DISAGREES", RECORD, "Too few rays agree with the plan.", "Look at the evidence: what differs?"),
    CodeEntry("ROUTE_INVALID", STATE, "A route message was malformed.", "Report the manager's log."),
    CodeEntry("ROUTE_CHANGES_BASE", STATE, "A route update changed released nodes.", "Report the manager's log."),
    CodeEntry("ROUTE_UNCONNECTED", STATE, "A route does not start on what the robot holds.", "The manager plans anew."),
    CodeEntry("ROUTE_TOO_FAR", STATE, "A route starts too far from the robot.", "Bring the robot to the roadmap."),
    CodeEntry("ROUTE_LOST", STATE, "The robot is off its released line.", "The manager plans anew."),
    CodeEntry(
        "TOOL_OUT",
        STATE,
        "The tool is not in travel position; the robot does not drive.",
        "Resume, or service the tool.",
    ),
)


def number_of(code: str) -> int | None:
    """Number of a result code; None for codes that only appear elsewhere."""
    return TaskOutcome[code].value if code in TaskOutcome.__members__ else None


def as_markdown() -> str:
    """The table of docs/error-codes.md."""
    lines = [
        "# Error codes of a robot",
        "",
        "Made from `sitefleet_robot/tasks/codes.py` by `python -m sitefleet_robot.tasks.codes`; a test holds the two"
        " together.",
        "",
        "Ranges of `ExecuteTask` outcomes: 0..99 ended as wanted, 100..199 any trade, 200..299 drill,"
        " 300..399 transport, 400..499 inspect. *record* codes stand in `AsBuilt.reason_code` of a deferred target,"
        " *state* codes in `RobotState.errors`. A *result* code may also stand in a record.",
        "",
        "| code | number | where | meaning | what to do |",
        "|---|---|---|---|---|",
    ]
    for entry in CODES:
        number = number_of(entry.code)
        cells = (f"`{entry.code}`", "" if number is None else str(number), entry.where, entry.meaning, entry.action)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(as_markdown(), end="")
