"""The launch files start what the table of processes says: the same rows, the same arguments, the same parameters."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from sitefleet.cli.exit_codes import CommandError
from sitefleet.processes import Process, SiteRun, site_processes
from sitefleet.resources import checkout
from sitefleet.robots import RobotSpec

LAUNCH = Path(__file__).resolve().parents[2] / "launch"
ROBOTS = "d1:driller:home_0,h1:hauler:12"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The stand-ins in place of ROS' launch; sitefleet.launching is imported anew against them."""
    spec = importlib.util.spec_from_file_location("fake_launch", Path(__file__).with_name("fake_launch.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fake_launch", module)
    spec.loader.exec_module(module)
    module.install(monkeypatch.setitem)
    monkeypatch.delitem(sys.modules, "sitefleet.launching", raising=False)
    return module


@pytest.fixture
def site(tmp_path: Path) -> Path:
    storey = tmp_path / "site" / "L1"
    storey.mkdir(parents=True)
    (tmp_path / "site" / "site.yaml").write_text("storeys: [{id: L1, name: Ground floor}]")
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [1.0 + index, 0.5]},
            "properties": {"id": node, "kind": "home", "heading": 0.0},
        }
        for index, node in enumerate(["home_0", "12", "home_2"])
    ]
    (storey / "roadmap.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return tmp_path / "site"


def run_of_table(site: Path, folder: Path, **changes: Any) -> SiteRun:
    robots = (RobotSpec("d1", "driller", "home_0"), RobotSpec("h1", "hauler", "12"))
    base: dict[str, Any] = {
        "site": site,
        "storey": "L1",
        "robots": robots,
        "state_dir": folder / "state",
        "keys": folder / "keys",
        "database": f"sqlite:///{folder / 'sitefleet.db'}",
    }
    return SiteRun(**{**base, **changes})


def as_row(node: Any) -> tuple[Any, ...]:
    """What a launch action would start, comparable with a process of the table."""
    files = tuple(entry for entry in node.parameters if isinstance(entry, str))
    return (node.package, node.executable, node.namespace, tuple(node.arguments), files, node.plain_parameters())


def as_action(process: Process) -> tuple[Any, ...]:
    files = tuple(str(file) for file in process.parameter_files)
    return (
        process.package,
        process.executable,
        process.namespace,
        process.arguments,
        files,
        dict(process.parameters),
    )


@pytest.mark.parametrize("sim", ["embedded", "none"])
def test_a_site_starts_exactly_the_rows_of_the_table(fake: ModuleType, site: Path, tmp_path: Path, sim: str) -> None:
    folder = tmp_path / "run"
    actions = fake.run_launch_file(
        LAUNCH / "site.launch.py", site=str(site), robots=ROBOTS, sim=sim, speed="3", seed="5", run=str(folder)
    )
    table = site_processes(run_of_table(site, folder, sim=sim, speed=3.0, seed=5))
    assert [as_row(action) for action in actions] == [as_action(process) for process in table]


def test_a_robot_starts_its_supervisor_its_recorder_and_its_autonomy_only(
    fake: ModuleType, site: Path, tmp_path: Path
) -> None:
    actions = fake.run_launch_file(
        LAUNCH / "robot.launch.py", site=str(site), robot="d1:driller:home_0", sim="none", run=str(tmp_path / "run")
    )
    assert [(action.package, action.executable, action.namespace) for action in actions] == [
        ("sitefleet_robot", "safety_supervisor", "d1"),
        ("sitefleet_robot", "evidence", "d1"),
        ("sitefleet_robot", "autonomy", "d1"),
    ]
    assert actions[0].plain_parameters()["use_sim_time"] is False


def test_the_manager_starts_alone_on_the_port_asked_for(fake: ModuleType, site: Path, tmp_path: Path) -> None:
    actions = fake.run_launch_file(
        LAUNCH / "manager.launch.py", site=str(site), api_port="8123", run=str(tmp_path / "run")
    )
    assert [action.executable for action in actions] == ["fleet_manager"]
    assert actions[0].arguments[-1] == "8123"


def test_a_home_node_made_of_digits_reaches_the_robot_as_text(fake: ModuleType, site: Path, tmp_path: Path) -> None:
    actions = fake.run_launch_file(
        LAUNCH / "robot.launch.py", site=str(site), robot="h1:hauler:12", run=str(tmp_path / "run")
    )
    parameters = actions[0].parameters[-1]
    assert parameters["home_node"] == fake.ParameterValue("12", str)


def test_gazebo_runs_beside_the_same_robots_without_the_embedded_simulator(
    fake: ModuleType, site: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    gazebo, *nodes = fake.run_launch_file(
        LAUNCH / "site.launch.py", site=str(site), robots=ROBOTS, sim="gazebo", run=str(folder)
    )
    table = site_processes(run_of_table(site, folder, sim="gazebo"))
    assert [as_row(node) for node in nodes] == [as_action(process) for process in table]
    assert "simulator" not in {node.executable for node in nodes}
    included = fake.run_launch_file(Path(gazebo.source.location), **gazebo.launch_arguments)
    assert included


def test_gazebo_gets_the_world_each_robot_at_home_and_every_topic_of_the_bridge_table(
    fake: ModuleType, site: Path, tmp_path: Path
) -> None:
    paths = tmp_path / "walk.yaml"
    paths.write_text("people: [{id: p1, waypoints: [[4, 5.5], [6, 5.5]]}]")
    actions = fake.run_launch_file(
        LAUNCH / "gazebo.launch.py", site=str(site), robots=ROBOTS, people=str(paths), run=str(tmp_path / "run")
    )
    path, server, bridge, *spawns = actions
    assert path.name == "GZ_SIM_RESOURCE_PATH" and (Path(path.value) / "driller" / "model.sdf").is_file()
    assert server.launch_arguments["gz_args"] == f'-r -s "{site / "L1" / "world.sdf"}"'
    entries = yaml.safe_load(Path(bridge.parameters[0]["config_file"]).read_text())
    topics = {entry["ros_topic_name"] for entry in entries}
    assert {"/clock", "/d1/scan", "/h1/cmd_vel", "/d1/mast_cmd", "/people/p1/cmd_vel"} <= topics
    assert "/h1/mast_cmd" not in topics
    assert [spawn.arguments[1] for spawn in spawns] == ["d1", "h1", "p1"]
    sdf = Path(spawns[0].arguments[3]).read_text()
    assert '<model name="d1"' in sdf and "/model/d1/scan" in sdf and "/model/driller/" not in sdf


def test_the_site_must_be_named(fake: ModuleType) -> None:
    with pytest.raises(LookupError, match="site is required"):
        fake.run_launch_file(LAUNCH / "site.launch.py")


def test_a_folder_that_is_no_site_package_is_named(fake: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not a site package"):
        fake.run_launch_file(LAUNCH / "site.launch.py", site=str(tmp_path), run=str(tmp_path / "run"))


def test_an_unknown_simulator_is_refused(fake: ModuleType, site: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sim:=webots"):
        fake.run_launch_file(LAUNCH / "site.launch.py", site=str(site), sim="webots", run=str(tmp_path / "run"))


def test_no_python_package_shadows_ros_launch() -> None:
    assert not (LAUNCH / "__init__.py").exists()
    assert checkout() == LAUNCH.parent
