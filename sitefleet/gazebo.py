"""What Gazebo needs for a run, taken from the same SDF models and bridge table as the embedded simulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sitefleet.processes import SiteRun
from sitefleet.robots import home_places


@dataclass(frozen=True, slots=True)
class Spawn:
    """A robot to create in the world: x, y in m and yaw in rad, map frame."""

    robot_id: str
    sdf: Path
    x: float
    y: float
    yaw: float

    def create_arguments(self) -> tuple[str, ...]:
        """Arguments of ros_gz_sim's `create`."""
        place = ("-x", f"{self.x:.4f}", "-y", f"{self.y:.4f}", "-z", "0.0", "-Y", f"{self.yaw:.6f}")
        return ("-name", self.robot_id, "-file", str(self.sdf), *place, "-allow_renaming", "false")


@dataclass(frozen=True, slots=True)
class GazeboFiles:
    """Everything that was written for Gazebo and its bridge."""

    world: Path
    models: Path
    bridge: Path
    spawns: tuple[Spawn, ...]


def write_gazebo_files(run: SiteRun, folder: Path) -> GazeboFiles:
    """Write one SDF a robot, with its own topic names, and a plain ros_gz_bridge file into `folder`."""
    from sim.bridge import load_bridge, resolve, to_ros_gz_yaml
    from sim.expand import expand_model
    from sim.paths import MODELS

    folder.mkdir(parents=True, exist_ok=True)
    homes = home_places(run.map_folder / "roadmap.geojson")
    spawns = []
    for robot in run.robots:
        sdf = folder / f"{robot.robot_id}.sdf"
        sdf.write_text(expand_model(robot.model, robot.robot_id), encoding="utf-8")
        home = homes[robot.home_node]
        spawns.append(Spawn(robot.robot_id, sdf, home.x, home.y, home.heading))
    bridge = folder / "bridge.yaml"
    entries = resolve(load_bridge(), {robot.robot_id: robot.model for robot in run.robots})
    bridge.write_text(to_ros_gz_yaml(entries), encoding="utf-8")
    return GazeboFiles(world=run.map_folder / "world.sdf", models=MODELS, bridge=bridge, spawns=tuple(spawns))
