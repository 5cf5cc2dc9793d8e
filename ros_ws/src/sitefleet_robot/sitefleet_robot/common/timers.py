"""Timers of wall time."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

_NO_PARAMETERS = inspect.Signature()


def every(node: Node, period: float, callback: Callable[[], object]) -> Any:
    """A timer of `node` that calls `callback` each `period` s of the monotonic clock, whatever ROS time does.

    rclpy inspects a timer's callback each time before it calls it, which costs a tenth of what a supervisor needs; what
    is called here has its signature ready.
    """

    def call() -> None:
        callback()

    call.__signature__ = _NO_PARAMETERS  # type: ignore[attr-defined]
    return node.create_timer(period, call, clock=Clock(clock_type=ClockType.STEADY_TIME))
