"""One robot from outside: what is heard of it, what stands for its other processes, and what a person asks of it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from sitefleet_interfaces.msg import SafetyEvent, SafetyState
from sitefleet_interfaces.srv import Reset, Resume, SetMode, Stop
from std_msgs.msg import Bool

from faults import world
from faults.measures import Command, Place, Touch, Truth
from faults.series import Heartbeat, Series, Told
from faults.standin import NEWEST, StandIn
from faults.values import Unexpected
from sitefleet_robot.common import qos
from sitefleet_robot.common.geometry import yaw_of
from sitefleet_robot.common.pairing import read_key

ME = "benchmark"
OUTBOX = 2**40
"""Numbers of a robot's own recorder begin here."""
_LOOK = 0.004
"""s between two looks at a condition."""


class Robot:
    """Spins in a thread of its own; a run asks and waits in another."""

    def __init__(self, domain: int, state: Path, seed: int, *, person: bool, autonomy: bool) -> None:
        self.series = Series()
        self.beats = Heartbeat()
        self.resets = self.resumes = 0
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        simulated = [Parameter("use_sim_time", value=True)]
        self.node = rclpy.create_node(
            "bench", namespace=world.ROBOT, context=self._context, parameter_overrides=simulated
        )
        key = read_key(state / "heartbeat.key")
        self.stand_in = StandIn(self.node, self.series, key, random.Random(seed), person=person, autonomy=autonomy)
        self.wires = self.stand_in.wires
        self._subscribe()
        self._clients = {
            kind: self.node.create_client(kind, name)
            for kind, name in ((Stop, "stop"), (Reset, "reset"), (Resume, "resume"), (SetMode, "set_mode"))
        }
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._leave = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._spin, name="bench-ros", daemon=True)
        self._thread.start()

    def _subscribe(self) -> None:
        listen = self.node.create_subscription
        listen(Twist, "cmd_vel", self._on_command, NEWEST)
        listen(Odometry, "ground_truth", self._on_truth, NEWEST)
        listen(Odometry, f"/people/{world.PERSON}/ground_truth", self._on_person, 10)
        listen(Bool, "bumper", lambda m: self.series.touches.append(Touch(time.monotonic(), m.data)), qos.STREAM)
        listen(SafetyState, "safety_state", self._on_state, qos.LATCHED)
        listen(SafetyEvent, "/fleet/safety_event", self._on_event, qos.RECORD)

    def _spin(self) -> None:
        try:
            while not self._leave.is_set():
                self._executor.spin_once(timeout_sec=0.1)
        except ExternalShutdownException:
            pass
        except BaseException as failure:  # the waiting thread says it
            self._failed = failure

    def _on_command(self, message: Any) -> None:
        self.series.commands.append(Command(time.monotonic(), message.linear.x, message.angular.z))

    def _on_truth(self, message: Any) -> None:
        p, q, v = message.pose.pose.position, message.pose.pose.orientation, message.twist.twist
        truth = Truth(time.monotonic(), p.x, p.y, yaw_of(q), v.linear.x, v.angular.z)
        self.series.truth.append(truth)
        self.stand_in.on_truth(truth, message.header.stamp)

    def _on_person(self, message: Any) -> None:
        place = Place(time.monotonic(), message.pose.pose.position.x, message.pose.pose.position.y)
        self.series.person.append(place)
        self.stand_in.on_person(place)

    def _on_state(self, message: Any) -> None:
        self.series.states.append(Told(time.monotonic(), message.state, message.reason_code))
        self.stand_in.state = message.state

    def _on_event(self, message: Any) -> None:
        if message.robot_id == world.ROBOT and message.event_id not in self.series.events:
            self.series.events[message.event_id] = (message.seq, message.trigger, time.monotonic())

    # -- waiting

    @property
    def state(self) -> int:
        """SafetyState.* that was told last; -1: none."""
        return self.series.states[-1].state if self.series.states else -1

    @property
    def truth(self) -> Truth:
        """Newest true pose. Raises Unexpected before there is one."""
        if not self.series.truth:
            raise Unexpected("the simulator does not tell where the robot is")
        return self.series.truth[-1]

    def until(self, condition: Callable[[], object], what: str, seconds: float = 15.0) -> float:
        """Wait; when it became true. Raises Unexpected."""
        end = time.monotonic() + seconds
        while not condition():
            if self._failed is not None:
                raise Unexpected(f"the benchmark's own node failed: {self._failed!r}")
            if time.monotonic() > end:
                last = self.series.states[-1:] or "no state"
                raise Unexpected(f"not within {seconds:g} s: {what}; {last}")
            time.sleep(_LOOK)
        return time.monotonic()

    def commanded_zero(self) -> bool:
        """The newest command is a zero."""
        return bool(self.series.commands) and not self.series.commands[-1].moves

    def stands(self, seconds: float = 0.25) -> bool:
        """The robot has truly stood for so long."""
        now, lately = time.monotonic(), self.series.truth[-60:]
        return bool(lately) and not any(s.moves for s in lately if s.t > now - seconds)

    # -- a person's acts

    def call(self, kind: Any, seconds: float = 20.0, **fields: Any) -> Any:
        """Ask until an answer comes: DDS may lose one while it still remembers a killed server."""
        client = self._clients[kind]
        end = time.monotonic() + seconds
        fields.setdefault("requested_by", ME)
        while True:
            self.until(client.service_is_ready, f"service {client.srv_name}", seconds)
            future = client.call_async(kind.Request(**fields))
            patience = time.monotonic() + 1.5
            while not future.done() and time.monotonic() < patience:
                time.sleep(_LOOK)
            if future.done():
                return future.result()
            client.remove_pending_request(future)
            if time.monotonic() > end:
                raise Unexpected(f"{client.srv_name} does not answer")

    def try_reset(self) -> str:
        """One press of the right length; the code that it is answered with."""
        self.call(Reset, pressed=True)
        time.sleep(0.45)
        self.resets += 1
        return str(self.call(Reset, pressed=False).code)

    def reset(self, seconds: float = 20.0) -> None:
        """Press and release until it is granted. Raises Unexpected."""
        end = time.monotonic() + seconds
        while True:
            self.call(Reset, pressed=True)
            time.sleep(0.45)
            answer = self.call(Reset, pressed=False)
            self.resets += 1
            if answer.success or answer.code == "not_stopped":
                return
            if time.monotonic() > end:
                raise Unexpected(f"no reset: {answer.code}: {answer.message}")

    def resume(self, seconds: float = 20.0) -> None:
        """Ask until it is granted. Raises Unexpected."""
        end = time.monotonic() + seconds
        while True:
            answer = self.call(Resume)
            self.resumes += 1
            if answer.success:
                self.until(lambda: self.state == SafetyState.AUTO, "AUTO", 3.0)
                return
            if time.monotonic() > end:
                raise Unexpected(f"no resume: {answer.code}: {answer.message}")
            time.sleep(0.1)

    def into_hold(self) -> None:
        """Whatever it does, to HOLD."""
        self.until(lambda: self.state >= 0, "a safety state", 30.0)
        if self.state == SafetyState.STOPPED:
            self.reset()
        elif self.state != SafetyState.HOLD:
            self.call(SetMode, mode=SafetyState.HOLD)
        self.until(lambda: self.state in {SafetyState.HOLD, SafetyState.STOPPED}, "HOLD", 5.0)
        if self.state == SafetyState.STOPPED:
            self.reset()
            self.until(lambda: self.state == SafetyState.HOLD, "HOLD", 5.0)

    def into_auto(self) -> None:
        """Whatever it does, to AUTO; nothing is wanted of autonomy yet."""
        self.stand_in.lane.speed = 0.0
        if self.state != SafetyState.AUTO:
            self.into_hold()
            self.resume()

    def into_teleop(self, epoch: int, by: str = ME) -> None:
        """To TELEOP under a lease, with neutral axes first."""
        self.stand_in.lane.speed = 0.0
        self.into_hold()
        self.wires.epoch, self.wires.held = epoch, False
        end = time.monotonic() + 10.0
        while not (answer := self.call(SetMode, mode=SafetyState.TELEOP, lease_epoch=epoch, requested_by=by)).success:
            if time.monotonic() > end:
                raise Unexpected(f"no lease: {answer.code}: {answer.message}")
            time.sleep(0.1)
        self.wires.control = True
        self.until(lambda: self.state == SafetyState.TELEOP, "TELEOP", 3.0)
        time.sleep(0.15)
        self.wires.held = True

    def close(self) -> None:
        """Leave ROS."""
        self._leave.set()
        self._thread.join()
        self.beats.close()
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()
