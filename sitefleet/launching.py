"""Rows of the table as ROS launch actions. Imported by launch/*.launch.py only: it needs a ROS installation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from sitefleet.cli.foreground import chosen
from sitefleet.pairing import pair
from sitefleet.processes import Process, SiteRun, site_processes

# name: (default, description). An argument without a default must be given.
ARGUMENTS: dict[str, tuple[str | None, str]] = {
    "site": (None, "site package, made by `sitefleet site import`"),
    "storey": ("", "storey of the site; not needed when it has only one"),
    "robots": ("driller,hauler,inspector", "MODEL, ID:MODEL or ID:MODEL:HOME, separated by commas"),
    "robot": ("driller", "MODEL, ID:MODEL or ID:MODEL:HOME"),
    "sim": ("embedded", "embedded | gazebo | none (real robots)"),
    "speed": ("1.0", "embedded simulator: simulated seconds a second"),
    "seed": ("0", "seed of all simulated noise"),
    "run": ("runs/launch", "folder for robots' disks, the store and generated files"),
    "database": ("", "SQLAlchemy URL of the store; empty: SQLite in the run folder"),
    "api_host": ("127.0.0.1", "address the HTTP API listens on"),
    "api_port": ("8000", "port of the HTTP API"),
    "keys": ("", "folder of the manager's copies of the robots' pairing keys; empty: in the run folder"),
    "people": ("", "file of scripted walking paths; empty: nobody walks"),
}


def ros_node(process: Process) -> Any:
    """The launch action that starts a process of the table."""
    # Without ParameterValue, launch reads a text as YAML: a node id "12" would arrive as an integer.
    parameters = {
        name: ParameterValue(value, value_type=str) if isinstance(value, str) else value
        for name, value in process.parameters.items()
    }
    return Node(
        package=process.package,
        executable=process.executable,
        namespace=process.namespace,
        arguments=list(process.arguments),
        parameters=[*(str(file) for file in process.parameter_files), *([parameters] if parameters else [])],
        additional_env=dict(process.environment),
        output="both",
        emulate_tty=True,
    )


def described(names: Sequence[str], build: Callable[[SiteRun], list[Any]]) -> Any:
    """A launch description that declares these arguments and builds its actions from the run they describe."""
    declared = [
        DeclareLaunchArgument(name, description=ARGUMENTS[name][1])
        if ARGUMENTS[name][0] is None
        else DeclareLaunchArgument(name, default_value=ARGUMENTS[name][0], description=ARGUMENTS[name][1])
        for name in names
    ]

    def actions(context: Any) -> list[Any]:
        given = {name: str(LaunchConfiguration(name).perform(context)) for name in names}
        return build(run_of(given))

    return LaunchDescription([*declared, OpaqueFunction(function=actions)])


def run_of(given: dict[str, str]) -> SiteRun:
    """The run that launch arguments describe. Raises CommandError with one clear sentence."""
    values = {name: given.get(name, default or "") for name, (default, _) in ARGUMENTS.items()}
    wanted = given.get("robots", given.get("robot", ""))
    site = Path(values["site"]).resolve()
    storey, robots = chosen(site, values["storey"] or None, [text for text in wanted.split(",") if text])
    folder = Path(values["run"]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if values["sim"] not in ("embedded", "gazebo", "none"):
        raise ValueError(f"sim:={values['sim']} is none of embedded, gazebo, none")
    return SiteRun(
        site=site,
        storey=storey,
        robots=robots,
        sim=values["sim"],  # type: ignore[arg-type]  # checked above
        speed=float(values["speed"]),
        seed=int(values["seed"]),
        state_dir=folder / "state",
        keys=Path(values["keys"]).resolve() if values["keys"] else folder / "keys",
        database=values["database"] or f"sqlite:///{folder / 'sitefleet.db'}",
        api_host=values["api_host"],
        api_port=int(values["api_port"]),
        people=Path(values["people"]).resolve() if values["people"] else None,
    )


def nodes(run: SiteRun, *rows: str) -> list[Any]:
    """Launch actions of these rows of the table, or of all of them; robots are paired with the manager."""
    pair([robot.robot_id for robot in run.robots], run.state_dir, run.keys)
    return [ros_node(process) for process in site_processes(run, frozenset(rows) if rows else None)]
