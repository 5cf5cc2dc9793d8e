"""Words of the report: how outcomes, trades and reasons are said to a site manager. One table each."""

from __future__ import annotations

from fleet_manager.analytics.values import Activity, TargetOutcome

OUTCOMES: dict[TargetOutcome, tuple[str, str]] = {
    TargetOutcome.DONE: ("done", "Done"),
    TargetOutcome.DEFERRED: ("deferred", "Deferred"),
    TargetOutcome.FAILED: ("failed", "Failed"),
    TargetOutcome.NOT_DONE: ("open", "Not done"),
    TargetOutcome.UNREACHABLE: ("unreachable", "No place to stand"),
}
"""CSS class and label."""

ACTIVITIES: dict[Activity, str] = {
    Activity.DRIVING: "Driving",
    Activity.WORKING: "Working",
    Activity.WAITING: "Waiting",
    Activity.CHARGING: "Charging",
    Activity.STOPPED: "Held or stopped",
}

TRADES: dict[str, tuple[str, str]] = {
    "drill": ("Ceiling anchors", "holes"),
    "transport": ("Material transport", "stops"),
    "inspect": ("Inspection", "viewpoints"),
}
"""Title, and what one target is called."""

REMEDIES: dict[str, str] = {
    "BLOCKED": "Clear what is in the way of the drill, or move the anchor with the designer, then retry the task.",
    "STALLED": "Check the ceiling for steel at this place, then retry or set a new anchor beside it.",
    "TOLERANCE": "Let the engineer accept the deviation or set a new anchor beside the hole.",
    "REACH": "Use a robot that reaches this height, or do it by hand.",
    "ALIGN": "Look at the floor at the stance and at the total station's line of sight, then retry the task.",
    "STANCE": "Clear the floor on the way to the stance, then retry the task.",
    "LOCALISATION": "Check that the total station sees the robot, then retry the task.",
    "INSTRUMENT": "Check the total station's line of sight, then retry the task.",
    "LIFT": "Check the load and the lift, then retry the task.",
    "LOAD": "Check the load at the pick-up place, then retry the task.",
    "TOOL": "Service the tool, reset the robot, then retry the task.",
    "SAFETY": "Find out why the robot stopped, reset and resume it, then retry the task.",
    "INSPECT": "Compare the room with the model: something stands there, or was not built as drawn.",
}
"""What to do next, by a word of the reason's code; the first that fits counts."""

OTHERWISE = "Look at the place, then retry the task or take it out of the job."


def trade_title(trade: str) -> str:
    """A trade as a person says it."""
    return TRADES[trade][0] if trade in TRADES else trade.replace("_", " ").capitalize()


def trade_unit(trade: str) -> str:
    """What one target of the trade is called, in the plural."""
    return TRADES[trade][1] if trade in TRADES else "places"


def remedy(code: str, outcome: TargetOutcome) -> str:
    """What a person can do about a target that is not done."""
    if outcome is TargetOutcome.UNREACHABLE:
        return "Do it by hand, or use a robot that is narrower or reaches further."
    upper = code.upper()
    return next((text for word, text in REMEDIES.items() if word in upper), OTHERWISE)


def clock(seconds: float) -> str:
    """A duration as m:ss, or h:mm:ss from an hour on."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def millimetres(metres: float | None) -> str:
    """A length as a number of mm with one decimal; an en dash where there is none."""
    return "–" if metres is None else f"{metres * 1000:.1f}"
