"""Which moment of the world a command answers: told to a simulation that must not run ahead of its robots."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import TwistStamped
from std_msgs.msg import Header

from sitefleet_robot.safety.messages import twist_message
from sitefleet_robot.safety.states import State
from sitefleet_robot.safety.values import Twist2

_Moment = tuple[int, int]


class CommandBasis:
    """Publishes each new command with the stamp of the oldest thing it was decided on (`cmd_vel_stamped`, ROS time).

    In AUTO that is the older one of the newest scan and the newest proposal, in TELEOP the newest scan. The drive does
    not listen to it: `cmd_vel` alone moves the robot.
    """

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher
        self._proposal: _Moment | None = None
        self._scan: _Moment | None = None
        self._told: tuple[_Moment, Twist2] | None = None

    def proposed(self, message: TwistStamped) -> None:
        """A proposal came."""
        self._proposal = _moment(message.header)

    def scanned(self, header: Header) -> None:
        """A scan came."""
        self._scan = _moment(header)

    def sent(self, command: Twist2, state: State) -> None:
        """The command went out; says so if it differs from the last one or answers a later world."""
        proposal = None if state is State.TELEOP else self._proposal
        moments = [moment for moment in (proposal, self._scan) if moment is not None]
        if not moments:
            return
        told = (min(moments), command)
        if told == self._told:
            return
        self._told = told
        message = TwistStamped(twist=twist_message(command))
        message.header.stamp.sec, message.header.stamp.nanosec = told[0]
        self._publisher.publish(message)


def _moment(header: Header) -> _Moment:
    return header.stamp.sec, header.stamp.nanosec
