"""ROS-free vision core."""
