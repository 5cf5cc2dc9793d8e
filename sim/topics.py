"""Gazebo topics that a model offers, read from its sensors and plugins the way Gazebo forms them."""

from __future__ import annotations

from dataclasses import dataclass

from sim.sdf import Model, Sensor

GZ_TO_ROS = "GZ_TO_ROS"
ROS_TO_GZ = "ROS_TO_GZ"

DIFF_DRIVE = "gz::sim::systems::DiffDrive"
ODOMETRY = "gz::sim::systems::OdometryPublisher"
JOINT_STATES = "gz::sim::systems::JointStatePublisher"
JOINT_POSITION = "gz::sim::systems::JointPositionController"
BATTERY = "gz::sim::systems::LinearBatteryPlugin"
TOUCH = "gz::sim::systems::TouchPlugin"
VELOCITY = "gz::sim::systems::VelocityControl"

# Message of each Gazebo type on the ROS side, as ros_gz_bridge converts it.
ROS_TYPES = {
    "gz.msgs.Clock": "rosgraph_msgs/msg/Clock",
    "gz.msgs.Twist": "geometry_msgs/msg/Twist",
    "gz.msgs.Odometry": "nav_msgs/msg/Odometry",
    "gz.msgs.BatteryState": "sensor_msgs/msg/BatteryState",
    "gz.msgs.LaserScan": "sensor_msgs/msg/LaserScan",
    "gz.msgs.IMU": "sensor_msgs/msg/Imu",
    "gz.msgs.Boolean": "std_msgs/msg/Bool",
    "gz.msgs.Image": "sensor_msgs/msg/Image",
    "gz.msgs.CameraInfo": "sensor_msgs/msg/CameraInfo",
    "gz.msgs.Model": "sensor_msgs/msg/JointState",
    "gz.msgs.Double": "std_msgs/msg/Float64",
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of a model: what it carries, which way, and which part of the model it belongs to."""

    name: str
    gz_type: str
    direction: str
    part: str
    """`drive`, `odometry`, `truth`, `joints`, `joint:<name>`, `battery`, `bumper`, `walk` or `<what>:<sensor>`."""


def topics_of(model: Model) -> dict[str, Topic]:
    """All topics of a model by name."""
    found: list[Topic] = []
    for link in model.links:
        for sensor in link.sensors:
            found.extend(_sensor_topics(model, sensor))
    for plugin in model.plugins:
        value = {key: values[0] for key, values in plugin.parameters.items()}
        prefix = f"/model/{model.name}"
        if plugin.name == DIFF_DRIVE:
            found.append(Topic(value.get("topic", f"{prefix}/cmd_vel"), "gz.msgs.Twist", ROS_TO_GZ, "drive"))
            name = value.get("odom_topic", f"{prefix}/odometry")
            found.append(Topic(name, "gz.msgs.Odometry", GZ_TO_ROS, "odometry"))
        elif plugin.name == ODOMETRY:
            name = value.get("odom_topic", f"{prefix}/odometry")
            found.append(Topic(name, "gz.msgs.Odometry", GZ_TO_ROS, "truth"))
        elif plugin.name == JOINT_STATES:
            found.append(Topic(value["topic"], "gz.msgs.Model", GZ_TO_ROS, "joints"))
        elif plugin.name == JOINT_POSITION:
            joint = value["joint_name"]
            name = value.get("topic", f"{prefix}/joint/{joint}/0/cmd_pos")
            found.append(Topic(name, "gz.msgs.Double", ROS_TO_GZ, f"joint:{joint}"))
        elif plugin.name == BATTERY:
            name = f"{prefix}/battery/{value['battery_name']}/state"
            found.append(Topic(name, "gz.msgs.BatteryState", GZ_TO_ROS, "battery"))
        elif plugin.name == TOUCH:
            found.append(Topic(f"/{value['namespace']}/touched", "gz.msgs.Boolean", GZ_TO_ROS, "bumper"))
        elif plugin.name == VELOCITY:
            found.append(Topic(value.get("topic", f"{prefix}/cmd_vel"), "gz.msgs.Twist", ROS_TO_GZ, "walk"))
    return {topic.name: topic for topic in found}


def _sensor_topics(model: Model, sensor: Sensor) -> list[Topic]:
    name = sensor.topic
    if sensor.kind == "gpu_lidar":
        return [Topic(name, "gz.msgs.LaserScan", GZ_TO_ROS, f"scan:{sensor.name}")]
    if sensor.kind == "imu":
        return [Topic(name, "gz.msgs.IMU", GZ_TO_ROS, f"imu:{sensor.name}")]
    if sensor.kind == "rgbd_camera":
        return [
            Topic(f"{name}/image", "gz.msgs.Image", GZ_TO_ROS, f"image:{sensor.name}"),
            Topic(f"{name}/depth_image", "gz.msgs.Image", GZ_TO_ROS, f"depth:{sensor.name}"),
            Topic(f"{name}/camera_info", "gz.msgs.CameraInfo", GZ_TO_ROS, f"camera_info:{sensor.name}"),
        ]
    return []
