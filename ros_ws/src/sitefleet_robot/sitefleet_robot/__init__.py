"""What runs on a robot."""
