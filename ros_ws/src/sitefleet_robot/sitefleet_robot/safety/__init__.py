"""The safety supervisor: owns `cmd_vel`, decides last, and runs alone in its process.

Pure core (`states`, `checks`, `field`, `supervisor`), thin edge (`node`, `memory`). Imports rclpy, numpy and message
packages only.
"""
