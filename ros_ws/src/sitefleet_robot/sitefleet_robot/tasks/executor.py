"""Decides what happens to a goal, runs the attempt in hand, and looks after the tool in between. No ROS in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from sitefleet_robot.motion.values import Pose2
from sitefleet_robot.tasks.attempt import Attempt, Ending
from sitefleet_robot.tasks.codes import TaskOutcome
from sitefleet_robot.tasks.journal import Journal
from sitefleet_robot.tasks.trade import Steps, TaskFault, Trade
from sitefleet_robot.tasks.values import Order, Record, RobotView, Wants

DISPLACED = 0.012
"""m that a robot may be found beside the place where it was held, without starting the work there anew."""
TOOL_RETRY = 5.0
"""s after which withdrawing a stuck tool is tried again."""

TradeMaker = Callable[[str, Wants], Trade]


class Verdict(Enum):
    """What happens to a goal."""

    START = "start"
    JOIN = "join"
    ENDED = "ended"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who works: robot, storey, trades."""

    robot_id: str
    map_id: str
    trades: tuple[str, ...]


class TaskExecutor:
    """One robot's work. `step` is called about ten times a second of ROS time."""

    def __init__(self, identity: Identity, journal: Journal, make_trade: TradeMaker) -> None:
        self.identity = identity
        self.attempt: Attempt | None = None
        self.wants = Wants()
        self.tool_secured = False
        self.errors: tuple[str, ...] = ()
        self.cancel_requested = False
        self._journal = journal
        self._make_trade = make_trade
        self._chore: Steps[None] | None = None
        self._chore_again = 0.0
        self._now = 0.0
        self._stamp: float | None = None
        self._held_at: Pose2 | None = None

    # goals -----------------------------------------------------------------------------------------------------

    def verdict(self, order: Order) -> Verdict:
        """What a goal with this order means now."""
        if self.attempt is not None:
            return Verdict.JOIN if self.attempt.order.key == order.key else Verdict.BUSY
        entry = self._journal.read(order.task_id, order.attempt)
        return Verdict.ENDED if entry is not None and entry.ending is not None else Verdict.START

    def recorded(self, order: Order) -> tuple[Ending, tuple[Record, ...]]:
        """Result of an attempt that has ended."""
        entry = self._journal.read(order.task_id, order.attempt)
        assert entry is not None and entry.ending is not None
        return entry.ending, entry.records

    def start(self, order: Order) -> Ending | None:
        """Begin an attempt, or go on with one that a crash cut off. Returns the ending if it is refused."""
        refusal = self._refusal(order)
        if refusal is not None:
            self._journal.begin(order)
            self._journal.end(order, refusal)
            return refusal
        entry = self._journal.read(order.task_id, order.attempt)
        self._journal.begin(order)
        known = {r.target_index: r for r in entry.records} if entry else {}
        wanted = {t.index for t in order.targets}
        self.wants = Wants()
        trade = self._make_trade(order.trade, self.wants)
        for index, record in trade.still_done(self._journal.done_before(order.task_id, order.attempt)).items():
            if index in wanted and index not in known:
                self._journal.add(order, record)
                known[index] = record
        # A hole that was begun and has no record: whoever drills it again must have been told first.
        begun = self._journal.cut_off_before(order.task_id, order.attempt) | (entry.cut_off if entry else frozenset())
        trade.refusal(order)  # lets the trade read what it needs, e.g. the plan
        self.attempt = Attempt(order, trade, self.wants, known.values(), begun - known.keys())
        self.cancel_requested = False
        self._chore, self.errors = None, ()
        return None

    def _refusal(self, order: Order) -> Ending | None:
        identity = self.identity
        why = ""
        if order.trade not in identity.trades:
            why = f"{identity.robot_id} does {', '.join(identity.trades) or 'no trade'}, not {order.trade}"
        elif order.map_id != identity.map_id:
            why = f"{identity.robot_id} is on {identity.map_id!r}, the task on {order.map_id!r}"
        elif not order.targets:
            why = "the task has no targets"
        if why:
            return Ending(TaskOutcome.TASK_REFUSED, why)
        refusal = self._make_trade(order.trade, Wants()).refusal(order)
        return None if refusal is None else Ending(*refusal)

    def cancel(self) -> None:
        """End after the step in hand."""
        self.cancel_requested = self.attempt is not None

    # work ------------------------------------------------------------------------------------------------------

    @property
    def drive_lock(self) -> str:
        """Why the route must not be followed now; empty if it may."""
        if self.attempt is not None:
            return "" if self.wants.drive else self.wants.phase
        return "" if self.tool_secured else "tool out"

    def step(self, view: RobotView) -> Record | None:
        """One step in AUTO. A record that it returns and a target that `wants.begin` names are on the disk already."""
        if self._stamp is not None:
            self._now += min(max(view.stamp - self._stamp, 0.0), 0.5)
        self._stamp = view.stamp
        view = replace(view, now=self._now, cancel=self.cancel_requested)
        if self.attempt is None:
            self._look_after_tool(view)
            return None
        if self._held_at is not None and self._held_at.distance_to(view.pose.x, view.pose.y) > DISPLACED:
            self.attempt.displaced()
        self._held_at = None
        record = self.attempt.step(view)
        begin = self.wants.begin
        if begin is not None and begin not in self.attempt.begun:
            self._journal.begin_target(self.attempt.order, begin)
            self.attempt.begun.add(begin)
        if record is not None:
            self._journal.add(self.attempt.order, record)
        return record

    def hold(self, pose: Pose2 | None) -> None:
        """One step in which autonomy must not act: the tool stays where it is, a cancelled attempt ends."""
        self._stamp = None
        if self._held_at is None:
            self._held_at = pose
        if self.attempt is not None and self.cancel_requested and self.attempt.ending is None:
            self.end(
                Ending(TaskOutcome.CANCELED, "cancelled while held; the tool is withdrawn before the robot drives")
            )

    def end(self, ending: Ending) -> None:
        """End the attempt in hand at once, wherever its tool is."""
        if self.attempt is not None:
            self.attempt.end(ending)

    def close(self) -> tuple[Attempt, Ending] | None:
        """The attempt that has ended since, now in the journal; None if none has."""
        attempt = self.attempt
        if attempt is None or attempt.ending is None:
            return None
        for record in attempt.cut_off():
            self._journal.add(attempt.order, record)
        self._journal.end(attempt.order, attempt.ending)
        self.attempt = None
        self.cancel_requested = False
        self.wants = Wants(phase="", joints=dict(self.wants.joints))
        self.tool_secured, self._chore, self._chore_again = False, None, 0.0
        return attempt, attempt.ending

    # the tool between attempts ---------------------------------------------------------------------------------

    def _look_after_tool(self, view: RobotView) -> None:
        """Withdraw it before the robot may drive, then stow it."""
        if self._chore is None:
            if view.now < self._chore_again:
                return
            self._chore = self._tool_chore()
            next(self._chore)
        try:
            self._chore.send(view)
        except StopIteration:
            self._chore_again, self._chore = float("inf"), None
        except TaskFault as fault:
            self._chore_again, self._chore = view.now + TOOL_RETRY, None
            self.errors = ("TOOL_OUT", fault.outcome.name)

    def _tool_chore(self) -> Steps[None]:
        trades = [self._make_trade(name, self.wants) for name in self.identity.trades]
        yield
        for trade in trades:
            yield from trade.withdraw()
        self.tool_secured, self.errors = True, ()
        for trade in trades:
            yield from trade.stow()
        self.wants.phase = ""
