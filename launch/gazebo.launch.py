"""Gazebo with a site's world, its robots at home, and the bridge to ROS; no robot software.

ros2 launch sitefleet gazebo.launch.py site:=FOLDER robots:=driller,hauler
"""

from __future__ import annotations

from typing import Any

from launch.actions import AppendEnvironmentVariable, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from sitefleet.gazebo import write_gazebo_files
from sitefleet.launching import described
from sitefleet.processes import SiteRun


def actions(run: SiteRun) -> list[Any]:
    """Server, one `create` a robot and person, and the bridge with every topic of the table."""
    files = write_gazebo_files(run, run.state_dir.parent / "gazebo")
    server = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare("ros_gz_sim"), "launch", "gz_sim.launch.py"])
        ),
        launch_arguments={"gz_args": f'-r -s "{files.world}"', "on_exit_shutdown": "true"}.items(),
    )
    bridge = Node(
        package="ros_gz_bridge",
        executable="parameter_bridge",
        parameters=[{"config_file": str(files.bridge)}],
        output="both",
    )
    spawns = [
        Node(package="ros_gz_sim", executable="create", arguments=list(spawn.create_arguments()), output="both")
        for spawn in files.spawns
    ]
    return [AppendEnvironmentVariable("GZ_SIM_RESOURCE_PATH", str(files.models)), server, bridge, *spawns]


def generate_launch_description() -> Any:
    """Entry point of `ros2 launch`."""
    return described(("site", "storey", "robots", "people", "run"), actions)
