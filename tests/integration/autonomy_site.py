"""A site of one room for tests of one robot's autonomy: the real simulator, instruments, supervisor and autonomy as
processes, and a manager of a few lines that releases a straight route to whatever node the robot asks for."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy
from geometry_msgs.msg import Point, Pose, Quaternion
from nav_msgs.msg import Odometry
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from sitefleet_interfaces.action import ExecuteTask
from sitefleet_interfaces.msg import (
    AsBuilt,
    Factsheet,
    Parameter,
    RobotState,
    Route,
    RouteNode,
    SafetyState,
    Target,
    Task,
)
from sitefleet_interfaces.srv import Reset, Resume, Stop

ROOT = Path(__file__).resolve().parents[2]
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
RECORDS = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
MAP_ID = "room"


class Site:
    """Processes and the manager's side of the topics. Use as a context manager."""

    def __init__(
        self, folder: Path, robot_id: str, model: str, start: tuple[float, float, float], speed: float
    ) -> None:
        self.folder = folder
        self.robot_id, self.model, self.start, self.speed = robot_id, model, start, speed
        self.nodes: dict[str, tuple[float, float]] = {"home": start[:2]}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.state: Any = None
        self.phases: list[str] = []
        self.records: list[Any] = []
        self.truth: Any = None
        self.joints: dict[str, float] = {}
        self.routing = True
        self.attended = False
        self._asked_at = 0.0
        self._asked: list[Any] = []
        self._route: Any = None
        self._routes_made = 0
        self._at = "home"

    # processes -------------------------------------------------------------------------------------------------

    def start_process(self, name: str, module: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def start_robot_process(self, name: str, module: str) -> None:
        parameters = [f"launch/params/{self.model}.yaml"]
        values = {
            "use_sim_time": "true",
            "map_id": MAP_ID,
            "home_node": "home",
            "state_dir": str(self.folder / "state"),
            "map_yaml": str(self.folder / "map.yaml"),
        }
        if name == "safety":
            # Nobody detects people here, there is no manager, and nobody has paired.
            values |= {"blind_speed": "0.0", "executor_timeout": "0.0", "manager_timeout": "0.0"}
        words = ["--ros-args", "-r", f"__ns:=/{self.robot_id}", "--params-file", "launch/params/common.yaml"]
        for file in parameters:
            words += ["--params-file", file]
        for key, value in values.items():
            words += ["-p", f"{key}:={value}"]
        self.start_process(name, module, *words)

    def start_autonomy(self) -> None:
        self.start_robot_process("autonomy", "sitefleet_robot.autonomy")

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(10)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def __enter__(self) -> Site:
        x, y, yaw = self.start
        robot = f"{self.robot_id}:{self.model}:{x}:{y}:{yaw}"
        self.start_process(
            "simulator", "sim.embedded.node", "--world", "sim/worlds/room.sdf", "--robot", robot,
            "--speed", str(self.speed), "--seed", "1", "--report", str(self.folder / "report.json"),
        )  # fmt: skip
        self.start_process("instruments", "sim.instruments", "--robot", f"{self.robot_id}:{self.model}", "--seed", "1")
        self.start_robot_process("safety", "sitefleet_robot.safety.node")
        self.start_autonomy()
        self.context = rclpy.Context()
        self.context.init()
        self.node = rclpy.create_node("test_manager", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._make_topics()
        return self

    def __exit__(self, *_: object) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.shutdown()
        for process in self.processes.values():
            process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # topics ----------------------------------------------------------------------------------------------------

    def _make_topics(self) -> None:
        make = self.node.create_subscription
        make(RobotState, "/fleet/robot_state", self._on_state, 10)
        make(AsBuilt, "/fleet/as_built", self.records.append, RECORDS)
        make(Odometry, f"/{self.robot_id}/ground_truth", lambda m: setattr(self, "truth", m), 5)
        make(JointState, f"/{self.robot_id}/joint_states", self._on_joints, 5)
        self.factsheets: list[Any] = []
        make(Factsheet, "/fleet/factsheet", self.factsheets.append, LATCHED)
        self._routes = self.node.create_publisher(Route, f"/{self.robot_id}/route", LATCHED)
        self.client = ActionClient(self.node, ExecuteTask, f"/{self.robot_id}/execute_task")
        self._resume = self.node.create_client(Resume, f"/{self.robot_id}/resume")
        self._release_at: float | None = None
        self._reset = self.node.create_client(Reset, f"/{self.robot_id}/reset")
        self._stop = self.node.create_client(Stop, f"/{self.robot_id}/stop")

    def _on_joints(self, message: Any) -> None:
        self.joints.update(zip(message.name, message.position, strict=True))

    def _on_state(self, state: Any) -> None:
        self.state = state
        if not self.phases or self.phases[-1] != state.phase:
            self.phases.append(state.phase)
        if state.at_base_end and state.node_id:
            self._at = state.node_id
        goal = state.goal_node
        if (
            self.routing
            and goal
            and goal != self._at
            and (self._route is None or self._route.nodes[-1].node_id != goal)
        ):
            self.release(self._at, goal)

    def release(self, *names: str) -> None:
        """A new route, all of it released."""
        self._routes_made += 1
        route = Route(route_id=f"route-{self._routes_made}", update_id=1, released_up_to=len(names))
        for number, name in enumerate(names):
            x, y = self.nodes[name]
            route.nodes.append(
                RouteNode(sequence_id=number + 1, node_id=name, x=x, y=y, max_speed=0.6, allowed_deviation=0.1)
            )
        self._route = route
        self._routes.publish(route)

    def wait(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Spin until the condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise AssertionError(f"{name} ended ({process.returncode}):\n{self.log(name)[-3000:]}")
            if time.monotonic() > deadline:
                state = self.state
                raise AssertionError(f"{what}: not within {seconds} s; phases {self.phases}, last state {state}")
            self.executor.spin_once(timeout_sec=0.1)
            self._attend()

    def call(self, client: Any, request: Any, seconds: float = 30.0) -> Any:
        self.wait(client.service_is_ready, seconds, client.srv_name)
        future = client.call_async(request)
        self.wait(future.done, seconds, client.srv_name)
        return future.result()

    def _attend(self) -> None:
        """A person beside the robot: resets and resumes after a stop by a watchdog. The supervisor's limits count wall
        time, and a busy test machine may not give its processes their time; nothing else is resumed."""
        state = self.state
        if not self.attended or state is None or not self._reset_done():
            return
        if self._release_at is not None:
            if time.monotonic() >= self._release_at:
                self._release_at = None
                self._asked = [self._reset.call_async(self._button(pressed=False, reason="watchdog"))]
            return
        if state.safety_state == SafetyState.HOLD:
            self._asked_at = time.monotonic()
            self._asked = [self._resume.call_async(Resume.Request(requested_by="test", reason="go on"))]
        elif state.safety_state == SafetyState.STOPPED and "the limit is" in state.safety_reason:
            self._asked_at = time.monotonic()
            self._asked = [self._reset.call_async(self._button(pressed=True, reason="watchdog"))]
            self._release_at = self._asked_at + 0.6

    @staticmethod
    def _button(pressed: bool, reason: str) -> Any:
        return Reset.Request(pressed=pressed, requested_by="test", reason=reason)

    def _reset_done(self) -> bool:
        # An answer can be lost with the processes that come and go here; a person then asks again.
        return all(future.done() for future in self._asked) or time.monotonic() - self._asked_at > 3.0

    def resume(self) -> None:
        """A person lets autonomy drive, as soon as the supervisor has all it needs, and stays near."""
        self.attended = True
        answer = None
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            answer = self.call(self._resume, Resume.Request(requested_by="test", reason="start"), 60.0)
            if answer.success:
                return
            self.executor.spin_once(timeout_sec=0.2)
        raise AssertionError(f"no resume: {answer}")

    def stop(self) -> None:
        self.attended = False
        assert self.call(self._stop, Stop.Request(requested_by="test", reason="test")).success

    def reset_and_resume(self) -> None:
        """A person ends a remote stop."""
        assert self.call(self._reset, self._button(pressed=True, reason="test")).success
        released = time.monotonic() + 0.6
        self.wait(lambda: time.monotonic() >= released, 5, "the button is held")
        assert self.call(self._reset, self._button(pressed=False, reason="test")).success
        self.resume()

    def send(self, task: Any, feedback: list[Any] | None = None) -> Any:
        """Send a goal; returns the accepted (or rejected) handle."""
        callback = None if feedback is None else (lambda m: feedback.append(m.feedback))
        for _ in range(4):
            self.wait(self.client.server_is_ready, 20, "execute_task")
            future = self.client.send_goal_async(ExecuteTask.Goal(task=task), feedback_callback=callback)
            answer_by = time.monotonic() + 8
            self.wait(lambda: future.done() or time.monotonic() > answer_by, 20, "goal response")  # noqa: B023
            if future.done():
                return future.result()
            # A server that was killed looks ready until its lease ends. The goal is idempotent: send it again.
        raise AssertionError("execute_task did not answer a goal")

    def result(self, handle: Any, seconds: float) -> Any:
        future = handle.get_result_async()
        self.wait(future.done, seconds, "result")
        return future.result()

    # work ------------------------------------------------------------------------------------------------------

    def drill_task(self, holes: list[tuple[float, float, float]], task_id: str = "t1", tolerance: float = 0.01) -> Any:
        """A drill task with holes at (x, y, z); its stance nodes are added to the site."""
        targets = []
        for index, (x, y, z) in enumerate(holes):
            name = f"{task_id}-s{index}"
            self.nodes[name] = (x, y)
            stance = Pose(position=Point(x=x, y=y), orientation=Quaternion(w=1.0))
            pose = Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(w=1.0))
            targets.append(Target(index=index, node_id=name, stance=stance, heading_free=True, pose=pose))
        return self.task("drill", targets, task_id, tolerance, diameter=0.008, depth=0.05)

    @staticmethod
    def task(trade: str, targets: list[Any], task_id: str, tolerance: float, **parameters: float) -> Any:
        return Task(
            task_id=task_id, attempt=1, trade=trade, work_item_id=f"{task_id}-item", ifc_guid="2O2Fr$t4X7Zf8NOew3FNr2",
            zone_id="room", map_id=MAP_ID, targets=targets, tolerance=tolerance,
            parameters=[Parameter(name=n, type=Parameter.DOUBLE, double_value=v) for n, v in parameters.items()],
        )  # fmt: skip

    def true_distance(self, x: float, y: float) -> float:
        """How far the robot really is from a place, m."""
        p = self.truth.pose.pose.position
        return math.hypot(p.x - x, p.y - y)


def own_domain(domain: int) -> None:
    """Keep a test's traffic to itself."""
    os.environ["ROS_DOMAIN_ID"] = str(domain)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
