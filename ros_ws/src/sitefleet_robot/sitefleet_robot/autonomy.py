"""Autonomy of one robot in one process: localisation, motion and the task executor."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rclpy.node import Node

from sitefleet_robot.common.clock import share_clock
from sitefleet_robot.common.spin import run
from sitefleet_robot.localisation.node import LocalisationNode
from sitefleet_robot.motion.node import MotionNode
from sitefleet_robot.tasks.node import ExecutorNode


def make_nodes() -> Sequence[Node]:
    """The three nodes, in the order in which they start."""
    localisation = LocalisationNode()
    motion = MotionNode()
    executor = ExecutorNode(motion, motion.params.real("cruise_speed"))
    nodes = (localisation, motion, executor)
    share_clock(nodes)
    return nodes


def main() -> None:
    """Entry point of the executable `autonomy`."""
    sys.exit(run(make_nodes))


if __name__ == "__main__":
    main()
