"""What Gazebo needs for a run, taken from the same SDF models and bridge table as the embedded simulator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sitefleet.processes import SiteRun
from sitefleet.robots import home_places


@dataclass(frozen=True, slots=True)
class Spawn:
    """A robot or person to create in the world: x, y in m and yaw in rad, map frame."""

    name: str
    sdf: Path
    x: float
    y: float
    yaw: float

    def create_arguments(self) -> tuple[str, ...]:
        """Arguments of ros_gz_sim's `create`."""
        place = ("-x", f"{self.x:.4f}", "-y", f"{self.y:.4f}", "-z", "0.0", "-Y", f"{self.yaw:.6f}")
        return ("-name", self.name, "-file", str(self.sdf), *place, "-allow_renaming", "false")


@dataclass(frozen=True, slots=True)
class GazeboFiles:
    """Everything that was written for Gazebo and its bridge."""

    world: Path
    models: Path
    bridge: Path
    spawns: tuple[Spawn, ...]


def write_gazebo_files(run: SiteRun, folder: Path) -> GazeboFiles:
    """Write one SDF a robot and person, with its own topic names, and a plain ros_gz_bridge file into `folder`."""
    from sim.bridge import load_bridge, resolve, to_ros_gz_yaml
    from sim.expand import expand_model
    from sim.paths import MODELS, PERSON
    from sim.person_paths import load_paths

    folder.mkdir(parents=True, exist_ok=True)
    homes = home_places(run.map_folder / "roadmap.geojson")
    models = {robot.robot_id: robot.model for robot in run.robots}
    places = {robot.robot_id: homes[robot.home_node] for robot in run.robots}
    starts = {person.person_id: person.waypoints[0] for person in (load_paths(run.people) if run.people else ())}
    models.update(dict.fromkeys(starts, PERSON))
    spawns = []
    for name, model in models.items():
        sdf = folder / f"{name}.sdf"
        sdf.write_text(expand_model(model, name), encoding="utf-8")
        if name in places:
            spawns.append(Spawn(name, sdf, places[name].x, places[name].y, places[name].heading))
        else:
            spawns.append(Spawn(name, sdf, *starts[name], 0.0))
    bridge = folder / "bridge.yaml"
    bridge.write_text(to_ros_gz_yaml(resolve(load_bridge(), models)), encoding="utf-8")
    return GazeboFiles(world=run.map_folder / "world.sdf", models=MODELS, bridge=bridge, spawns=tuple(spawns))
