"""A whole site: simulator, instruments, people, robots and the fleet manager.

ros2 launch sitefleet site.launch.py site:=FOLDER robots:=driller,hauler sim:=embedded|gazebo|none
"""

from __future__ import annotations

from typing import Any

from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

from sitefleet.launching import described, nodes
from sitefleet.processes import SiteRun
from sitefleet.resources import share

ARGUMENTS = (
    "site", "storey", "robots", "sim", "speed", "seed", "run", "keys", "database", "api_host", "api_port", "people"
)  # fmt: skip


def actions(run: SiteRun) -> list[Any]:
    """Every row of the table; with Gazebo also its server, its bridge and its robots."""
    if run.sim != "gazebo":
        return nodes(run)
    gazebo = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(share("launch/gazebo.launch.py"))),
        launch_arguments={
            "site": str(run.site),
            "storey": run.storey,
            "robots": ",".join(f"{robot.robot_id}:{robot.model}:{robot.home_node}" for robot in run.robots),
            "people": str(run.people or ""),
            "run": str(run.state_dir.parent),
        }.items(),
    )
    return [gazebo, *nodes(run)]


def generate_launch_description() -> Any:
    """Entry point of `ros2 launch`."""
    return described(ARGUMENTS, actions)
