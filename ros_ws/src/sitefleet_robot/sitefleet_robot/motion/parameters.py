"""Parameters of the motion node, and the limits that follow from them and the robot's shape."""

from __future__ import annotations

from sitefleet_robot.common.parameters import Parameters, ParameterSpec
from sitefleet_robot.common.robot import RobotShape
from sitefleet_robot.motion.courtesy import CourtesyTuning
from sitefleet_robot.motion.phases import FollowerTuning
from sitefleet_robot.motion.positioning import PositioningTuning
from sitefleet_robot.motion.values import DriveLimits, Footprint

MOTION_PARAMETERS: tuple[ParameterSpec, ...] = (
    ParameterSpec("cruise_speed", 0.6, "Speed on a free straight edge", "m/s", 0.05, 2.0),
    ParameterSpec("cruise_turn_rate", 1.2, "Rate of turn on the spot at corners", "rad/s", 0.1, 3.0),
    ParameterSpec("braking", 0.4, "Deceleration planned for at halts and obstacles", "m/s^2", 0.05, 3.0),
    ParameterSpec("stop_gap", 0.25, "Gap kept to an obstacle on the way, ahead of the outline", "m", 0.02, 2.0),
    ParameterSpec("corridor_margin", 0.03, "Free width wanted beyond the outline on each side", "m", 0.0, 0.5),
    ParameterSpec("lateral_limit", 0.4, "Distance from the line at which the route counts as lost", "m", 0.05, 2.0),
    ParameterSpec("people_clearance", 0.5, "Gap kept to people and other things that the map has not", "m", 0.0, 2.0),
    ParameterSpec("people_least_gap", 0.2, "The same once they have been waited for in vain", "m", 0.0, 2.0),
    ParameterSpec("people_speed", 0.3, "Speed near them", "m/s", 0.05, 2.0),
    ParameterSpec("people_patience", 12.0, "Time they are waited for before they are passed slowly", "s", 0.0, 3600.0),
    ParameterSpec("drive_lag", 0.06, "Time from a command to the wheels' answer, for prediction", "s", 0.0, 0.5),
    ParameterSpec("creep_speed", 0.12, "Highest speed of fine positioning", "m/s", 0.01, 0.5),
    ParameterSpec("align_time_limit", 30.0, "Time after which fine positioning gives up", "s", 1.0, 300.0),
    ParameterSpec("align_cycle_limit", 12, "Manoeuvres after which fine positioning gives up", "", 1, 100),
)


def drive_limits(params: Parameters, shape: RobotShape) -> DriveLimits:
    """Cruising limits, never above what the drive can do."""
    return DriveLimits(
        max_speed=min(params.real("cruise_speed"), shape.max_speed),
        max_turn=min(params.real("cruise_turn_rate"), shape.max_turn_rate),
        accel=shape.acceleration,
        decel=min(params.real("braking"), shape.deceleration),
        turn_accel=shape.turn_acceleration,
    )


def footprint(shape: RobotShape) -> Footprint:
    """The rectangle of a shape."""
    return Footprint(shape.length, shape.width)


def follower_tuning(params: Parameters) -> FollowerTuning:
    """Tuning of route following."""
    courtesy = CourtesyTuning(
        clearance=params.real("people_clearance"),
        least=params.real("people_least_gap"),
        walk=params.real("people_speed"),
        patience=params.real("people_patience"),
    )
    return FollowerTuning(stop_gap=params.real("stop_gap"), off_route=params.real("lateral_limit"), courtesy=courtesy)


def positioning_tuning(params: Parameters) -> PositioningTuning:
    """Tuning of fine positioning."""
    return PositioningTuning(
        creep_speed=params.real("creep_speed"),
        time_limit=params.real("align_time_limit"),
        cycle_limit=params.integer("align_cycle_limit"),
    )
