"""Parameters of the executor node, those of its trades included."""

from __future__ import annotations

from sitefleet_robot.common.parameters import ParameterSpec
from sitefleet_robot.tasks.steps import INSTRUMENT_LIMIT, REACH_LIMIT
from sitefleet_robot.tasks.trade import trade_parameters

EXECUTOR_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec("trades", "", "Trades the robot can do, separated by commas; empty: none"),
    ParameterSpec("tool_joints", "", "Tool joints, separated by commas"),
    ParameterSpec("max_payload", 0.0, "Greatest load the robot carries", "kg", 0.0, 5000.0),
    ParameterSpec("reach_min", 0.0, "Lowest height above the floor the tool works at", "m", 0.0, 10.0),
    ParameterSpec("reach_max", 0.0, "Greatest height above the floor the tool works at", "m", 0.0, 10.0),
    ParameterSpec("battery_reserve", 0.2, "State of charge below which the robot goes to charge", "", 0.0, 0.9),
    ParameterSpec("pose_time_limit", 30.0, "Wall time without a pose after which a task has failed", "s", 1.0, 600.0),
    REACH_LIMIT,
    INSTRUMENT_LIMIT,
    *trade_parameters(),
)


def names(text: str) -> tuple[str, ...]:
    """Names in a comma-separated parameter."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
