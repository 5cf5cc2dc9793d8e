"""ROS 2 gateway: rclpy in one thread of its own. The only part of the manager that knows ROS."""
