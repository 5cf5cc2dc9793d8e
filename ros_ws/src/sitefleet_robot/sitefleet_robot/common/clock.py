"""One subscription to `/clock` for all nodes of a process, instead of one a node."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.node import Node


def share_clock(nodes: Sequence[Node]) -> None:
    """Let the first node's time source set the clocks of all of them. Nothing changes where time is not simulated.

    Each node keeps its parameter `use_sim_time`; only the first one's subscription is left. Every delivery of `/clock`
    costs the simulator and this process as much as one of a sensor.
    """
    first = nodes[0]._time_source
    for node in nodes[1:]:
        node._time_source.detach_node()
        first.attach_clock(node.get_clock())
