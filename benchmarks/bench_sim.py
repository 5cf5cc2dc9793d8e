"""Real-time factor of the embedded simulator: three robots with their lidars, alone and with ROS around it.

`python benchmarks/bench_sim.py [--world FILE.sdf] [--seconds 60] [--at-least 5]` prints one line a case and ends
with 1 when the case with ROS listeners is slower than `--at-least`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sim.embedded.camera import choose_renderer

choose_renderer()

from sim.embedded.options import load_model  # noqa: E402
from sim.embedded.scene import Placed  # noqa: E402
from sim.embedded.simulation import Simulation  # noqa: E402
from sim.paths import WORLDS  # noqa: E402
from sim.sdf import read_world  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
ROBOTS = (("d1", "driller", -1.2), ("h1", "hauler", 0.0), ("i1", "inspector", 1.2))
SCAN_STEPS = 20
DOMAIN = "29"

LISTENER = """
import signal, sys, time
import rclpy
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Imu, JointState, LaserScan
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
node = rclpy.create_node("listener_" + sys.argv[1])
name = sys.argv[1]
for kind, topic in ((Odometry, "odom"), (Odometry, "ground_truth"), (Imu, "imu"), (JointState, "joint_states")):
    node.create_subscription(kind, f"/{name}/{topic}", lambda m: None, 5)
node.create_subscription(LaserScan, f"/{name}/scan", lambda m: None, qos_profile_sensor_data)
publisher = node.create_publisher(Twist, f"/{name}/cmd_vel", 1)
command = Twist()
command.angular.z = 0.5
node.create_timer(0.02, lambda: publisher.publish(command))
executor = rclpy.executors.SingleThreadedExecutor()
executor.add_node(node)
while not stop:
    executor.spin_once(timeout_sec=0.1)
executor.shutdown()
node.destroy_node()
rclpy.try_shutdown()
"""


@dataclass(frozen=True)
class Result:
    """One case: simulated seconds a second."""

    name: str
    rtf: float
    per_cpu: float
    """Simulated seconds a second of this process' own CPU time: what is left when others load the machine."""


def storey(boxes: int, path: Path) -> Path:
    """A made-up storey of so many static boxes around a free middle, as big as a large office's."""
    rng = random.Random(1)
    lines = [(WORLDS / "empty.sdf").read_text(encoding="utf-8").split("  </world>")[0]]
    lines.append('<model name="storey"><static>true</static><link name="link">')
    for index in range(boxes):
        x, y = rng.uniform(-30, 30), rng.uniform(-30, 30)
        if abs(x) < 3 and abs(y) < 3:
            x += 8.0
        lines.append(
            f'<collision name="c{index}"><pose>{x:.3f} {y:.3f} 1.3 0 0 {rng.uniform(0, 3):.3f}</pose>'
            f"<geometry><box><size>{rng.uniform(0.1, 2):.3f} 0.2 2.6</size></box></geometry></collision>"
        )
    lines.append("</link></model></world></sdf>")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def stepped(world: Path, seconds: float) -> tuple[float, float]:
    """Stepping and scanning without ROS: real-time factor and simulated seconds per CPU second."""
    robots = [Placed(load_model(model, name), 0.0, y, 0.0, model) for name, model, y in ROBOTS]
    simulation = Simulation(read_world(world), robots, clock=lambda: 0.0)
    simulation.run(0.5)
    start, cpu = time.perf_counter(), time.process_time()
    for index in range(round(seconds / simulation.dt)):
        for robot in simulation.robots.values():
            if robot.drive is not None:
                robot.drive.command(0.0, 0.5, 0.0)
        simulation.step()
        if index % SCAN_STEPS == 0:
            for name, _, _ in ROBOTS:
                simulation.scan(name)
    return seconds / (time.perf_counter() - start), seconds / (time.process_time() - cpu)


def process(world: Path, seconds: float, listeners: bool, folder: Path) -> tuple[float, float]:
    """The simulator's process as fast as it can; with listeners, each robot has a process that reads and commands."""
    environment = {**os.environ, "ROS_DOMAIN_ID": DOMAIN, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    started = []
    if listeners:
        for name, _, _ in ROBOTS:
            started.append(subprocess.Popen([sys.executable, "-c", LISTENER, name], env=environment))
        time.sleep(2.0)
    report = folder / "report.json"
    words = [word for name, model, y in ROBOTS for word in ("--robot", f"{name}:{model}:0:{y}:0")]
    try:
        subprocess.run(
            [sys.executable, "-m", "sim.embedded.node", "--world", str(world), *words, "--speed", "max",
             "--duration", str(seconds), "--max-silence", "1e9", "--report", str(report)],
            cwd=ROOT, env=environment, check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        for child in started:
            child.terminate()
        for child in started:
            child.wait(timeout=10)
    content = json.loads(report.read_text(encoding="utf-8"))
    return float(content["rtf"]), float(content["sim_time"] / content["cpu_time"])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--world", type=Path, help="measure in this world too; the robots start around its origin")
    parser.add_argument("--seconds", type=float, default=60.0, help="simulated time a case")
    parser.add_argument("--at-least", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        worlds = {"bare floor": WORLDS / "empty.sdf", "1500 boxes": storey(1500, folder / "storey.sdf")}
        if arguments.world is not None:
            worlds[arguments.world.name] = arguments.world
        results = []
        for label, world in worlds.items():
            seconds = arguments.seconds
            results.append(Result(f"{label}: steps and lidars, no ROS", *stepped(world, seconds)))
            results.append(Result(f"{label}: process, nobody listens", *process(world, seconds, False, folder)))
            results.append(Result(f"{label}: process, three listening robots", *process(world, seconds, True, folder)))
    if arguments.json:
        print(json.dumps({result.name: [round(result.rtf, 1), round(result.per_cpu, 1)] for result in results}))
    else:
        for result in results:
            print(f"{result.name:48} x{result.rtf:5.1f}   {result.per_cpu:5.1f} simulated s per CPU s")
    slow = [result for result in results if "listening" in result.name and result.rtf < arguments.at_least]
    for result in slow:
        print(f"slower than x{arguments.at_least:g}: {result.name}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
