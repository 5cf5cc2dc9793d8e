"""Embedded simulator: the SDF models and worlds in MuJoCo, on the ROS topics of the bridge table."""
