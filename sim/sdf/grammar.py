"""Table of the SDF elements that the embedded simulator gives their meaning; any other element is an error.

Keyed by `parent/element` where a name means different things in different places, otherwise by `element`.
An element that is a child in the table without an entry of its own is a leaf.
"""

from __future__ import annotations

# Elements whose text only concerns Gazebo's own engines, window or drawing: read by Gazebo, without effect here.
IGNORED_SUBTREES = frozenset({"gui", "scene", "atmosphere", "magnetic_field", "spherical_coordinates", "wind", "pbr"})


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


CHILDREN: dict[str, frozenset[str]] = {
    "sdf": _names("world model"),
    "world": _names("gravity physics light model plugin frame") | IGNORED_SUBTREES,
    "physics": _names("max_step_size real_time_factor real_time_update_rate max_contacts"),
    "light": _names("pose cast_shadows intensity diffuse specular attenuation direction"),
    "attenuation": _names("range linear constant quadratic"),
    "model": _names("static self_collide allow_auto_disable pose link joint frame plugin"),
    "frame": _names("pose"),
    "link": _names("pose inertial collision visual sensor gravity kinematic self_collide"),
    "inertial": _names("pose mass inertia"),
    "inertia": _names("ixx iyy izz ixy ixz iyz"),
    "collision": _names("pose geometry surface"),
    "visual": _names("pose geometry material cast_shadows transparency visibility_flags"),
    "material": _names("ambient diffuse specular emissive pbr double_sided"),
    "geometry": _names("box cylinder sphere capsule plane"),
    "box": _names("size"),
    "cylinder": _names("radius length"),
    "capsule": _names("radius length"),
    "sphere": _names("radius"),
    "plane": _names("normal size"),
    "surface": _names("friction contact"),
    "surface/contact": _names("ode"),
    "contact/ode": _names("kp kd max_vel min_depth"),
    "friction": _names("ode"),
    "friction/ode": _names("mu mu2"),
    "joint": _names("pose parent child axis"),
    "axis": _names("xyz limit dynamics"),
    "axis/limit": _names("lower upper effort velocity"),
    "dynamics": _names("damping friction spring_reference spring_stiffness"),
    "sensor": _names("pose topic update_rate always_on visualize lidar imu camera contact"),
    "lidar": _names("scan range noise"),
    "scan": _names("horizontal vertical"),
    "horizontal": _names("samples resolution min_angle max_angle"),
    "vertical": _names("samples resolution min_angle max_angle"),
    "lidar/range": _names("min max resolution"),
    "noise": _names("type mean stddev"),
    "imu": _names("angular_velocity linear_acceleration enable_orientation"),
    "angular_velocity": _names("x y z"),
    "linear_acceleration": _names("x y z"),
    "angular_velocity/x": _names("noise"),
    "angular_velocity/y": _names("noise"),
    "angular_velocity/z": _names("noise"),
    "linear_acceleration/x": _names("noise"),
    "linear_acceleration/y": _names("noise"),
    "linear_acceleration/z": _names("noise"),
    "camera": _names("horizontal_fov image clip noise"),
    "image": _names("width height format"),
    "clip": _names("near far"),
    "sensor/contact": _names("collision topic"),
}

JOINT_TYPES = frozenset({"fixed", "revolute", "continuous", "prismatic"})
SENSOR_TYPES = frozenset({"gpu_lidar", "imu", "rgbd_camera", "contact"})

# Parameters of the plugins that the embedded simulator acts on. Names below the line of `_EMBEDDED` are read by it
# alone; Gazebo passes them over (a plugin's content is free in SDF).
PLUGINS: dict[str, frozenset[str]] = {
    "gz::sim::systems::DiffDrive": _names(
        "left_joint right_joint wheel_separation wheel_radius topic odom_topic tf_topic frame_id child_frame_id"
        " odom_publish_frequency max_linear_velocity min_linear_velocity max_angular_velocity min_angular_velocity"
        " max_linear_acceleration min_linear_acceleration max_angular_acceleration min_angular_acceleration"
        " wheel_scale_stddev wheel_slip_stddev command_timeout"
    ),
    "gz::sim::systems::JointStatePublisher": _names("topic joint_name update_rate"),
    "gz::sim::systems::OdometryPublisher": _names(
        "odom_topic tf_topic odom_frame robot_base_frame odom_publish_frequency dimensions"
    ),
    "gz::sim::systems::JointPositionController": _names(
        "joint_name topic p_gain i_gain d_gain use_velocity_commands cmd_max cmd_min initial_position"
    ),
    "gz::sim::systems::LinearBatteryPlugin": _names(
        "battery_name voltage open_circuit_voltage_constant_coef open_circuit_voltage_linear_coef initial_charge"
        " capacity resistance smooth_current_tau power_load enable_recharge charging_time recharge_by_topic"
        " drive_efficiency dock_radius"
    ),
    "gz::sim::systems::TouchPlugin": _names("target namespace time enabled"),
    "gz::sim::systems::VelocityControl": _names("topic initial_linear initial_angular command_timeout"),
}

# Systems of a Gazebo world that need no counterpart: what they do is always on here.
WORLD_PLUGINS = frozenset(
    {
        "gz::sim::systems::Physics",
        "gz::sim::systems::UserCommands",
        "gz::sim::systems::SceneBroadcaster",
        "gz::sim::systems::Sensors",
        "gz::sim::systems::Imu",
        "gz::sim::systems::Contact",
    }
)


def children_of(parent: str, name: str) -> frozenset[str]:
    """Names allowed inside element `name` that stands in `parent`."""
    return CHILDREN.get(f"{parent}/{name}", CHILDREN.get(name, frozenset()))
