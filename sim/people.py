"""People that walk about the site, as a process, the same beside either simulator.

`python -m sim.people --paths sim/scenarios/room_people.yaml --robot drill_1:driller` reads
`/people/<id>/ground_truth` and the robots' `ground_truth`, and publishes `/people/<id>/cmd_vel`.
"""

from __future__ import annotations

import argparse
import functools
import logging
import math
import sys
from pathlib import Path
from typing import Any

import rclpy
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from sim.expand import expand_model
from sim.paths import model_file
from sim.person_paths import PersonPath, load_paths
from sim.sdf import SdfError, read_model
from sim.sdf.transform import yaw_of
from sim.spinning import spin_until_signal
from sim.walking import Footprint, Walk

log = logging.getLogger("sim.people")


def half_lengths(model: str, name: str) -> tuple[float, float]:
    """Half length and half width (m) of a model's hull, from its SDF."""
    root = read_model(model_file(model), expand_model(model, name)).root_link
    boxes = [c.geometry.size for c in root.collisions if c.geometry.kind == "box"]
    return max(size[0] for size in boxes) / 2, max(size[1] for size in boxes) / 2


class PeopleNode(Node):
    """Each person answers every one of its ground truth messages with a command."""

    def __init__(self, people: tuple[PersonPath, ...], robots: dict[str, tuple[float, float]]) -> None:
        """`robots`: half length and half width of each."""
        # People go by the stamps of their ground truth: listening to /clock would only cost time.
        super().__init__("people", parameter_overrides=[Parameter("use_sim_time", value=False)])
        self._robots = robots
        self._footprints: dict[str, Footprint] = {}
        for robot in robots:
            self.create_subscription(Odometry, f"/{robot}/ground_truth", functools.partial(self._on_robot, robot), 2)
        for person in people:
            publisher = self.create_publisher(Twist, f"/people/{person.person_id}/cmd_vel", 1)
            walk = Walk(person.waypoints, person.speed)
            callback = functools.partial(self._on_person, walk, publisher)
            self.create_subscription(Odometry, f"/people/{person.person_id}/ground_truth", callback, 1)

    def _on_robot(self, robot: str, message: Odometry) -> None:
        x, y, yaw = _pose(message)
        self._footprints[robot] = Footprint(x, y, yaw, *self._robots[robot])

    def _on_person(self, walk: Walk, publisher: Any, message: Odometry) -> None:
        stamp = message.header.stamp
        command = Twist()
        # Until every robot has been seen, nobody walks: a robot could stand right ahead.
        if len(self._footprints) == len(self._robots):
            robots = list(self._footprints.values())
            step = walk.step(stamp.sec + stamp.nanosec * 1e-9, *_pose(message), robots)
            command.linear.x, command.angular.z = step.forward, step.turn
        publisher.publish(command)


def _pose(message: Odometry) -> tuple[float, float, float]:
    position, q = message.pose.pose.position, message.pose.pose.orientation
    x, y = float(position.x), float(position.y)
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError(f"ground truth of {message.child_frame_id} is not finite")
    return x, y, yaw_of(q.w, q.x, q.y, q.z)


def main(arguments: list[str] | None = None) -> int:
    """Run the process until SIGINT or SIGTERM; 2 for options that cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="sim.people", description="Scripted people.")
    parser.add_argument("--paths", type=Path, required=True, help="YAML file of people and their waypoints")
    parser.add_argument("--robot", action="append", default=[], metavar="ID:MODEL", help="robots to be polite to")
    given = ["people", *(sys.argv[1:] if arguments is None else arguments)]
    rclpy.init(args=given, signal_handler_options=SignalHandlerOptions.NO)
    try:
        options = parser.parse_args(rclpy.utilities.remove_ros_args(given)[1:])
        robots = {name: half_lengths(model, name) for name, _, model in (r.partition(":") for r in options.robot)}
        people = load_paths(options.paths)
    except (ValueError, SdfError, OSError) as error:
        log.error("%s", error)
        rclpy.try_shutdown()
        return 2
    return spin_until_signal(PeopleNode(people, robots))


if __name__ == "__main__":
    raise SystemExit(main())
