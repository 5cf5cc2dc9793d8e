"""The table of processes: what runs when, and what it is told."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from sitefleet.processes import TABLE, SimKind, SiteRun, StopWave, site_processes
from sitefleet.robots import RobotChoiceError, RobotSpec, choose_robots, home_places

ROBOTS = (RobotSpec("d1", "driller", "home_0"), RobotSpec("h1", "hauler", "home_1"))


@pytest.fixture
def run(tmp_path: Path) -> SiteRun:
    storey = tmp_path / "site" / "Level 1"
    storey.mkdir(parents=True)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [2.0 + index, -1.5]},
            "properties": {"id": f"home_{index}", "kind": "home", "heading": 1.5},
        }
        for index in range(2)
    ]
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    features.append({"type": "Feature", "geometry": line, "properties": {"id": "e0", "kind": "edge"}})
    (storey / "roadmap.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return SiteRun(site=tmp_path / "site", storey="Level 1", robots=ROBOTS, speed=4.0, seed=7, state_dir=tmp_path / "d")


def names(run: SiteRun) -> list[str]:
    return [process.name for process in site_processes(run)]


def test_every_robot_has_a_supervisor_of_its_own_a_recorder_and_one_autonomy(run: SiteRun) -> None:
    assert names(run) == [
        "manager", "simulator", "instruments", "safety-d1", "safety-h1", "evidence-d1", "evidence-h1",
        "autonomy-d1", "autonomy-h1",
    ]  # fmt: skip


def test_gazebo_replaces_only_the_embedded_simulator(run: SiteRun) -> None:
    assert set(names(run)) - set(names(replace(run, sim="gazebo"))) == {"simulator"}


def test_on_a_real_site_nothing_simulated_runs_and_no_node_waits_for_the_clock(run: SiteRun) -> None:
    processes = site_processes(replace(run, sim="none", people=Path("none.yaml")))
    assert {process.name.split("-")[0] for process in processes} == {"safety", "evidence", "autonomy", "manager"}
    assert not any(process.parameters.get("use_sim_time") for process in processes)


@pytest.fixture
def walking(run: SiteRun) -> SiteRun:
    return replace(run, people=Path("walk.yaml"))


def test_people_walk_only_when_paths_are_given(run: SiteRun, walking: SiteRun) -> None:
    assert "people" not in names(run)
    processes = {process.name: process for process in site_processes(walking)}
    robots = ("--robot", "d1:driller", "--robot", "h1:hauler")
    assert processes["people"].arguments == ("--paths", str(walking.people), *robots)
    words = processes["simulator"].arguments
    assert words[words.index("--people") + 1] == str(walking.people)


def test_the_instruments_know_every_robot_and_its_model(run: SiteRun) -> None:
    instruments = site_processes(run, frozenset({"instruments"}))[0]
    assert instruments.arguments == ("--robot", "d1:driller", "--robot", "h1:hauler", "--seed", "7")


def test_the_simulator_reports_and_takes_a_scenarios_options(run: SiteRun) -> None:
    changed = replace(run, sim_report=Path("r.json"), sim_options=("--obstruction", "box:1:1:1:1:1:1"), speed=math.inf)
    words = " ".join(site_processes(changed, frozenset({"simulator"}))[0].arguments)
    assert words.endswith("--speed max --seed 7 --patience 2 --report r.json --obstruction box:1:1:1:1:1:1")


def test_the_simulator_places_each_robot_on_its_home(run: SiteRun) -> None:
    simulator = site_processes(run, frozenset({"simulator"}))[0]
    words = simulator.arguments
    robots = [words[index + 1] for index, word in enumerate(words) if word == "--robot"]
    assert robots == ["d1:driller:2.0000:-1.5000:1.500000", "h1:hauler:3.0000:-1.5000:1.500000"]
    assert words[words.index("--world") + 1] == str(run.map_folder / "world.sdf")
    assert words[words.index("--speed") + 1] == "4"
    assert words[words.index("--seed") + 1] == "7"


def test_all_but_the_maker_of_time_follow_the_clock(run: SiteRun) -> None:
    follows = {process.name: bool(process.parameters.get("use_sim_time")) for process in site_processes(run)}
    assert follows.pop("simulator") is False
    assert all(follows.values())


def test_a_robot_is_told_its_own_place_and_disk_in_its_own_namespace(run: SiteRun, tmp_path: Path) -> None:
    autonomy = next(p for p in site_processes(run) if p.name == "autonomy-h1")
    assert autonomy.namespace == "h1"
    assert autonomy.parameters["home_node"] == "home_1"
    assert autonomy.parameters["state_dir"] == str(tmp_path / "d" / "h1")
    assert [file.name for file in autonomy.parameter_files][:2] == ["common.yaml", "hauler.yaml"]
    assert "__ns:=/h1" in autonomy.ros_arguments()


@pytest.mark.parametrize(
    ("sim", "speed", "patient"),
    [("embedded", 4.0, True), ("embedded", 1.0, False), ("gazebo", 4.0, False), ("none", 1.0, False)],
)
def test_watchdogs_are_patient_only_in_a_simulation_that_is_not_at_real_time(
    run: SiteRun, sim: SimKind, speed: float, patient: bool
) -> None:
    changed = replace(run, sim=sim, speed=speed)
    files = {p.name: [f.name for f in p.parameter_files] for p in site_processes(changed, frozenset({"safety"}))}
    assert all(("fast_simulation.yaml" in names) is patient for names in files.values())


def test_a_node_id_made_of_digits_stays_a_string_parameter(run: SiteRun) -> None:
    process = replace(site_processes(run)[0], parameters={"home_node": "12", "use_sim_time": True, "x": 1.5})
    assert process.ros_arguments() == (
        "--ros-args", "-p", 'home_node:="12"', "-p", "use_sim_time:=true", "-p", "x:=1.5"
    )  # fmt: skip


def test_the_drive_outlives_the_recorder_the_recorder_the_supervisor_and_that_what_it_watches(run: SiteRun) -> None:
    waves = {process.name.split("-")[0]: process.stop_wave for process in site_processes(run)}
    assert waves["autonomy"] == waves["manager"] == StopWave.FIRST
    assert waves["autonomy"] < waves["safety"] < waves["evidence"] < waves["simulator"]


def test_an_unknown_home_is_named_with_those_there_are(run: SiteRun) -> None:
    with pytest.raises(RobotChoiceError, match=r"d9: no home node 'cellar'; there are: home_0, home_1"):
        site_processes(replace(run, robots=(RobotSpec("d9", "driller", "cellar"),)))


def test_asking_for_a_row_that_is_not_in_the_table_is_an_error(run: SiteRun) -> None:
    with pytest.raises(KeyError, match="no row 'lidar'"):
        site_processes(run, frozenset({"lidar"}))


def test_rows_of_the_table_have_unique_names_and_modules() -> None:
    assert len({row.name for row in TABLE}) == len({row.module for row in TABLE}) == len(TABLE)


def test_homes_are_read_with_place_and_heading(run: SiteRun) -> None:
    homes = home_places(run.map_folder / "roadmap.geojson")
    assert list(homes) == ["home_0", "home_1"]
    assert (homes["home_1"].x, homes["home_1"].y, homes["home_1"].heading) == (3.0, -1.5, 1.5)


def test_robots_left_open_get_numbers_and_free_homes() -> None:
    robots = choose_robots(["driller", "boss:hauler:b", "driller"], ["a", "b", "c"])
    assert [(r.robot_id, r.model, r.home_node) for r in robots] == [
        ("driller_1", "driller", "a"),
        ("boss", "hauler", "b"),
        ("driller_2", "driller", "c"),
    ]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (["crane"], "no robot model 'crane'; there are: driller"),
        (["a:driller:a", "a:hauler:b"], "two robots are called 'a'"),
        (["x:driller:a", "y:hauler:a"], "two robots have the home node 'a'"),
        (["x:driller:z"], "no home node 'z'; there are: a, b"),
        (["driller"] * 3, "3 robots, but the storey has only 2 home nodes"),
        (["1st:driller"], "robot id '1st'"),
        (["a:b:c:d"], "is not MODEL, ID:MODEL or ID:MODEL:HOME"),
    ],
)
def test_robots_that_cannot_start_are_refused_with_the_reason(wanted: list[str], message: str) -> None:
    with pytest.raises(RobotChoiceError, match=message):
        choose_robots(wanted, ["a", "b"])


@pytest.mark.parametrize(("database", "told"), [("sqlite:////s/store.db", False), ("postgresql+psycopg://h/s", True)])
def test_the_places_of_the_evidence_log_are_told_where_no_file_of_the_store_says_them(
    run: SiteRun, database: str, told: bool
) -> None:
    of_run = replace(run, database=database, keys=Path("run/keys"))
    (manager,) = (process for process in site_processes(of_run) if process.name == "manager")
    words = " ".join(manager.arguments)
    assert ("--evidence-key run/evidence.key --witness run/evidence.witness" in words) is told
