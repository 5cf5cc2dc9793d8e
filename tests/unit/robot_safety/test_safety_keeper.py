"""Events reach the disk first and the network second; a disk that fails or sleeps loses none and delays nobody."""

import threading
import time

import pytest
from sitefleet_interfaces.msg import SafetyEvent

from sitefleet_robot.common import spool
from sitefleet_robot.common.spool import SpoolReader
from sitefleet_robot.safety.keeper import EventKeeper, last_event_seq
from sitefleet_robot.safety.standin import StandIn


def event(name: str) -> SafetyEvent:
    return SafetyEvent(event_id=name, robot_id="r1")


def wait_for(condition, limit=10.0):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "in time"
        time.sleep(0.005)


@pytest.fixture
def told():
    return []


def run_keeper(folder, told, **options):
    keeper = EventKeeper(folder, told.append, retry=0.02, **options)
    keeper.start()
    return keeper


def kept(folder):
    return [(e.record["seq"], e.record["event_id"]) for e in SpoolReader(folder).read()]


def test_events_are_numbered_kept_and_told_in_order(tmp_path, told):
    keeper = run_keeper(tmp_path / "events", told)
    for name in "abc":
        keeper.keep(event(name))
    assert keeper.close()
    assert kept(tmp_path / "events") == [(1, "a"), (2, "b"), (3, "c")]
    assert [(e.seq, e.event_id) for e in told] == [(1, "a"), (2, "b"), (3, "c")]


def test_numbers_go_on_where_the_disk_ends_whatever_else_is_remembered(tmp_path, told):
    for names in ("ab", "cd"):
        # The supervisor's own memory may know of an event that never reached the disk.
        keeper = run_keeper(tmp_path, told, last_seq=77 if names == "cd" else 0)
        for name in names:
            keeper.keep(event(name))
        assert keeper.close()
    assert kept(tmp_path) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert last_event_seq(tmp_path) == 4


def test_with_a_new_disk_numbers_go_on_from_the_memory(tmp_path, told):
    keeper = run_keeper(tmp_path / "new", told, last_seq=41)
    keeper.keep(event("a"))
    assert keeper.close()
    assert told[0].seq == 42


def test_a_full_disk_is_a_fault_the_event_is_told_all_the_same_and_kept_when_there_is_room(tmp_path, told, monkeypatch):
    full = threading.Event()
    full.set()
    write = spool.os.pwrite

    def pwrite(*arguments):
        if full.is_set():
            raise OSError(28, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(spool.os, "pwrite", pwrite)
    keeper = run_keeper(tmp_path, told)
    keeper.keep(event("a"))
    keeper.keep(event("b"))
    wait_for(lambda: "No space left" in keeper.fault)
    wait_for(lambda: [e.event_id for e in told] == ["a"])
    full.clear()
    wait_for(lambda: len(told) == 2)
    assert keeper.fault == ""
    assert keeper.close()
    assert kept(tmp_path) == [(1, "a"), (2, "b")]
    assert [e.event_id for e in told] == ["a", "b"], "each one once"


def test_a_folder_that_cannot_be_made_is_a_fault_and_events_are_told(tmp_path, told):
    (tmp_path / "file").write_text("no folder")
    keeper = run_keeper(tmp_path / "file" / "events", told)
    keeper.keep(event("a"))
    wait_for(lambda: told and keeper.fault)
    assert not keeper.close()


def test_a_disk_that_does_not_answer_is_a_fault_and_nobody_waits_for_it(tmp_path, told, monkeypatch):
    answers = threading.Event()
    monkeypatch.setattr(spool.os, "fdatasync", lambda _: answers.wait(10))
    keeper = run_keeper(tmp_path, told, slow=0.1)
    began = time.monotonic()
    keeper.keep(event("a"))
    assert time.monotonic() - began < 0.1
    wait_for(lambda: "has not taken an event" in keeper.fault)
    answers.set()
    wait_for(lambda: told and keeper.fault == "")
    assert keeper.close()


def test_somebody_stands_in_while_the_disk_takes_its_time():
    zeros = []
    stand_in = StandIn(lambda: zeros.append(time.monotonic()), 0.01)
    try:
        with stand_in.away():
            wait_for(lambda: len(zeros) >= 5)
        time.sleep(0.05)
        count = len(zeros)
        time.sleep(0.05)
        assert len(zeros) == count, "it stops when the other one is back"
        with stand_in.away():
            wait_for(lambda: len(zeros) > count)
    finally:
        stand_in.close()
