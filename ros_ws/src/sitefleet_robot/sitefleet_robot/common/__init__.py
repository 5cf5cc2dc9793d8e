"""What the robot's nodes share: parameters, lifecycle, diagnostics, spinning, QoS and planar geometry."""
