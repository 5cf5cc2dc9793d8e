"""A process that stands for autonomy: proposes to drive, 20 times a second of wall time, until it is killed."""

import sys

import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.clock import Clock, ClockType

from sitefleet_robot.common import qos


def main() -> None:
    rclpy.init()
    node = rclpy.create_node("proposer", namespace=sys.argv[1])
    publisher = node.create_publisher(TwistStamped, "cmd_vel_auto", qos.COMMAND)
    message = TwistStamped()
    message.twist.linear.x = float(sys.argv[2])
    node.create_timer(0.05, lambda: publisher.publish(message), clock=Clock(clock_type=ClockType.STEADY_TIME))
    rclpy.spin(node)


if __name__ == "__main__":
    main()
