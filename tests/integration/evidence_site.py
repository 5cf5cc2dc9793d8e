"""A site that stores each event once by its id, with a sync, and then acknowledges it, for tests that kill it.

python evidence_site.py FILE
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sitefleet_interfaces.msg import SafetyEvent, SafetyEventAck

from sitefleet_robot.common import qos


def main() -> None:
    path = Path(sys.argv[1])
    # A line that a kill cut off was never acknowledged.
    known = {line for line in path.read_text().split("\n")[:-1]} if path.exists() else set()
    path.write_text("".join(f"{line}\n" for line in known))
    file = path.open("a")
    rclpy.init()
    node = rclpy.create_node("site")
    answers = node.create_publisher(SafetyEventAck, "/fleet/safety_event_ack", QoSProfile(depth=1000))

    def take(event: Any) -> None:
        if event.event_id not in known:
            file.write(f"{event.event_id}\n")
            file.flush()
            os.fsync(file.fileno())
            known.add(event.event_id)
        answers.publish(SafetyEventAck(robot_id=event.robot_id, event_id=event.event_id, seq=event.seq))

    node.create_subscription(SafetyEvent, "/fleet/safety_event", take, qos.RECORD)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    print("ready", flush=True)
    while True:
        executor.spin_once(timeout_sec=0.1)


if __name__ == "__main__":
    main()
