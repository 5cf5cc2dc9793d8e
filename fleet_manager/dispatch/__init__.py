"""Who does what. `Allocator` is the interface; the manager takes any implementation of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fleet_manager.domain.roadmap import Roadmap
from fleet_manager.domain.robots import RobotFactsheet, RobotSnapshot
from fleet_manager.domain.work import Task


@dataclass(frozen=True, slots=True)
class Assignment:
    """Give this task to this robot. Cost is in s of estimated time, lower is better."""

    task_id: str
    robot_id: str
    cost: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a robot cannot take a task: a stable code and a sentence."""

    task_id: str
    robot_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """Assignments to make now, and why each task that nobody can ever do is refused."""

    assignments: tuple[Assignment, ...]
    refusals: tuple[Refusal, ...]


class Allocator(Protocol):
    """Pairs waiting tasks with free robots. Pure: same input, same answer."""

    def allocate(
        self,
        tasks: Sequence[Task],
        free: Sequence[RobotSnapshot],
        factsheets: Mapping[str, RobotFactsheet],
        roadmap: Roadmap,
    ) -> Allocation:
        """Tasks are waiting ones; `free` robots are idle, in AUTO and above their reserve.

        Factsheets are of all robots of the fleet, free or not.
        """
        ...
