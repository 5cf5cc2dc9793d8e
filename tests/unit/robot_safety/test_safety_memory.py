"""The supervisor's memory on disk: whole or not at all, and a stop when in doubt."""

import json

import pytest

from sitefleet_robot.safety.memory import Memory, MemoryStore, MemoryWriteError
from sitefleet_robot.safety.states import Trigger
from sitefleet_robot.safety.values import Cause

MEMORY = Memory((Cause(Trigger.REMOTE_STOP, "Ada stopped the robot", "Ada"), Cause(Trigger.CONTACT, "touched")), 12, 4)


def test_a_new_robot_remembers_nothing(tmp_path):
    assert MemoryStore(tmp_path / "new").load() == Memory()


def test_what_is_saved_is_loaded(tmp_path):
    MemoryStore(tmp_path / "a" / "b").save(MEMORY)
    assert MemoryStore(tmp_path / "a" / "b").load() == MEMORY
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["safety.json"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"version": 2}', '{"version": 1, "causes": [{"trigger": "unheard_of"}]}', "\x00\x00"],
)
def test_row_5_an_unreadable_memory_is_a_latched_stop(tmp_path, text):
    (tmp_path / "safety.json").write_text(text)
    memory = MemoryStore(tmp_path).load()
    assert [cause.trigger for cause in memory.causes] == [Trigger.STARTED_LATCHED]
    assert "cannot be read" in memory.causes[0].sentence


def test_a_draft_left_by_a_crash_is_ignored(tmp_path):
    store = MemoryStore(tmp_path)
    store.save(MEMORY)
    (tmp_path / "safety.tmp").write_text("{ half of a")
    assert store.load() == MEMORY
    store.save(Memory())
    assert store.load() == Memory()


def test_the_old_memory_stays_when_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    store = MemoryStore(tmp_path)
    store.save(MEMORY)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(MemoryWriteError, match="No space left"):
        store.save(Memory())
    assert store.load() == MEMORY


def test_the_file_is_readable_by_people(tmp_path):
    MemoryStore(tmp_path).save(MEMORY)
    data = json.loads((tmp_path / "safety.json").read_text())
    assert data["causes"][0] == {"trigger": "remote_stop", "sentence": "Ada stopped the robot", "by": "Ada"}
