"""The bridge table: every entry is real on both sides, and it says what the architecture page says."""

from __future__ import annotations

import importlib

import pytest
import yaml

from sim.bridge import BridgeError, load_bridge, resolve, to_ros_gz_yaml
from sim.expand import expand_model
from sim.paths import MODELS, model_file
from sim.sdf import read_model
from sim.topics import topics_of

ENTRIES = load_bridge()
KINDS = sorted(path.name for path in MODELS.iterdir() if (path / "model.sdf").is_file())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.ros_topic_name)
def test_every_ros_type_can_be_imported(entry):
    package, kind, name = entry.ros_type_name.split("/")
    assert hasattr(importlib.import_module(f"{package}.{kind}"), name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_topic_is_in_the_sdf_with_its_type_and_direction(kind):
    offered = topics_of(read_model(model_file(kind), expand_model(kind, "unit_1")))
    resolved = [entry for entry in resolve(ENTRIES, {"unit_1": kind}) if entry.entity]
    assert resolved
    for entry in resolved:
        assert entry.gz_topic_name in offered, entry.ros_topic_name
        topic = offered[entry.gz_topic_name]
        assert (topic.gz_type, topic.direction) == (entry.gz_type_name, entry.direction)


@pytest.mark.parametrize("kind", KINDS)
def test_every_topic_of_a_model_is_bridged(kind):
    """A sensor or tool that nobody can reach would be an omission of the table."""
    offered = topics_of(read_model(model_file(kind), expand_model(kind, "unit_1")))
    bridged = {entry.gz_topic_name for entry in resolve(ENTRIES, {"unit_1": kind})}
    assert set(offered) <= bridged


def test_robots_have_the_names_of_the_architecture_page():
    names = {entry.ros_topic_name for entry in resolve(ENTRIES, {"d1": "driller"})}
    assert names == {
        "/clock", "/d1/cmd_vel", "/d1/odom", "/d1/battery", "/d1/scan", "/d1/imu", "/d1/bumper", "/d1/camera/image",
        "/d1/camera/depth_image", "/d1/camera/camera_info", "/d1/joint_states", "/d1/mast_cmd", "/d1/feed_cmd",
        "/d1/ground_truth",
    }  # fmt: skip


def test_people_have_only_truth_and_commands():
    names = {entry.ros_topic_name for entry in resolve(ENTRIES, {"p": "person"}) if entry.entity}
    assert names == {"/people/p/ground_truth", "/people/p/cmd_vel"}


def test_cameras_are_lazy():
    assert all(entry.lazy for entry in ENTRIES if "/camera/" in entry.ros_topic_name)


def test_the_resolved_file_is_plain_ros_gz_bridge():
    content = yaml.safe_load(to_ros_gz_yaml(resolve(ENTRIES, {"d1": "driller", "p": "person"})))
    keys = {"ros_topic_name", "gz_topic_name", "ros_type_name", "gz_type_name", "direction", "lazy",
            "publisher_queue", "subscriber_queue"}  # fmt: skip
    assert all(set(item) == keys for item in content)
    assert "{" not in to_ros_gz_yaml(resolve(ENTRIES, {"d1": "driller"}))
    names = [item["ros_topic_name"] for item in content]
    assert len(set(names)) == len(names)


GOOD = {
    "ros_topic_name": "/{robot}/x", "gz_topic_name": "/model/{robot}/x", "ros_type_name": "std_msgs/msg/Float64",
    "gz_type_name": "gz.msgs.Double", "direction": "ROS_TO_GZ",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"direction": "SIDEWAYS"}, "direction"),
        ({"gz_type_name": "gz.msgs.Nothing"}, "unknown Gazebo type"),
        ({"ros_type_name": "std_msgs/msg/Bool"}, "bridges to std_msgs/msg/Float64"),
        ({"gz_topic_name": "/model/x"}, "both topic names"),
        ({"colour": "red"}, "unknown keys"),
        ({"direction": None}, "direction"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(tmp_path, change, problem):
    path = tmp_path / "bridge.yaml"
    path.write_text(yaml.safe_dump([{**GOOD, **change}]))
    with pytest.raises(BridgeError, match=problem) as caught:
        load_bridge(path)
    assert "entry 1" in str(caught.value)
