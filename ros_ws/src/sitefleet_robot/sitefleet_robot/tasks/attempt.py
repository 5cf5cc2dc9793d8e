"""One attempt at a task: its targets one after the other, and how it ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.trade import Canceled, Displaced, Steps, TargetDeferred, TaskFault, Trade
from sitefleet_robot.tasks.values import Order, Outcome, Pose3, Record, RobotView, Wants, WorkTarget

RESTARTS = 3
"""Times that work at a target starts anew because the robot was moved meanwhile."""
CUT_OFF = "drilling was cut off; look at the hole before it is drilled again"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended; the message is for a person."""

    outcome: TaskOutcome
    message: str = ""


class Attempt:
    """Drives a trade through the targets that have no record yet."""

    def __init__(
        self, order: Order, trade: Trade, wants: Wants, records: Iterable[Record] = (), begun: Iterable[int] = ()
    ) -> None:
        self.order = order
        self.wants = wants
        self.records: dict[int, Record] = {r.target_index: r for r in records}
        self.begun = set(begun)
        """Targets whose irreversible step was begun, now or in an earlier life: it is never begun again."""
        self.ending: Ending | None = None
        self._trade = trade
        self._new: Record | None = None
        self._stamp = 0.0
        self._steps = self._run()
        next(self._steps)

    @property
    def progress(self) -> float:
        """Share of the order's targets that have a record, 0..1."""
        targets = self.order.targets
        return sum(t.index in self.records for t in targets) / len(targets) if targets else 1.0

    def step(self, view: RobotView) -> Record | None:
        """One step. Returns the record that it brought, which must be on the disk before anything else happens."""
        self._stamp = view.stamp
        if self.ending is None:
            self._advance(view)
        new, self._new = self._new, None
        return new

    def displaced(self) -> None:
        """The robot was moved while it was held."""
        if self.ending is not None:
            return
        try:
            self._steps.throw(Displaced())
        except StopIteration as end:
            self.ending = end.value

    def end(self, ending: Ending) -> None:
        """End at once, with the tool where it is."""
        self._steps.close()
        self.ending = ending

    def cut_off(self) -> list[Record]:
        """Once the attempt has ended: records of the targets that it had begun and did not finish."""
        open_ones = [t for t in self.order.targets if t.index in self.begun and t.index not in self.records]
        made = [self._deferred(target, _interrupted()) for target in open_ones]
        self.records.update({r.target_index: r for r in made})
        return made

    def _advance(self, view: RobotView) -> None:
        try:
            self._steps.send(view)
        except StopIteration as end:
            self.ending = end.value

    def _run(self) -> Steps[Ending]:
        ending: Ending | None = None
        try:
            for target in self.order.targets:
                if target.index not in self.records:
                    yield from self._target(target)
        except Canceled:
            ending = Ending(TaskOutcome.CANCELED, "cancelled")
        except TaskFault as fault:
            ending = Ending(fault.outcome, str(fault))
        self.wants.goal_node, self.wants.drive = "", False
        try:
            yield from self._trade.withdraw()
        except Displaced:
            pass
        except TaskFault as fault:
            ending = Ending(fault.outcome, f"{ending.message}; {fault}" if ending else str(fault))
        self.wants.phase = "ended"
        return ending or self._summary()

    def _target(self, target: WorkTarget) -> Steps[None]:
        restarts = 0
        while True:
            try:
                view = yield
                if view.cancel:
                    raise Canceled
                if target.index in self.begun:
                    raise _interrupted()
                record = yield from self._trade.work(self.order, target)
            except TargetDeferred as deferred:
                record = self._deferred(target, deferred)
            except Displaced:
                restarts += 1
                if restarts <= RESTARTS:
                    continue
                record = self._deferred(target, TargetDeferred("ALIGN_FAILED", "the robot was moved again and again"))
            self.records[target.index] = self._new = record
            return

    def _summary(self) -> Ending:
        records = [self.records[t.index] for t in self.order.targets]
        open_ones = [r for r in records if not r.passed]
        if not open_ones:
            return Ending(TaskOutcome.SUCCEEDED, f"{len(records)} of {len(records)} targets done")
        first = open_ones[0]
        message = f"{len(open_ones)} of {len(records)} targets deferred; target {first.target_index}: {first.reason}"
        return Ending(TaskOutcome.COMPLETED_WITH_DEFERRALS, message)

    def _deferred(self, target: WorkTarget, deferred: TargetDeferred) -> Record:
        """The record of a target that was not done."""
        return Record(
            target_index=target.index,
            outcome=Outcome.DEFERRED,
            measured=deferred.measured or Pose3(0.0, 0.0, 0.0),
            deviation=deferred.deviation,
            reason_code=deferred.code,
            reason=str(deferred),
            instrument=deferred.instrument,
            stamp=self._stamp,
        )


def _interrupted() -> TargetDeferred:
    return TargetDeferred("DRILL_INTERRUPTED", CUT_OFF)
