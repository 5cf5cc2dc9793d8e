"""Clocks in operations: a clock that was set is an event of the evidence log, on whichever side it was."""

from __future__ import annotations

from collections.abc import Callable

from fleet_manager.domain.clocks import SECOND, SteadyWatch
from fleet_manager.domain.events import EventKind, Severity
from fleet_manager.domain.evidence import Deed, EventClass
from fleet_manager.operations.situation import Situation

_ONE_INSTANT = 0.005
"""s that reading two clocks may take."""


def note_step(world: Situation, robot_id: str, step: int) -> None:
    """`robot_id` empty: the manager's own clock was set. `step` in ns, forward is positive."""
    whose = f"the clock of {robot_id}" if robot_id else "the manager's clock"
    text = f"{whose} was set by {step / SECOND:+.3f} s"
    deed = Deed(
        EventClass.SECURITY.value,
        "clock_step",
        text,
        about=robot_id,
        remark="times before and after do not compare",
        severity=int(Severity.SERIOUS),
        details={"step_ns": step},
    )
    data = {"step_ns": step, "event_id": world.ledger.book.record(deed)}
    world.ledger.note(EventKind.CLOCK_STEP, text, robot_id=robot_id or None, data=data)


def watch_own(world: Situation, watch: SteadyWatch, clock: Callable[[], float]) -> None:
    """Each cycle: was the manager's clock set? Then every offset measured before is void."""
    before = clock()
    utc = world.ledger.utc()
    after = clock()
    if after - before > _ONE_INSTANT:
        return  # the machine was busy: the two readings are not of one moment
    step = watch.look(round(utc.timestamp() * SECOND), round(0.5 * (before + after) * SECOND))
    if step:
        for view in world.robots.values():
            view.clock.forget()
        note_step(world, "", step)
