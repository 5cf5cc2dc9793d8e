"""The embedded simulator as a process.

`python -m sim.embedded.node --world sim/worlds/room.sdf --robot insp_1:inspector:2:2:0 --speed 5`
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from sim.bridge import BridgeError, load_bridge, resolve
from sim.embedded.camera import choose_renderer

choose_renderer()  # before MuJoCo is imported

import rclpy  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from rclpy.executors import ExternalShutdownException  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.signals import SignalHandlerOptions  # noqa: E402

from sim.embedded.governor import SpeedGovernor  # noqa: E402
from sim.embedded.messages import moves, seconds_of, stamp_of  # noqa: E402
from sim.embedded.options import Options, parse_options  # noqa: E402
from sim.embedded.report import summary, write_report  # noqa: E402
from sim.embedded.ros_topics import RosTopics  # noqa: E402
from sim.embedded.simulation import Simulation  # noqa: E402
from sim.sdf import SdfError, read_world  # noqa: E402
from sim.spinning import SPIN_TIMEOUT, make_executor  # noqa: E402

log = logging.getLogger("sim.embedded")

_SLICE = 0.01
"""s of simulated time between looks at the governor."""
_GRAPH_PERIOD = 0.25
"""s of wall time between looks for publishers and listeners."""
_CLOCK_PERIOD = 0.2
"""s of wall time after which a held clock is told again, for nodes that start meanwhile."""
_REPORT_PERIOD = 2.0
"""s of wall time between reports."""


class SimulatorNode:
    """Steps the simulation in the calling thread; commands arrive in a thread of its own."""

    def __init__(self, options: Options) -> None:
        """Build the scene and open the topics. Raises SdfError, BridgeError, ValueError."""
        self._options = options
        self.simulation = Simulation(
            read_world(options.world),
            options.robots,
            options.people,
            options.obstructions,
            seed=options.seed,
            charge=options.charge,
            battery_scale=options.battery_scale,
        )
        self._governor = SpeedGovernor(options.speed, options.max_silence, options.patience)
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self._stopping = threading.Event()
        self._node = Node("simulator")
        entries = resolve(load_bridge(options.bridge), self.simulation.kinds)
        self._topics = RosTopics(self._node, self.simulation, entries, self._heard)
        self._told: set[str] = set()
        for name in self.simulation.robots:
            self._node.create_subscription(TwistStamped, f"/{name}/cmd_vel_stamped", self._basis_callback(name), 10)
        self._executor = make_executor()
        self._executor.add_node(self._node)
        self._failure: Exception | None = None
        self._spinner = threading.Thread(target=self._spin, name="simulator-commands", daemon=True)

    def _basis_callback(self, name: str) -> Callable[[TwistStamped], None]:
        """The stamp tells which moment of the world the supervisor's command answers; that is what must not lag.

        The robot's drive obeys `cmd_vel` alone: this only keeps the simulation from running ahead.
        """

        def callback(message: TwistStamped) -> None:
            with self._lock:
                self._told.add(name)
                self._governor.heard(name, seconds_of(message.header.stamp) if moves(message.twist) else math.inf)
            self._arrived.set()

        return callback

    def _heard(self, name: str) -> None:
        if name in self._told:
            return
        with self._lock:
            self._governor.heard(name, self.simulation.time)
        self._arrived.set()

    def _spin(self) -> None:
        try:
            while not self._stopping.is_set():
                self._executor.spin_once(timeout_sec=SPIN_TIMEOUT)
        except ExternalShutdownException:
            pass
        except Exception as error:  # a simulator that no longer hears commands must not go on
            self._failure = error
            log.exception("the thread that takes commands failed")
        finally:
            self.stop()

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping.set()
        self._arrived.set()

    def run(self) -> None:
        """Simulate until stopped."""
        simulation, topics = self.simulation, self._topics
        self._spinner.start()
        steps = max(1, round(_SLICE / simulation.dt))
        start = time.monotonic()
        next_graph = next_report = next_clock = start
        while not self._stopping.is_set():
            now = time.monotonic()
            if now >= next_graph:
                next_graph = now + _GRAPH_PERIOD
                self._look_around()
            if now >= next_report:
                next_report = now + _REPORT_PERIOD
                self._report(now - start)
            self._arrived.clear()
            with self._lock:
                wait = self._governor.decide(simulation.time, now)
            if wait > 0.0:
                if now >= next_clock:
                    next_clock = now + _CLOCK_PERIOD
                    topics.publish_clock(stamp_of(simulation.time))
                self._arrived.wait(wait) if self._governor.waiting_for() else self._stopping.wait(wait)
                continue
            next_clock = now + _CLOCK_PERIOD
            for _ in range(steps):
                simulation.step()
                topics.publish_due()
            if self._options.duration is not None and simulation.time >= self._options.duration:
                break
        self._report(time.monotonic() - start)
        if self._failure is not None:
            raise self._failure

    def _look_around(self) -> None:
        self._topics.look_for_listeners()
        for name, topic in self._topics.command_topics.items():
            commanded = self._node.count_publishers(topic) > 0
            with self._lock:
                self._governor.set_commanded(name, commanded, self.simulation.time)

    def _report(self, wall_time: float) -> None:
        if self._options.report is not None:
            write_report(self._options.report, summary(self.simulation, wall_time, self._governor.held_time))

    def close(self) -> None:
        """Stop the command thread and leave ROS; say how the run was."""
        self.stop()
        if self._spinner.is_alive():
            self._spinner.join()
        self.simulation.renderer.close()
        self._executor.shutdown()
        self._node.destroy_node()

    def conclusion(self, wall_time: float) -> str:
        """One line for the log."""
        content = summary(self.simulation, wall_time, self._governor.held_time)
        return (
            f"simulated {content['sim_time']} s in {content['wall_time']} s (x{content['rtf']}), "
            f"contacts {json.dumps(content['contacts_per_robot'])}, "
            f"least distance robot-robot {content['min_distance_robot_robot']} m, "
            f"robot-person {content['min_distance_robot_person']} m"
        )


def main(arguments: list[str] | None = None) -> int:
    """Run the process; 2 for options or files that cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    given = sys.argv[1:] if arguments is None else arguments
    try:
        rclpy.init(args=["--ros-args", *_ros_arguments(given)], signal_handler_options=SignalHandlerOptions.NO)
        options = parse_options(rclpy.utilities.remove_ros_args(["node", *given])[1:])
        node = SimulatorNode(options)
    except (SdfError, BridgeError, ValueError, OSError, argparse.ArgumentTypeError) as error:
        log.error("%s", error)
        rclpy.try_shutdown()
        return 2

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        node.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    speed = "as fast as it can" if math.isinf(options.speed) else f"x{options.speed:g}"
    log.info("%s: %d robots, %s", options.world, len(options.robots), speed)
    start = time.monotonic()
    try:
        node.run()
    finally:
        wall_time = time.monotonic() - start
        node.close()
        rclpy.try_shutdown()
    log.info("%s", node.conclusion(wall_time))
    return 0


def _ros_arguments(given: list[str]) -> list[str]:
    return given[given.index("--ros-args") + 1 :] if "--ros-args" in given else []


if __name__ == "__main__":
    raise SystemExit(main())
