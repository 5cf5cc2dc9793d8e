"""The one table of processes. The starter and the launch files both read it; neither knows a process of its own.

Read TABLE first: a row says what a process is, which Python module it is, when it runs and what it is given.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Literal

from sitefleet.resources import share
from sitefleet.robots import RobotChoiceError, RobotSpec, home_places

SimKind = Literal["embedded", "gazebo", "none"]
ParameterValue = str | bool | int | float

FAST_PATIENCE = "2"
"""s of wall time that a fast simulation waits for a robot: longer than the watchdogs in fast_simulation.yaml, so that
a busy machine holds the time and a dead process is stopped by its robot's supervisor."""


class StopWave(IntEnum):
    """Order of shutdown. A supervisor outlives what it watches, and what records it outlives the supervisor.

    The simulated drive outlives them all.
    """

    FIRST = 0
    SUPERVISORS = 1
    EVIDENCE = 2
    SIMULATOR = 3


@dataclass(frozen=True, slots=True)
class SiteRun:
    """What a run consists of; everything a row of the table may ask about."""

    site: Path
    storey: str
    robots: tuple[RobotSpec, ...] = ()
    sim: SimKind = "embedded"
    speed: float = 1.0  # simulated seconds a second; infinite: as fast as it goes
    seed: int = 0
    state_dir: Path = Path("runs/state")  # robots' disks: one folder a robot below it
    keys: Path = Path("runs/keys")  # the manager's copies of the robots' pairing keys
    database: str = "sqlite:///runs/sitefleet.db"
    api_host: str = "127.0.0.1"
    api_port: int = 8000
    manager_instance: str | None = None
    """Name of the fleet manager that runs; None: it takes a random one."""
    people: Path | None = None  # scripted walking paths
    sim_report: Path | None = None  # the embedded simulator keeps contacts, distances and its speed there
    sim_options: tuple[str, ...] = ()  # further options of the embedded simulator, for scenarios

    @property
    def map_folder(self) -> Path:
        """The storey's folder of the site package."""
        return self.site / self.storey


@dataclass(frozen=True, slots=True)
class Process:
    """One process to start: `python -m module ARGUMENTS --ros-args ...`, or with ROS `package executable`."""

    name: str  # unique in a run, also the name of its log file
    package: str
    executable: str
    module: str
    namespace: str = ""
    arguments: tuple[str, ...] = ()
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    parameter_files: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_wave: StopWave = StopWave.FIRST

    def ros_arguments(self) -> tuple[str, ...]:
        """Namespace and parameters as `--ros-args`. Values are written as JSON, so "12" stays a string."""
        words: list[str] = []
        if self.namespace:
            words += ["-r", f"__ns:=/{self.namespace}"]
        for file in self.parameter_files:
            words += ["--params-file", str(file)]
        for name, value in self.parameters.items():
            words += ["-p", f"{name}:={json.dumps(value)}"]
        return ("--ros-args", *words) if words else ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. The functions get the run, and the robot when the row is one a robot."""

    name: str
    package: str
    executable: str
    module: str
    per_robot: bool = False
    when: Callable[[SiteRun], bool] = lambda run: True
    arguments: Callable[[SiteRun], tuple[str, ...]] = lambda run: ()
    parameters: Callable[[SiteRun, RobotSpec], dict[str, ParameterValue]] = lambda run, robot: {}
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_wave: StopWave = StopWave.FIRST


def simulated(run: SiteRun) -> bool:
    """Time and robots come from a simulator."""
    return run.sim != "none"


def simulator_arguments(run: SiteRun) -> tuple[str, ...]:
    """World, robots at home (m, rad, map frame), people, speed and seed."""
    homes = home_places(run.map_folder / "roadmap.geojson")
    words = ["--world", str(run.map_folder / "world.sdf")]
    for robot in run.robots:
        home = homes.get(robot.home_node)
        if home is None:
            raise RobotChoiceError(
                f"{robot.robot_id}: no home node {robot.home_node!r}; there are: {', '.join(homes) or 'none'}"
            )
        place = f"{home.x:.4f}:{home.y:.4f}:{home.heading:.6f}"
        words += ["--robot", f"{robot.robot_id}:{robot.model}:{place}"]
    if run.people is not None:
        words += ["--people", str(run.people)]
    words += ["--speed", f"{run.speed:g}" if math.isfinite(run.speed) else "max", "--seed", str(run.seed)]
    if run.speed != 1.0:
        words += ["--patience", FAST_PATIENCE]
    if run.sim_report is not None:
        words += ["--report", str(run.sim_report)]
    return (*words, *run.sim_options)


def robot_models(run: SiteRun) -> tuple[str, ...]:
    """`--robot ID:MODEL` for each robot."""
    return tuple(word for robot in run.robots for word in ("--robot", f"{robot.robot_id}:{robot.model}"))


def instruments_arguments(run: SiteRun) -> tuple[str, ...]:
    """The robots whose reflectors the total station follows."""
    return (*robot_models(run), "--seed", str(run.seed))


def people_arguments(run: SiteRun) -> tuple[str, ...]:
    """Walking paths, and the robots that people are polite to."""
    return ("--paths", str(run.people), *robot_models(run))


def manager_arguments(run: SiteRun) -> tuple[str, ...]:
    """The site package, the store and where the HTTP API listens."""
    listen = ("--host", run.api_host, "--port", str(run.api_port))
    named = ("--instance", run.manager_instance) if run.manager_instance is not None else ()
    kept = ["--database", run.database, "--keys", str(run.keys)]
    if "://" in run.database and not run.database.startswith("sqlite"):
        # Beside an SQLite store the manager finds places of its own.
        folder = run.keys.parent
        kept += ["--evidence-key", str(folder / "evidence.key"), "--witness", str(folder / "evidence.witness")]
    return ("--site", str(run.site), "--storey", run.storey, *kept, *listen, *named)


def robot_parameters(run: SiteRun, robot: RobotSpec) -> dict[str, ParameterValue]:
    """What every node of a robot is told about itself and the site."""
    return {
        "robot_id": robot.robot_id,
        "model": robot.model,
        "map_id": run.storey,
        "home_node": robot.home_node,
        "state_dir": str(run.state_dir / robot.robot_id),
        "map_yaml": str(run.map_folder / "map.yaml"),
    }


TABLE: tuple[Row, ...] = (
    Row(  # first, as it takes longest until it answers
        name="manager",
        package="sitefleet",
        executable="fleet_manager",
        module="fleet_manager.main",
        arguments=manager_arguments,
    ),
    Row(
        name="simulator",
        package="sitefleet",
        executable="simulator",
        module="sim.embedded.node",
        when=lambda run: run.sim == "embedded",
        arguments=simulator_arguments,
        stop_wave=StopWave.SIMULATOR,
    ),
    Row(
        name="instruments",
        package="sitefleet",
        executable="instruments",
        module="sim.instruments",
        when=simulated,
        arguments=instruments_arguments,
    ),
    Row(
        name="people",
        package="sitefleet",
        executable="people",
        module="sim.people",
        when=lambda run: simulated(run) and run.people is not None,
        arguments=people_arguments,
    ),
    Row(
        name="safety",
        package="sitefleet_robot",
        executable="safety_supervisor",
        module="sitefleet_robot.safety.node",
        per_robot=True,
        parameters=robot_parameters,
        stop_wave=StopWave.SUPERVISORS,
    ),
    Row(
        name="evidence",
        package="sitefleet_robot",
        executable="evidence",
        module="sitefleet_robot.evidence.node",
        per_robot=True,
        parameters=robot_parameters,
        stop_wave=StopWave.EVIDENCE,
    ),
    Row(
        name="autonomy",
        package="sitefleet_robot",
        executable="autonomy",
        module="sitefleet_robot.autonomy",
        per_robot=True,
        parameters=robot_parameters,
    ),
)


def site_processes(run: SiteRun, only: frozenset[str] | None = None) -> tuple[Process, ...]:
    """The processes of a run, in the order they start; `only` keeps the rows of these names.

    Raises:
        RobotChoiceError: a robot's home is not on the storey's roadmap.
        ResourceMissing: a parameter file of a robot's model is not installed.
        KeyError: `only` names a row that is not in the table.
    """
    known = {row.name for row in TABLE}
    for name in only or ():
        if name not in known:
            raise KeyError(f"no row {name!r} in the table of processes; there are: {', '.join(sorted(known))}")
    processes: list[Process] = []
    for row in TABLE:
        if row.when(run) and (only is None or row.name in only):
            if row.per_robot:
                processes += [_of_robot(row, run, robot) for robot in run.robots]
            else:
                processes.append(_of_site(row, run))
    return tuple(processes)


def _of_site(row: Row, run: SiteRun) -> Process:
    # The simulator makes the time, so it is the one that must not wait for /clock.
    on_sim_time = simulated(run) and row.name != "simulator"
    return Process(
        name=row.name,
        package=row.package,
        executable=row.executable,
        module=row.module,
        arguments=row.arguments(run),
        parameters={"use_sim_time": True} if on_sim_time else {},
        environment=row.environment,
        stop_wave=row.stop_wave,
    )


def _of_robot(row: Row, run: SiteRun, robot: RobotSpec) -> Process:
    files = ["common", robot.model]
    if simulated(run):
        files.append("simulation")
    if run.sim == "embedded" and run.speed != 1.0:
        files.append("fast_simulation")
    return Process(
        name=f"{row.name}-{robot.robot_id}",
        package=row.package,
        executable=row.executable,
        module=row.module,
        namespace=robot.robot_id,
        parameters={**row.parameters(run, robot), "use_sim_time": simulated(run)},
        parameter_files=tuple(share(f"launch/params/{file}.yaml") for file in files),
        environment=row.environment,
        stop_wave=row.stop_wave,
    )
