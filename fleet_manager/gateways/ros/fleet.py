"""`RosFleet`: the fleet over ROS 2. One thread owns every ROS entity; others hand it work and take news from it."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sitefleet_interfaces.msg import AsBuilt, Factsheet, RobotState, SafetyEvent, SafetyEventAck, ZoneAck

from fleet_manager.domain.access import AccessRules
from fleet_manager.domain.fleet import (
    ActAnswer,
    ActOrder,
    EventAck,
    FactsheetSeen,
    FleetNews,
    RecordSeen,
    SafetyAct,
    StateSeen,
    TaskGoal,
    ZonesAnswered,
)
from fleet_manager.gateways.ros.heartbeat import KeyFolder
from fleet_manager.gateways.ros.inbox import Inbox
from fleet_manager.gateways.ros.messages import (
    UnusableMessageError,
    factsheet_from,
    record_from,
    safety_event_from,
    snapshot_from,
)
from fleet_manager.gateways.ros.robot_line import RobotLine
from fleet_manager.gateways.ros.safety_line import SafetyLine
from fleet_manager.gateways.ros.zones import time_to
from fleet_manager.traffic import RoutePlan

_LOG = logging.getLogger(__name__)
_ROBOT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
SPIN_LIMIT = 0.2
"""s: rclpy is never waited for without a limit."""
JOIN_LIMIT = 5.0
CLOCK_PERIOD = 1.0
"""s between two round trips with each robot's clock."""


def _qos(depth: int, reliability: ReliabilityPolicy, durability: DurabilityPolicy) -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability)


FACTSHEET_QOS = _qos(1000, ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)
RECORD_QOS = _qos(1000, ReliabilityPolicy.RELIABLE, DurabilityPolicy.VOLATILE)
STATE_QOS = _qos(100, ReliabilityPolicy.BEST_EFFORT, DurabilityPolicy.VOLATILE)
"""Matches publishers of either kind; of states only the newest matters."""


def _make_executor(context: rclpy.Context) -> Executor:
    """The events executor where this rclpy has one (a third of the CPU time), else the single-threaded one."""
    try:
        from rclpy.experimental.events_executor import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor(context=context)
    return EventsExecutor(context=context)


class RosFleet:
    """Satisfies `fleet_manager.operations.ports.FleetPort`. `close` ends its thread before Python may leave."""

    def __init__(
        self,
        robot_ids: Iterable[str] = (),
        args: Sequence[str] = (),
        *,
        map_id: str = "",
        keys: Path | None = None,
        working: Callable[[], bool] = lambda: True,
    ) -> None:
        """Connect.

        Args:
            robot_ids: robots known from before, so that a stop reaches them at once.
            args: ROS arguments.
            map_id: storey that zones belong to.
            keys: folder of the robots' pairing keys; without one no heartbeat is answered.
            working: whether the manager as a whole works; robots' heartbeats are answered only then.
        """
        self._inbox = Inbox()
        self._map_id = map_id
        self._keys = KeyFolder(keys)
        self._working = working
        self._safety: dict[str, SafetyLine] = {}
        self._work: deque[Callable[[], None]] = deque()
        self._lines: dict[str, RobotLine] = {}
        self._closing = threading.Event()
        self._context = rclpy.Context()
        # Our own process's signal handlers decide when to leave, not rclpy's.
        rclpy.init(args=list(args), context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = Node("fleet_manager", context=self._context)
        self._executor = _make_executor(self._context)
        self._executor.add_node(self._node)
        subscribe = self._node.create_subscription
        subscribe(Factsheet, "/fleet/factsheet", self._on_factsheet, FACTSHEET_QOS)
        subscribe(RobotState, "/fleet/robot_state", self._on_state, STATE_QOS)
        subscribe(AsBuilt, "/fleet/as_built", self._on_record, RECORD_QOS)
        subscribe(SafetyEvent, "/fleet/safety_event", self._on_safety_event, RECORD_QOS)
        subscribe(ZoneAck, "/fleet/zone_ack", self._on_zone_ack, RECORD_QOS)
        self._event_acks = self._node.create_publisher(SafetyEventAck, "/fleet/safety_event_ack", RECORD_QOS)
        self._node.create_timer(CLOCK_PERIOD, self._read_clocks, clock=Clock(clock_type=ClockType.STEADY_TIME))
        for robot_id in robot_ids:
            self._line(robot_id)
        self._thread = threading.Thread(target=self._spin, name="ros", daemon=True)
        self._thread.start()

    # -- the port, from any thread

    def poll(self) -> list[FleetNews]:
        """News since the last call."""
        return self._inbox.take()

    def send_task(self, goal: TaskGoal) -> None:
        """Send or join."""
        self._in_thread(lambda: self._with_line(goal.robot_id, lambda line: line.send(goal)))

    def cancel_task(self, goal: TaskGoal) -> None:
        """Ask for the end of an attempt."""
        self._in_thread(lambda: self._with_line(goal.robot_id, lambda line: line.cancel(goal)))

    def send_route(self, plan: RoutePlan) -> None:
        """Publish a route."""
        self._in_thread(lambda: self._with_line(plan.robot_id, lambda line: line.publish(plan)))

    def ask(self, robot_id: str, order: ActOrder) -> Future[ActAnswer]:
        """Ask a robot's supervisor; a stop goes before everything else that waits."""
        answer: Future[ActAnswer] = Future()

        def call() -> None:
            if self._line(robot_id) is None:
                answer.set_result(ActAnswer(robot_id, False, "OFFLINE", "its id is not a ROS name"))
            else:
                self._safety[robot_id].ask(order, answer)

        self._in_thread(call, first=order.act is SafetyAct.STOP)
        return answer

    def send_access(self, robot_id: str, rules: AccessRules) -> None:
        """Publish zones and permits."""
        self._in_thread(
            lambda: self._with_line(robot_id, lambda _: self._safety[robot_id].send_access(rules, self._map_id))
        )

    def acknowledge_event(self, ack: EventAck) -> None:
        """Tell the robot's courier."""
        message = SafetyEventAck(
            robot_id=ack.robot_id,
            event_id=ack.event_id,
            seq=ack.seq,
            log_id=ack.log_id,
            leaf_index=ack.leaf_index,
            stored_at=time_to(ack.stored_at),
        )
        self._in_thread(lambda: self._event_acks.publish(message))

    def alive(self) -> bool:
        """The ROS thread runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the thread, then everything of ROS. Leaving Python while it spins would abort the process."""
        self._closing.set()
        if self._thread.is_alive():
            self._executor.create_task(self._do_work)
            self._thread.join(JOIN_LIMIT)
        if self._thread.is_alive():
            _LOG.error("the ROS thread has not ended within %g s", JOIN_LIMIT)
            return
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    # -- the ROS thread

    def _spin(self) -> None:
        try:
            while not self._closing.is_set():
                self._executor.spin_once(timeout_sec=SPIN_LIMIT)
        except ExternalShutdownException:
            pass
        except Exception:
            _LOG.exception("the ROS thread has died")

    def _in_thread(self, work: Callable[[], None], *, first: bool = False) -> None:
        if first:
            self._work.appendleft(work)
        else:
            self._work.append(work)
        self._executor.create_task(self._do_work)

    def _do_work(self) -> None:
        while self._work:
            try:
                work = self._work.popleft()
            except IndexError:  # pragma: no cover - only this thread takes out
                return
            work()

    def _line(self, robot_id: str) -> RobotLine | None:
        line = self._lines.get(robot_id)
        if line is None and _ROBOT_ID.fullmatch(robot_id):
            self._safety[robot_id] = SafetyLine(self._node, robot_id, self._inbox.put, self._keys, self._working)
            line = self._lines[robot_id] = RobotLine(self._node, robot_id, self._inbox.put)
        return line

    def _with_line(self, robot_id: str, use: Callable[[RobotLine], None]) -> None:
        line = self._line(robot_id)
        if line is not None:
            use(line)

    def _on_factsheet(self, message: Any) -> None:
        if self._line(message.robot_id) is None:
            _LOG.error("a robot calls itself %r, which is not a ROS name: ignored", message.robot_id)
            return
        self._inbox.put(FactsheetSeen(factsheet_from(message)))

    def _on_state(self, message: Any) -> None:
        received = time.monotonic()
        if self._line(message.robot_id) is None:
            return
        try:
            self._inbox.put(StateSeen(snapshot_from(message), received))
        except UnusableMessageError as error:
            _LOG.warning("%s: state dropped", error)

    def _on_record(self, message: Any) -> None:
        try:
            self._inbox.put(RecordSeen(record_from(message)))
        except UnusableMessageError as error:
            _LOG.error("%s", error)

    def _on_safety_event(self, message: Any) -> None:
        try:
            self._inbox.put(safety_event_from(message))
        except UnusableMessageError as error:
            _LOG.error("%s: not stored", error)

    def _on_zone_ack(self, message: Any) -> None:
        answer = ZonesAnswered(
            message.robot_id, int(message.version), bool(message.accepted), message.code, message.message
        )
        if self._line(message.robot_id) is not None:
            self._inbox.put(answer)

    def _read_clocks(self) -> None:
        for line in self._safety.values():
            line.read_clock()
