"""The SDF reader: what it reads, and that what it cannot simulate is refused with its place."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.expand import expand_model
from sim.paths import MODELS, WORLDS, model_file
from sim.sdf import SdfError, read_model, read_world
from sim.sdf.kinematics import link_pose

FOOTPRINTS = {
    "driller": (0.56, 0.50),
    "hauler": (0.60, 0.50),
    "inspector": (0.44, 0.36),
    "printer": (0.50, 0.42),
    "painter": (0.58, 0.50),
}


def _model_text(body: str, version: str = "1.9") -> str:
    return f"""<?xml version="1.0"?>
<sdf version="{version}">
  <model name="m">
    {body}
  </model>
</sdf>
"""


LINK = """<link name="base_link">
      <inertial><mass>1</mass></inertial>
    </link>"""


@pytest.mark.parametrize("model", sorted(FOOTPRINTS))
def test_footprints_are_exactly_those_of_the_fleet(model):
    hull = read_model(model_file(model)).root_link.collisions[0]
    assert hull.name == "hull"
    assert hull.geometry.size[:2] == FOOTPRINTS[model]
    assert tuple(hull.pose.translation[:2]) == (0.0, 0.0)


@pytest.mark.parametrize("model", sorted(FOOTPRINTS))
def test_everything_at_rest_is_within_the_footprint(model):
    """With its tools retracted no shape reaches beyond the hull's rectangle, so the planners' footprint is true."""
    sdf = read_model(model_file(model))
    half = [side / 2 + 1e-9 for side in FOOTPRINTS[model]]
    for link in sdf.links:
        for collision in link.collisions:
            pose = link.pose @ collision.pose
            size = collision.geometry.size
            if collision.geometry.kind == "box":
                reach = np.abs(pose.rotation) @ np.array(size) / 2
            elif collision.geometry.kind == "sphere":
                reach = np.full(3, size[0])
            else:
                axis = np.abs(pose.rotation[:, 2])
                reach = axis * size[1] / 2 + np.sqrt(1 - np.minimum(axis, 1.0) ** 2) * size[0]
            for i in range(2):
                assert abs(pose.translation[i]) + reach[i] <= half[i], (link.name, collision.name)


@pytest.mark.parametrize("model", sorted(FOOTPRINTS))
def test_the_base_link_is_on_the_floor_between_the_wheels(model):
    sdf = read_model(model_file(model))
    assert sdf.root_link.name == "base_link"
    wheels = [sdf.link(f"{side}_wheel").pose.translation for side in ("left", "right")]
    assert np.allclose((wheels[0] + wheels[1])[:2], 0.0)
    assert np.allclose(sdf.root_link.pose.translation, 0.0)


def test_the_drill_goes_through_the_rotation_centre():
    sdf = read_model(model_file("driller"))
    tip = link_pose(sdf, "drill_tip", {"mast": 1.5, "feed": 0.06}).translation
    assert tip == pytest.approx([0.0, 0.0, 0.95 + 1.5 + 0.06])


def test_kinematics_follow_nested_joints():
    sdf = read_model(model_file("painter"))
    folded = link_pose(sdf, "roller_arm", {"boom": 0.5, "roller": 0.0})
    ahead = link_pose(sdf, "roller_arm", {"boom": 0.5, "roller": math.pi / 2})
    point = np.array([0.0, 0.0, 0.28])
    assert folded.apply(point) == pytest.approx([0.14, 0.0, 0.69 + 0.5 + 0.28])
    assert ahead.apply(point) == pytest.approx([0.14 + 0.28, 0.0, 0.69 + 0.5])


@pytest.mark.parametrize("world", ["empty.sdf", "room.sdf"])
def test_worlds_are_read(world):
    assert read_world(WORLDS / world).models


@pytest.mark.parametrize(
    ("body", "element", "line", "problem"),
    [
        (LINK + "\n    <include><uri>x</uri></include>", "sdf/model[m]/include", 7, "<include> is not supported"),
        ('<link name="a">\n<collision name="c"><geometry>\n<mesh><uri>x</uri></mesh></geometry></collision></link>',
         "sdf/model[m]/link[a]/collision[c]/geometry/mesh", 6, "<mesh> is not supported"),
        (LINK + '\n<link name="b"/>\n<joint name="j" type="ball"><parent>base_link</parent><child>b</child></joint>',
         "sdf/model[m]/joint[j]", 8, "joint type 'ball'"),
        (LINK + '\n<plugin filename="f" name="gz::sim::systems::Thruster"/>',
         "sdf/model[m]/plugin[gz::sim::systems::Thruster]", 7, "is not supported"),
        (LINK + '\n<plugin filename="f" name="gz::sim::systems::TouchPlugin">\n<colour>1</colour></plugin>',
         "sdf/model[m]/plugin[gz::sim::systems::TouchPlugin]/colour", 8, "parameter <colour>"),
        ('<link name="a"><sensor name="s" type="sonar"/></link>', "sdf/model[m]/link[a]/sensor[s]", 4, "sensor type"),
        ('<link name="a">\n<pose>1 2 x 0 0 0</pose></link>', "sdf/model[m]/link[a]/pose", 5, "not a list of numbers"),
        ('<link name="a">\n<pose>1 2 3 0 0</pose></link>', "sdf/model[m]/link[a]/pose", 5, "expected 6 finite numbers"),
        ('<link name="a">\n<pose>nan 0 0 0 0 0</pose></link>', "sdf/model[m]/link[a]/pose", 5, "finite"),
        ('<link name="a">\n<pose relative_to="zz">0 0 0 0 0 0</pose></link>',
         "sdf/model[m]/link[a]", 4, "no frame 'zz'"),
        ('<link name="a"/>\n<link name="a"/>', "sdf/model[m]/link[a]", 5, "a second link named 'a'"),
        ('<link name="a"/>\n<link name="b"/>', "sdf/model[m]", 3, "not joined"),
        ('<link name="a">\n<collision name="c"><geometry><sphere>\n<radius>-1</radius></sphere></geometry>'
         '</collision></link>',
         "sdf/model[m]/link[a]/collision[c]/geometry/sphere/radius", 6, "above zero"),
        ('<link name="a"><visual name="c"><geometry><sphere><radius>1</radius></sphere></geometry></visual>'
         '\n<collision name="c"><geometry><sphere><radius>1</radius></sphere></geometry></collision></link>',
         "sdf/model[m]/link[a]/visual[c]", 4, "named 'c'"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_refused_with_file_element_and_line(body, element, line, problem):
    with pytest.raises(SdfError) as caught:
        read_model("some/model.sdf", _model_text(body))
    error = caught.value
    assert (error.source, error.element, error.line) == ("some/model.sdf", element, line)
    assert problem in error.problem
    assert f"some/model.sdf:{line}: {element}: " in str(error)


def test_broken_xml_names_its_line():
    with pytest.raises(SdfError, match=r"m\.sdf:3: document: not well-formed"):
        read_model("m.sdf", '<sdf version="1.9">\n<model name="m">\n</sdf>\n')


def test_another_version_is_refused():
    with pytest.raises(SdfError, match=r"version '2\.0'"):
        read_model("m.sdf", _model_text(LINK, "2.0"))


def test_a_moving_model_in_a_world_is_refused(tmp_path, make_simulation):
    text = (WORLDS / "empty.sdf").read_text().replace("<static>true</static>", "<static>false</static>")
    (tmp_path / "w.sdf").write_text(text)
    with pytest.raises(SdfError, match="must be <static>true"):
        make_simulation({}, world=tmp_path / "w.sdf")


def test_an_unsupported_world_plugin_is_refused(tmp_path):
    text = (WORLDS / "empty.sdf").read_text().replace("gz::sim::systems::Contact", "gz::sim::systems::Buoyancy")
    (tmp_path / "w.sdf").write_text(text)
    with pytest.raises(SdfError, match=r"w\.sdf:\d+: sdf/world\[empty\]/plugin.*unsupported world plugin"):
        read_world(tmp_path / "w.sdf")


def test_poses_are_resolved_through_frames():
    body = """<frame name="deck"><pose>1 0 0 0 0 1.5707963267948966</pose></frame>
    <link name="a"><pose relative_to="deck">1 0 0 0 0 0</pose></link>"""
    assert read_model("m.sdf", _model_text(body)).link("a").pose.translation == pytest.approx([1.0, 1.0, 0.0])


@pytest.mark.parametrize("model", sorted(path.name for path in MODELS.iterdir() if (path / "model.sdf").is_file()))
def test_a_copy_for_another_robot_keeps_nothing_of_the_old_name(model):
    text = expand_model(model, "unit_7")
    sdf = read_model("copy.sdf", text)
    assert sdf.name == "unit_7"
    body = text.split("-->", 1)[1] if "-->" in text.split("<sdf")[0] else text
    assert f"/{model}/" not in body
    assert f">{model}/" not in body
    assert len(text.splitlines()) == len(model_file(model).read_text().splitlines())


def test_a_name_that_cannot_be_a_topic_is_refused():
    with pytest.raises(ValueError, match="letters, digits"):
        expand_model("driller", "7up")
    with pytest.raises(ValueError, match="known models: driller"):
        expand_model("dozer", "d")
