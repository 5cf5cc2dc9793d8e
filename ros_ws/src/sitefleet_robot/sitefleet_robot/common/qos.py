"""QoS of every topic a robot uses, in one place; both ends of a topic name the same profile."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _profile(depth: int, *, reliable: bool, latched: bool = False) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


SCAN = _profile(1, reliable=False)
"""`scan`, camera topics: the newest only, a lost one is not sent again."""

STREAM = _profile(10, reliable=True)
"""`odom`, `imu`, `battery`, `joint_states`, `bumper`, `fix`, `pose`, `/fleet/robot_state`, joint commands."""

COMMAND = _profile(1, reliable=True)
"""`cmd_vel`, `cmd_vel_auto`, `control`: only the newest command is of any use."""

LATCHED = _profile(1, reliable=True, latched=True)
"""`safety_state`, `route`: who comes later still gets the last one."""

FACTSHEET = _profile(10, reliable=True, latched=True)
"""`/fleet/factsheet`: latched; a reader keeps those of many robots."""

RECORD = _profile(100, reliable=True, latched=True)
"""`/fleet/as_built`, `/fleet/safety_event`: records that must arrive, also at a reader that comes a little late."""

DIAGNOSTICS = _profile(10, reliable=True)
"""`diagnostics`."""
