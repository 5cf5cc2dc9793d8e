"""Parameters: one table, checked at the start; the files of the models agree with the simulated robots."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from sitefleet_robot.common.parameters import ParameterError, ParameterSpec, check_values
from sitefleet_robot.common.robot import MODELS, ROBOT_PARAMETERS, RobotShape
from sitefleet_robot.localisation.node import PARAMETERS as LOCALISATION
from sitefleet_robot.safety.parameters import PARAMETERS as SAFETY
from sitefleet_robot.safety.parameters import settings_of

ROOT = Path(__file__).parents[3]
SPECS = (
    ParameterSpec("gain", 1.0, "a gain", "1/s", 0.0, 2.0),
    ParameterSpec("count", 3, "a number", "", 1, 5),
    ParameterSpec("name", "a", "a name", choices=("a", "b")),
    ParameterSpec("on", True, "a switch"),
)


def load(name: str) -> dict:
    return yaml.safe_load((ROOT / "launch" / "params" / name).read_text())


def section(data: dict, key: str) -> dict:
    return data.get(key, {}).get("ros__parameters", {})


def test_defaults_and_given_values():
    values = check_values(SPECS, {"gain": 2, "name": "b"})
    assert (values.real("gain"), values.integer("count"), values.text("name"), values.flag("on")) == (2.0, 3, "b", True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"gain": 2.1}, "gain: 2.1 is outside of 0.0 to 2.0 1/s"),
        ({"gain": math.nan}, "gain: nan is not a finite number"),
        ({"gain": "1"}, "gain: '1' is a str, expected a float"),
        ({"gain": True}, "gain: True is a bool, expected a float"),
        ({"count": 1.5}, "count: 1.5 is a float, expected a int"),
        ({"count": 0}, "count: 0 is outside of 1 to 5"),
        ({"name": "c"}, "name: 'c' is not one of a, b"),
        ({"on": 1}, "on: 1 is a int, expected a bool"),
        ({"gian": 1.0}, "gian: unknown parameter"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_it(given, words):
    with pytest.raises(ParameterError) as raised:
        check_values(SPECS, given)
    assert str(raised.value) == words


def test_all_faults_are_told_at_once():
    with pytest.raises(ParameterError, match=r"gian: unknown.*gain: 3.0"):
        check_values(SPECS, {"gian": 1, "gain": 3.0})


@pytest.mark.parametrize("spec", (*ROBOT_PARAMETERS, *SAFETY, *LOCALISATION), ids=lambda s: s.name)
def test_every_default_is_within_its_own_range_and_explained(spec):
    assert spec.check(spec.default) == spec.default
    assert len(spec.description) > 8
    assert spec.descriptor().description.startswith(spec.description)


def test_the_common_file_is_understood_by_the_nodes():
    common = load("common.yaml")
    check_values((*ROBOT_PARAMETERS, *SAFETY), section(common, "/**") | section(common, "/**/safety_supervisor"))
    autostart = ParameterSpec("autostart", True, "starts by itself")
    check_values((autostart, *ROBOT_PARAMETERS, *LOCALISATION), section(common, "/**/localisation"))


@pytest.mark.parametrize("model", MODELS)
def test_a_models_file_is_understood_by_the_supervisor_and_holds_together(model):
    data, common = load(f"{model}.yaml"), load("common.yaml")
    given = section(common, "/**/safety_supervisor") | section(data, "/**") | section(data, "/**/safety_supervisor")
    values = check_values((*ROBOT_PARAMETERS, *SAFETY), given)
    assert values.text("model") == model
    settings = settings_of("r1", values, RobotShape.of(values))
    assert settings.field.stopping_distance(settings.max_speed) < 1.5


@pytest.mark.parametrize("model", MODELS)
def test_a_models_file_agrees_with_the_simulated_robot(model):
    values = check_values(ROBOT_PARAMETERS, section(load(f"{model}.yaml"), "/**"))
    shape = RobotShape.of(values)
    root = ET.parse(ROOT / "sim" / "models" / model / "model.sdf").getroot()
    hull = root.find(".//collision[@name='hull']")
    length, width, _ = (float(v) for v in hull.findtext("geometry/box/size").split())
    assert (shape.length, shape.width) == (length, width)
    lidar = next(s for s in root.iter("sensor") if "lidar" in s.get("type", "") or s.get("type") == "gpu_ray")
    x, y, _, _, _, yaw = (float(v) for v in lidar.findtext("pose").split())
    assert (values.real("lidar_x"), values.real("lidar_y"), values.real("lidar_yaw")) == (x, y, yaw)
    drive = next(p for p in root.iter("plugin") if "DiffDrive" in p.get("name", ""))
    assert shape.max_speed == float(drive.findtext("max_linear_velocity"))
    assert shape.max_turn_rate == float(drive.findtext("max_angular_velocity"))
    # What is surely reached may be less than what the simulated drive does, never more.
    assert shape.deceleration <= -float(drive.findtext("min_linear_acceleration"))
    assert shape.turn_deceleration <= float(drive.findtext("max_angular_acceleration"))
    assert shape.acceleration <= float(drive.findtext("max_linear_acceleration"))
