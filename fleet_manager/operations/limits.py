"""Limits the operations work by. Times in s, shares 0..1."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Clock: the manager's monotonic one, not ROS time."""

    lost_after: float = 3.0
    """Without a state of a robot: it is lost."""
    give_up_lost_after: float = 20.0
    """Lost for so long: its open targets go to others, but those it can still reach are held."""
    give_up_stopped_after: float = 60.0
    """STOPPED or FAULT for so long with a task: its open targets go to others."""
    repeat_after: float = 3.0
    """Without an answer to a goal or cancel, or with a robot that does not name its task: send it again."""
    max_failures: int = 3
    """Failed attempts of a task before it ends as failed."""
    refusal_grace: float = 20.0
    """A task that no known robot can do waits so long for another robot before it ends as failed."""
    charge_until: float = 0.8
    """Battery at which a robot that went to charge takes work again."""
    remember_state_every: float = 5.0
    """Between two writes of an unchanged robot's state to the store."""
    allocate_every: float = 1.0
    """Between two allocations when nothing has changed."""
    push_zones_every: float = 1.0
    """Between two sendings of zones and permits to a robot that has not acknowledged their version."""
    startup_grace: float = 3.0
    """After a start: wait so long for robots known from the store before anybody is given a route."""
