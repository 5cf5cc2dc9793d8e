"""The supervisor tells which moment of the world a command answers."""

from geometry_msgs.msg import TwistStamped
from std_msgs.msg import Header

from sitefleet_robot.safety.basis import CommandBasis
from sitefleet_robot.safety.states import State
from sitefleet_robot.safety.values import ZERO, Twist2

AHEAD = Twist2(0.5, 0.1)


class _Topic:
    def __init__(self) -> None:
        self.told: list[tuple[float, float]] = []

    def publish(self, message: TwistStamped) -> None:
        stamp = message.header.stamp
        self.told.append((stamp.sec + 1e-9 * stamp.nanosec, message.twist.linear.x))


def _header(moment: float) -> Header:
    header = Header()
    header.stamp.sec, header.stamp.nanosec = int(moment), round((moment % 1.0) * 1e9)
    return header


def _basis(proposal: float | None, scan: float | None) -> tuple[CommandBasis, _Topic]:
    topic = _Topic()
    basis = CommandBasis(topic)
    if proposal is not None:
        basis.proposed(TwistStamped(header=_header(proposal)))
    if scan is not None:
        basis.scanned(_header(scan))
    return basis, topic


def test_a_command_is_as_old_as_the_oldest_thing_it_was_decided_on() -> None:
    for proposal, scan, oldest in ((7.25, 7.5, 7.25), (8.0, 7.5, 7.5), (7.75, None, 7.75)):
        basis, topic = _basis(proposal, scan)
        basis.sent(AHEAD, State.AUTO)
        assert topic.told == [(oldest, 0.5)]


def test_an_operators_command_is_as_old_as_the_scan() -> None:
    basis, topic = _basis(1.0, 7.5)
    basis.sent(AHEAD, State.TELEOP)
    assert topic.told == [(7.5, 0.5)]


def test_the_same_command_on_the_same_knowledge_is_told_once() -> None:
    basis, topic = _basis(7.0, 7.0)
    basis.sent(AHEAD, State.AUTO)
    basis.sent(AHEAD, State.AUTO)
    basis.sent(ZERO, State.AUTO)
    basis.scanned(_header(8.0))
    basis.proposed(TwistStamped(header=_header(8.0)))
    basis.sent(ZERO, State.AUTO)
    assert topic.told == [(7.0, 0.5), (7.0, 0.0), (8.0, 0.0)]


def test_nothing_is_told_before_anything_is_known() -> None:
    basis, topic = _basis(None, None)
    basis.sent(AHEAD, State.AUTO)
    assert topic.told == []
