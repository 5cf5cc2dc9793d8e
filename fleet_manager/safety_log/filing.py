"""Under what a record is filed: the columns that find it again, all taken from its content. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

NO_TIME = 0


@dataclass(frozen=True, slots=True)
class Filing:
    """What the columns say.

    `subject`: the robot that the record is about; of a robot's own records it is the robot. `t_ns`: UTC in ns since
    1970 as its maker's clock had it, 0 when it has no time.
    """

    event_id: str
    robot_id: str
    seq: int
    subject: str
    event_class: str
    t_ns: int


def filing_of(data: bytes) -> Filing | None:
    """Where a record belongs; None for what is no record."""
    try:
        content = json.loads(data)
        event_id, robot_id, seq = content["event_id"], content["robot_id"], content["seq"]
    except (ValueError, KeyError, TypeError):
        return None
    if not (isinstance(event_id, str) and isinstance(robot_id, str) and isinstance(seq, int)):
        return None
    about = content.get("about")
    return Filing(
        event_id,
        robot_id,
        seq,
        about if isinstance(about, str) and about else robot_id,
        str(content.get("event_class") or ""),
        _nanoseconds(content.get("t_utc")),
    )


def _nanoseconds(stamp: Any) -> int:
    try:
        return int(stamp["sec"]) * 10**9 + int(stamp["nanosec"])
    except (KeyError, TypeError, ValueError):
        return NO_TIME
