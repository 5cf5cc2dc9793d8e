"""Row 11 for each model as its file says: the field is at least the stopping distance, laden or not, up and down."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sitefleet_robot.common.parameters import check_values
from sitefleet_robot.common.robot import MODELS, ROBOT_PARAMETERS, RobotShape
from sitefleet_robot.safety.field import GRAVITY
from sitefleet_robot.safety.parameters import PARAMETERS, settings_of

ROOT = Path(__file__).parents[3]
FIELD = {"reaction_time", "floor_slope", "ahead_margin", "side_margin", "crawl_margin", "contact_margin", "crawl_speed"}


def file_of(model):
    return yaml.safe_load((ROOT / "launch" / "params" / f"{model}.yaml").read_text())


def robot(model):
    """Settings, mass (kg, as simulated) and greatest load (kg) of a model."""
    data = file_of(model)
    given_values = data["/**"]["ros__parameters"] | data["/**/safety_supervisor"]["ros__parameters"]
    values = check_values((*ROBOT_PARAMETERS, *PARAMETERS), given_values)
    sdf = ET.parse(ROOT / "sim" / "models" / model / "model.sdf").getroot()
    mass = sum(float(m.text) for m in sdf.iter("mass"))
    return (
        settings_of(model, values, RobotShape.of(values)),
        mass,
        data["/**/executor"]["ros__parameters"].get("max_payload", 0.0),
    )


def stopping_way(speed, reaction, mass, brake_force, slope):
    """m; the brakes' force is what it is, so a load makes the way longer, and so does a slope downwards."""
    return speed * reaction + speed * speed / (2.0 * (brake_force / mass - GRAVITY * slope))


@pytest.mark.parametrize("model", MODELS)
def test_the_field_of_a_model_stands_in_its_file(model):
    assert set(file_of(model)["/**/safety_supervisor"]["ros__parameters"]) >= FIELD


@pytest.mark.parametrize("model", MODELS)
@given(share=st.floats(0.0, 1.0), load=st.floats(0.0, 1.0), slope=st.floats(-1.0, 1.0))
def test_row_11_at_every_speed_load_and_slope_a_model_stops_within_its_field(model, share, load, slope):
    settings, mass, payload = robot(model)
    field, speed = settings.field, share * settings.max_speed
    # `deceleration` is surely reached at full load on a level floor: the force behind it brakes any load.
    force = field.deceleration * (mass + payload)
    way = stopping_way(speed, field.reaction_time, mass + load * payload, force, slope * field.floor_slope)
    assert field.field_length(speed) >= way


def test_row_11_the_test_would_notice_a_field_sized_for_the_empty_robot():
    settings, mass, payload = robot("hauler")
    force = settings.field.deceleration * mass
    way = stopping_way(settings.max_speed, settings.field.reaction_time, mass + payload, force, 0.0)
    assert settings.field.field_length(settings.max_speed) < way
