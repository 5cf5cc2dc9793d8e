"""Listens to the fleet on ROS beside the manager: site time, telemetry for the report, the first motion, and a way to
stop the robots when the manager is gone.

ROS lives in one thread here; the other threads only read values and leave requests.
"""

from __future__ import annotations

import json
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleet_manager.domain.robots import SafetyMode

EVERY = 0.5
"""s of ROS time between two samples of a robot that does nothing new."""
SPEED_WINDOW = 4.0
"""s of wall time over which the simulation's speed is measured."""
MOVING = 0.02
"""m/s"""


@dataclass(frozen=True, slots=True)
class StopRequest:
    """One remote stop on its way through the observer's thread."""

    robot_ids: tuple[str, ...]
    requested_by: str
    reason: str
    done: threading.Event = field(default_factory=threading.Event)
    answered: set[str] = field(default_factory=set)


class FleetObserver:
    """Starts its thread at once; `close` ends it and the telemetry file.

    Args:
        telemetry: file that gets one sample a line.
        domain_id: ROS domain of the run.
        stopwatch: s of wall time, for the moment of the first motion.
    """

    def __init__(self, telemetry: Path, domain_id: int, stopwatch: Callable[[], float]) -> None:
        self.first_motion: tuple[str, float] | None = None
        """Robot that moved first, and when by the stopwatch."""
        self._stopwatch = stopwatch
        self._domain_id = domain_id
        self._file = telemetry.open("a", encoding="utf-8")
        self._clock: deque[tuple[float, float]] = deque()
        self._begin: float | None = None
        self._last: dict[str, tuple[float, str, str]] = {}
        self._requests: queue.Queue[StopRequest] = queue.Queue()
        self._closing = threading.Event()
        self._stops: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._run, name="fleet-observer", daemon=True)
        self._thread.start()

    @property
    def site_seconds(self) -> float:
        """s of ROS time since the first report of a robot."""
        return 0.0 if self._begin is None else self._clock[-1][1] - self._begin

    @property
    def sim_speed(self) -> float:
        """s of ROS time a second, over the last few seconds."""
        if len(self._clock) < 2:
            return 0.0
        (wall0, site0), (wall1, site1) = self._clock[0], self._clock[-1]
        return (site1 - site0) / (wall1 - wall0) if wall1 > wall0 else 0.0

    @property
    def alive(self) -> bool:
        """The thread listens."""
        return self._thread.is_alive()

    def stop_robots(self, robot_ids: Sequence[str], requested_by: str, reason: str, timeout: float = 3.0) -> set[str]:
        """Remote stop through each robot's own service; the robots that answered with success."""
        request = StopRequest(tuple(robot_ids), requested_by, reason)
        if self.alive:
            self._requests.put(request)
            request.done.wait(timeout)
        return set(request.answered)

    def close(self) -> None:
        """End the thread before the interpreter ends: a spinning daemon thread would abort it."""
        self._closing.set()
        self._thread.join(10.0)
        self._file.close()

    def _run(self) -> None:
        import rclpy
        from rclpy.context import Context
        from rclpy.node import Node

        from sitefleet_robot.common.spin import make_executor

        context = Context()
        rclpy.init(args=[], context=context, domain_id=self._domain_id)
        node = Node(
            "demo_observer", context=context, use_global_arguments=False, enable_rosout=False,
            start_parameter_services=False,
        )  # fmt: skip
        executor = make_executor(context)
        executor.add_node(node)
        try:
            self._subscribe(node)
            while not self._closing.is_set():
                executor.spin_once(timeout_sec=0.05)
                self._make_clients(node)
                self._serve_requests()
        finally:
            executor.shutdown()
            node.destroy_node()
            rclpy.shutdown(context=context)

    def _subscribe(self, node: Any) -> None:
        from rclpy.qos import QoSProfile
        from sitefleet_interfaces.msg import RobotState

        node.create_subscription(RobotState, "/fleet/robot_state", self._on_state, QoSProfile(depth=50))

    def _note_time(self, stamp: float) -> None:
        """Robots' reports carry ROS time often enough to show it; `/clock` itself would only cost deliveries."""
        now = time.monotonic()
        if self._begin is None:
            self._begin = stamp
        if self._clock and stamp <= self._clock[-1][1]:
            return
        self._clock.append((now, stamp))
        while self._clock[0][0] < now - SPEED_WINDOW:
            self._clock.popleft()

    def _on_state(self, message: Any) -> None:
        stamp = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        self._note_time(stamp)
        speed = math.hypot(message.twist.linear.x, message.twist.linear.y)
        if self.first_motion is None and speed > MOVING:
            self.first_motion = (message.robot_id, self._stopwatch())
        safety = SafetyMode(message.safety_state).name.lower()
        before, phase, mode = self._last.get(message.robot_id, (-math.inf, "", ""))
        if (phase, mode) == (message.phase, safety) and stamp - before < EVERY:
            return
        self._last[message.robot_id] = (stamp, message.phase, safety)
        self._file.write(json.dumps(sample(message, stamp, speed, safety)) + "\n")
        self._file.flush()

    def _make_clients(self, node: Any) -> None:
        """A stop client for each robot as soon as it is seen, so that it is connected when it is needed."""
        from sitefleet_interfaces.srv import Stop

        for robot_id in self._last.keys() - self._stops.keys():
            self._stops[robot_id] = node.create_client(Stop, f"/{robot_id}/stop")

    def _serve_requests(self) -> None:
        try:
            request = self._requests.get_nowait()
        except queue.Empty:
            return
        from sitefleet_interfaces.srv import Stop

        left = {robot_id for robot_id in request.robot_ids if robot_id in self._stops}
        if not left:
            request.done.set()

        def answer(robot_id: str, future: Any) -> None:
            left.discard(robot_id)
            if future.result() is not None and future.result().success:
                request.answered.add(robot_id)
            if not left:
                request.done.set()

        for robot_id in tuple(left):
            message = Stop.Request(requested_by=request.requested_by, reason=request.reason)
            future = self._stops[robot_id].call_async(message)
            future.add_done_callback(lambda f, robot_id=robot_id: answer(robot_id, f))


def sample(message: Any, stamp: float, speed: float, safety: str) -> dict[str, Any]:
    """A RobotState as one line of the telemetry file."""
    pose = message.pose.pose
    return {
        "robot_id": message.robot_id,
        "stamp": round(stamp, 3),
        "x": round(pose.position.x, 3),
        "y": round(pose.position.y, 3),
        "yaw": round(2.0 * math.atan2(pose.orientation.z, pose.orientation.w), 3),
        "battery": round(message.battery, 4),
        "charging": message.charging,
        "safety": safety,
        "phase": message.phase,
        "task_id": message.task_id,
        "speed": round(speed, 3),
        "distance_driven": round(message.distance_driven, 3),
        "time_driving": round(message.time_driving, 2),
        "time_working": round(message.time_working, 2),
    }
