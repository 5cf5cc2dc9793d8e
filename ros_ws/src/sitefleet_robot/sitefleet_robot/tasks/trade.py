"""What a trade is, and the register of trades. A new trade is one module and one line in `TRADES`.

A trade is a pure step machine written as a generator: it sets what it wants, yields, and is sent what the robot sees.
There is no clock, no socket and no ROS in it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from importlib import import_module
from typing import Protocol, TypeVar

from sitefleet_robot.common.parameters import Parameters, ParameterSpec
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.values import Order, Pose3, Record, RobotView, Wants, WorkTarget

T = TypeVar("T")
Steps = Generator[None, RobotView, T]
"""Steps that end with a T: each `view = yield` is one step of about 0.1 s."""


class Canceled(Exception):
    """The manager wants the attempt to end, and this is a moment at which that is possible."""


class Displaced(Exception):
    """The robot was moved while it was held: the work at this target starts anew."""


class TargetDeferred(Exception):
    """A target cannot be done now: code, sentence, and what was measured."""

    def __init__(
        self, code: str, reason: str, *, measured: Pose3 | None = None, deviation: float = 0.0, instrument: str = ""
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.measured = measured
        self.deviation = deviation
        self.instrument = instrument


class TaskFault(Exception):
    """The attempt cannot go on."""

    def __init__(self, outcome: TaskOutcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


class Trade(Protocol):
    """One kind of work. Made anew for each attempt; `wants` is shared with the executor."""

    def refusal(self, order: Order) -> tuple[TaskOutcome, str] | None:
        """Why this robot cannot take the order at all; None if it can."""
        ...

    def still_done(self, done: Mapping[int, Record]) -> Mapping[int, Record]:
        """Of the passed records of a task's earlier attempts, those that make work ordered again needless."""
        ...

    def work(self, order: Order, target: WorkTarget) -> Steps[Record]:
        """Everything from driving to the target to its record. The tool may still be out at the end."""
        ...

    def withdraw(self) -> Steps[None]:
        """Bring the tool into its travel position; also used before the robot may drive after a restart."""
        ...

    def stow(self) -> Steps[None]:
        """At the end of an attempt: the tool in the position for long ways."""
        ...


TradeFactory = Callable[[Parameters, Wants], Trade]

TRADES: dict[str, str] = {
    "drill": "sitefleet_robot.tasks.drill:Drill",
    "transport": "sitefleet_robot.tasks.transport:Transport",
    "inspect": "sitefleet_robot.tasks.inspect:Inspect",
}
"""Trade name to module and class. The class also has PARAMETERS, a sequence of ParameterSpec."""


def trade_factory(name: str) -> TradeFactory:
    """The class of a trade. Raises KeyError for one that nobody registered."""
    module, _, attribute = TRADES[name].partition(":")
    factory: TradeFactory = getattr(import_module(module), attribute)
    return factory


def trade_parameters() -> tuple[ParameterSpec, ...]:
    """Parameters of all trades, for the executor's table."""
    specs: list[ParameterSpec] = []
    for name in TRADES:
        specs.extend(getattr(trade_factory(name), "PARAMETERS", ()))
    return tuple(specs)
