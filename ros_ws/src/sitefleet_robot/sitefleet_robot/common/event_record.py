"""Safety events as JSON records and back: what is in the spool is what goes over the network, field by field.

JSON knows no NaN or infinity: a number that is not finite is stored as null and read as NaN.
"""

from __future__ import annotations

import array
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from sitefleet_interfaces.msg import SafetyEvent

_INTEGERS = {
    f"{sign}int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if not sign else (0, 2**bits - 1)
    for bits in (8, 16, 32, 64)
    for sign in ("", "u")
}
"""Lowest and highest value of each ROS integer type."""


class EventRecordError(ValueError):
    """A record does not fit the message SafetyEvent."""


def event_to_record(event: Any) -> dict[str, Any]:
    """All fields of a SafetyEvent (or of a message inside it) by name; times as `{sec, nanosec}`."""
    return {name: _plain(getattr(event, name)) for name in event.get_fields_and_field_types()}


def record_to_event(record: Mapping[str, object]) -> Any:
    """The SafetyEvent of a record; fields it does not name keep their default, so that older records can be read.

    Raises EventRecordError when a field is unknown, misses an id or does not fit its type.
    """
    event = SafetyEvent()
    _fill(event, record, "")
    if not event.event_id:
        raise EventRecordError("the record has no event_id")
    return event


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, list | tuple | array.array | np.ndarray):
        items = value.tolist() if isinstance(value, array.array | np.ndarray) else value
        return [_plain(item) for item in items]
    return event_to_record(value)


def _fill(message: Any, record: Mapping[str, object], path: str) -> None:
    known = message.get_fields_and_field_types()
    for name, value in record.items():
        if name not in known:
            raise EventRecordError(f"SafetyEvent has no field {path}{name}")
        old = getattr(message, name)
        if isinstance(value, Mapping):
            if not hasattr(old, "get_fields_and_field_types"):
                raise EventRecordError(f"{path}{name} is no message")
            _fill(old, value, f"{path}{name}.")
            continue
        setattr(message, name, _checked(known[name], value, path + name))


def _checked(kind: str, value: object, name: str) -> Any:
    """The value if it fits the ROS type; rclpy itself does not look before it serializes."""
    if kind in {"double", "float"} and (value is None or _is_number(value)):
        return math.nan if value is None else float(value)  # type: ignore[arg-type]
    fits = {
        "boolean": isinstance(value, bool),
        "string": isinstance(value, str),
        "sequence<string>": isinstance(value, list) and all(isinstance(item, str) for item in value),
    }
    low, high = _INTEGERS.get(kind, (1, 0))
    if fits.get(kind) or (isinstance(value, int) and not isinstance(value, bool) and low <= value <= high):
        return value
    raise EventRecordError(f"{name}: {value!r} does not fit {kind}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
