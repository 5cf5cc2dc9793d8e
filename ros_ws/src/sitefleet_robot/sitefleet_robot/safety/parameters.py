"""Parameters of the supervisor: one table, from which the node, the documentation and the core's settings are made."""

from __future__ import annotations

from dataclasses import dataclass

from sitefleet_robot.common.parameters import Parameters, ParameterSpec
from sitefleet_robot.common.robot import RobotShape
from sitefleet_robot.safety.field import FieldSettings

TICK = 0.02
"""s of wall time between two commands that the supervisor sends by itself (50 Hz)."""

PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec("autonomy_timeout", 0.3, "Zero is commanded this long after autonomy's last proposal", "s", 0.1, 2.0),
    ParameterSpec(
        "control_timeout", 0.3, "Zero is commanded this long after the operator's last command", "s", 0.1, 0.3
    ),
    ParameterSpec("scan_timeout", 0.3, "Zero is commanded this long after the last good scan", "s", 0.1, 2.0),
    ParameterSpec("odom_timeout", 0.3, "Zero is commanded this long after the last odometry", "s", 0.1, 2.0),
    ParameterSpec("pose_timeout", 0.3, "Zero is commanded this long after the last good pose", "s", 0.1, 2.0),
    ParameterSpec("bumper_timeout", 0.5, "The same for the contact sensor; 0: the robot has none", "s", 0.0, 2.0),
    ParameterSpec("imu_timeout", 0.5, "The same for the imu, once it has been heard", "s", 0.1, 2.0),
    ParameterSpec(
        "executor_timeout",
        2.0,
        "Stop when the executor has not proved for so long that it is alive; 0: never",
        "s",
        0.0,
        60.0,
    ),
    ParameterSpec(
        "manager_timeout",
        10.0,
        "Hold when the fleet manager has not, so that nobody works unseen; 0: never",
        "s",
        0.0,
        600.0,
    ),
    ParameterSpec("estop_required", False, "There is an input of the hardware stop: stop when it is not heard"),
    ParameterSpec(
        "estop_timeout", 0.5, "Silence of that input, once it has been heard, that counts as open", "s", 0.1, 2.0
    ),
    ParameterSpec("idle_timeout", 5.0, "TELEOP ends when the axes have been neutral for so long", "s", 1.0, 60.0),
    ParameterSpec("tilt_limit", 0.2, "Lean from the vertical that stops the robot", "rad", 0.02, 1.0),
    ParameterSpec("battery_critical", 0.05, "Charge below which autonomy holds", "", 0.0, 0.5),
    ParameterSpec("drive_tolerance", 0.15, "Speed above the commanded one that the drive may show", "m/s", 0.02, 1.0),
    ParameterSpec("drive_time", 0.5, "Time that it may show more before it counts as running away", "s", 0.1, 5.0),
    ParameterSpec(
        "zone_crawl", 0.1, "Speed of an operator who drives a robot out of a forbidden zone", "m/s", 0.02, 0.3
    ),
    ParameterSpec(
        "people_timeout", 0.5, "Personnel detection that has been silent for so long does not work", "s", 0.1, 5.0
    ),
    ParameterSpec(
        "blind_speed",
        0.3,
        "Limit while personnel detection does not work (ISO 3691-4, annex A); 0: no limit",
        "m/s",
        0.0,
        3.0,
    ),
    ParameterSpec(
        "intrusion_distance", 0.2, "C of speed and separation: reach of an arm before it is seen", "m", 0.0, 2.0
    ),
    ParameterSpec(
        "pose_jump", 0.5, "A pose farther from the last one than the robot can have driven is a jump", "m", 0.1, 5.0
    ),
    ParameterSpec("muted_speed", 0.1, "Highest speed while a protective field is muted", "m/s", 0.02, 0.3),
    ParameterSpec("pose_max_sigma", 0.5, "A pose with a larger standard deviation counts as lost", "m", 0.01, 2.0),
    ParameterSpec("command_max_age", 0.25, "An operator's command that is later than this is refused", "s", 0.05, 0.25),
    ParameterSpec("arming_time", 1.0, "Time for the operator's stream to begin after arming", "s", 0.1, 5.0),
    ParameterSpec("clear_time", 2.0, "The field is free for this long before a protective stop clears", "s", 2.0, 60.0),
    ParameterSpec("clear_margin", 0.05, "Extra room ahead before the field counts as free", "m", 0.0, 0.5),
    ParameterSpec("confirm_scans", 2, "Scans in a row that block the motion before it is a protective stop", "", 1, 5),
    ParameterSpec("reaction_time", 0.3, "Age of a scan, transport and drive's delay together", "s", 0.05, 2.0),
    ParameterSpec("floor_slope", 0.02, "Steepest floor the robot works on", "rad", 0.0, 0.3),
    ParameterSpec("ahead_margin", 0.10, "Room kept ahead above crawling speed", "m", 0.0, 1.0),
    ParameterSpec("side_margin", 0.03, "Room kept beside above crawling speed", "m", 0.0, 0.5),
    ParameterSpec("crawl_margin", 0.05, "Room kept ahead at crawling speed", "m", 0.0, 1.0),
    ParameterSpec("contact_margin", 0.005, "Room kept beside at crawling speed and when turning", "m", 0.0, 0.5),
    ParameterSpec("crawl_speed", 0.15, "Speed within the wide margins", "m/s", 0.02, 0.3),
    ParameterSpec("real_time_priority", 10, "Round-robin priority, where the system grants it; 0: ordinary", "", 0, 50),
    ParameterSpec("min_points", 3, "Lidar points that make an obstacle", "", 1, 10),
    ParameterSpec(
        "publish_basis", False, "Tell on cmd_vel_stamped which moment each command answers; for a simulation that waits"
    ),
)


@dataclass(frozen=True)
class SupervisorSettings:
    """What the core needs to know; times in s on a monotonic clock, lengths in m, speeds in m/s and rad/s."""

    robot_id: str
    field: FieldSettings
    max_speed: float
    max_turn_rate: float
    autonomy_timeout: float = 0.3
    control_timeout: float = 0.3
    scan_timeout: float = 0.3
    odom_timeout: float = 0.3
    pose_timeout: float = 0.3
    bumper_timeout: float = 0.5
    imu_timeout: float = 0.5
    executor_timeout: float = 0.0
    manager_timeout: float = 0.0
    estop_timeout: float = 0.5
    estop_required: bool = False
    idle_timeout: float = 5.0
    tilt_limit: float = 0.2
    battery_critical: float = 0.05
    drive_tolerance: float = 0.15
    drive_time: float = 0.5
    zone_crawl: float = 0.1
    people_timeout: float = 0.5
    blind_speed: float = 0.0
    intrusion_distance: float = 0.2
    map_id: str = ""
    pose_jump: float = 0.5
    muted_speed: float = 0.1
    pose_max_sigma: float = 0.5
    command_max_age: float = 0.25
    arming_time: float = 1.0
    clear_time: float = 2.0
    clear_margin: float = 0.05
    confirm_scans: int = 2
    guard: float = 1.5 * TICK
    """A watch trips this much before its timeout, so that the tick that notices it is still in time."""
    stall: float = 5.0 * TICK
    """A tick later than this says that the supervisor itself did not run."""


_REALS = (
    "autonomy_timeout", "control_timeout", "scan_timeout", "odom_timeout", "pose_timeout", "bumper_timeout",
    "imu_timeout", "executor_timeout", "manager_timeout", "estop_timeout", "idle_timeout", "tilt_limit",
    "battery_critical", "drive_tolerance", "drive_time", "zone_crawl", "people_timeout", "blind_speed",
    "intrusion_distance", "pose_jump", "muted_speed", "pose_max_sigma", "command_max_age", "arming_time",
    "clear_time", "clear_margin",
)  # fmt: skip


def settings_of(robot_id: str, p: Parameters, shape: RobotShape) -> SupervisorSettings:
    """Settings from checked parameters. Raises ValueError if they contradict one another."""
    field = FieldSettings(
        length=shape.length,
        width=shape.width,
        deceleration=shape.deceleration,
        turn_deceleration=shape.turn_deceleration,
        reaction_time=p.real("reaction_time"),
        floor_slope=p.real("floor_slope"),
        ahead_margin=p.real("ahead_margin"),
        side_margin=p.real("side_margin"),
        crawl_margin=p.real("crawl_margin"),
        contact_margin=p.real("contact_margin"),
        crawl_speed=p.real("crawl_speed"),
        min_points=p.integer("min_points"),
    )
    times = {name: p.real(name) for name in _REALS}
    return SupervisorSettings(
        robot_id=robot_id,
        field=field,
        max_speed=shape.max_speed,
        max_turn_rate=shape.max_turn_rate,
        confirm_scans=p.integer("confirm_scans"),
        map_id=p.text("map_id"),
        estop_required=p.flag("estop_required"),
        **times,
    )
