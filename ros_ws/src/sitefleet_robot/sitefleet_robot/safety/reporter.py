"""Transitions of the core as safety events: on the robot's disk, in the network, and in the log."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from rclpy.node import Node
from sitefleet_interfaces.msg import SafetyEvent

from sitefleet_robot.common import qos
from sitefleet_robot.common.robot import software_version
from sitefleet_robot.safety import messages
from sitefleet_robot.safety.keeper import EventKeeper
from sitefleet_robot.safety.states import PROTECTIVE
from sitefleet_robot.safety.supervisor import Supervisor
from sitefleet_robot.safety.values import Transition


class Reporter:
    """Makes one event of each transition."""

    def __init__(self, node: Node, robot_id: str, folder: Path, configuration_hash: str, last_seq: int) -> None:
        self._node = node
        self._robot_id = robot_id
        self._version = software_version()
        self._configuration_hash = configuration_hash
        self._publisher = node.create_publisher(SafetyEvent, "/fleet/safety_event", qos.RECORD)
        self._keeper = EventKeeper(folder, self._publisher.publish, last_seq)
        self._keeper.start()
        self._stop: tuple[int, str, str] = (0, "", "")

    @property
    def fault(self) -> str:
        """Why events do not reach the disk; empty: they do."""
        return self._keeper.fault

    @property
    def last_seq(self) -> int:
        """Number of the last event."""
        return self._keeper.last_seq

    def report(self, transition: Transition, core: Supervisor) -> None:
        """Hand one over; returns at once."""
        event_id = str(uuid.uuid4())
        number, about, about_class = self._stop if transition.about else (0, "", "")
        known = number == transition.about
        event = messages.event_message(
            transition,
            messages.RecordContext(
                event_id,
                time.time_ns(),
                time.monotonic_ns(),
                self._robot_id,
                self._version,
                self._configuration_hash,
                about if known else "",
                about_class if known else "",
            ),
        )
        event.zone_id = core.ground.zone_id
        event.people = core.people.count
        if transition.after is not transition.before:
            self._stop = (transition.number, event_id, event.event_class)
        self._keeper.keep(event)
        self._log(transition)

    def _log(self, transition: Transition) -> None:
        change = f"{transition.before.label} -> {transition.after.label}"
        line = f"{change} [{transition.trigger.value}] {transition.sentence}"
        if transition.after.latched or transition.after in PROTECTIVE:
            self._node.get_logger().warning(line)
        else:
            self._node.get_logger().info(line)

    def close(self) -> None:
        """Everything that happened is on the disk, or it is said why not."""
        if not self._keeper.close():
            self._node.get_logger().error(f"events were not kept: {self.fault or 'the disk is too slow'}")
