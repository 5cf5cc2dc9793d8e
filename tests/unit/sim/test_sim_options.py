"""Command line of the embedded simulator."""

from __future__ import annotations

import math

import pytest

from sim.embedded.options import parse_options
from sim.paths import ROOT, WORLDS
from sim.sdf import SdfError

WORLD = ("--world", str(WORLDS / "room.sdf"))


def test_a_full_command_line():
    options = parse_options([
        *WORLD, "--robot", "d1:driller:1:2:0.5", "--person", "p:3:4", "--obstruction", "duct:1:2:2.4:1:1:0.2",
        "--speed", "max", "--seed", "4", "--battery", "d1:0.4",
    ])  # fmt: skip
    robot = options.robots[0]
    assert (robot.model.name, robot.kind, robot.x, robot.y, robot.yaw) == ("d1", "driller", 1.0, 2.0, 0.5)
    assert options.people[0].model.name == "p"
    assert options.obstructions[0].size == (1.0, 1.0, 0.2)
    assert math.isinf(options.speed)
    assert options.charge == {"d1": 0.4}


def test_people_of_a_paths_file_stand_at_their_first_waypoints():
    options = parse_options([*WORLD, "--people", str(ROOT / "scenarios" / "room_people.yaml")])
    assert [(p.model.name, p.x, p.y) for p in options.people] == [("walker_1", 1.0, 5.9), ("walker_2", 0.6, 0.8)]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--robot", "d1:driller:1:2"), "expected ID:MODEL:X:Y:YAW"),
        (("--robot", "d1:driller:1:two:0"), "finite numbers"),
        (("--robot", "d1:dozer:1:2:0"), "no model 'dozer'"),
        (("--robot", "d 1:driller:1:2:0"), "letters, digits"),
        (("--speed", "0"), "above zero"),
        (("--speed", "fast"), "finite numbers"),
        (("--obstruction", "d:0:0:0:1:1:0"), "above zero"),
    ],
)
def test_a_wrong_option_is_named(words, problem):
    with pytest.raises(ValueError, match=problem):
        parse_options([*WORLD, *words])


def test_two_robots_of_one_name_are_refused(make_simulation):
    from sim.embedded.scene import Placed, build_scene
    from sim.sdf import read_world

    options = parse_options([*WORLD, "--robot", "r:driller:1:1:0", "--robot", "r:hauler:3:1:0"])
    assert isinstance(options.robots[0], Placed)
    with pytest.raises(ValueError, match="must differ"):
        build_scene(read_world(options.world), options.robots)


def test_a_model_of_ones_own_is_found_in_its_folder(tmp_path):
    from sim.paths import model_file

    folder = tmp_path / "rover"
    folder.mkdir()
    text = model_file("inspector").read_text().replace("/inspector/", "/rover/").replace(">inspector/", ">rover/")
    (folder / "model.sdf").write_text(text.replace('"inspector"', '"rover"'))
    options = parse_options([*WORLD, "--extra-models", str(tmp_path), "--robot", "r1:rover:1:1:0"])
    assert options.robots[0].model.name == "r1"
    (folder / "model.sdf").write_text("<sdf version='1.9'><model name='rover'><bad/></model></sdf>")
    with pytest.raises(SdfError, match="<bad>"):
        parse_options([*WORLD, "--extra-models", str(tmp_path), "--robot", "r1:rover:1:1:0"])
