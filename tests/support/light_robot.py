"""A whole robot in one small process, without a simulator: it follows routes kinematically and works with a journal.

Same contract as the real one: nodes that are not released are never entered, a known (task, attempt) joins or is
answered from the journal, a record is on the disk before it is sent, stop latches until reset and resume. Every piece
of physical work is one line in `work.log`, so that a test can count what was really done.

    python light_robot.py --robot-id d1 --trades drill --home h0 --x 0 --y 0 --folder DIR [--speed 3] [--work 0.1]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import secrets
import signal
import time
from pathlib import Path
from typing import Any

import rclpy
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sitefleet_interfaces.action import ExecuteTask
from sitefleet_interfaces.msg import AsBuilt, Factsheet, Heartbeat, RobotState, Route, SafetyState, ZoneAck, ZoneSet
from sitefleet_interfaces.srv import Mute, ReadClock, Reset, Resume, SetMode, Stop

PERIOD = 0.05
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
RELIABLE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)


class Journal:
    """Attempts with their records, on the disk before anybody is told."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "journal.jsonl").open("a+", encoding="utf-8")
        self._file.seek(0)
        self.attempts: dict[tuple[str, int], dict[str, Any]] = {}
        for line in self._file.read().splitlines():
            self._apply(json.loads(line))

    def _apply(self, entry: dict[str, Any]) -> None:
        attempt = self.attempts.setdefault((entry["task"], entry["attempt"]), {"records": {}, "outcome": None})
        if "index" in entry:
            attempt["records"][entry["index"]] = entry["stamp"]
        if "outcome" in entry:
            attempt["outcome"] = entry["outcome"]

    def write(self, key: tuple[str, int], **fields: Any) -> None:
        entry = {"task": key[0], "attempt": key[1], **fields}
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._apply(entry)


class Wheels:
    """Moves along what is released, node by node."""

    def __init__(self, node_id: str, x: float, y: float, speed: float) -> None:
        self.x, self.y, self.speed = x, y, speed
        self.at = node_id
        """Node last passed."""
        self.on_node = True
        self.driven = 0.0
        self.route: Any = None
        self.error = ""
        self._next = 0
        """Index in the route of the node it drives to or would drive to next."""

    def take(self, route: Any) -> None:
        """A route that does not begin on what the robot holds is refused; the manager plans anew."""
        ids = [n.node_id for n in route.nodes]
        heading_for = self._target()
        if not self.on_node and heading_for is not None and heading_for.node_id in ids:
            self._next = ids.index(heading_for.node_id)
        elif self.at in ids:
            self._next = ids.index(self.at) + (1 if self.on_node else 0)
        else:
            self.error = "ROUTE_UNCONNECTED"
            return
        self.route, self.error = route, ""

    def _target(self) -> Any:
        if self.route is None or self._next >= len(self.route.nodes):
            return None
        node = self.route.nodes[self._next]
        return node if node.sequence_id <= self.route.released_up_to else None

    def base(self) -> list[str]:
        ahead = []
        if self.route is not None:
            nodes = self.route.nodes[self._next :]
            ahead = [n.node_id for n in nodes if n.sequence_id <= self.route.released_up_to]
        return [self.at, *ahead] if not ahead or ahead[0] != self.at else ahead

    def sequence(self) -> int:
        if self.route is None or self._next == 0:
            return 0
        return int(self.route.nodes[min(self._next, len(self.route.nodes)) - 1].sequence_id)

    def step(self, dt: float) -> None:
        left = self.speed * dt
        while left > 0.0:
            node = self._target()
            if node is None:
                return
            gap = math.hypot(node.x - self.x, node.y - self.y)
            self.on_node = False
            if gap > left:
                self.x += (node.x - self.x) * left / gap
                self.y += (node.y - self.y) * left / gap
                self.driven += left
                return
            self.x, self.y, self.at, self.on_node = node.x, node.y, node.node_id, True
            self.driven += gap
            self._next += 1
            left -= gap


class LightRobot(Node):
    """One robot."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__("light_robot", namespace=options.robot_id)
        self.options = options
        self.place = options.folder / "place.json"
        where = json.loads(self.place.read_text()) if self.place.exists() else [options.home, options.x, options.y]
        self.wheels = Wheels(*where, options.speed)
        self.journal = Journal(options.folder)
        self.work_log = options.folder / "work.log"
        self.safety = SafetyState.HOLD if options.hold else SafetyState.AUTO
        self.task: Any = None
        self.goal_handle: Any = None
        self.cancel = False
        self.working = 0.0
        self._remembered = ""
        self._states = self.create_publisher(RobotState, "/fleet/robot_state", RELIABLE)
        self._records = self.create_publisher(AsBuilt, "/fleet/as_built", RELIABLE)
        self._sheet = self.create_publisher(Factsheet, "/fleet/factsheet", LATCHED)
        self._sheet.publish(self._factsheet())
        self.create_subscription(Route, "route", self.wheels.take, LATCHED)
        self.create_service(Stop, "stop", self._on_stop)
        self.create_service(Reset, "reset", self._on_reset)
        self.create_service(Resume, "resume", self._on_resume)
        self.create_service(SetMode, "set_mode", self._on_set_mode)
        self.create_service(Mute, "mute", self._on_mute)
        self.create_service(ReadClock, "read_clock", self._on_read_clock)
        self._safety_states = self.create_publisher(SafetyState, "safety_state", LATCHED)
        self._zone_acks = self.create_publisher(ZoneAck, "/fleet/zone_ack", RELIABLE)
        self._challenges = self.create_publisher(Heartbeat, "heartbeat_challenge", RELIABLE)
        self.create_subscription(ZoneSet, "zones", self._on_zones, LATCHED)
        self.create_subscription(Heartbeat, "heartbeat_response", self._on_heartbeat, RELIABLE)
        self._pressed = False
        self._epoch = 0
        self._beats = 0
        self.create_timer(0.5, self._challenge)
        self._tell_safety()
        self._server = ActionServer(
            self,
            ExecuteTask,
            "execute_task",
            execute_callback=lambda handle: None,
            goal_callback=self._on_goal,
            handle_accepted_callback=self._on_accepted,
            cancel_callback=self._on_cancel,
        )
        self.create_timer(PERIOD, self._step)

    def _factsheet(self) -> Factsheet:
        o = self.options
        return Factsheet(
            robot_id=o.robot_id,
            model="light",
            map_id=o.map_id,
            trades=o.trades.split(","),
            length=0.6,
            width=0.5,
            half_width=0.25,
            turning_radius=0.4,
            max_speed=o.speed,
            max_payload=50.0,
            reach_min=0.0,
            reach_max=4.0,
            battery_reserve=0.2,
            home_node=o.home,
            software_version="test",
        )

    # -- safety

    def _on_stop(self, request: Any, response: Any) -> Any:
        self.safety = SafetyState.STOPPED
        response.success, response.code, response.state = True, "OK", self.safety
        return response

    def _on_reset(self, request: Any, response: Any) -> Any:
        response.success = self.safety == SafetyState.STOPPED and (request.pressed or self._pressed)
        if response.success and not request.pressed:
            self.safety = SafetyState.HOLD
        self._pressed = request.pressed
        response.code, response.state = "OK" if response.success else "NOT_STOPPED", self.safety
        return response

    def _on_set_mode(self, request: Any, response: Any) -> Any:
        response.success = self.safety != SafetyState.STOPPED
        if request.mode == SafetyState.TELEOP:
            response.success = self.safety == SafetyState.HOLD and request.lease_epoch > self._epoch
            self._epoch = request.lease_epoch if response.success else self._epoch
        if response.success:
            self.safety = request.mode
        response.code, response.state = "OK" if response.success else "REFUSED", self.safety
        self._tell_safety()
        return response

    def _on_mute(self, request: Any, response: Any) -> Any:
        with (self.options.folder / "mutes.log").open("a", encoding="utf-8") as log:
            log.write(f"{request.field} {request.requested_by} {request.co_signed_by} {request.duration:g}\n")
        now = self.get_clock().now().nanoseconds + int(request.duration * 1e9)
        response.success = True
        response.until.sec, response.until.nanosec = divmod(now, 10**9)
        return response

    def _on_read_clock(self, request: Any, response: Any) -> Any:
        ahead = self.options.clock_ahead * 10**9
        response.received_utc_ns = response.sent_utc_ns = time.time_ns() + int(ahead)
        response.sent_mono_ns, response.boot_id = time.monotonic_ns(), "light"
        return response

    def _on_zones(self, message: Any) -> None:
        zones = {z.zone_id: z.kind for z in message.zones}
        text = json.dumps({"version": message.version, "zones": zones, "permits": len(message.permits)})
        (self.options.folder / "zones.json").write_text(text)
        self._zone_acks.publish(ZoneAck(robot_id=self.options.robot_id, version=message.version, accepted=True))

    def _challenge(self) -> None:
        self._sent_challenge = secrets.randbits(64)
        self._beats += 1
        self._challenges.publish(Heartbeat(source="supervisor", sequence=self._beats, challenge=self._sent_challenge))

    def _on_heartbeat(self, message: Any) -> None:
        with (self.options.folder / "heartbeats.log").open("a", encoding="utf-8") as log:
            log.write(f"{message.source} {message.challenge} {message.response}\n")

    def _tell_safety(self) -> None:
        self._safety_states.publish(
            SafetyState(robot_id=self.options.robot_id, state=self.safety, lease_epoch=self._epoch)
        )

    def _on_resume(self, request: Any, response: Any) -> Any:
        response.success = self.safety == SafetyState.HOLD
        if response.success:
            self.safety = SafetyState.AUTO
        response.code, response.state = "OK" if response.success else "NOT_IN_HOLD", self.safety
        response.message = "" if response.success else "it is not in hold"
        return response

    # -- tasks

    def _key(self, task: Any) -> tuple[str, int]:
        return (task.task_id, task.attempt)

    def _on_goal(self, request: Any) -> Any:
        known = self.journal.attempts.get(self._key(request.task))
        ended = known is not None and known["outcome"] is not None
        busy = self.task is not None and self._key(self.task) != self._key(request.task)
        return GoalResponse.REJECT if busy and not ended else GoalResponse.ACCEPT

    def _on_accepted(self, handle: Any) -> None:
        task = handle.request.task
        known = self.journal.attempts.get(self._key(task))
        if known is not None and known["outcome"] is not None:
            self._answer(handle, task, known["outcome"])
            return
        if self.task is not None and self.goal_handle is not None:
            self._answer(self.goal_handle, task, 105)
        if self.task is None:
            self.task, self.cancel, self.working = task, False, 0.0
        self.goal_handle = handle

    def _on_cancel(self, handle: Any) -> Any:
        if handle != self.goal_handle:
            return CancelResponse.REJECT
        self.cancel = True
        return CancelResponse.ACCEPT

    def _answer(self, handle: Any, task: Any, outcome: int) -> None:
        records = self.journal.attempts.get(self._key(task), {"records": {}})["records"]
        result = ExecuteTask.Result(outcome=outcome, as_built=[self._as_built(task, i, s) for i, s in records.items()])

        def hand_over(goal: Any) -> Any:
            if goal.is_cancel_requested:
                goal.canceled()
            elif outcome < 2:
                goal.succeed()
            else:
                goal.abort()
            return result

        handle.execute(hand_over)

    def _as_built(self, task: Any, index: int, stamp: float) -> AsBuilt:
        record = AsBuilt(
            robot_id=self.options.robot_id,
            task_id=task.task_id,
            attempt=task.attempt,
            work_item_id=task.work_item_id,
            ifc_guid=task.ifc_guid,
            target_index=index,
            outcome=AsBuilt.DONE,
            deviation=0.001,
            measured_depth=0.05 if task.trade == "drill" else 0.0,
            passed=True,
            instrument="light robot",
        )
        record.stamp.sec, record.stamp.nanosec = int(stamp), int(stamp % 1.0 * 1e9)
        return record

    def _next_target(self) -> Any:
        if self.task is None:
            return None
        done = self.journal.attempts.get(self._key(self.task), {"records": {}})["records"]
        return next((t for t in self.task.targets if t.index not in done), None)

    # -- the cycle

    def _step(self) -> None:
        target = self._next_target()
        if self.task is not None and (self.cancel or target is None):
            self._end(2 if self.cancel and target is not None else 0)
            target = None
        if self.safety == SafetyState.AUTO:
            if target is not None and self.wheels.on_node and self.wheels.at == target.node_id:
                self._work(target)
            else:
                self.wheels.step(PERIOD)
        self._publish()
        if self.wheels.on_node and self.wheels.at != self._remembered:
            # A machine that is switched on again stands where it stood.
            self.place.write_text(json.dumps([self.wheels.at, self.wheels.x, self.wheels.y]))
            self._remembered = self.wheels.at

    def _work(self, target: Any) -> None:
        self.working += PERIOD
        if self.working < self.options.work:
            return
        self.working = 0.0
        with self.work_log.open("a", encoding="utf-8") as log:
            log.write(f"{self.task.work_item_id} {target.index}\n")
            log.flush()
            os.fsync(log.fileno())
        stamp = round(self.get_clock().now().nanoseconds * 1e-9, 6)
        self.journal.write(self._key(self.task), index=target.index, stamp=stamp)
        record = self._as_built(self.task, target.index, stamp)
        self._records.publish(record)
        if self.goal_handle is not None:
            self.goal_handle.publish_feedback(ExecuteTask.Feedback(as_built=[record]))

    def _end(self, outcome: int) -> None:
        self.journal.write(self._key(self.task), outcome=outcome)
        handle, task = self.goal_handle, self.task
        self.goal_handle = self.task = None
        if handle is not None:
            self._answer(handle, task, outcome)

    def _publish(self) -> None:
        wheels, target = self.wheels, self._next_target()
        state = RobotState(
            robot_id=self.options.robot_id,
            map_id=self.options.map_id,
            battery=0.9,
            charging=wheels.on_node and wheels.at == self.options.home,
            safety_state=self.safety,
            route_id=wheels.route.route_id if wheels.route else "",
            route_update_id=wheels.route.update_id if wheels.route else 0,
            last_sequence_id=wheels.sequence(),
            base_node_ids=wheels.base(),
            at_base_end=len(wheels.base()) == 1,
            node_id=wheels.at if wheels.on_node else "",
            task_id=self.task.task_id if self.task else "",
            attempt=self.task.attempt if self.task else 0,
            phase="working" if self.working else "",
            goal_node=target.node_id if target else "",
            distance_driven=wheels.driven,
            errors=[wheels.error] if wheels.error else [],
        )
        state.header.stamp = self.get_clock().now().to_msg()
        state.header.frame_id = "map"
        state.pose.pose.position.x, state.pose.pose.position.y = wheels.x, wheels.y
        self._states.publish(state)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--robot-id", required=True)
    parser.add_argument("--trades", required=True)
    parser.add_argument("--home", required=True)
    parser.add_argument("--x", type=float, required=True)
    parser.add_argument("--y", type=float, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--map-id", default="level-1")
    parser.add_argument("--speed", type=float, default=3.0)
    parser.add_argument("--work", type=float, default=0.1)
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--clock-ahead", type=float, default=0.0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda n, _f: stop.append(n))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    executor = SingleThreadedExecutor()
    robot = LightRobot(options)
    executor.add_node(robot)
    while not stop:
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    robot.destroy_node()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
