"""The supervisor's memory on disk: whole or not at all, and a stop when in doubt."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitefleet_robot.safety.memory import Memory, MemoryStore, MemoryWriteError
from sitefleet_robot.safety.states import Trigger
from sitefleet_robot.safety.values import Cause

MEMORY = Memory((Cause(Trigger.REMOTE_STOP, "Ada stopped the robot", "Ada"), Cause(Trigger.CONTACT, "touched")), 12, 4)
FILES = ("safety.a.json", "safety.b.json")


def test_a_new_robot_remembers_nothing(tmp_path):
    assert MemoryStore(tmp_path / "new").load() == Memory()


def test_row_05_what_is_saved_is_loaded_and_files_do_not_grow(tmp_path):
    store = MemoryStore(tmp_path / "a" / "b")
    sizes = set()
    for k in range(5):
        memory = Memory(MEMORY.causes[: k % 3], k, k)
        store.save(memory)
        assert MemoryStore(tmp_path / "a" / "b").load() == memory
        sizes |= {p.stat().st_size for p in (tmp_path / "a" / "b").iterdir()}
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == list(FILES)
    assert len(sizes) == 1


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"crc": 1, "memory": {"version": 2}}', '{"version": 1, "causes": []}', "\x00\x00"],
)
def test_row_05_an_unreadable_memory_is_a_latched_stop(tmp_path, text):
    for name in FILES:
        (tmp_path / name).write_text(text)
    memory = MemoryStore(tmp_path).load()
    assert [cause.trigger for cause in memory.causes] == [Trigger.STARTED_LATCHED]
    assert "cannot be read" in memory.causes[0].sentence
    MemoryStore(tmp_path).save(Memory())
    assert MemoryStore(tmp_path).load() == Memory()


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 400), junk=st.binary(max_size=8))
def test_row_05_a_write_that_power_cuts_off_leaves_what_was_there_before(tmp_path_factory, cut, junk):
    folder = tmp_path_factory.mktemp("memory")
    store = MemoryStore(folder)
    store.save(Memory())
    store.save(MEMORY)
    before = {name: (folder / name).read_bytes() for name in FILES}
    store.save(Memory(MEMORY.causes[:1], 13, 4))
    (changed,) = [name for name in FILES if (folder / name).read_bytes() != before[name]]
    after = (folder / changed).read_bytes()
    (folder / changed).write_bytes(after[:cut] + junk + before[changed][cut + len(junk) :])
    whole = (folder / changed).read_bytes()
    expected = Memory(MEMORY.causes[:1], 13, 4) if whole == after else MEMORY
    if whole not in (after, before[changed]) and whole.rstrip() == after.rstrip():
        expected = Memory(MEMORY.causes[:1], 13, 4)
    assert MemoryStore(folder).load() == expected


def test_row_05_a_full_disk_still_takes_the_latch(tmp_path, monkeypatch):
    store = MemoryStore(tmp_path)
    store.save(Memory())
    real = os.open

    def no_new_files(path, flags, *more, **named):
        if flags & os.O_CREAT:
            raise OSError(28, "No space left on device")
        return real(path, flags, *more, **named)

    monkeypatch.setattr("os.open", no_new_files)
    store.save(MEMORY)
    assert MemoryStore(tmp_path).load() == MEMORY


def test_the_old_memory_stays_when_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    store = MemoryStore(tmp_path)
    store.save(MEMORY)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fdatasync", full)
    with pytest.raises(MemoryWriteError, match="No space left"):
        store.save(MEMORY)
    assert store.load() == MEMORY


def test_the_file_is_readable_by_people(tmp_path):
    MemoryStore(tmp_path).save(MEMORY)
    texts = [json.loads((tmp_path / name).read_text())["memory"] for name in FILES]
    newest = max(texts, key=lambda body: body["generation"])
    assert newest["causes"][0] == {"trigger": "remote_stop", "sentence": "Ada stopped the robot", "by": "Ada"}
