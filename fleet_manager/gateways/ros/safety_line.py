"""Lines to one robot's safety supervisor and clock. Used in the ROS thread only."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timezone
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sitefleet_interfaces.msg import Heartbeat, SafetyState, ZoneSet
from sitefleet_interfaces.srv import Mute, ReadClock, Reset, Resume, SetMode, Stop

from fleet_manager.domain.access import AccessRules
from fleet_manager.domain.clocks import RoundTrip
from fleet_manager.domain.evidence import moment
from fleet_manager.domain.fleet import ActAnswer, ActOrder, ClockRead, FleetNews, SafetyAct, SafetySeen
from fleet_manager.domain.robots import SafetyMode
from fleet_manager.gateways.ros.heartbeat import SOURCE, KeyFolder, response
from fleet_manager.gateways.ros.zones import zone_set_to

LATCHED_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
HEARTBEAT_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=5,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)
FORGET_AFTER = 5.0
"""s after which an answer is not waited for any more."""
_SERVICES: dict[SafetyAct, tuple[Any, str]] = {
    SafetyAct.STOP: (Stop, "stop"),
    SafetyAct.RESET_PRESS: (Reset, "reset"),
    SafetyAct.RESET_RELEASE: (Reset, "reset"),
    SafetyAct.RESUME: (Resume, "resume"),
    SafetyAct.HOLD: (SetMode, "set_mode"),
    SafetyAct.TELEOP: (SetMode, "set_mode"),
    SafetyAct.MUTE: (Mute, "mute"),
}


class SafetyLine:
    """Clients, publishers and subscriptions that have to do with the supervisor of one robot.

    Args:
        tell: takes news for operations; must be thread-safe.
        alive: whether the manager as a whole works. Heartbeats are answered only then: a robot must not go on
            unseen because one thread of a manager that hangs still answers.
    """

    def __init__(
        self,
        node: Node,
        robot_id: str,
        tell: Callable[[FleetNews], None],
        keys: KeyFolder,
        alive: Callable[[], bool],
    ) -> None:
        self._node = node
        self._robot_id = robot_id
        self._tell = tell
        self._keys = keys
        self._alive = alive
        names = dict(_SERVICES.values())
        clients = {name: node.create_client(kind, f"/{robot_id}/{name}") for kind, name in names.items()}
        self._clients = {act: clients[name] for act, (_, name) in _SERVICES.items()}
        self._clock = node.create_client(ReadClock, f"/{robot_id}/read_clock")
        self._asked: list[tuple[float, Any, Any]] = []
        self._reading = False
        self._zones = node.create_publisher(ZoneSet, f"/{robot_id}/zones", LATCHED_QOS)
        self._responses = node.create_publisher(Heartbeat, f"/{robot_id}/heartbeat_response", HEARTBEAT_QOS)
        node.create_subscription(Heartbeat, f"/{robot_id}/heartbeat_challenge", self._on_challenge, HEARTBEAT_QOS)
        node.create_subscription(SafetyState, f"/{robot_id}/safety_state", self._on_safety_state, LATCHED_QOS)

    # -- acts of people

    def ask(self, order: ActOrder, answer: Future[ActAnswer]) -> None:
        """Call the supervisor's service."""
        self._forget()
        client = self._clients[order.act]
        if not client.service_is_ready():
            text = f"its safety supervisor is not there ({client.srv_name})"
            _give(answer, ActAnswer(self._robot_id, False, "OFFLINE", text))
            return
        future = client.call_async(_request(order))
        self._asked.append((time.monotonic(), client, future))
        future.add_done_callback(lambda f: _give(answer, self._answer(order, f)))

    def _answer(self, order: ActOrder, future: Any) -> ActAnswer:
        given = future.result()
        if given is None:
            return ActAnswer(self._robot_id, False, "NO_ANSWER", f"{order.act.value} was not answered")
        state = getattr(given, "state", None)
        known = SafetyMode(state) if state in {int(m) for m in SafetyMode} else None
        code = given.code or ("OK" if given.success else "REFUSED")
        until = _moment(given.until) if hasattr(given, "until") else None
        return ActAnswer(self._robot_id, bool(given.success), code, given.message, known, until)

    def _forget(self) -> None:
        now = time.monotonic()
        for asked_at, client, future in self._asked:
            if not future.done() and now - asked_at > FORGET_AFTER:
                client.remove_pending_request(future)
                self._reading = self._reading and client is not self._clock
        self._asked = [a for a in self._asked if not a[2].done() and now - a[0] <= FORGET_AFTER]

    # -- zones and permits

    def send_access(self, rules: AccessRules, map_id: str) -> None:
        """Latched, so that a supervisor that starts later gets the newest."""
        self._zones.publish(zone_set_to(rules, map_id, self._node.get_clock().now().to_msg()))

    # -- heartbeats

    def _on_challenge(self, message: Any) -> None:
        key = self._keys.key(self._robot_id)
        if key is None or not self._alive():
            return
        answer = Heartbeat(source=SOURCE, sequence=message.sequence, challenge=message.challenge)
        answer.stamp = self._node.get_clock().now().to_msg()
        answer.response = response(key, message.challenge)
        self._responses.publish(answer)

    def _on_safety_state(self, message: Any) -> None:
        self._tell(
            SafetySeen(self._robot_id, int(message.lease_epoch), message.lease_holder, float(message.speed_limit))
        )

    # -- clock

    def read_clock(self) -> None:
        """One round trip, unless one is under way."""
        self._forget()
        if self._reading or not self._clock.service_is_ready():
            return
        self._reading = True
        sent, sent_mono = time.time_ns(), time.monotonic_ns()
        future = self._clock.call_async(ReadClock.Request())
        self._asked.append((time.monotonic(), self._clock, future))
        future.add_done_callback(lambda f: self._clock_read(sent, sent_mono, f))

    def _clock_read(self, sent: int, sent_mono: int, future: Any) -> None:
        returned, returned_mono = time.time_ns(), time.monotonic_ns()
        self._reading = False
        given = future.result()
        if given is None:
            return
        trip = RoundTrip(
            sent=sent,
            received=given.received_utc_ns,
            replied=given.sent_utc_ns,
            returned=returned,
            sent_mono=sent_mono,
            returned_mono=returned_mono,
            robot_mono=given.sent_mono_ns,
            boot_id=given.boot_id,
        )
        self._tell(ClockRead(self._robot_id, trip))


def _request(order: ActOrder) -> Any:
    by, reason, act = order.requested_by, order.reason, order.act
    if act in {SafetyAct.RESET_PRESS, SafetyAct.RESET_RELEASE}:
        return Reset.Request(pressed=act is SafetyAct.RESET_PRESS, requested_by=by, reason=reason)
    if act in {SafetyAct.HOLD, SafetyAct.TELEOP}:
        mode = SafetyState.HOLD if act is SafetyAct.HOLD else SafetyState.TELEOP
        return SetMode.Request(mode=mode, requested_by=by, lease_epoch=order.epoch)
    if act is SafetyAct.MUTE:
        assert order.mute is not None
        mute = order.mute
        return Mute.Request(
            field=mute.field, reason=reason, requested_by=by, co_signed_by=mute.co_signed_by, duration=mute.duration
        )
    return _SERVICES[act][0].Request(requested_by=by, reason=reason)


def _moment(stamp: Any) -> datetime | None:
    if not stamp.sec:
        return None
    return moment({"sec": stamp.sec, "nanosec": stamp.nanosec}).astimezone(timezone.utc)


def _give(future: Future[ActAnswer], answer: ActAnswer) -> None:
    # The one who asked may have given up in the meantime.
    if future.set_running_or_notify_cancel():
        future.set_result(answer)
