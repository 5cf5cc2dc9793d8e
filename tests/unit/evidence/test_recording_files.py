"""Recordings as files: read by two libraries, whole or not there, cut anywhere and still readable."""

import json
import os
import shutil
import subprocess

import pytest
from evidence_parts import BY_NAME, NS, notes, read_mcap, read_rosbags, record, state, twist
from rclpy.serialization import serialize_message
from sensor_msgs.msg import LaserScan

from sitefleet_robot.common.spool import SpoolReader
from sitefleet_robot.evidence.folder import NoRoomError, RecordingFolder
from sitefleet_robot.evidence.journal import EvidenceJournal
from sitefleet_robot.evidence.mcap_file import RecordingFile
from sitefleet_robot.evidence.recovery import recover
from sitefleet_robot.evidence.repair import close_part
from sitefleet_robot.evidence.ring import Sample
from sitefleet_robot.evidence.schemas import DefinitionMissingError, definition, message_class
from sitefleet_robot.evidence.topics import CAMERA_JPEG, TOPICS
from sitefleet_robot.evidence.writer import NOTE_EVENT, NOTE_RECORDING

MIB = 1 << 20


def write(path, samples, finish=True, seq=7, event=None):
    file = RecordingFile(path, "r1")
    file.note(NOTE_RECORDING, {"robot_id": "r1"})
    file.note(NOTE_EVENT, {"seq": seq, "record": json.dumps(event or record())})
    for k, sample in enumerate(samples):
        file.write([sample])
        if k % 5 == 4:
            file.sync()
    if finish:
        file.finish()
    file.close()
    return path


@pytest.mark.parametrize("topic", [*TOPICS, CAMERA_JPEG], ids=lambda topic: topic.name)
def test_every_recorded_message_explains_itself_and_both_libraries_read_it(tmp_path, topic):
    message = message_class(topic.type_name)()
    if topic.name == "joint_states":
        # serialize_message adds bytes behind empty lists of doubles, which rosbags refuses; the network does not.
        message.position = message.velocity = message.effort = [1.0]
    sample = Sample(topic, 3 * NS, 3 * NS, 5 * NS, bytes(serialize_message(message)))
    path = write(tmp_path / "a.mcap", [sample])
    name = topic.name if topic.name.startswith("/") else f"/r1/{topic.name}"
    assert read_mcap(path) == [(name, 3 * NS, 5 * NS, message)]
    ((read_name, at, decoded),) = read_rosbags(path)
    assert (read_name, at) == (name, 3 * NS)
    assert type(decoded).__name__.endswith(type(message).__name__)
    assert decoded.__msgtype__ == topic.type_name


def test_values_arrive_through_the_definitions_in_the_file(tmp_path):
    scan = LaserScan(angle_min=-1.5, ranges=[1.0, 2.5, float("inf")])
    scan.header.frame_id = "lidar"
    samples = [
        state(1, "someone stands in the way"),
        Sample(BY_NAME["scan"], NS, NS, NS, bytes(serialize_message(scan))),
        twist(2, 0.25),
    ]
    _, read_scan, read_twist = (message for _, _, message in read_rosbags(write(tmp_path / "a.mcap", samples)))
    assert list(read_scan.ranges) == [1.0, 2.5, float("inf")]
    assert (read_scan.header.frame_id, read_scan.angle_min) == ("lidar", -1.5)
    assert read_twist.linear.x == 0.25


def test_a_definition_holds_all_its_parts_once_and_a_missing_one_is_named():
    text = definition("sitefleet_interfaces/msg/RobotState")
    parts = [line for line in text.splitlines() if line.startswith("MSG: ")]
    assert len(parts) == len(set(parts)) > 5
    assert {"MSG: std_msgs/Header", "MSG: builtin_interfaces/Time", "MSG: geometry_msgs/Quaternion"} <= set(parts)
    for name in ("sitefleet_interfaces/msg/Nothing", "no_such_package/msg/Nothing"):
        with pytest.raises(DefinitionMissingError, match="Nothing"):
            definition(name)


def test_a_file_cut_anywhere_gives_back_every_message_of_its_whole_chunks(tmp_path):
    samples = [state(0, "in force"), *(twist(k, float(k)) for k in range(1, 15))]
    data = write(tmp_path / "whole.mcap", samples).read_bytes()
    full = read_mcap(tmp_path / "whole.mcap")
    saved_counts = set()
    for cut in range(0, len(data) + 1, 13):
        path = tmp_path / "cut.mcap"
        path.write_bytes(data[:cut])
        saved = close_part(path)
        if saved.messages:
            got = read_mcap(path)
            assert got == full[: saved.messages]
            assert notes(path) == list(saved.notes) or not saved.notes
        if saved.messages and cut % (13 * 11) == 0:
            assert len(read_rosbags(path)) == saved.messages
        saved_counts.add(saved.messages)
    assert saved_counts == {0, 5, 10, 15}


def test_a_changed_byte_in_a_chunk_ends_the_saved_part_before_it(tmp_path):
    samples = [twist(k, float(k)) for k in range(15)]
    data = bytearray(write(tmp_path / "whole.mcap", samples).read_bytes())
    full = read_mcap(tmp_path / "whole.mcap")
    shortened = 0
    header = 64  # the file's first record has no checksum in this format
    for position in range(header, len(data), 7):
        changed = bytearray(data)
        changed[position] ^= 0x55
        path = tmp_path / "changed.mcap"
        path.write_bytes(changed)
        saved = close_part(path)
        if saved.messages:
            assert read_mcap(path) == full[: saved.messages]
            shortened += saved.messages < len(samples)
    assert shortened > 20


@pytest.fixture
def folder(tmp_path):
    return RecordingFolder(tmp_path / "recordings", 100 * MIB, 0)


@pytest.fixture
def journal(tmp_path):
    journal = EvidenceJournal(tmp_path / "outbox", "r1", "1.0", "abc")
    yield journal
    journal.close()


def told(tmp_path):
    return [entry.record for entry in SpoolReader(tmp_path / "outbox").read()]


def test_a_published_file_has_its_final_name_and_a_hash_that_holds(folder):
    event = record()
    part = write(folder.part("one"), [twist(1)])
    kept = folder.publish(part, True, "recording of 1.0 s", [(7, event)])
    assert [path.name for path in sorted(folder.path.iterdir())] == ["one.mcap", "one.mcap.json"]
    checked = subprocess.run(["sha256sum", kept.path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert kept.evidence.sha256 == checked
    assert kept.evidence.uri == f"file://{folder.path.resolve()}/one.mcap"
    assert folder.kept() == [kept]


def test_what_a_crash_left_is_saved_and_reported_once_and_the_rest_is_removed(folder, journal, tmp_path):
    events = {name: record() for name in ("cut", "empty", "published", "hashed", "known")}
    write(folder.part("cut"), [twist(k) for k in range(7)], finish=False, event=events["cut"])
    write(folder.part("empty"), [], finish=False, event=events["empty"])
    folder.part("garbage").write_bytes(b"no mcap at all")
    folder.part("nothing").write_bytes(b"")
    folder.publish(write(folder.part("published"), [twist(1)]), True, "whole", [(3, events["published"])])
    folder.publish(write(folder.part("known"), [twist(1)]), True, "whole", [(4, events["known"])])
    # A crash between the hash and the rename.
    kept = folder.publish(write(folder.part("hashed"), [twist(1)], event=events["hashed"]), True, "", [(5, {})])
    os.rename(kept.path, folder.part("hashed"))
    (folder.path / "gone.mcap.json").write_text("{}")
    (folder.path / "draft.mcap.tmp").write_text("{")
    ids = {name: str(event["event_id"]) for name, event in events.items()}
    wanted = frozenset(ids[name] for name in ("cut", "empty", "published", "hashed"))
    for _ in range(2):  # a second crash before the marks changes nothing
        assert recover(folder, journal, wanted) == wanted - {ids["empty"]}
        assert sorted(path.name for path in folder.path.glob("*")) == sorted(
            f"{name}.mcap{tail}" for name in ("cut", "published", "known", "hashed") for tail in ("", ".json")
        )
    records = {str(r["action"]).rpartition(" ")[2]: r for r in told(tmp_path)}
    assert len(told(tmp_path)) == len(records) == 3
    cut = records[ids["cut"]]
    assert "cut short by a crash" in str(cut["narrative"]) and "5 messages" in str(cut["narrative"])
    assert len(read_mcap(folder.path / "cut.mcap")) == len(read_rosbags(folder.path / "cut.mcap")) == 5
    assert len(read_rosbags(folder.path / "hashed.mcap")) == 1


def test_a_follow_up_carries_the_event_and_its_evidence(folder, journal, tmp_path):
    event = record(zone_id="z1", mode=5)
    kept = folder.publish(write(folder.part("one"), [twist(1)]), True, "recording of 45.0 s", [(7, event)])
    journal.follow(event, "recording", kept.narrative, kept.evidence)
    journal.follow(event, "recording", "again", kept.evidence)
    (told_once,) = told(tmp_path)
    assert told_once["event_id"] != event["event_id"]
    assert told_once["action"] == f"recording of event {event['event_id']}"
    assert told_once["evidence_uris"] == [kept.path.resolve().as_uri()]
    assert told_once["evidence_sha256"] == [kept.sha256]
    for name in ("event_class", "robot_id", "task_id", "zone_id", "mode"):
        assert told_once[name] == event[name]
    assert told_once["seq"] == 2**40 and told_once["severity"] == 0


def test_the_quota_deletes_the_oldest_and_never_what_is_not_acknowledged(tmp_path):
    folder = RecordingFolder(tmp_path / "recordings", 10 * MIB, 0)
    events = [record() for _ in range(4)]
    for k, event in enumerate(events):
        part = write(folder.part(f"r{k}"), [twist(1)], event=event)
        with part.open("ab") as file:
            file.truncate(2 * MIB)
        kept = folder.publish(part, True, "", [(k, event)])
        os.utime(kept.path, ns=(k, k))
    ids = [str(event["event_id"]) for event in events]
    assert folder.make_room(1 * MIB, frozenset(ids)) == []
    with pytest.raises(NoRoomError, match="quota"):
        folder.make_room(5 * MIB, frozenset(ids))
    assert len(folder.kept()) == 4
    deleted = folder.make_room(5 * MIB, frozenset(ids[:1]))
    assert [path.name for path in deleted] == ["r1.mcap", "r2.mcap"]
    assert [kept.path.name for kept in folder.kept()] == ["r0.mcap", "r3.mcap"]
    # A file that nobody described is nobody's to delete.
    (folder.path / "strange.mcap").write_bytes(bytes(5 * MIB))
    with pytest.raises(NoRoomError):
        folder.make_room(6 * MIB, frozenset())
    assert (folder.path / "strange.mcap").exists()


def test_room_is_left_on_the_disk_for_the_events_themselves(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    folder = RecordingFolder(tmp_path / "recordings", 1 << 60, free - 50 * MIB)
    folder.make_room(MIB, frozenset())
    with pytest.raises(NoRoomError, match="beyond the reserve"):
        folder.make_room(100 * MIB, frozenset())
